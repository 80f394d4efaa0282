"""The federated suite: names of its operations, and the same updates for every library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ckks_inputs import largest_error

__all__ = ["BITS", "BYTES", "CLIP", "DECRYPT", "ENCRYPT", "RECEIVE", "Updates", "size_label"]

ENCRYPT = "encrypt all updates"
RECEIVE = "receive all, checked, and add"
DECRYPT = "decrypt the mean"
BYTES = "bytes per value sent"
CLIP, BITS = 1.0, 16


def size_label(key: str, clients: int, values: int) -> str:
    """Name the task as tables do."""
    return f"{clients} clients x {values:,} values, {BITS} bits, {key} key"


@dataclass(frozen=True)
class Updates:
    """One row of float32 for each client, inside the clip range."""

    values: NDArray[np.float32]

    @classmethod
    def make(cls, clients: int, values: int) -> Updates:
        """Draw updates from a fixed seed: normal, deviation 0.1, the ends of the range included."""
        rng = np.random.default_rng(20240904)
        drawn = 0.1 * rng.standard_normal((clients, values), dtype=np.float32)
        drawn[:, 0], drawn[:, 1] = CLIP, -CLIP
        return cls(np.clip(drawn, -CLIP, CLIP))

    def error(self, mean: Any, tolerance: float) -> float:
        """Return the largest absolute error of a mean, and assert that it is small."""
        return largest_error(mean, self.values.mean(axis=0, dtype=np.float64), tolerance)
