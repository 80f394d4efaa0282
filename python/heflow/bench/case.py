"""One thing to time: an operation of one library, with the check of its result."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["OPERATIONS", "TEXTBOOK", "UNITS", "Case", "Measurement", "measure"]

OPERATIONS = (
    "encrypt, public key",
    "encrypt, owner",
    "decrypt",
    "add",
    "x 32-bit",
    "x 53-bit",
    "x negative 32-bit",
    "sum of 10,000",
    "64 x 512 int32 matrix, per MAC",
    "bucket_sum, per addition",
    "powmod, full exponent",
)
TEXTBOOK = "encrypt, textbook r^n"
UNITS = {"us": 1e6, "ms": 1e3}


@dataclass(frozen=True)
class Case:
    """An operation on `items` items.

    `check` raises AssertionError if the result is wrong; where results are approximate it returns their
    largest absolute error. With unit "bytes" nothing is timed: `run` returns a number of bytes.
    """

    operation: str
    library: str
    size: str
    items: int
    run: Callable[[], Any]
    check: Callable[[Any], float | None]
    unit: str = "us"


@dataclass(frozen=True)
class Measurement:
    """Median and spread of several runs, in `unit` per item."""

    operation: str
    library: str
    size: str
    threads: int
    median: float
    least: float
    most: float
    runs: int
    unit: str = "us"
    error: float | None = None


def measure(case: Case, threads: int, runs: int = 101, seconds: float = 1.0) -> Measurement:
    """Check the first result, then time three runs or more: up to `runs` within about `seconds`."""
    result = case.run()
    error = case.check(result)
    if case.unit == "bytes":
        figures = [float(result)]
    else:
        del result
        times: list[float] = []
        while len(times) < runs and (len(times) < 3 or sum(times) < seconds):
            start = time.perf_counter()
            case.run()
            times.append(time.perf_counter() - start)
        figures = [UNITS[case.unit] * t for t in times]
    per_item = [f / case.items for f in figures]
    return Measurement(
        case.operation,
        case.library,
        case.size,
        threads,
        statistics.median(per_item),
        min(per_item),
        max(per_item),
        len(per_item),
        case.unit,
        error,
    )
