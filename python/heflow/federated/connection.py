"""A party in a process of its own: its steps by name, carried as bytes over a socket; nothing is unpickled."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing.connection import answer_challenge, deliver_challenge
from typing import Any

from .. import errors
from ..errors import FormatError, HeflowError, ParameterError
from .frames import Frames

__all__ = ["TIMEOUT", "Remote", "Vanished", "serve"]

TIMEOUT = 60.0  # seconds without an answer before a party counts as gone
GREETING = 10.0  # seconds that a stranger has for each message of the proof that it knows the key
STRANGERS = 64  # that prove it at the same time
MAX_HEAD, MAX_PARTS = 1 << 16, 1 << 10
Call = Callable[[str, list[bytes]], bytes]


class Vanished(HeflowError, ConnectionError):
    """A party does not answer."""


def _checked(authkey: Any) -> bytes:
    if not isinstance(authkey, bytes) or not authkey:
        raise ParameterError("authkey: bytes that both sides know are needed, and not empty")
    return authkey


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
    door = _Door(_checked(authkey))
    with socket.create_server(address) as listener:
        threading.Thread(target=door.watch, args=(listener,), daemon=True).start()
        if ready is not None:
            ready(listener.getsockname())
        try:
            while not _served(door.arrivals.get(), call):
                pass
        finally:
            door.shut(listener)


class _Door:
    """Lets in whoever proves the key; strangers that say nothing keep nobody waiting."""

    def __init__(self, authkey: bytes) -> None:
        self.arrivals: queue.Queue[Frames] = queue.Queue()
        self._authkey = authkey
        self._places = threading.BoundedSemaphore(STRANGERS)
        self._shut = threading.Event()

    def watch(self, listener: socket.socket) -> None:
        """Accept until the door is shut."""
        while not self._shut.is_set():
            self._places.acquire()
            try:
                found = listener.accept()[0]
            except OSError:
                self._places.release()
                self._shut.wait(0.1)  # no more files may be open, for now
                continue
            threading.Thread(target=self._greet, args=(found,), daemon=True).start()

    def _greet(self, found: socket.socket) -> None:
        link = Frames(found, GREETING)
        try:
            deliver_challenge(link, self._authkey)  # type: ignore[arg-type]
            answer_challenge(link, self._authkey)  # type: ignore[arg-type]
            link.timeout = TIMEOUT
            self.arrivals.put(link)
        except (OSError, EOFError, AuthenticationError, AssertionError, ValueError):
            link.close()
        finally:
            self._places.release()
        if self._shut.is_set():
            self._turn_away()

    def shut(self, listener: socket.socket) -> None:
        """Let nobody in any more."""
        self._shut.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes `watch`
        self._turn_away()

    def _turn_away(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self.arrivals.get_nowait().close()


def _served(link: Frames, call: Call) -> bool:
    """Answer one connection; return whether the peer is done."""
    with contextlib.closing(link):
        try:
            while _answer(link, call):
                pass
        except (OSError, EOFError):
            return False
    return True


def _answer(link: Frames, call: Call) -> bool:
    verb, parts = _question(link)
    try:
        if not parts and verb == "end":
            link.send_bytes(b"+")
            return False
        link.send_bytes(b"+" + call(verb, parts))
    except HeflowError as error:
        text = json.dumps({"type": type(error).__name__, "text": str(error)})
        link.send_bytes(b"-" + text.encode())
    return True


def _question(link: Frames) -> tuple[str, list[bytes]]:
    """Read a step, whenever it comes; what is no question ends the connection."""
    link.wait()
    try:
        head = json.loads(link.recv_bytes(MAX_HEAD))
        verb, count = head["verb"], head["parts"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise EOFError("not a step") from None
    if type(verb) is not str or type(count) is not int or not 0 <= count <= MAX_PARTS:
        raise EOFError("not a step")
    return verb, [link.recv_bytes() for _ in range(count)]


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
    late : bool
        Connect at the first step, not now: the party may come later.

    Raises
    ------
    Vanished
        A HeflowError and a ConnectionError: nobody answers. The next step tries to connect again.
    """

    def __init__(
        self,
        address: tuple[str, int],
        authkey: bytes,
        name: str,
        timeout: float,
        advice: str,
        late: bool = False,
    ) -> None:
        self.name, self._timeout, self._advice = name, timeout, advice
        self._address, self._authkey = address, _checked(authkey)
        self._link: Frames | None = None
        if not late:
            self._connect()

    def _connect(self) -> Frames:
        try:
            self._link = _connected(self._address, self._authkey, self._timeout)
        except TimeoutError:
            raise self._vanished(f"{self._timeout:g} seconds") from None
        except (OSError, EOFError) as error:
            raise self._vanished(error) from None
        except AuthenticationError:
            raise ParameterError(f"{self.name} holds another authkey than this party") from None
        except (AssertionError, ValueError):
            raise self._vanished("what listens there is no heflow party") from None
        return self._link

    def renew(self) -> bool:
        """Connect again if the party was cut off; return whether that was needed: it may have started anew."""
        cut = self._link is None
        if cut:
            self._connect()
        return cut

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.close()
        self._link = None

    def _vanished(self, error: object) -> Vanished:
        self._hang_up()
        return Vanished(f"{self.name} does not answer ({error}): {self._advice}")

    def ask(self, verb: str, *parts: bytes) -> bytes:
        """Let the party take a step and return its answer.

        Raises
        ------
        HeflowError
            What the party raised, with its name before it; or Vanished.
        """
        link = self._link or self._connect()
        try:
            link.send_bytes(json.dumps({"verb": verb, "parts": len(parts)}).encode())
            for part in parts:
                link.send_bytes(part)
            answer = link.recv_bytes()
        except TimeoutError:
            raise self._vanished(f"{self._timeout:g} seconds") from None
        except (OSError, EOFError) as error:
            raise self._vanished(type(error).__name__) from None
        if answer[:1] == b"+":
            return answer[1:]
        raise self._fault(answer)

    def _fault(self, answer: bytes) -> HeflowError:
        try:
            fault: Any = json.loads(answer[1:]) if answer[:1] == b"-" else None
            kind, text = getattr(errors, fault["type"], ParameterError), fault["text"]
        except (ValueError, KeyError, TypeError, RecursionError):
            self._hang_up()
            return FormatError(f"{self.name} sent an answer that is not readable")
        if not (isinstance(kind, type) and issubclass(kind, HeflowError)):
            kind = ParameterError
        return kind(f"{self.name}: {text}")

    def close(self) -> None:
        """Let the party go, if it is still there."""
        with contextlib.suppress(Vanished):
            self.ask("end")
        self._hang_up()


def _connected(address: tuple[str, int], authkey: bytes, timeout: float) -> Frames:
    """Connect and prove the key both ways; a peer that says nothing counts as gone in time."""
    link = Frames(socket.create_connection(address, timeout), timeout)
    try:
        answer_challenge(link, authkey)  # type: ignore[arg-type]
        deliver_challenge(link, authkey)  # type: ignore[arg-type]
    except BaseException:
        link.close()
        raise
    return link
