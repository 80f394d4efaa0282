"""A party in a process of its own: its steps by name, carried as bytes over a socket; nothing is unpickled."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from typing import Any

from .. import errors
from ..errors import FormatError, HeflowError, ParameterError

__all__ = ["TIMEOUT", "Remote", "Vanished", "serve"]

TIMEOUT = 60.0  # seconds without an answer before a party counts as gone
MAX_HEAD, MAX_PARTS = 1 << 16, 1 << 10
Call = Callable[[str, list[bytes]], bytes]


class Vanished(HeflowError, ConnectionError):
    """A party does not answer."""


def serve(call: Call, address: tuple[str, int], authkey: bytes, ready: Any = None) -> None:
    """Answer one peer's steps until it says that it is done; a peer that is cut off may come back.

    Parameters
    ----------
    call : callable
        Takes the name of a step and its parts, returns bytes; a HeflowError goes back to the peer.
    address : (str, int)
        To listen on; ("localhost", 0) takes a free port.
    authkey : bytes
        Shared with the peer; connections without it are refused.
    ready : callable, optional
        Called with the address once it listens.
    """
    with Listener(address, "AF_INET", authkey=authkey) as listener:
        if ready is not None:
            ready(listener.address)
        while not _accepted(listener, call):
            pass


def _accepted(listener: Listener, call: Call) -> bool:
    """Answer one connection; return whether the peer is done."""
    try:
        connection = listener.accept()
    except (OSError, EOFError, AuthenticationError):
        return False
    with connection:
        try:
            while _answer(connection, call):
                pass
        except (OSError, EOFError):
            return False
    return True


def _answer(connection: Connection, call: Call) -> bool:
    verb, parts = _question(connection)
    try:
        if not parts and verb == "end":
            connection.send_bytes(b"+")
            return False
        connection.send_bytes(b"+" + call(verb, parts))
    except HeflowError as error:
        text = json.dumps({"type": type(error).__name__, "text": str(error)})
        connection.send_bytes(b"-" + text.encode())
    return True


def _question(connection: Connection) -> tuple[str, list[bytes]]:
    """Read a step; what is no question ends the connection."""
    try:
        head = json.loads(connection.recv_bytes(MAX_HEAD))
        verb, count = head["verb"], head["parts"]
    except (ValueError, KeyError, TypeError):
        raise EOFError("not a step") from None
    if type(verb) is not str or type(count) is not int or not 0 <= count <= MAX_PARTS:
        raise EOFError("not a step")
    return verb, [connection.recv_bytes() for _ in range(count)]


class Remote:
    """The other end of `serve`.

    Parameters
    ----------
    address : (str, int)
    authkey : bytes
    name : str
        The party's name.
    timeout : float
        Seconds without an answer before it counts as gone.
    advice : str
        What to do then, for the error.

    Raises
    ------
    Vanished
        A HeflowError and a ConnectionError: nobody answers. The next step tries to connect again.
    """

    def __init__(
        self, address: tuple[str, int], authkey: bytes, name: str, timeout: float, advice: str
    ) -> None:
        self.name, self._timeout, self._advice = name, timeout, advice
        self._address, self._authkey = address, authkey
        self._connection: Connection | None = None
        self._connect()

    def _connect(self) -> Connection:
        try:
            self._connection = _connected(self._address, self._authkey, self._timeout)
        except (OSError, EOFError) as error:
            raise self._vanished(error) from None
        except AuthenticationError:
            raise ParameterError(f"{self.name} holds another authkey than this party") from None
        return self._connection

    def renew(self) -> bool:
        """Connect again if the party was cut off; return whether that was needed: it may have started anew."""
        cut = self._connection is None
        if cut:
            self._connect()
        return cut

    def _vanished(self, error: object) -> Vanished:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        return Vanished(f"{self.name} does not answer ({error}): {self._advice}")

    def ask(self, verb: str, *parts: bytes) -> bytes:
        """Let the party take a step and return its answer.

        Raises
        ------
        HeflowError
            What the party raised, with its name before it; or Vanished.
        """
        connection = self._connection or self._connect()
        try:
            connection.send_bytes(json.dumps({"verb": verb, "parts": len(parts)}).encode())
            for part in parts:
                connection.send_bytes(part)
            if not connection.poll(self._timeout):
                raise self._vanished(f"{self._timeout:g} seconds")
            answer = connection.recv_bytes()
        except Vanished:
            raise
        except (OSError, EOFError) as error:
            raise self._vanished(type(error).__name__) from None
        if answer[:1] == b"+":
            return answer[1:]
        raise self._fault(answer[1:])

    def _fault(self, data: bytes) -> HeflowError:
        try:
            fault = json.loads(data)
            kind, text = getattr(errors, fault["type"], ParameterError), fault["text"]
        except (ValueError, KeyError, TypeError):
            return FormatError(f"{self.name} sent an answer that is not readable")
        if not (isinstance(kind, type) and issubclass(kind, HeflowError)):
            kind = ParameterError
        return kind(f"{self.name}: {text}")

    def close(self) -> None:
        """Let the party go, if it is still there."""
        with contextlib.suppress(Vanished):
            self.ask("end")
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _connected(address: tuple[str, int], authkey: bytes, timeout: float) -> Connection:
    """Connect and prove the key both ways; a peer that is busy elsewhere counts as gone in time."""
    with socket.create_connection(address, timeout) as opened:
        opened.setblocking(True)
        connection = Connection(opened.detach())
    try:
        if not connection.poll(timeout):
            raise TimeoutError(f"{timeout:g} seconds")
        answer_challenge(connection, authkey)
        deliver_challenge(connection, authkey)
    except BaseException:
        connection.close()
        raise
    return connection
