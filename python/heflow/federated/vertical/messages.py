"""What the parties send: settings, tensors and exact integers, inside the messages of `steps`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, ParameterError
from ...tensor import EncryptedTensor
from ...tensor.wire import from_bytes
from ..horizontal.messages import read_header, write_header
from ..steps import KIND_STEP, MESSAGE_TYPES, read, write

__all__ = [
    "KIND_STEP",
    "MESSAGE_TYPES",
    "Settings",
    "from_integers",
    "read",
    "tensor",
    "to_integers",
    "write",
]


@dataclass(frozen=True)
class Settings:
    """What all parties must agree on before the first round.

    Attributes
    ----------
    session : str
        Random, different for every run.
    link : {"logit", "identity"}
    n_rows, batch_size, epochs : int
    learning_rate, decay, l2 : float
        The step of epoch t has the size learning_rate / (1 + decay t).
    logit_bound : float
        Declared range of every party's share of the score.
    """

    session: str
    link: str
    n_rows: int
    batch_size: int
    epochs: int
    learning_rate: float
    decay: float
    l2: float
    logit_bound: float

    def __post_init__(self) -> None:
        if self.link not in ("logit", "identity"):
            raise ParameterError(f"link={self.link!r}: 'logit' or 'identity' is needed")
        if not 1 <= self.batch_size <= self.n_rows or self.epochs < 1:
            raise ParameterError(
                f"batch_size={self.batch_size}, epochs={self.epochs} for {self.n_rows} rows: a "
                "batch holds 1 row "
                "to all of them, and one epoch is the least"
            )
        rates = (self.learning_rate, self.decay, self.l2, self.logit_bound)
        if (
            not np.isfinite(rates).all()
            or self.learning_rate <= 0
            or min(rates) < 0
            or not self.logit_bound
        ):
            raise ParameterError(
                f"learning_rate={self.learning_rate}, decay={self.decay}, l2={self.l2}, "
                f"logit_bound={self.logit_bound}: finite, rate and bound positive, the others not negative"
            )

    @property
    def batches(self) -> int:
        """Batches of an epoch; the last may be smaller."""
        return -(-self.n_rows // self.batch_size)

    @property
    def slope(self) -> float:
        """Derivative of the residual by the score: 1/4 of the Taylor series of the sigmoid, or 1."""
        return 0.25 if self.link == "logit" else 1.0

    @property
    def curvature(self) -> float:
        """Factor of the squared score in the loss of a row."""
        return self.slope / 2

    def rows(self, round: int) -> slice:
        """Return the rows of a round; batches follow one another."""
        start = round % self.batches * self.batch_size
        return slice(start, min(start + self.batch_size, self.n_rows))

    def rate(self, round: int) -> float:
        """Return the step size of a round."""
        return self.learning_rate / (1 + self.decay * (round // self.batches))

    def to_bytes(self) -> bytes:
        """Return the settings as bytes."""
        return write_header(asdict(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Settings:
        """Check and read settings."""
        types = {"session": str, "link": str, "n_rows": int, "batch_size": int, "epochs": int}
        types |= dict.fromkeys(("learning_rate", "decay", "l2", "logit_bound"), float)
        return cls(**read_header(data, types))


def tensor(public: Any, data: bytes, shape: tuple[int, ...], sender: str) -> EncryptedTensor:
    """Read a tensor of the shape that is due."""
    x = from_bytes(data, public)
    if x.shape != shape:
        raise FormatError(
            f"{sender!r} sent the shape {x.shape} and {shape} is due: rows of the parties are not aligned"
        )
    return x


def to_integers(values: NDArray[Any]) -> bytes:
    """Return integers of any size as bytes."""
    return write_header({"integers": [format(int(v), "x") for v in values.reshape(-1)]})


def from_integers(data: bytes, count: int) -> NDArray[Any]:
    """Read `count` integers of any size."""
    texts = read_header(data, {"integers": list})["integers"]
    if len(texts) != count:
        raise FormatError(f"{len(texts)} integers came and {count} are due")
    result = np.empty(count, dtype=object)
    try:
        result[:] = [int(t, 16) for t in texts]
    except (TypeError, ValueError):
        raise FormatError("the integers of the message are not readable") from None
    return result
