"""Messages over a socket that never wait for ever, and take memory only for what has arrived."""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

__all__ = ["Frames"]

PIECE = 1 << 20  # bytes that must pass within the time-out
_SHORT, _LONG = struct.Struct("!i"), struct.Struct("!Q")  # as in multiprocessing.connection
# A peer whose machine lost power says nothing: the system asks after 20 s of silence, and gives up in 60.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 4}


class Frames:
    """A connected socket that sends and receives whole messages.

    Parameters
    ----------
    connected : socket
    timeout : float
        Seconds for each mebibyte of a message, and from a question to the first byte of the answer.

    Notes
    -----
    A message is its length and its bytes, as `multiprocessing.connection` writes them.
    """

    def __init__(self, connected: socket.socket, timeout: float) -> None:
        self._socket, self.timeout = connected, timeout
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, seconds in _KEEP_ALIVE.items():
            if hasattr(socket, option):
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def wait(self) -> None:
        """Wait for the next message as long as the peer is there.

        Raises
        ------
        EOFError, OSError
            It is not.
        """
        self._socket.settimeout(None)
        if not self._socket.recv(1, socket.MSG_PEEK):
            raise EOFError("the peer hung up")

    def send_bytes(self, data: Any) -> None:
        """Send a message.

        Raises
        ------
        OSError
            TimeoutError where the peer takes less than a mebibyte within the time-out.
        """
        view = memoryview(data).cast("B")
        size = len(view)
        head = _SHORT.pack(size) if size <= 0x7FFFFFFF else _SHORT.pack(-1) + _LONG.pack(size)
        self._socket.settimeout(self.timeout)
        self._socket.sendall(head)
        for at in range(0, size, PIECE):
            self._socket.sendall(view[at : at + PIECE])

    def recv_bytes(self, limit: int | None = None) -> bytes:
        """Receive a message of at most `limit` bytes.

        Raises
        ------
        EOFError, OSError
            TimeoutError where less than a mebibyte, or the end, comes within the time-out.
        """
        size: int = _SHORT.unpack(self._piece(4))[0]
        if size == -1:
            size = _LONG.unpack(self._piece(8))[0]
        if size < 0 or (limit is not None and size > limit):
            raise OSError("a message of a length that is never sent")
        data = bytearray()
        while len(data) < size:
            data += bytes(min(size - len(data), PIECE))  # memory grows with what arrives
            self._fill(memoryview(data)[(len(data) - 1) // PIECE * PIECE :])
        return bytes(data)

    def _piece(self, size: int) -> bytes:
        data = bytearray(size)
        self._fill(memoryview(data))
        return bytes(data)

    def _fill(self, view: memoryview) -> None:
        """Receive as many bytes as there is room for, in time."""
        end = time.monotonic() + self.timeout
        while view:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            count = self._socket.recv_into(view)
            if not count:
                raise EOFError("the peer hung up")
            view = view[count:]
