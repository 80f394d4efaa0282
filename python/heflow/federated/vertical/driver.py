"""A host in a process of its own: the same steps, carried over a socket."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, ParameterError
from .. import connection
from ..connection import TIMEOUT
from ..keys import public_from_bytes
from .host import Host
from .messages import Settings
from .shared_driver import SHARED, RemoteSharedHost, array_from_bytes, array_to_bytes, call_shared

__all__ = ["RemoteHost", "serve"]

_VERBS = ("scores", "cross", "gradient", "step")
_ADVICE = "start it again and train from the last checkpoint, which is whole"


def serve(
    host: Host,
    address: tuple[str, int],
    authkey: bytes,
    *,
    folder: str | Path = ".",
    new_rows: Any = None,
    ready: Any = None,
    insecure: bool = False,
) -> None:
    """Answer one guest's steps until it ends; only bytes cross, nothing is unpickled.

    Parameters
    ----------
    host : Host
    address : (str, int)
        To listen on; ("localhost", 0) takes a free port.
    authkey : bytes
        Shared with the guest; connections without it are refused.
    folder : path
        Where checkpoints go.
    new_rows : array_like or sparse matrix, optional
        The host's rows to predict, in the guest's order: what `predict` names None.
    ready : callable, optional
        Called with the address once it listens.
    insecure : bool
        Accept short keys, for tests.
    """
    call = partial(_call, host, Path(folder), new_rows, insecure)
    connection.serve(call, address, authkey, ready)


def _call(
    host: Host, folder: Path, new_rows: Any, insecure: bool, verb: str, parts: list[bytes]
) -> bytes:
    if verb == "begin":
        host.begin(public_from_bytes(parts[0], insecure), Settings.from_bytes(parts[1]))
        return b""
    if verb in ("save", "load"):
        path = str(folder / Path(parts[0].decode()).name)
        if verb == "load":
            return str(host.load(path)).encode()
        host.save(path)
        return b""
    if verb in ("partial_scores", "encrypted_scores"):
        rows = array_from_bytes(parts[0]) if parts else new_rows
        if rows is None:
            raise ParameterError("no rows to predict: serve(host, ..., new_rows=X)")
        if verb == "encrypted_scores":
            return host.encrypted_scores(rows)
        return array_to_bytes(host.partial_scores(rows))
    if verb.startswith(SHARED):
        return call_shared(host, verb[len(SHARED) :], parts, folder, new_rows, insecure)
    if verb not in _VERBS:
        raise FormatError(f"a host has no step {verb!r}")
    result: bytes | None = getattr(host, verb)(*parts)
    return result or b""


class RemoteHost(connection.Remote):
    """A host behind a socket: hand it to `fit` in the place of a `Host`.

    Parameters
    ----------
    address : (str, int)
    authkey : bytes
    name : str
        The host's name.
    timeout : float
        Seconds without an answer before it counts as gone.

    Raises
    ------
    HeflowError
        Also a ConnectionError: nobody answers; the last checkpoint is whole.
    """

    def __init__(
        self, address: tuple[str, int], authkey: bytes, name: str = "host", timeout: float = TIMEOUT
    ) -> None:
        super().__init__(address, authkey, name, timeout, _ADVICE)

    def begin(self, public: Any, settings: Settings) -> None:
        """See `Host.begin`."""
        self.ask("begin", public.to_bytes(), settings.to_bytes())

    def scores(self) -> bytes:
        """See `Host.scores`."""
        return self.ask("scores")

    def cross(self, data: bytes) -> bytes:
        """See `Host.cross`."""
        return self.ask("cross", data)

    def gradient(self, data: bytes) -> bytes:
        """See `Host.gradient`."""
        return self.ask("gradient", data)

    def step(self, data: bytes) -> None:
        """See `Host.step`."""
        self.ask("step", data)

    def save(self, path: str) -> None:
        """Let the host write its checkpoint, in its own folder."""
        self.ask("save", path.encode())

    def load(self, path: str) -> int:
        """Let the host go on from its checkpoint; return its round."""
        return int(self.ask("load", path.encode()))

    def partial_scores(self, X: Any) -> NDArray[np.float64]:
        """See `Host.partial_scores`; None stands for the rows that the host holds."""
        return array_from_bytes(self.ask("partial_scores", *_rows(X)))

    def encrypted_scores(self, X: Any) -> bytes:
        """See `Host.encrypted_scores`."""
        return self.ask("encrypted_scores", *_rows(X))

    def without_arbiter(self) -> RemoteSharedHost:
        """Return the steps of a training without an arbiter, as the host answers them."""
        return RemoteSharedHost(self.name, self.ask)


def _rows(X: Any) -> list[bytes]:
    return [] if X is None else [array_to_bytes(np.asarray(X, dtype=np.float64))]
