"""Plain features, targets and labels as float64, or why they are none: what models start from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import EncodingTypeError, UnsupportedOperationError

__all__ = ["as_reals"]


def as_reals(a: Any, name: str) -> NDArray[np.float64]:
    """Return plain numbers as float64; None among objects becomes NaN, for the caller to refuse.

    Raises
    ------
    EncodingTypeError
        Masked entries, complex numbers, text, dates or other objects: nothing is guessed.
    """
    if isinstance(a, np.ma.MaskedArray) and np.ma.is_masked(a):
        raise EncodingTypeError(
            f"{name} is a masked array with missing values: fill them in, or leave those rows out"
        )
    try:
        array = np.asarray(a)
        if array.dtype.kind == "c":
            raise EncodingTypeError(f"Complex data not supported: {name} holds complex numbers")
        if array.dtype.kind in "USMm":
            raise TypeError(f"its dtype is {array.dtype}")
        return array.astype(np.float64)
    except (EncodingTypeError, UnsupportedOperationError):
        raise
    except (TypeError, ValueError) as error:
        raise EncodingTypeError(f"{name} holds something else than numbers: {error}") from None
