"""Benchmarks: ours beside its peers, in one run, each result asserted."""

from . import update_bytes
from .case import Case, Measurement, measure
from .libraries import cases, installed, load
from .report import Report
from .suites import SUITES

__all__ = [
    "SUITES",
    "Case",
    "Measurement",
    "Report",
    "cases",
    "installed",
    "load",
    "measure",
    "update_bytes",
]
