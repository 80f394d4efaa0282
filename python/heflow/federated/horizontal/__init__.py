"""Parties that hold the same features of different samples: they send updates, a server adds them.

Names are imported when they are asked for: sockets and frameworks cost nothing to those who only add up.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .array_model import ArrayModel
    from .coordinator import Coordinator, TooFewClients
    from .driver import RemoteKeyHolder, RemoteMember, serve
    from .loop import Result, fit
    from .member import LocalModel, Member
    from .opening import KeyHolder, model_key
    from .settings import Round, Settings
    from .sklearn_model import SklearnModel
    from .torch_model import TorchModel

__all__ = [
    "ArrayModel",
    "Coordinator",
    "KeyHolder",
    "LocalModel",
    "Member",
    "RemoteKeyHolder",
    "RemoteMember",
    "Result",
    "Round",
    "Settings",
    "SklearnModel",
    "TooFewClients",
    "TorchModel",
    "fit",
    "model_key",
    "serve",
]

_ROOMS = {
    "array_model": ("ArrayModel",),
    "coordinator": ("Coordinator", "TooFewClients"),
    "driver": ("RemoteKeyHolder", "RemoteMember", "serve"),
    "loop": ("Result", "fit"),
    "member": ("LocalModel", "Member"),
    "opening": ("KeyHolder", "model_key"),
    "settings": ("Round", "Settings"),
    "sklearn_model": ("SklearnModel",),
    "torch_model": ("TorchModel",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _ROOM_OF:
        return getattr(importlib.import_module(f".{_ROOM_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
