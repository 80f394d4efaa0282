"""Which libraries can be measured here."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import click

from .case import Case
from .suites import SUITES

__all__ = ["cases", "installed", "load"]


def installed(suite: str) -> list[str]:
    """Return the peers of a suite that can be imported, ours left out."""
    libraries = SUITES[suite].libraries.items()
    return [name for name, entry in libraries if name != "heflow" and find_spec(entry.imports)]


def load(library: str, suite: str) -> Any:
    """Import the module that holds the cases of one library.

    Raises
    ------
    click.ClickException
        If the library is unknown or not installed.
    """
    known = SUITES[suite].libraries
    if library not in known:
        raise click.ClickException(f"unknown library '{library}'; known are {', '.join(known)}")
    entry = known[library]
    try:
        if find_spec(entry.imports) is None:  # not imported here: peers set their threads first
            raise ModuleNotFoundError(f"No module named '{entry.imports}'")
        return importlib.import_module(f"{__package__}.{entry.module}")
    except ImportError as error:
        raise click.ClickException(
            f"{library} is not installed ({error}): pip install {entry.distribution}"
        ) from None


def cases(library: str, size: Any, suite: str = "paillier", **sizes: Any) -> Iterator[Case]:
    """Yield the cases of one library at one size: key bits, ring degree, or whose key it is.

    Raises
    ------
    click.ClickException
        If the library is unknown or not installed.
    """
    module = load(library, suite)
    yield from getattr(module, SUITES[suite].libraries[library].function)(size, **sizes)
