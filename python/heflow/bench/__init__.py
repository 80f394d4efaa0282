"""Benchmarks: ours beside its peers, in one run, each result asserted."""

from .case import Case, Measurement, measure
from .libraries import LIBRARIES, cases
from .report import Report

__all__ = ["LIBRARIES", "Case", "Measurement", "Report", "cases", "measure"]
