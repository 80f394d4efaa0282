"""Messages to integers and back: one declared scale and range for each tensor."""

from .fixed_point import Encoding, declared_encoding, decode, encode
from .headroom import round_up
from .plain import Plain, as_plain, plain

__all__ = [
    "Encoding",
    "Plain",
    "as_plain",
    "declared_encoding",
    "decode",
    "encode",
    "plain",
    "round_up",
]
