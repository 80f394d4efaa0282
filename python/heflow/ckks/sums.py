"""Keys for exact sums on the lattice: integers in coefficients, one prime at degree 2048 or two at 4096.

Built on CKKS's ring and keys, with messages in the upper bits as in BFV, so that sums are exact integers.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import struct
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import ckks as _ckks
from .._core import sums as _sums
from ..backend import resolve
from ..contexts import PublicSide, SecretSide
from ..errors import (
    EncodingError,
    FormatError,
    ParameterError,
    UnsupportedOperationError,
)

__all__ = [
    "KIND_PUBLIC",
    "PRIME_BITS",
    "SCHEME_ID",
    "PublicContext",
    "SecretContext",
    "SumParameters",
    "keygen",
    "largest_modulus",
    "read_parameters",
    "secret_from_payload",
]

SCHEME_ID = 3
KIND_PUBLIC = 1
PRIME_BITS = 50  # of each prime at most
SEED_BYTES = 32
_PARAMETERS = struct.Struct("<BBBBBBdQ")


@dataclass(frozen=True)
class SumParameters:
    """How values become coefficients.

    Attributes
    ----------
    modulus_bits : int
        Bits of q: up to 50 a prime at degree 2048, above it the product of two primes of half of them at
        degree 4096; they are the largest of their bits that have a transform.
    fields, field_bits : int
        Values in a coefficient, and bits of a sum.
    delta_bits : int
        Delta = 2**delta_bits is what a coefficient's integer is multiplied with.
    drop : int
        Low bits of a coefficient that are rounded away before sending.
    shared : bool
        Clients hold the secret key; otherwise they encrypt under the public key.
    clip : float
        Values lie in -clip .. clip.
    largest : int
        The integer that stands for `clip`.
    """

    modulus_bits: int
    fields: int
    field_bits: int
    delta_bits: int
    drop: int
    shared: bool
    clip: float
    largest: int

    def __post_init__(self) -> None:
        primes = 1 if self.modulus_bits <= PRIME_BITS else 2
        if self.modulus_bits > primes * PRIME_BITS or self.modulus_bits % primes:
            raise ParameterError(
                f"a modulus of {self.modulus_bits} bits is not made of such primes"
            )

    @property
    def ring_degree(self) -> int:
        """N."""
        return 2048 if self.modulus_bits <= PRIME_BITS else 4096

    @property
    def primes(self) -> tuple[int, ...]:
        """What q is the product of."""
        return _primes(self.modulus_bits)

    def to_bytes(self) -> bytes:
        """Return the parameters as bytes."""
        return _PARAMETERS.pack(*astuple(self))


def read_parameters(header: bytes) -> SumParameters:
    """Read what `SumParameters.to_bytes` wrote."""
    if len(header) != _PARAMETERS.size:
        raise FormatError(
            f"the key's header has {len(header)} bytes; {_PARAMETERS.size} are needed"
        )
    bits, fields, field_bits, delta_bits, drop, shared, clip, largest = _PARAMETERS.unpack(header)
    if shared > 1 or not (np.isfinite(clip) and clip > 0) or bits < 20:
        raise FormatError("the key's header holds values that heflow does not write")
    try:
        return SumParameters(
            bits, fields, field_bits, delta_bits, drop, bool(shared), clip, largest
        )
    except ParameterError as error:
        raise FormatError(str(error)) from None


class PublicContext(PublicSide):
    """Adds up encrypted updates; encrypts them too, if the plan's key is public."""

    _SCHEME = (SCHEME_ID, "lattice", "exact sums")

    def __init__(
        self,
        parameters: SumParameters,
        context: _ckks.Context,
        key: _ckks.PublicKey | None,
        identity: bytes,
        backend: str,
    ) -> None:
        self.parameters = parameters
        self._backend = backend
        self._context = context
        self._key = key
        p = parameters
        self._sums = _sums.Sums(
            context, p.fields, p.field_bits, p.delta_bits, p.drop, p.clip, float(p.largest)
        )
        body = b"".join(_ckks.public_to_bytes(key)) if key is not None else b""
        # The identity distinguishes keys whose public side is empty.
        self._payload = identity + body
        digest = hashlib.sha256(b"heflow-sums" + p.to_bytes() + self._payload)
        self._key_id = digest.digest()[:16].hex()

    def encrypt_update(self, values: NDArray[Any], kind: int, header: bytes) -> tuple[bytes, int]:
        """Quantise, pack and encrypt a flat float array: a message, and how many values were clipped."""
        if self._key is None:
            raise UnsupportedOperationError(
                "this plan's key is shared: clients encrypt with the secret context, and the public one "
                "only adds up; use Plan(key='public') to encrypt without the secret"
            )
        return _checked(
            *_sums.encrypt_public(self._sums, self._key, values, *self._envelope(kind, header))
        )

    def accumulator(self, count: int) -> Accumulator:
        """Return an empty sum of `count` values."""
        shared = self.parameters.shared
        return Accumulator(self, _sums.Totals(self._sums, count, shared))

    def accumulator_from_bytes(self, count: int, data: Any) -> Accumulator:
        """Read a sum."""
        shared = self.parameters.shared
        return Accumulator(self, _sums.totals_from_bytes(self._sums, data, count, shared))

    def with_backend(self, name: str) -> PublicContext:
        """Return the same key for another backend."""
        if resolve(name) == self.backend:
            return self
        return PublicContext.from_parts(
            bytes.fromhex(self.key_id), self.parameters.to_bytes(), self._payload, name, False
        )

    def to_bytes(self) -> bytes:
        """Return the context as bytes."""
        return self.seal(KIND_PUBLIC, self.parameters.to_bytes(), self._payload)

    @classmethod
    def from_parts(
        cls, key_id: bytes, header: bytes, payload: Any, backend: str | None, insecure: bool
    ) -> PublicContext:
        """Rebuild a context from the parts of its bytes, every part checked."""
        parameters, name = read_parameters(header), resolve(backend)
        try:
            context = _context(parameters, name)
            data = bytes(payload)
            identity, key = data[:SEED_BYTES], None
            if not parameters.shared:
                key = _ckks.public_from_bytes(
                    context, data[SEED_BYTES : 2 * SEED_BYTES], data[2 * SEED_BYTES :]
                )
            elif len(data) != SEED_BYTES:
                raise FormatError("the public context does not have its length")
            result = cls(parameters, context, key, identity, name)
        except ParameterError as error:
            raise FormatError(f"the parameters are not usable: {error}") from None
        if result.key_id != key_id.hex():
            raise FormatError("the key id does not belong to the key")
        return result

    def __repr__(self) -> str:
        kind = "shared key" if self.parameters.shared else "public key"
        return (
            f"PublicContext(exact sums, {kind}, backend={self.backend!r}, key={self.key_id[:8]}..)"
        )


class Accumulator:
    """A running sum: one message and the sum are all the memory it takes."""

    def __init__(self, public: PublicContext, totals: _sums.Totals) -> None:
        self._public = public
        self._totals = totals

    def add(self, payload: Any, weight: int) -> None:
        """Add an update's ciphertexts; nothing changes if they are refused."""
        view, seed = memoryview(payload), b""
        if self._public.parameters.shared:
            seed, view = bytes(view[:SEED_BYTES]), view[SEED_BYTES:]
        self._totals.add(view, seed, weight)

    def seal(self, kind: int, header: bytes, final: bool = True) -> bytes:
        """Return the sum as a message."""
        return self._totals.seal(*self._public._envelope(kind, header))


class SecretContext(SecretSide[PublicContext]):
    """Encrypts updates under the shared key, and decrypts sums."""

    __slots__ = ("__key",)
    scheme = "lattice"

    def __init__(self, public: PublicContext, key: _ckks.SecretKey) -> None:
        super().__init__(public)
        self.__key = key

    def encrypt_update(self, values: NDArray[Any], kind: int, header: bytes) -> tuple[bytes, int]:
        """Quantise, pack and encrypt a flat float array: a message, and how many values were clipped."""
        public = self._public
        if not public.parameters.shared:
            return public.encrypt_update(values, kind, header)
        wrap = public._envelope(kind, header)
        return _checked(*_sums.encrypt_shared(public._sums, self.__key, values, *wrap))

    def decrypt_sums(
        self,
        payload: Any,
        count: int,
        total_weight: int,
        scale: float,
        offset: float,
        dtype: Any = np.float64,
    ) -> NDArray[Any]:
        """Return scale times the exact integer sums, plus an offset, as float32 or float64."""
        public = self._public
        decrypt: Any = _sums.decrypt_float if dtype == np.float32 else _sums.decrypt_double
        shared = public.parameters.shared
        values: NDArray[Any] = decrypt(
            public._sums, self.__key, payload, count, shared, total_weight, scale, offset
        )
        return values

    def with_backend(self, name: str) -> SecretContext:
        """Return the same key for another backend."""
        return secret_from_payload(self._public.with_backend(name), self._secret_payload())

    def _secret_payload(self) -> bytes:
        return _ckks.secret_to_bytes(self.__key)

    def __repr__(self) -> str:
        return f"SecretContext(exact sums, key={self.key_id[:8]}..)"


def _checked(data: bytes, clipped: int, invalid: int) -> tuple[bytes, int]:
    if invalid:
        raise EncodingError(
            f"{invalid} value(s) are NaN or infinite; only finite numbers are encrypted"
        )
    return data, clipped


def _context(parameters: SumParameters, backend: str) -> _ckks.Context:
    log_degree = parameters.ring_degree.bit_length() - 1
    return _ckks.Context(backend, log_degree, list(parameters.primes), False)


@lru_cache(maxsize=128)
def _primes(bits: int) -> tuple[int, ...]:
    if bits <= PRIME_BITS:
        return tuple(_ckks.choose_primes([bits], 11))
    return tuple(_ckks.choose_primes([bits // 2, bits // 2], 12))


def largest_modulus(bits: int) -> int:
    """Return the q of so many bits; 0 if there is none."""
    try:
        return math.prod(_primes(bits))
    except ParameterError:
        return 0


def keygen(parameters: SumParameters, backend: str | None = None) -> SecretContext:
    """Make a new key for exact sums."""
    name = resolve(backend)
    context = _context(parameters, name)
    key = _ckks.secret_key(context)
    encryption_key = None if parameters.shared else _ckks.public_key(key)
    identity = secrets.token_bytes(SEED_BYTES)
    return SecretContext(PublicContext(parameters, context, encryption_key, identity, name), key)


def secret_from_payload(public: PublicContext, payload: bytes) -> SecretContext:
    """Rebuild a secret from the authenticated contents of its file."""
    return SecretContext(public, _ckks.secret_from_bytes(public._context, payload))
