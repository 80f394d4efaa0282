"""Members and the key's holder in processes of their own: the same steps, carried over sockets."""

from __future__ import annotations

import struct
from functools import partial
from typing import Any

from ...errors import FormatError
from .. import connection
from ..connection import TIMEOUT

__all__ = ["RemoteKeyHolder", "RemoteMember", "serve"]

_ADVICE = "the round goes on without it; start it again and it takes the results that it missed"


def serve(party: Any, address: tuple[str, int], authkey: bytes, *, ready: Any = None) -> None:
    """Answer one coordinator's steps until it ends; only bytes cross, nothing is unpickled.

    Parameters
    ----------
    party : Member or KeyHolder
    address : (str, int)
        To listen on; ("localhost", 0) takes a free port.
    authkey : bytes
        Shared with the coordinator; connections without it are refused.
    ready : callable, optional
        Called with the address once it listens.
    """
    connection.serve(partial(_call, party), address, authkey, ready)


def _call(party: Any, verb: str, parts: list[bytes]) -> bytes:
    if verb == "open" and len(parts) == 2 and len(parts[1]) == 8:
        opened: bytes = party.open(parts[0], struct.unpack("<Q", parts[1])[0])
        return opened
    if verb not in ("begin", "update", "take") or len(parts) != 1 or not hasattr(party, verb):
        raise FormatError(f"{party.name} has no step {verb!r} of {len(parts)} parts")
    result: bytes | None = getattr(party, verb)(parts[0])
    return result or b""


class RemoteMember(connection.Remote):
    """A member behind a socket: hand it to `fit` in the place of a `Member`; it may join later.

    Parameters
    ----------
    address : (str, int)
    authkey : bytes
    name : str
        The member's name.
    timeout : float
        Seconds without an answer before it counts as gone from the round.
    """

    def __init__(
        self, address: tuple[str, int], authkey: bytes, name: str, timeout: float = TIMEOUT
    ) -> None:
        super().__init__(address, authkey, name, timeout, _ADVICE, late=True)

    def begin(self, settings: bytes) -> bytes:
        """See `Member.begin`."""
        return self.ask("begin", settings)

    def update(self, task: bytes) -> bytes:
        """See `Member.update`."""
        return self.ask("update", task)

    def take(self, data: bytes) -> None:
        """See `Member.take`."""
        self.ask("take", data)


class RemoteKeyHolder(connection.Remote):
    """The key's holder behind a socket: hand it to `fit` in the place of a `KeyHolder`.

    Parameters
    ----------
    address : (str, int)
    authkey : bytes
    timeout : float
        Seconds without an answer before it counts as gone.
    """

    def __init__(self, address: tuple[str, int], authkey: bytes, timeout: float = TIMEOUT) -> None:
        advice = "start it again and train from the last checkpoint, which is whole"
        super().__init__(address, authkey, "key holder", timeout, advice)

    def begin(self, settings: bytes) -> None:
        """See `KeyHolder.begin`."""
        self.ask("begin", settings)

    def open(self, data: bytes, round: int) -> bytes:
        """See `KeyHolder.open`."""
        return self.ask("open", data, struct.pack("<Q", round))
