"""Which libraries can be measured here."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import click

from .case import Case

__all__ = ["LIBRARIES", "cases"]

LIBRARIES = {
    "heflow": ("ours", "heflow-core"),
    "gmpy2": ("peer_gmpy2", "gmpy2"),
    "phe": ("peer_phe", "phe"),
    "sf-heu": ("peer_heu", "sf-heu"),
    "pypaillier": ("peer_pypaillier", "pypaillier"),
}


def cases(library: str, bits: int, **sizes: int) -> Iterator[Case]:
    """Yield the cases of one library.

    Raises
    ------
    click.ClickException
        If the library is unknown or not installed.
    """
    if library not in LIBRARIES:
        raise click.ClickException(f"unknown library '{library}'; known are {', '.join(LIBRARIES)}")
    module, distribution = LIBRARIES[library]
    try:
        loaded = importlib.import_module(f"{__package__}.{module}")
    except ImportError as error:
        raise click.ClickException(
            f"{library} is not installed ({error}): pip install {distribution}"
        ) from None
    yield from loaded.cases(bits, **sizes)
