"""Messages to integers and back: one declared scale and range for each tensor."""

from .fixed_point import Encoding, declared_encoding, decode, encode, encode_integers
from .headroom import round_up
from .plain import Plain, SparsePlain, as_plain, is_sparse, plain
from .reals import as_reals

__all__ = [
    "Encoding",
    "Plain",
    "SparsePlain",
    "as_plain",
    "as_reals",
    "declared_encoding",
    "decode",
    "encode",
    "encode_integers",
    "is_sparse",
    "plain",
    "round_up",
]
