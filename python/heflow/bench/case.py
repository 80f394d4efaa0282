"""One thing to time: an operation of one library, with the check of its result."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["OPERATIONS", "TEXTBOOK", "Case", "Measurement", "measure"]

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


@dataclass(frozen=True)
class Case:
    """An operation on `items` items; `check` raises AssertionError if the result is wrong."""

    operation: str
    library: str
    bits: int
    items: int
    run: Callable[[], Any]
    check: Callable[[Any], None]


@dataclass(frozen=True)
class Measurement:
    """Median and spread of several runs, in microseconds per item."""

    operation: str
    library: str
    bits: int
    threads: int
    median: float
    least: float
    most: float
    runs: int


def measure(case: Case, threads: int, runs: int = 101, seconds: float = 1.0) -> Measurement:
    """Check the first result, then time three runs or more: up to `runs` within about `seconds`."""
    case.check(case.run())
    times: list[float] = []
    while len(times) < runs and (len(times) < 3 or sum(times) < seconds):
        start = time.perf_counter()
        case.run()
        times.append(time.perf_counter() - start)
    per_item = [1e6 * t / case.items for t in times]
    return Measurement(
        case.operation,
        case.library,
        case.bits,
        threads,
        statistics.median(per_item),
        min(per_item),
        max(per_item),
        len(times),
    )
