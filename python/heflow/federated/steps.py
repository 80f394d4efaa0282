"""Messages of a protocol's steps: bytes that carry session, step, round and sender, all checked on arrival."""

from __future__ import annotations

from typing import Any

from ..errors import FormatError, KeyMismatchError
from .horizontal.messages import opened, read_header, write_header

__all__ = ["KIND_STEP", "MESSAGE_TYPES", "read", "views", "write"]

KIND_STEP = 7
MESSAGE_TYPES = {"session": str, "step": str, "round": int, "sender": str, "parts": list}


def write(public: Any, session: str, step: str, round: int, sender: str, *parts: bytes) -> bytes:
    """Return a message of one or more parts."""
    facts = {
        "session": session,
        "step": step,
        "round": round,
        "sender": sender,
        "parts": [len(p) for p in parts],
    }
    data: bytes = public.seal(KIND_STEP, write_header(facts), b"".join(parts))
    return data


def read(public: Any, data: Any, session: str, step: str, round: int) -> tuple[str, list[bytes]]:
    """Return sender and parts of a message that belongs here and now.

    Raises
    ------
    FormatError, KeyMismatchError
    """
    sender, parts = views(public, data, session, step, round)
    return sender, [bytes(p) for p in parts]


def views(
    public: Any, data: Any, session: str, step: str, round: int
) -> tuple[str, list[memoryview]]:
    """Do as `read`, and leave the parts where they are in `data`."""
    header, payload = opened(public, data, KIND_STEP)
    facts = read_header(header, MESSAGE_TYPES)
    if facts["session"] != session:
        raise KeyMismatchError(
            f"the message of {facts['sender']!r} belongs to another session: start it again with these settings"
        )
    if (facts["step"], facts["round"]) != (step, round):
        raise FormatError(
            f"'{step}' of round {round} is due and {facts['sender']!r} sent '{facts['step']}' of round "
            f"{facts['round']}"
        )
    lengths = facts["parts"]
    view = memoryview(payload)
    if not all(type(n) is int and n >= 0 for n in lengths) or sum(lengths) != len(view):
        raise FormatError("the parts of the message do not have the lengths it claims")
    parts: list[memoryview] = []
    at = 0
    for n in lengths:
        parts.append(view[at : at + n])
        at += n
    return facts["sender"], parts
