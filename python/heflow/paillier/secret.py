"""The secret side of a Paillier key: it has a public context, and decrypts."""

from __future__ import annotations

import struct
from itertools import accumulate, pairwise
from typing import Any

import gmpy2
import numpy as np
from numpy.typing import NDArray

from .._core import paillier as _paillier
from ..backend import resolve
from ..contexts import SecretSide
from ..encoding import Encoding, encode_integers
from ..encoding.headroom import require
from ..encoding.words import Words
from ..errors import (
    FormatError,
    ParameterError,
)
from ..tensor import EncryptedTensor, decode_integers, decode_message, encrypt_message
from .public import PublicContext, to_le

__all__ = ["SecretContext", "secret_from_payload"]

_LENGTHS = struct.Struct("<IIII")  # bytes of p, q and their generators (0: none)


class SecretContext(SecretSide[PublicContext]):
    """Decrypts what was encrypted under one Paillier key.

    It leaves this process only through ``hf.save(path, secret, passphrase=...)``.
    """

    __slots__ = (
        "__key",
        "__payload",
    )

    def __init__(
        self, public: PublicContext, p: int, q: int, generators: tuple[int, int] | None
    ) -> None:
        n = public.n
        idempotent_p = q * q * int(gmpy2.invert(q * q, p * p))
        idempotent_q = p * p * int(gmpy2.invert(p * p, q * q))
        recombine_p = int(gmpy2.invert(-q, p)) * q * int(gmpy2.invert(q, p)) % n
        recombine_q = int(gmpy2.invert(-p, q)) * p * int(gmpy2.invert(p, q)) % n
        bases = [b"", b""]
        parts = [to_le(p), to_le(q), b"", b""]
        if generators is not None:
            bases = [
                to_le(int(gmpy2.powmod_sec(g, x, x * x)))
                for g, x in zip(generators, (p, q), strict=True)
            ]
            parts[2:] = [to_le(g) for g in generators]
        super().__init__(public)
        self.__payload = bytearray(_LENGTHS.pack(*map(len, parts)) + b"".join(parts))
        self.__key = _paillier.SecretKey(
            public._key,
            to_le(p),
            to_le(q),
            to_le(idempotent_p % (n * n)),
            to_le(idempotent_q % (n * n)),
            to_le(recombine_p),
            to_le(recombine_q),
            *bases,
        )

    def encrypt(
        self,
        a: Any,
        scale_bits: int | None = None,
        bound: float | None = None,
        strict: bool = False,
    ) -> EncryptedTensor:
        """Encrypt as the owner of the key: faster, and distributed exactly as textbook Paillier.

        Parameters and errors are those of `PublicContext.encrypt`.

        Notes
        -----
        The randomizer is made modulo p^2 and q^2 from full-length exponents and joined by the
        Chinese remainder theorem.
        """

        def encrypt_owner(words: Words) -> _paillier.Batch:
            return _paillier.encrypt_owner(self.__key, words)

        return encrypt_message(self._public, encrypt_owner, a, scale_bits, bound, strict)

    def encrypt_integers(self, values: Any, limit: int) -> EncryptedTensor:
        """Encrypt Python integers of any size, as the owner of the key: `decrypt_integers` reads them.

        Parameters
        ----------
        values : array_like of int, any shape
        limit : int
            Declared range |value| <= limit.

        Raises
        ------
        EncodingTypeError, EncodingRangeError, HeadroomError
        """
        encoding = Encoding(0, require(limit, self._public.evaluator.capacity, "the message"), True)
        words = encode_integers(values, encoding.limit)
        batch = _paillier.encrypt_owner(self.__key, words)
        return EncryptedTensor(self._public, batch, np.shape(values), encoding, folded=False)

    def _decrypt(self, x: Any) -> Words:
        return _paillier.decrypt(self.__key, self._own(x)._batch, to_le(x._encoding.limit))

    def decrypt(self, x: EncryptedTensor) -> NDArray[Any]:
        """Decrypt a tensor.

        Parameters
        ----------
        x : EncryptedTensor

        Returns
        -------
        ndarray
            float64; for integer tensors int64, or Python integers where the bound exceeds 63 bits.

        Raises
        ------
        KeyMismatchError
        HeadroomError
            A value exceeds the tensor's bound: it was damaged or computed against the rules.
        FormatError
            A ciphertext is not a unit modulo n.

        Notes
        -----
        Two exponentiations of half length modulo p^2 and q^2 (Paillier 1999, section 7); constant
        time.
        """
        return decode_message(self._decrypt(x), x)

    def decrypt_integers(self, x: EncryptedTensor) -> NDArray[Any]:
        """Decrypt to the exact scaled integers, as an object array of Python int."""
        return decode_integers(self._decrypt(x), x)

    def decrypt_shared(self, x: EncryptedTensor, queries: int = 100) -> NDArray[Any]:
        """Decrypt a result that others will see. Paillier is exact: the same as `decrypt`."""
        if isinstance(queries, bool) or not isinstance(queries, (int, np.integer)) or queries < 1:
            raise ParameterError(f"queries={queries!r}: a whole number from 1 on is needed")
        return self.decrypt(x)

    def with_backend(self, name: str) -> SecretContext:
        """Return the same key for another backend."""
        if resolve(name) == self._public.backend:
            return self
        return secret_from_payload(self._public.with_backend(name), bytes(self.__payload))

    def _secret_payload(self) -> bytes:
        """For `storage` alone, which encrypts it."""
        return bytes(self.__payload)

    def __repr__(self) -> str:
        return f"SecretContext({self._public.evaluator.label}, key={self.key_id[:8]}..)"

    def __del__(self) -> None:
        payload = getattr(self, "_SecretContext__payload", None)
        if payload is not None:
            payload[:] = bytes(len(payload))


def secret_from_payload(public: PublicContext, payload: bytes) -> SecretContext:
    """Rebuild a secret from the authenticated contents of its file."""
    if len(payload) < _LENGTHS.size:
        raise FormatError("the secret's contents are truncated")
    lengths = _LENGTHS.unpack_from(payload)
    if len(payload) != _LENGTHS.size + sum(lengths):
        raise FormatError("the secret's contents do not have the length they claim")
    ends = accumulate(lengths, initial=_LENGTHS.size)
    p, q, g, h = (int.from_bytes(payload[a:b], "little") for a, b in pairwise(ends))
    if not 1 < p < public.n or p * q != public.n:
        raise FormatError("the secret's primes do not make its modulus")
    if (g or h) and not (1 < g < p and 1 < h < q):
        raise FormatError("the secret's generators do not fit its primes")
    return SecretContext(public, p, q, (g, h) if g and h else None)
