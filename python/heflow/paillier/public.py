"""The public side of a Paillier key: encrypts and evaluates, cannot decrypt."""

from __future__ import annotations

import hashlib
import math
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gmpy2
import numpy as np

from .._core import paillier as _paillier
from ..backend import resolve
from ..contexts import PublicSide, unpickle
from ..encoding import declared_encoding
from ..errors import (
    EncodingTypeError,
    FormatError,
    InsecureKeyWarning,
    ParameterError,
    ShapeError,
)
from ..tensor import EncryptedTensor, encrypt_message
from ..tensor import wire as _tensor_wire
from ..tensor.display import card
from .evaluator import Evaluator
from .primes import MAX_BITS, check_modulus, whole_number

__all__ = [
    "KIND_PUBLIC",
    "MIN_BITS",
    "SCHEME_ID",
    "Parameters",
    "PublicContext",
    "read_header",
    "require_size",
    "to_le",
]

SCHEME_ID = 1
KIND_PUBLIC = 1
MIN_BITS = 2048
_HEADER = struct.Struct("<IIB")  # bits of n, exponent bits of the randomizer, flags
_INSECURE = 1


@dataclass(frozen=True)
class Parameters:
    """Public parameters of a Paillier key.

    Attributes
    ----------
    bits : int
        Length of n.
    randomizer : str
        "djn": h_s**a with a of bits/2 bits (Damgard, Jurik, Nielsen 2010). "textbook": r**n.
    insecure : bool
        The key is below the secure sizes.
    """

    bits: int
    randomizer: str
    insecure: bool


def require_size(bits: int, insecure: bool) -> bool:
    """Refuse or warn about keys below the secure sizes; True if the key is insecure."""
    if bits >= MIN_BITS:
        return False
    if not insecure:
        raise ParameterError(
            f"a key of {bits} bits can be broken: use 3072 (128-bit security) or 2048; "
            "insecure=True allows it for tests and teaching"
        )
    warnings.warn(
        f"a Paillier key of {bits} bits protects nothing", InsecureKeyWarning, stacklevel=3
    )
    return True


def to_le(x: int) -> bytes:
    """Return little-endian bytes."""
    return x.to_bytes((x.bit_length() + 7) // 8 or 1, "little")


class PublicContext(PublicSide):
    """Encrypts numbers and computes on ciphertexts of one Paillier key; safe to give away.

    Made by ``secret.public``, `public_from_n` or ``hf.from_bytes``.
    """

    _SCHEME = (SCHEME_ID, "paillier", "Paillier")
    __slots__ = (
        "_base",
        "_evaluator",
        "_exponent_bits",
        "_key",
        "_n",
        "_parameters",
    )

    def __init__(
        self, n: int, base: int, exponent_bits: int, backend: str | None, insecure: bool
    ) -> None:
        self._n = n
        self._backend = resolve(backend)
        self._key_id = hashlib.sha256(b"heflow-paillier" + to_le(n)).digest()[:16].hex()
        self._base = base
        self._exponent_bits = exponent_bits
        randomizer = "djn" if base else "textbook"
        self._parameters = Parameters(n.bit_length(), randomizer, insecure)
        base_bytes = to_le(base) if base else b""
        self._key = _paillier.PublicKey(to_le(n), base_bytes, exponent_bits, self._backend)
        label = f"paillier-{n.bit_length()}" + ("-INSECURE" if insecure else "")
        self._evaluator = Evaluator(self._key, n, label)

    @property
    def n(self) -> int:
        """The modulus."""
        return self._n

    @property
    def parameters(self) -> Parameters:
        """Key length and randomizer."""
        return self._parameters

    @property
    def evaluator(self) -> Evaluator:
        """Arithmetic on batches, for tensors."""
        return self._evaluator

    def encrypt(
        self,
        a: Any,
        scale_bits: int | None = None,
        bound: float | None = None,
        strict: bool = False,
    ) -> EncryptedTensor:
        """Encrypt real numbers.

        What is public about the result: shape, dtype, scale and declared bound. Nothing depends on
        the values.

        Parameters
        ----------
        a : array_like of real numbers, any shape
        scale_bits : int, optional
            Fractional bits kept; 40 for floats, integers are exact.
        bound : float, optional
            Declared range |a| <= bound; 2**32 for floats, the dtype's range for integers.
        strict : bool
            Refuse non-zero values that would round to zero instead of warning.

        Returns
        -------
        EncryptedTensor

        Raises
        ------
        EncodingError, EncodingRangeError, EncodingTypeError, HeadroomError, EntropyError

        Notes
        -----
        (1 + m n) h_s^a mod n^2 (Damgard, Jurik and Nielsen 2010, section 4.1) or
        (1 + m n) r^n mod n^2 (Paillier 1999, section 4).
        """
        return encrypt_message(self, self._evaluator.encrypt, a, scale_bits, bound, strict)

    def from_ciphertext_ints(
        self, ints: Any, shape: Any = None, scale_bits: int = 0, bound: float | None = None
    ) -> EncryptedTensor:
        """Take ciphertexts of another program under this key, each checked.

        Parameters
        ----------
        ints : array_like of int
            Residues modulo n^2.
        shape : tuple of int, optional
            That of `ints` by default.
        scale_bits : int
            The messages are the integers inside divided by 2**scale_bits; 0 means integers.
        bound : float
            Declared range of the messages; 2**63 for integers, 2**32 otherwise.

        Returns
        -------
        EncryptedTensor

        Raises
        ------
        FormatError
            A ciphertext is 0, not below n^2, or shares a factor with n.
        EncodingTypeError, ShapeError, ParameterError, HeadroomError
        """
        array = np.array(ints, dtype=object)
        try:
            final = array.shape if shape is None else np.broadcast_to(0, shape).shape
        except (TypeError, ValueError) as error:
            raise ShapeError(f"shape={shape!r}: {error}") from error
        if array.size != math.prod(final):
            raise ShapeError(f"{array.size} ciphertexts do not fill the shape {final}")
        # Without a scale the messages are integers: the declared range is that of the dtype.
        stand_in = np.empty(0, np.float64 if scale_bits else np.int64)
        encoding = declared_encoding(stand_in, scale_bits, bound, 0)
        _tensor_wire.require_limit(encoding.limit, self)
        data = self._residues(array.reshape(-1).tolist())
        batch = self._evaluator.batch_from_bytes(data, array.size)
        return EncryptedTensor(self, batch, final, encoding, folded=False)

    def _residues(self, values: list[Any]) -> bytes:
        size, n_squared = self._key.ciphertext_bytes, self._n * self._n
        parts = []
        for i, given in enumerate(values):
            value = whole_number(given)
            if value is None:
                raise EncodingTypeError(
                    f"ciphertext {i} is of type {type(given).__name__}; an integer is needed"
                )
            if not 0 < value < n_squared:
                raise FormatError(
                    f"ciphertext {i} is not between 0 and n^2: it does not belong to this key"
                )
            parts.append(value.to_bytes(size, "little"))
        return b"".join(parts)

    def ciphertext_ints(self, payload: bytes) -> list[int]:
        """Return canonical bytes as integers below n^2."""
        size = self._key.ciphertext_bytes
        return [
            int.from_bytes(payload[i : i + size], "little") for i in range(0, len(payload), size)
        ]

    def with_backend(self, name: str) -> PublicContext:
        """Return the same key for another backend."""
        if resolve(name) == self._backend:
            return self
        return PublicContext(
            self._n, self._base, self._exponent_bits, name, self._parameters.insecure
        )

    # Bytes

    def to_bytes(self) -> bytes:
        """Return the key as bytes: n, and the randomizer's base."""
        header = _HEADER.pack(
            self._n.bit_length(), self._exponent_bits, _INSECURE * self._parameters.insecure
        )
        n_size = (self._n.bit_length() + 7) // 8
        base = self._base.to_bytes(2 * n_size, "little") if self._base else b""
        return self.seal(KIND_PUBLIC, header, self._n.to_bytes(n_size, "little") + base)

    @classmethod
    def from_parts(
        cls, key_id: bytes, header: bytes, payload: bytes, backend: str | None, insecure: bool
    ) -> PublicContext:
        """Rebuild a context from the parts of its bytes, every part checked."""
        bits, exponent_bits, _ = read_header(header, len(payload))
        n_size = (bits + 7) // 8
        n = int.from_bytes(payload[:n_size], "little")
        base = int.from_bytes(payload[n_size:], "little")
        if n.bit_length() != bits:
            raise FormatError(
                f"the key's header claims {bits} bits and its modulus has {n.bit_length()}"
            )
        check_modulus(n)
        weak = require_size(bits, insecure)
        if exponent_bits:
            _check_base(base, n)
        context = cls(n, base, exponent_bits, backend, weak)
        if context.key_id != key_id.hex():
            raise FormatError("the key id does not belong to the modulus")
        return context

    def __reduce__(self) -> tuple[Callable[..., PublicContext], tuple[Any, ...]]:
        return unpickle, (PublicContext, self.to_bytes(), self._backend)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PublicContext):
            return NotImplemented
        return (self._n, self._base) == (other._n, other._base)

    __hash__ = PublicSide.__hash__

    def __repr__(self) -> str:
        return (
            f"PublicContext({self._evaluator.label}, randomizer={self._parameters.randomizer!r}, "
            f"backend={self._backend!r}, key={self._key_id[:8]}..)"
        )

    def _repr_html_(self) -> str:
        rows = {
            "scheme": self._evaluator.label,
            "randomizer": self._parameters.randomizer,
            "backend": self._backend,
            "ciphertext": f"{self._key.ciphertext_bytes} bytes",
            "key": self._key_id,
        }
        return card("PublicContext", rows)


def read_header(header: bytes, payload_bytes: int) -> tuple[int, int, int]:
    """Return bits of n, exponent bits and flags of a stored key, checked against one another."""
    if len(header) != _HEADER.size:
        raise FormatError(f"the key's header has {len(header)} bytes; {_HEADER.size} are needed")
    bits, exponent_bits, flags = _HEADER.unpack(header)
    n_size = (bits + 7) // 8
    if bits > MAX_BITS or payload_bytes != n_size * (3 if exponent_bits else 1):
        raise FormatError(f"a key of {bits} bits does not have {payload_bytes} bytes")
    if flags != _INSECURE * (bits < MIN_BITS) or exponent_bits not in (0, (bits + 1) // 2):
        raise FormatError("the key's header holds values that heflow does not write")
    return bits, exponent_bits, flags


def _check_base(base: int, n: int) -> None:
    """Refuse a randomizer's base that cannot be the n-th power of some -x^2.

    The base must be a unit modulo n^2 and no root of 1 that anybody knows; -x^2 has the Jacobi
    symbol 1 modulo a Blum integer. A stranger's base can still be bad: the owner alone can tell.
    """
    n_squared = n * n
    if not 1 < base < n_squared - 1 or gmpy2.gcd(base, n) != 1 or base % n in (1, n - 1):
        raise ParameterError("the randomizer's base is not a unit modulo n^2 of large order")
    if gmpy2.jacobi(base, n) != 1:
        raise ParameterError("the randomizer's base is not a power of some -x^2 modulo n")
