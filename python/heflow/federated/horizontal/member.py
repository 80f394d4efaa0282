"""A client of a training loop: trains on its own rows, sends encrypted updates, keeps the common model."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import (
    EncodingRangeError,
    EncodingTypeError,
    FormatError,
    ParameterError,
    ShapeError,
    UnsupportedOperationError,
)
from .. import steps
from ..keys import for_party
from ..plan import Plan, whole
from .client import Client
from .opening import Sealed, open_sum
from .settings import Settings

__all__ = ["LocalModel", "Member", "first_tag"]

Arrays = list[NDArray[Any]]
Metrics = dict[str, float]


class LocalModel(Protocol):
    """What a member trains: arrays in, arrays out, the same for the same round."""

    n_samples: int

    def arrays(self) -> Arrays:
        """Return the values that training starts from: the same at every member."""

    def train(self, arrays: Arrays, round: int) -> tuple[Arrays, Metrics]:
        """Return the arrays after the member's own steps, and metrics."""

    def gradient(self, arrays: Arrays, round: int) -> tuple[Arrays, Metrics]:
        """Return the mean gradient over the member's rows, and metrics."""

    def accept(self, arrays: Arrays) -> None:
        """Take the common values into the model."""


def first_tag(session: str, arrays: Arrays) -> bytes:
    """Return what names the start of a run: a hash of the session and the values."""
    h = hashlib.sha256(b"heflow-horizontal" + session.encode())
    for a in arrays:
        h.update(repr((a.dtype.str, a.shape)).encode())
        h.update(np.ascontiguousarray(a).tobytes())
    return h.digest()


class Member:
    """One client of a training loop; every step takes bytes and returns bytes.

    Parameters
    ----------
    plan : Plan
    key : SecretContext or PublicContext
        The secret with a shared key, the public context with a public one.
    name : str
        Unique among the members.
    model : LocalModel
        `ArrayModel`, `SklearnModel`, `TorchModel`, or anything with their methods.
    model_key : bytes, optional
        With a public key: of `horizontal.model_key`, shared with the key's holder.
    strict : bool
        Refuse updates outside the clip range instead of clipping and counting them.

    Attributes
    ----------
    arrays : list of ndarray
        The common model after `round` rounds.
    history : list of dict
        Metrics of each round: means over those who took part, encrypted until here. "clipped" is the share
        of weight that had a value outside the clip range.
    clipped : int
        Own values clipped so far.
    seconds : dict
        Spent in training, encryption and decryption.
    """

    def __init__(
        self,
        plan: Plan,
        key: Any,
        name: str,
        model: Any,
        *,
        model_key: bytes | None = None,
        strict: bool = False,
    ) -> None:
        self._client = Client(plan, key, name)
        self._public = for_party(plan, key).public
        if (plan.key == "public") != (model_key is not None):
            raise ParameterError(
                "model_key= goes with a plan of key='public', where the key's holder opens the mean for the "
                "members; with key='shared' members open it themselves"
            )
        self._sealed = None if model_key is None else Sealed(model_key)
        self.name, self.model, self.strict = name, model, strict
        self._rows = whole(model.n_samples, f"n_samples of {name}", 1, 1 << 40)
        self._settings: Settings | None = None
        self._start = _checked(model.arrays(), name)
        self._reset("")

    def _reset(self, session: str) -> None:
        self.arrays, self.round = [a.copy() for a in self._start], 0
        self._means: list[NDArray[Any]] = []
        self.clipped, self.seconds = 0, {"training": 0.0, "encryption": 0.0, "decryption": 0.0}
        self._names: list[str] = []
        self._tag = first_tag(session, self._start)

    @property
    def settings(self) -> Settings:
        """The run's settings."""
        if self._settings is None:
            raise ParameterError(f"{self.name} has not begun: horizontal.fit does")
        return self._settings

    def begin(self, settings: bytes) -> bytes:
        """Take part in a run, from the model's own values, or go on with it; return a greeting.

        Raises
        ------
        ParameterError
            Another plan, or an algorithm that the model does not have.
        """
        agreed, plan = Settings.from_bytes(settings), self._client.plan
        if agreed.plan != plan.digest:
            raise ParameterError(
                f"{self.name} works under another plan than this run's: all parties make the same Plan"
            )
        if self._settings is None or agreed.session != self._settings.session:
            self._reset(agreed.session)
        self._settings = agreed
        weight = agreed.weight(self._rows)
        if weight > plan.weights:
            raise ParameterError(
                f"{self.name} has {self._rows} rows, a weight of {weight}, and the plan's max_total_weight is "
                f"{plan.weights}: use rows_per_weight=, or a plan with more"
            )
        start = first_tag(agreed.session, self._start).hex()
        facts = json.dumps({"round": self.round, "start": start}).encode()
        return steps.write(self._public, agreed.session, "greeting", 0, self.name, facts)

    def update(self, task: bytes) -> bytes:
        """Train from the common model and return the encrypted update.

        Raises
        ------
        FormatError, KeyMismatchError
            The task is of another round, session or key, or builds on another model than this member has.
        EncodingError, ShapeError
            Training gave something else than finite arrays of the model's shapes.
        """
        settings = self.settings
        _, parts = steps.read(self._public, task, settings.session, "task", self.round)
        if parts != [self._tag]:
            raise FormatError(
                f"{self.name} holds another model than round {self.round} builds on: let it begin again and "
                "take all results"
            )
        start = time.perf_counter()
        update, metrics = self._trained()
        trained = time.perf_counter()
        message = self._client.encrypt_update(
            [*update, metrics], settings.weight(self._rows), self.round, self.strict
        )
        self.clipped += self._client.clipped
        self.seconds["training"] += trained - start
        self.seconds["encryption"] += time.perf_counter() - trained
        return steps.write(
            self._public, settings.session, "update", self.round, self.name, self._tag, message
        )

    def _trained(self) -> tuple[Arrays, NDArray[Any]]:
        """Return the update and, as one more array, the metrics in the plan's range."""
        settings, plan = self.settings, self._client.plan
        average = settings.algorithm == "fedavg"
        work = getattr(self.model, "train" if average else "gradient", None)
        if work is None:
            raise UnsupportedOperationError(
                f"the model of {self.name} has no {'train' if average else 'gradient'} for "
                f"algorithm={settings.algorithm!r}"
            )
        found, metrics = work([a.copy() for a in self.arrays], self.round)
        found = [np.asarray(a) for a in found]
        if [a.shape for a in found] != [a.shape for a in self.arrays]:
            raise ShapeError(
                f"training of {self.name} gave arrays of shapes {[a.shape for a in found]}; the model has "
                f"{[a.shape for a in self.arrays]}"
            )
        if average:
            found = [new - old for new, old in zip(found, self.arrays, strict=True)]
        update = [np.array(f, a.dtype) for f, a in zip(found, self.arrays, strict=True)]
        ends = [(float(a.min(initial=0)), float(a.max(initial=0))) for a in update]
        if not np.isfinite(ends).all():
            raise EncodingRangeError(
                f"training of {self.name} gave missing or infinite values in round {self.round}: fill in "
                "missing features, or use smaller steps; nothing was sent"
            )
        outside = any(low < -plan.clip or high > plan.clip for low, high in ends)
        flag = settings.metric_bound  # both it and its negative have an integer of their own
        values = self._named({**metrics, "clipped": flag if outside else -flag})
        dtype = np.result_type(*(a.dtype for a in update))
        metrics_sent = (values * (plan.clip / settings.metric_bound)).astype(dtype)
        for a, (_, high) in zip(update, ends, strict=True):
            _onto_grid(a, high, plan)
        return update, metrics_sent

    def _named(self, metrics: Metrics) -> NDArray[np.float64]:
        self._names = sorted(metrics)
        values = np.array([float(metrics[k]) for k in self._names])
        bound = self.settings.metric_bound
        if not (np.abs(values) <= bound).all():
            raise EncodingRangeError(
                f"metrics {metrics} of {self.name} leave the declared range -{bound:g} .. {bound:g}: use a "
                "larger metric_bound="
            )
        return values

    def take(self, data: bytes) -> None:
        """Take the result of a round into the common model.

        Raises
        ------
        FormatError, KeyMismatchError
            It is of another round, session or key, or its arrays are not the model's.
        ParameterError
            It is a sum of fewer clients than agreed.
        """
        settings, start = self.settings, time.perf_counter()
        _, parts = steps.views(self._public, data, settings.session, "result", self.round)
        if len(parts) != 2:
            raise FormatError(f"the result of round {self.round} has not two parts")
        if self._sealed is None:
            mean = open_sum(self._client, settings, self.round, parts[1])
        else:
            mean = self._sealed.open(bytes(parts[1]), settings, self.round)
        if [a.shape for a in mean[:-1]] != [a.shape for a in self.arrays]:
            raise FormatError(f"the result of round {self.round} has not the model's arrays")
        rate = settings.learning_rate if settings.algorithm == "fedavg" else -settings.learning_rate
        self.arrays = [
            self._stepped(a, m, rate) for a, m in zip(self.arrays, mean[:-1], strict=True)
        ]
        self._means.append(mean[-1])
        self.model.accept([a.copy() for a in self.arrays])
        self._tag, self.round = bytes(parts[0]), self.round + 1
        self.seconds["decryption"] += time.perf_counter() - start

    def _stepped(self, a: NDArray[Any], mean: NDArray[Any], rate: float) -> NDArray[Any]:
        """Return a + rate * mean, the half step of `_onto_grid` taken back."""
        result = np.array(mean, a.dtype)
        result -= self._client.plan.step / 2
        result *= rate
        result += a
        return result

    @property
    def history(self) -> list[Metrics]:
        """Metrics of every round so far."""
        scale = self._client.plan.clip
        return [self._metrics(means.astype(np.float64) / scale) for means in self._means]

    def _metrics(self, shares: NDArray[np.float64]) -> Metrics:
        """Name a round's means; a member that has not trained yet knows no names."""
        names = self._names or [f"metric {i}" for i in range(len(shares))]
        found = dict(zip(names, (shares * self.settings.metric_bound).tolist(), strict=True))
        if "clipped" in found:
            found["clipped"] = (found["clipped"] / self.settings.metric_bound + 1) / 2
        return found


def _onto_grid(a: NDArray[Any], high: float, plan: Plan) -> None:
    """Move values by half a step, in place: zero, the most frequent of all changes, is then sent exactly.

    The plan's grid runs from -clip to clip and zero lies between two of its points; unmoved, weights that
    do not change would drift by half a step in every round. What lay inside stays inside; `high` is the
    largest value.
    """
    half = plan.step / 2
    inside = None if high <= plan.clip else a <= plan.clip
    a += half
    if inside is not None:
        np.minimum(a, plan.clip, out=a, where=inside)
    elif high + half > plan.clip:
        np.minimum(a, plan.clip, out=a)


def _checked(arrays: Any, name: str) -> Arrays:
    """Return copies of a model's arrays, if they are floats."""
    if not isinstance(arrays, (list, tuple)) or not arrays:
        raise ShapeError(f"the model of {name} is no list of arrays")
    found = [np.array(a) for a in arrays]
    wrong = [a.dtype.name for a in found if a.dtype.name not in ("float32", "float64")]
    if wrong:
        raise EncodingTypeError(
            f"the model of {name} has arrays of {wrong[0]}: float32 and float64 are trained"
        )
    if not all(np.isfinite(a).all() for a in found):
        raise EncodingRangeError(f"the model of {name} starts from missing or infinite values")
    return found
