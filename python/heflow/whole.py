"""Whole numbers: what may stand where something is counted."""

from __future__ import annotations

from typing import Any

__all__ = ["is_whole"]


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number; booleans are none, NumPy's integers are."""
    return not isinstance(value, bool) and hasattr(value, "__index__")
