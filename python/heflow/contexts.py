"""What contexts of every scheme share: the identity of a key, its seal on bytes, and what a secret refuses."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from ._core import wire as _wire
from .errors import (
    BackendError,
    FormatError,
    InsecureKeyWarning,
    KeyMismatchError,
    UnsupportedOperationError,
)
from .tensor import EncryptedTensor

__all__ = ["PublicSide", "SecretSide", "unpickle"]


class PublicSide:
    """The public side of a key: immutable, known by its key id."""

    __slots__ = ("_backend", "_key_id")
    _SCHEME: ClassVar[tuple[int, str, str]]  # on the wire, in code, in messages
    _key_id: str
    _backend: str

    @property
    def scheme(self) -> str:
        """Name of the scheme; for messages, not for branching."""
        return self._SCHEME[1]

    @property
    def key_id(self) -> str:
        """Identity of the key, 16 bytes as hex digits, the same whatever evaluation keys come along."""
        return self._key_id

    @property
    def backend(self) -> str:
        """Name of the backend that computes; fixed when the context is made."""
        return self._backend

    def _envelope(self, kind: int, header: bytes) -> tuple[int, int, bytes, bytes]:
        return kind, self._SCHEME[0], bytes.fromhex(self._key_id), header

    def seal(self, kind: int, header: bytes, payload: bytes) -> bytes:
        """Wrap bytes that belong to this key."""
        return _wire.seal(*self._envelope(kind, header), payload)

    def open(self, data: Any, kind: int) -> tuple[bytes, Any]:
        """Unwrap bytes that belong to this key: header and payload."""
        found, scheme, key_id, header, payload = _wire.open(data)
        if scheme != self._SCHEME[0] or found != kind:
            raise FormatError(
                f"these bytes hold kind {found} of scheme {scheme}, not kind {kind} of {self._SCHEME[2]}"
            )
        if key_id.hex() != self._key_id:
            raise KeyMismatchError(
                f"the data belongs to key {key_id.hex()}, this context to {self._key_id}"
            )
        return header, payload

    def __copy__(self: _Public) -> _Public:
        return self

    def __deepcopy__(self: _Public, memo: dict[int, Any]) -> _Public:
        return self  # immutable

    def __hash__(self) -> int:
        return hash(self._key_id)


_Public = TypeVar("_Public", bound=PublicSide)


def unpickle(context: type[Any], data: bytes, backend: str) -> Any:
    """Rebuild a public context of this process or of one beside it."""
    _, _, key_id, header, payload = _wire.open(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureKeyWarning)
        return context.from_parts(key_id, header, bytes(payload), backend, insecure=True)


class SecretSide(Generic[_Public]):
    """The secret side of a key: it has a public side, and leaves the process only by ``hf.save``."""

    __slots__ = ("_public",)

    def __init__(self, public: _Public) -> None:
        self._public = public

    @property
    def public(self) -> _Public:
        """The public context: give it away."""
        return self._public

    @property
    def key_id(self) -> str:
        """Identity of the key."""
        return self._public.key_id

    def _own(self, x: Any) -> EncryptedTensor:
        """Return `x` if it is a tensor of this key and backend."""
        if not isinstance(x, EncryptedTensor):
            raise UnsupportedOperationError(
                f"decrypt takes an EncryptedTensor, not {type(x).__name__}"
            )
        if x.key_id != self.key_id:
            raise KeyMismatchError(
                f"the tensor was encrypted under key {x.key_id}; this is the secret of {self.key_id}"
            )
        if x.public.backend != self._public.backend:
            raise BackendError(
                f"the tensor is of backend '{x.public.backend}', the secret of "
                f"'{self._public.backend}': convert it with x.to_backend('{self._public.backend}')"
            )
        return x

    def _refuse(self, *args: Any) -> NoReturn:
        raise UnsupportedOperationError(
            "a secret is not pickled, copied or turned into bytes: use "
            "hf.save(path, secret, passphrase=...), or give away secret.public"
        )

    __reduce__ = __copy__ = __deepcopy__ = __getstate__ = to_bytes = __bytes__ = _refuse
    __reduce_ex__ = _refuse
