"""Which implementations of the kernel exist, and which one new contexts use."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ._core import backend as _backend
from .errors import BackendError

__all__ = ["BackendInfo", "backends", "default_backend", "resolve"]


@dataclass(frozen=True)
class BackendInfo:
    """One implementation of the kernel.

    Attributes
    ----------
    name : str
    available : bool
    reason : str
        Why it is not available; empty if it is.
    features : tuple of str
        CPU features it needs.
    """

    name: str
    available: bool
    reason: str
    features: tuple[str, ...]


def backends() -> list[BackendInfo]:
    """List all backends, from plain to fast."""
    return [BackendInfo(n, a, r, tuple(f)) for n, a, r, f in _backend.available()]


def default_backend() -> str:
    """Return the backend of new contexts: `HEFLOW_BACKEND`, else the fastest available.

    Raises
    ------
    BackendError
        If `HEFLOW_BACKEND` names one that is unknown or unavailable.
    """
    return resolve(None)


def resolve(name: str | None) -> str:
    """Return the name of the backend asked for; never another one."""
    if name is None:
        name = os.environ.get("HEFLOW_BACKEND") or None
    if name is None:
        return [b.name for b in backends() if b.available][-1]
    if not isinstance(name, str):
        raise BackendError(f"backend={name!r}: a name is needed; see heflow.backends()")
    _backend.check(name)
    return name
