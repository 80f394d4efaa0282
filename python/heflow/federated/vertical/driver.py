"""A host in a process of its own: the same steps, carried over a socket."""

from __future__ import annotations

import io
import json
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import errors
from ...errors import FormatError, HeflowError, ParameterError
from ..keys import public_from_bytes
from .host import Host
from .messages import Settings

__all__ = ["RemoteHost", "serve"]

TIMEOUT = 60.0  # seconds without an answer before a party counts as gone
_VERBS = ("begin", "scores", "gradient", "step", "save", "load", "partial_scores", "end")


class Vanished(HeflowError, ConnectionError):
    """A party does not answer."""


def serve(
    host: Host,
    address: tuple[str, int],
    authkey: bytes,
    *,
    folder: str | Path = ".",
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
    ready : callable, optional
        Called with the address once it listens.
    insecure : bool
        Accept short keys, for tests.
    """
    with Listener(address, "AF_INET", authkey=authkey) as listener:
        if ready is not None:
            ready(listener.address)
        with listener.accept() as connection:
            while _answer(connection, host, Path(folder), insecure):
                pass


def _answer(connection: Connection, host: Host, folder: Path, insecure: bool) -> bool:
    try:
        head = json.loads(connection.recv_bytes(1 << 16))
        parts = [connection.recv_bytes() for _ in range(int(head["parts"]))]
    except EOFError:
        return False
    verb = head["verb"]
    try:
        data = b"" if verb == "end" else _call(host, verb, parts, folder, insecure)
        connection.send_bytes(b"+" + data)
    except HeflowError as error:
        text = json.dumps({"type": type(error).__name__, "text": str(error)})
        connection.send_bytes(b"-" + text.encode())
    return bool(verb != "end")


def _call(host: Host, verb: str, parts: list[bytes], folder: Path, insecure: bool) -> bytes:
    if verb == "begin":
        host.begin(public_from_bytes(parts[0], insecure), Settings.from_bytes(parts[1]))
        return b""
    if verb in ("save", "load"):
        path = str(folder / Path(parts[0].decode()).name)
        if verb == "load":
            return str(host.load(path)).encode()
        host.save(path)
        return b""
    if verb == "partial_scores":
        return _array_to_bytes(host.partial_scores(_array_from_bytes(parts[0])))
    if verb not in _VERBS:
        raise FormatError(f"a host has no step {verb!r}")
    result: bytes | None = getattr(host, verb)(*parts)
    return result or b""


class RemoteHost:
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
        self.name, self._timeout = name, timeout
        try:
            self._connection = Client(address, "AF_INET", authkey=authkey)
        except (OSError, EOFError) as error:
            raise self._vanished(error) from None

    def _vanished(self, error: object) -> Vanished:
        return Vanished(
            f"{self.name} does not answer ({error}): start it again and train from the last "
            "checkpoint, which is whole"
        )

    def _ask(self, verb: str, *parts: bytes) -> bytes:
        try:
            self._connection.send_bytes(json.dumps({"verb": verb, "parts": len(parts)}).encode())
            for part in parts:
                self._connection.send_bytes(part)
            if not self._connection.poll(self._timeout):
                raise self._vanished(f"{self._timeout:g} seconds")
            answer = self._connection.recv_bytes()
        except (OSError, EOFError) as error:
            raise self._vanished(type(error).__name__) from None
        if answer[:1] == b"+":
            return answer[1:]
        fault = json.loads(answer[1:])
        kind = getattr(errors, fault["type"], ParameterError)
        raise kind(f"{self.name}: {fault['text']}")

    def begin(self, public: Any, settings: Settings) -> None:
        """See `Host.begin`."""
        self._ask("begin", public.to_bytes(), settings.to_bytes())

    def scores(self) -> bytes:
        """See `Host.scores`."""
        return self._ask("scores")

    def gradient(self, data: bytes) -> bytes:
        """See `Host.gradient`."""
        return self._ask("gradient", data)

    def step(self, data: bytes) -> None:
        """See `Host.step`."""
        self._ask("step", data)

    def save(self, path: str) -> None:
        """Let the host write its checkpoint, in its own folder."""
        self._ask("save", path.encode())

    def load(self, path: str) -> int:
        """Let the host go on from its checkpoint; return its round."""
        return int(self._ask("load", path.encode()))

    def partial_scores(self, X: Any) -> NDArray[np.float64]:
        """See `Host.partial_scores`."""
        return _array_from_bytes(self._ask("partial_scores", _array_to_bytes(np.asarray(X))))

    def close(self) -> None:
        """Let the host go."""
        self._ask("end")
        self._connection.close()


def _array_to_bytes(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _array_from_bytes(data: bytes) -> NDArray[np.float64]:
    try:
        return np.asarray(np.load(io.BytesIO(data), allow_pickle=False), dtype=np.float64)
    except (ValueError, EOFError, OSError):
        raise FormatError("these bytes hold no array") from None
