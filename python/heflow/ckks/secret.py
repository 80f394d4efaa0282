"""The secret side of a CKKS key: it has a public context, decrypts, and makes evaluation keys."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import ckks as _ckks
from ..backend import resolve
from ..contexts import SecretSide
from ..errors import (
    HeadroomError,
    ParameterError,
    PrecisionWarning,
    UnsupportedOperationError,
)
from ..tensor import EncryptedTensor, encrypt_message
from . import noise
from .batch import SlotBatch
from .keys import EvaluationKeys, rotation_steps
from .parameters import Parameters
from .public import PublicContext, ring_context

__all__ = ["SecretContext", "secret_from_payload"]

TOLERANCE = 2.0**-20  # of a bound: room for the rounding of a value at its edge
DEVIATIONS = 10  # of the tracked noise: room for noise at its edge


class SecretContext(SecretSide[PublicContext]):
    """Decrypts what was encrypted under one CKKS key.

    It leaves this process only through ``hf.save(path, secret, passphrase=...)``.
    """

    __slots__ = ("__key",)

    def __init__(self, public: PublicContext, key: _ckks.SecretKey) -> None:
        super().__init__(public)
        self.__key = key

    @classmethod
    def fresh(cls, parameters: Parameters, backend: str) -> SecretContext:
        """Draw a new key."""
        context = ring_context(parameters, backend)
        key = _ckks.secret_key(context)
        relinearize = parameters.depth >= 1 and bool(parameters.special_bits)
        keys = EvaluationKeys(_ckks.relinearization_key(key) if relinearize else None)
        return cls(PublicContext(parameters, context, _ckks.public_key(key), keys, backend), key)

    @property
    def parameters(self) -> Parameters:
        """Ring degree, primes and scale."""
        return self._public.parameters

    def public_for(self, rotations: Any = None) -> PublicContext:
        """Return a public context of the same key with rotation keys.

        Parameters
        ----------
        rotations : {"sum", "matmul"} or iterable of int
            Steps of rotations, to the left; the names stand for all powers of two, which make up any step, and
            let ``W @ x`` for a plain matrix and a vector of one ciphertext stay in the slots of one ciphertext.

        Returns
        -------
        PublicContext

        Raises
        ------
        ParameterError
            The parameters have no special prime, or `rotations` is not understood.
        """
        public = self._public
        steps = rotation_steps(rotations, public.parameters.slots)
        made = {k: _ckks.rotation_key(self.__key, k) for k in steps}
        keys = EvaluationKeys(public._keys.relinearization, made)
        return PublicContext(public.parameters, public._context, public._key, keys, public.backend)

    def encrypt(
        self,
        a: Any,
        scale_bits: int | None = None,
        bound: float | None = None,
        strict: bool = False,
    ) -> EncryptedTensor:
        """Encrypt as the owner of the key: less noise, and half the bytes until something is computed.

        Parameters and errors are those of `PublicContext.encrypt`.

        Notes
        -----
        (m + e - a s, a) with a from a fresh public seed, which stands for a on the wire.
        """

        def encrypt_owner(values: Any, limit: int | None = None) -> SlotBatch:
            evaluator = self._public.evaluator
            table = evaluator.blocks(values)
            primes = len(self.parameters.prime_bits)
            wide = evaluator._wide((limit or evaluator.range_limit).bit_length())
            scale = evaluator._scales[primes]
            core = _ckks.encrypt_symmetric(self.__key, table, primes, scale, wide)
            return evaluator.new_batch(core, int(np.size(values)), noise.fresh_symmetric())

        return encrypt_message(self._public, encrypt_owner, a, scale_bits, bound, strict)

    def _values(self, x: Any) -> NDArray[np.float64]:
        batch, evaluator = self._own(x)._batch, self._public.evaluator
        scale = evaluator.scale(batch)
        # What a coefficient can reach, other slots of a view included: the fewest primes that hold it.
        size = float(x.bound) * scale / abs(batch.factor) / (batch.slots if batch.total else 1)
        primes = 1 if 2.5 * size < evaluator._moduli[0] else 2
        if 1 < batch.primes < len(evaluator._moduli):
            primes = 2  # products are not tracked unless declared: a second prime shows those that wrapped
        if primes > batch.primes or 2.5 * size >= evaluator._product(primes):
            raise HeadroomError("the tensor's bound is larger than its ciphertexts hold")
        table, largest = _ckks.decrypt(self.__key, batch.core, primes, scale, batch.total)
        flat = table.reshape(-1)
        values: NDArray[np.float64] = (
            flat[: len(batch)] if batch.in_order else flat[batch.positions]
        )
        if batch.factor != 1.0:
            values = values * batch.factor
        limit = float(x.bound) * (1 + TOLERANCE) + 2.0 ** (16 - evaluator.scale_bits)
        limit += DEVIATIONS * self._deviation(batch)
        # `largest` is of all slots, the elements among them.
        if largest * abs(batch.factor) > limit and np.abs(values).max(initial=0.0) > limit:
            raise HeadroomError(
                f"a decrypted value exceeds the tensor's bound {x.bound}: it was damaged, or left the "
                "declared range on its way; use parameters with more integer_bits, or declare bounds"
            )
        return values

    def _deviation(self, batch: SlotBatch) -> float:
        """Return the tracked noise in units of messages."""
        # A slot sums N coefficients of unit size, a total reads one N / 2 times.
        spread = batch.slots if batch.total else math.sqrt(2 * batch.slots)
        return abs(batch.factor) * spread * batch.noise / self._public.evaluator.scale(batch)

    def decrypt(self, x: EncryptedTensor) -> NDArray[Any]:
        """Decrypt a tensor for the owner's eyes.

        CKKS decryption shows its noise, and from the noise of known ciphertexts the key can be computed (Li
        and Micciancio 2021): results that others will see go through `decrypt_shared`.

        Parameters
        ----------
        x : EncryptedTensor

        Returns
        -------
        ndarray of float64

        Raises
        ------
        KeyMismatchError, BackendError
        HeadroomError
            A value exceeds the tensor's bound.

        Notes
        -----
        From the fewest primes that hold the bound, one or two; results of products from two where they have
        two, so that a value beyond the range shows.
        """
        return self._values(x).reshape(x.shape)

    def decrypt_integers(self, x: EncryptedTensor) -> NDArray[Any]:
        """Refuse: CKKS is approximate and has no exact integers."""
        raise UnsupportedOperationError(
            "CKKS results are approximate: secret.decrypt(x) gives them; for exact integers use "
            "hf.paillier, or heflow.federated for exact sums"
        )

    def decrypt_shared(self, x: EncryptedTensor, queries: int = 100) -> NDArray[Any]:
        """Decrypt a result that others will see: flooded with noise and rounded to honest precision.

        Parameters
        ----------
        x : EncryptedTensor
        queries : int
            How many results of this key will be shared at most, this one's size taken for all; noise grows
            with the square root of their ciphertexts. Calls are not counted: keep to it.

        Returns
        -------
        ndarray of float64

        Raises
        ------
        ParameterError, KeyMismatchError, HeadroomError

        Notes
        -----
        Gaussian noise of sqrt(12 q) 2^10 times the tracked noise for q = queries times ciphertexts of x (Li,
        Micciancio, Schultz and Sorrell 2022, with 20 bits of statistical security), then rounding below it;
        docs/security.md.
        """
        if isinstance(queries, bool) or not isinstance(queries, (int, np.integer)) or queries < 1:
            raise ParameterError(f"queries={queries!r}: a whole number from 1 on is needed")
        values, batch = self._values(x), x._batch
        # An element that occurs again gets the same noise: copies would average it away.
        _, first, again = np.unique(batch.positions, return_index=True, return_inverse=True)
        decrypted = int(queries) * max(len(batch.core), 1)
        shared, step = noise.flooded(values[first], self._deviation(batch), decrypted)
        shared = shared[again.reshape(-1)]
        if step > 2.0**-8:
            warnings.warn(
                f"the shared result is rounded to multiples of {step:g}: declare bounds of encrypted "
                "factors (bound=), use more decimals, or allow fewer queries",
                PrecisionWarning,
                stacklevel=2,
            )
        return shared.reshape(x.shape)

    def with_backend(self, name: str) -> SecretContext:
        """Return the same key for another backend."""
        if resolve(name) == self._public.backend:
            return self
        return secret_from_payload(self._public.with_backend(name), self._secret_payload())

    def _secret_payload(self) -> bytes:
        """For `storage` alone, which encrypts it."""
        return _ckks.secret_to_bytes(self.__key)

    def __repr__(self) -> str:
        return f"SecretContext({self._public.evaluator.label}, key={self.key_id[:8]}..)"


def secret_from_payload(public: PublicContext, payload: bytes) -> SecretContext:
    """Rebuild a secret from the authenticated contents of its file."""
    return SecretContext(public, _ckks.secret_from_bytes(public._context, payload))
