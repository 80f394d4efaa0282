"""Vertical learning: parties with the same rows and different columns, one of them with the label."""

from .arbiter import Arbiter
from .driver import RemoteHost, serve
from .guest import Guest
from .host import Host
from .shared_trainer import open_weights
from .trainer import Result, fit, predict

__all__ = [
    "Arbiter",
    "Guest",
    "Host",
    "RemoteHost",
    "Result",
    "fit",
    "open_weights",
    "predict",
    "serve",
]
