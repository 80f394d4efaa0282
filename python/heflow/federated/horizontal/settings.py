"""What all parties of a training loop agree on before the first round, and what a round was."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from ...errors import ParameterError
from ..plan import whole
from .messages import read_header, write_header

__all__ = ["ALGORITHMS", "Round", "Settings"]

ALGORITHMS = ("fedavg", "fedsgd")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Agreement of the coordinator, the members and the key's holder.

    Attributes
    ----------
    session : str
        Random, different for every run; a run that goes on from a checkpoint keeps it.
    plan : str
        The plan's digest.
    algorithm : {"fedavg", "fedsgd"}
        Members send what their own training changes, or a gradient.
    learning_rate : float
        Step along the mean: ``arrays + rate * mean`` of changes, ``arrays - rate * mean`` of gradients.
    minimum : int
        Clients that a sum holds at least; whoever can open a sum refuses one of fewer.
    rows_per_weight : int
        Rows that stand for one unit of weight.
    metric_bound : float
        Declared range of every metric.
    """

    session: str
    plan: str
    algorithm: str
    learning_rate: float
    minimum: int
    rows_per_weight: int
    metric_bound: float

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise ParameterError(f"algorithm={self.algorithm!r}: 'fedavg' or 'fedsgd' is needed")
        whole(self.minimum, "minimum", 1, 1 << 20)
        whole(self.rows_per_weight, "rows_per_weight", 1, 1 << 40)
        for name in ("learning_rate", "metric_bound"):
            value = getattr(self, name)
            if type(value) is not float or not (math.isfinite(value) and value > 0):
                raise ParameterError(f"{name}={value!r}: a positive finite number is needed")

    def weight(self, rows: int) -> int:
        """Return how much a client of so many rows counts: 1 at least."""
        return max(1, round(rows / self.rows_per_weight))

    def to_bytes(self) -> bytes:
        """Return the settings as bytes."""
        return write_header(asdict(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Settings:
        """Check and read settings."""
        types: dict[str, type] = dict.fromkeys(("session", "plan", "algorithm"), str)
        types |= dict.fromkeys(("minimum", "rows_per_weight"), int)
        types |= dict.fromkeys(("learning_rate", "metric_bound"), float)
        return cls(**read_header(data, types))


@dataclass
class Round:
    """What happened in a round.

    Attributes
    ----------
    number : int
        From 0 on.
    weights : dict of str to int
        Who took part, and how much each counted.
    absent : dict of str to str
        Who was asked and did not arrive, and why.
    attempts : int
        How often the round was begun until enough clients arrived.
    bytes_up, bytes_down : int
        Sent to the coordinator, and by it.
    seconds : float
        From the first question to the result.
    metrics : dict of str to float
        Weighted means of the clients' metrics, where this process may read them.
    """

    number: int
    weights: dict[str, int] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    attempts: int = 1
    bytes_up: int = 0
    bytes_down: int = 0
    seconds: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)
