"""A host without an arbiter in a process of its own: what its steps look like on both ends of the socket."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, ParameterError
from ..keys import public_from_bytes
from .widths import SharedSettings

__all__ = ["SHARED", "RemoteSharedHost", "array_from_bytes", "array_to_bytes", "call_shared"]

SHARED = "shared "  # before the name of a step
_COUNT = struct.Struct("<Q")
_MESSAGES = {"products": 1, "residual": 1, "step": 1, "open_scores": 1, "open_weights": 1}
_MESSAGES |= {"share_of_other": 0, "loss": 0}
_PARTS = {"begin": 2, "save": 1, "load": 1, "new_rows": 1, **_MESSAGES}  # at least


def call_shared(
    host: Any, verb: str, parts: list[bytes], folder: Path, new_rows: Any, insecure: bool
) -> bytes:
    """Run one step of a host; only bytes come and go."""
    if len(parts) < _PARTS.get(verb, len(parts) + 1):
        raise FormatError(f"a host has no step {verb!r} of {len(parts)} parts")
    party = host.without_arbiter()
    if verb == "begin":
        peer = public_from_bytes(parts[0], insecure)
        public, columns = party.begin(peer, SharedSettings.from_bytes(parts[1]))
        return _COUNT.pack(columns) + bytes(public.to_bytes())
    if verb in ("save", "load"):
        path = str(folder / Path(parts[0].decode()).name)
        return str(getattr(party, verb)(path) or "").encode()
    if verb == "new_rows":
        rows = array_from_bytes(parts[1]) if len(parts) > 1 else new_rows
        if rows is None:
            raise ParameterError("no rows to predict: serve(host, ..., new_rows=X)")
        return _COUNT.pack(party.new_rows(rows, int.from_bytes(parts[0], "little")))
    result: bytes | None = getattr(party, verb)(*parts[: _MESSAGES[verb]])
    return result or b""


class RemoteSharedHost:
    """Stands for a `SharedHost` behind a socket.

    Parameters
    ----------
    name : str
    ask : callable
        Sends a step's name and parts, and returns the answer.
    """

    def __init__(self, name: str, ask: Callable[..., bytes]) -> None:
        self.name = name
        self._ask = ask

    def begin(self, public: Any, settings: SharedSettings) -> tuple[Any, int]:
        """See `SharedHost.begin`. A short key is taken from the host only where the own one is short too."""
        answer = self._ask(SHARED + "begin", public.to_bytes(), settings.to_bytes())
        (columns,) = _COUNT.unpack(answer[: _COUNT.size])
        return public_from_bytes(answer[_COUNT.size :], public.parameters.insecure), columns

    def save(self, path: str) -> None:
        """Let the host write its checkpoint, in its own folder."""
        self._ask(SHARED + "save", path.encode())

    def load(self, path: str) -> int:
        """Let the host go on from its checkpoint; return its round."""
        return int(self._ask(SHARED + "load", path.encode()))

    def new_rows(self, X: Any, number: int) -> int:
        """See `SharedHost.new_rows`; None stands for the rows that the host holds."""
        rows = [] if X is None else [array_to_bytes(np.asarray(X, dtype=np.float64))]
        (count,) = _COUNT.unpack(self._ask(SHARED + "new_rows", _COUNT.pack(number), *rows))
        return int(count)

    def __getattr__(self, step: str) -> Callable[..., bytes]:
        """Return a step that takes and returns messages."""
        if step not in _MESSAGES:
            raise AttributeError(step)
        return lambda *messages: self._ask(SHARED + step, *messages)


def array_to_bytes(array: NDArray[Any]) -> bytes:
    """Return an array as bytes."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def array_from_bytes(data: bytes) -> NDArray[np.float64]:
    """Read an array of numbers."""
    try:
        return np.asarray(np.load(io.BytesIO(data), allow_pickle=False), dtype=np.float64)
    except (ValueError, EOFError, OSError):
        raise FormatError("these bytes hold no array") from None
