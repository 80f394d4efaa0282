"""The Paillier scheme: sums and plain multiples of encrypted numbers, exactly."""

from .keygen import keygen, public_from_n, secret_from_primes
from .public import Parameters, PublicContext
from .secret import SecretContext

__all__ = [
    "Parameters",
    "PublicContext",
    "SecretContext",
    "keygen",
    "public_from_n",
    "secret_from_primes",
]
