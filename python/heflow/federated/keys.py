"""Keys of a plan, and what both schemes offer an aggregation: the one place that names schemes."""

from __future__ import annotations

from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import paillier as _paillier
from .._core import wire as _wire
from ..ckks import sums as _lattice
from ..errors import FormatError, ParameterError, UnsupportedOperationError
from ..paillier import public as _paillier_public
from ..paillier.packing import PackedSums
from .plan import Plan

__all__ = ["SumContext", "Sums", "arbiter_key", "for_party", "keygen", "public_from_bytes"]


class Sums(Protocol):
    """A running sum."""

    def add(self, payload: Any, weight: int) -> None: ...

    def seal(self, kind: int, header: bytes, final: bool = True) -> bytes: ...


class SumContext(Protocol):
    """What a party can do with its side of the key."""

    public: Any

    def encrypt_update(
        self, values: NDArray[Any], kind: int, header: bytes
    ) -> tuple[bytes, int]: ...

    def accumulator(self, count: int) -> Any: ...

    def accumulator_from_bytes(self, count: int, data: Any) -> Any: ...

    def decrypt_sums(
        self,
        payload: Any,
        count: int,
        total_weight: int,
        scale: float,
        offset: float,
        dtype: Any = np.float64,
    ) -> NDArray[Any]: ...


def keygen(
    plan: Plan, scheme: str = "lattice", *, backend: str | None = None, bits: int = 2048
) -> Any:
    """Make the key of a plan.

    Parameters
    ----------
    plan : Plan
    scheme : {"lattice", "paillier"}
        Exact sums under ring-LWE, or Paillier with many values in a plaintext (``key="public"`` only).
    backend : str, optional
        See `heflow.backends`.
    bits : int
        Length of a Paillier key.

    Returns
    -------
    SecretContext
        ``.public`` is for the server, and with ``key="public"`` for clients.

    Raises
    ------
    ParameterError, HeadroomError
    """
    if not isinstance(plan, Plan):
        raise ParameterError(f"a heflow.federated.Plan is needed, not {type(plan).__name__}")
    if scheme == "lattice":
        return _lattice.keygen(plan.sum_parameters, backend)
    if scheme == "paillier":
        return _paillier.keygen(bits, backend=backend)
    raise ParameterError(f"scheme={scheme!r}: 'lattice' or 'paillier' is needed")


def arbiter_key(bits: int, insecure: bool = False, backend: str | None = None) -> Any:
    """Make the key of an arbiter: exact integers of unbounded number, one to a ciphertext."""
    return _paillier.keygen(bits, insecure=insecure, backend=backend)


def public_from_bytes(data: bytes, insecure: bool = False) -> Any:
    """Read the public context of an arbiter's key, checked."""
    _, scheme, key_id, header, payload = _wire.open(data)
    if scheme != _paillier_public.SCHEME_ID:
        raise FormatError("these bytes do not hold the public context of an arbiter's key")
    return _paillier_public.PublicContext.from_parts(key_id, header, bytes(payload), None, insecure)


class _Lattice:
    def __init__(
        self, secret: _lattice.SecretContext | None, public: _lattice.PublicContext
    ) -> None:
        self.public = public
        self.encrypt_update = (secret or public).encrypt_update
        self.accumulator = public.accumulator
        self.accumulator_from_bytes = public.accumulator_from_bytes
        self.decrypt_sums = _no_secret if secret is None else secret.decrypt_sums


class _Packed:
    def __init__(
        self,
        secret: _paillier.SecretContext | None,
        public: _paillier.PublicContext,
        plan: Plan,
    ) -> None:
        self._secret = secret
        self.public = public
        self._packed = PackedSums(public, plan.field_bits, plan.clip, plan.largest)
        self.encrypt_update = self._packed.encrypt_update
        self.accumulator = self._packed.accumulator
        self.accumulator_from_bytes = self._packed.accumulator_from_bytes

    def decrypt_sums(
        self,
        payload: Any,
        count: int,
        total_weight: int,
        scale: float,
        offset: float,
        dtype: Any = np.float64,
    ) -> NDArray[Any]:
        sums = self._packed.accumulator_from_bytes(count, payload)
        integers = self._packed.decrypt_sums(self._secret or _no_secret(), sums, count)
        if integers.size and int(integers.max()) > total_weight * self._packed.largest:
            raise FormatError("a sum exceeds what the weights allow: the result is damaged")
        mean: NDArray[Any] = (integers.astype(np.float64) * scale + offset).astype(dtype)
        return mean


def _no_secret(*args: Any, **kwargs: Any) -> NoReturn:
    raise UnsupportedOperationError(
        "this party holds the public context only: whoever holds the secret decrypts the result"
    )


def for_party(plan: Plan, key: Any) -> SumContext:
    """Return what a party can do with the key it holds.

    Raises
    ------
    ParameterError
        The key is not one of a plan, or of another one.
    """
    if not isinstance(plan, Plan):
        raise ParameterError(f"a heflow.federated.Plan is needed, not {type(plan).__name__}")
    if isinstance(key, (_paillier.SecretContext, _paillier.PublicContext)):
        if isinstance(key, _paillier.SecretContext):
            return _Packed(key, key.public, plan)
        return _Packed(None, key, plan)
    if not isinstance(key, (_lattice.SecretContext, _lattice.PublicContext)):
        raise ParameterError(
            f"a key made by federated.keygen(plan) is needed, or its .public, not {type(key).__name__}"
        )
    public = key.public if isinstance(key, _lattice.SecretContext) else key
    if public.parameters != plan.sum_parameters:
        raise ParameterError(
            "the key was made for another plan: make one with federated.keygen(plan), or use its plan"
        )
    return _Lattice(key if isinstance(key, _lattice.SecretContext) else None, public)
