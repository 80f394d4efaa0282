"""What runs here, and why."""

from __future__ import annotations

import os
import platform
import sys
import warnings
from importlib import metadata
from typing import Any

import gmpy2

from ._core import backend as _backend
from ._core import testing as _testing
from .backend import backends, default_backend
from .errors import HeflowError
from .powmod import powmod
from .threads import num_threads

__all__ = ["__version__", "name_clash", "runtime", "show_runtime", "warn_about_name_clash"]

try:
    __version__ = metadata.version("heflow-core")
except metadata.PackageNotFoundError:
    __version__ = "0+unknown"  # imported without being installed


def name_clash() -> str | None:
    """Say so if the unrelated distribution `heflow`, with the same package, is installed."""
    try:
        version = metadata.version("heflow")
    except metadata.PackageNotFoundError:
        return None
    return (
        f"the unrelated distribution heflow {version} installs the same package as heflow-core: "
        "pip uninstall heflow heflow-core, then pip install heflow-core"
    )


def warn_about_name_clash() -> None:
    """Warn on import: files of the two packages overwrite one another."""
    clash = name_clash()
    if clash is not None:
        warnings.warn(clash, RuntimeWarning, stacklevel=3)


def _self_test(backend: str) -> str:
    n = (1 << 521) - 1
    bases, exponent = [3, 5, n - 2], 0x1234567890ABCDEF << 64 | 0xFEDCBA9876543210
    try:
        right = powmod(bases, exponent, n, backend=backend) == [pow(b, exponent, n) for b in bases]
    except HeflowError as error:
        return f"failed: {error}"
    return "passed" if right else "failed: wrong result"


def _uses(chosen: str) -> dict[str, str]:
    """Which backend each family of kernels uses in new contexts, and why."""
    asked = os.environ.get("HEFLOW_BACKEND")
    why = f"HEFLOW_BACKEND={asked}" if asked else "the fastest that runs here"
    widest = _backend.widest()
    return {
        "modular arithmetic (paillier)": f"{chosen} ({why}; backend= chooses another)",
        "polynomials, exact sums (ckks)": f"{chosen} ({why}; backend= chooses another)",
        "random streams, checksums": f"{widest} ({why if widest == chosen else 'the widest that runs here'})",
    }


def runtime() -> dict[str, Any]:
    """Return versions, CPU, backends, threads, randomness and the self-test as a dictionary.

    `backends` says of each one whether it runs here, or what is missing; `uses` which of them each family of
    kernels uses, and why.
    """
    try:
        chosen = default_backend()
    except HeflowError as error:
        chosen = f"none: {error}"
    listed = backends()
    return {
        "version": __version__,
        "python": sys.version.split()[0],
        "numpy": metadata.version("numpy"),
        "gmpy2": f"{metadata.version('gmpy2')} ({gmpy2.mp_version()})",
        "cryptography": metadata.version("cryptography"),
        "platform": platform.platform(),
        "cpu": _testing.cpu_name(),
        "compiler": _testing.compiler(),
        "backends": {b.name: b.reason or "available" for b in listed},
        "default_backend": chosen,
        "uses": _uses(chosen),
        "threads": num_threads(),
        "randomness": f"{_testing.entropy_source()}, expanded by ChaCha20 within one call",
        "self_test": {b.name: _self_test(b.name) for b in listed if b.available},
        "name_clash": name_clash(),
    }


def show_runtime() -> None:
    """Print `runtime()`."""
    for key, value in runtime().items():
        lines = [f"{k}: {v}" for k, v in value.items()] if isinstance(value, dict) else [value]
        for title, line in zip([key, *[""] * len(lines)], lines, strict=False):
            print(f"{title:>16}  {line}")
