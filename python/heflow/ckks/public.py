"""The public side of a CKKS key: encrypts and evaluates, cannot decrypt."""

from __future__ import annotations

import hashlib
import struct
import warnings
from collections.abc import Callable
from typing import Any

from .._core import ckks as _ckks
from .._core import wire as _wire
from ..backend import resolve
from ..contexts import PublicSide, unpickle
from ..errors import FormatError, InsecureKeyWarning, ParameterError
from ..tensor import EncryptedTensor, encrypt_message
from ..tensor.display import card
from .evaluator import Evaluator
from .keys import EvaluationKeys
from .parameters import MAX_LEVELS, Parameters

__all__ = ["KIND_PUBLIC", "SCHEME_ID", "PublicContext", "read_header", "ring_context"]

SCHEME_ID = 2
KIND_PUBLIC = 1
_HEADER = struct.Struct(
    "<IBBBB"
)  # ring degree, data primes, special primes, scale and integer bits
_SEED_BYTES = 32


def ring_context(
    parameters: Parameters, backend: str, primes: list[int] | None = None
) -> _ckks.Context:
    """Return the compiled modulus chain; the primes are chosen unless given."""
    log_degree = parameters.ring_degree.bit_length() - 1
    bits = [*parameters.prime_bits, *parameters.special_bits]
    if primes is None:
        # Long chains follow the scale; short ones take the largest primes.
        scale_bits = parameters.scale_bits if len(parameters.special_bits) > 1 else 0
        data = len(parameters.prime_bits) if scale_bits else 0
        primes = _ckks.choose_primes(bits, log_degree, scale_bits, data)
    elif [q.bit_length() for q in primes] != bits:
        raise FormatError("the primes do not have the lengths that the parameters state")
    return _ckks.Context(backend, log_degree, primes, len(parameters.special_bits))


class PublicContext(PublicSide):
    """Encrypts numbers and computes on ciphertexts of one CKKS key; safe to give away.

    Made by ``secret.public``, ``secret.public_for(...)`` or ``hf.from_bytes``.
    """

    _SCHEME = (SCHEME_ID, "ckks", "CKKS")
    __slots__ = (
        "_context",
        "_evaluator",
        "_key",
        "_key_bytes",
        "_keys",
        "_parameters",
    )

    def __init__(
        self,
        parameters: Parameters,
        context: _ckks.Context,
        key: _ckks.PublicKey,
        keys: EvaluationKeys,
        backend: str,
    ) -> None:
        self._parameters = parameters
        self._context = context
        self._key = key
        self._keys = keys
        self._backend = backend
        self._key_bytes = b"".join(_ckks.public_to_bytes(key))
        digest = hashlib.sha256(b"heflow-ckks" + _chain(parameters, context) + self._key_bytes)
        self._key_id = digest.digest()[:16].hex()
        self._evaluator = Evaluator(context, key, keys, parameters)

    @property
    def parameters(self) -> Parameters:
        """Ring degree, primes and scale."""
        return self._parameters

    @property
    def evaluator(self) -> Evaluator:
        """Arithmetic on batches, for tensors."""
        return self._evaluator

    @property
    def rotations(self) -> list[int]:
        """Steps for which there are rotation keys."""
        return sorted(self._keys.rotations)

    @property
    def nbytes(self) -> int:
        """Bytes of the context on the wire, evaluation keys included."""
        return len(self.to_bytes())

    def encrypt(
        self,
        a: Any,
        scale_bits: int | None = None,
        bound: float | None = None,
        strict: bool = False,
    ) -> EncryptedTensor:
        """Encrypt real numbers.

        What is public about the result: shape and declared bound. Nothing depends on the values.

        Parameters
        ----------
        a : array_like of real numbers, any shape
            Spread over as many ciphertexts as it needs.
        scale_bits : int, optional
            Only that of the parameters is possible.
        bound : float, optional
            Declared range |a| <= bound; 2**integer_bits of the parameters. With a declared bound the
            bounds of results are tracked; without, results are declared to stay in the parameters' range.
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
        (b u + e0 + m, a u + e1), the encryption of zero divided by the special prime (Cheon, Kim, Kim and
        Song 2017; Kim, Papadimitriou and Polyakov 2021). A transform for each prime and part.
        """
        return encrypt_message(self, self._evaluator.encrypt, a, scale_bits, bound, strict)

    def with_backend(self, name: str) -> PublicContext:
        """Return the same key for another backend."""
        if resolve(name) == self._backend:
            return self
        _, _, key_id, header, payload = _wire.open(self.to_bytes())
        return PublicContext.from_parts(
            key_id, header, payload, name, not self._parameters.security_bits
        )

    # Bytes

    def to_bytes(self, evaluation_keys: bool = True) -> bytes:
        """Return parameters, encryption key and evaluation keys as bytes.

        Parameters
        ----------
        evaluation_keys : bool
            False leaves them out: enough to encrypt, add and multiply by plain numbers.
        """
        keys = self._keys if evaluation_keys else EvaluationKeys()
        payload = self._key_bytes + keys.to_bytes(self._context)
        return self.seal(KIND_PUBLIC, _chain(self._parameters, self._context), payload)

    @classmethod
    def from_parts(
        cls, key_id: bytes, header: bytes, payload: Any, backend: str | None, insecure: bool
    ) -> PublicContext:
        """Rebuild a context from the parts of its bytes, every part checked."""
        parameters, primes = read_header(header, insecure=True)
        if not parameters.security_bits:
            if not insecure:
                Parameters(
                    parameters.ring_degree,
                    parameters.prime_bits,
                    parameters.special_bits,
                    parameters.scale_bits,
                    parameters.integer_bits,
                )
            warnings.warn("these parameters protect nothing", InsecureKeyWarning, stacklevel=3)
        name = resolve(backend)
        try:
            context = ring_context(parameters, name, primes)
        except ParameterError as error:
            raise FormatError(f"the key's primes are not usable: {error}") from None
        size = _SEED_BYTES + sum((q.bit_length() + 7) // 8 for q in primes) * parameters.ring_degree
        view = memoryview(payload)
        if view.nbytes < size:
            raise FormatError("the public key is truncated")
        key = _ckks.public_from_bytes(
            context, bytes(view[:_SEED_BYTES]), bytes(view[_SEED_BYTES:size])
        )
        keys = EvaluationKeys.from_bytes(view[size:], context)
        result = cls(parameters, context, key, keys, name)
        if result.key_id != key_id.hex():
            raise FormatError("the key id does not belong to the key")
        return result

    def __reduce__(self) -> tuple[Callable[..., PublicContext], tuple[Any, ...]]:
        return unpickle, (PublicContext, self.to_bytes(evaluation_keys=False), self._backend)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PublicContext):
            return NotImplemented
        return (self._key_id, self.rotations) == (other._key_id, other.rotations)

    __hash__ = PublicSide.__hash__

    def __repr__(self) -> str:
        return (
            f"PublicContext({self._evaluator.label}, depth={self._parameters.depth}, "
            f"rotations={len(self._keys.rotations)}, backend={self._backend!r}, key={self._key_id[:8]}..)"
        )

    def _repr_html_(self) -> str:
        rows = {
            "scheme": self._evaluator.label,
            "depth": str(self._parameters.depth),
            "rotation keys": str(len(self._keys.rotations)),
            "backend": self._backend,
            "key": self._key_id,
        }
        return card("PublicContext", rows)


def _chain(parameters: Parameters, context: _ckks.Context) -> bytes:
    head = _HEADER.pack(
        parameters.ring_degree,
        len(parameters.prime_bits),
        len(parameters.special_bits),
        parameters.scale_bits,
        parameters.integer_bits or 0,
    )
    return head + struct.pack(f"<{len(context.primes)}Q", *context.primes)


def read_header(header: bytes, insecure: bool) -> tuple[Parameters, list[int]]:
    """Return the parameters and primes of a stored key, checked against one another."""
    if len(header) < _HEADER.size:
        raise FormatError("the key's header is truncated")
    degree, data, special, scale_bits, integer_bits = _HEADER.unpack_from(header)
    if not 1 <= data <= MAX_LEVELS or len(header) != _HEADER.size + 8 * (data + special):
        raise FormatError(f"the key's header has {len(header)} bytes and claims {data} primes")
    primes = list(struct.unpack_from(f"<{data + special}Q", header, _HEADER.size))
    bits = [q.bit_length() for q in primes]
    try:
        parameters = Parameters(
            degree, tuple(bits[:data]), tuple(bits[data:]), scale_bits, integer_bits, insecure
        )
    except ParameterError as error:
        raise FormatError(f"the key's parameters are not usable: {error}") from None
    return parameters, primes
