"""The CKKS scheme: approximate arithmetic on encrypted vectors, products of ciphertexts included."""

from .keygen import keygen
from .parameters import Parameters
from .public import PublicContext
from .secret import SecretContext

__all__ = ["Parameters", "PublicContext", "SecretContext", "keygen"]
