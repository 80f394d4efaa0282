"""The order of a training loop's messages: one round after another, whoever carries them."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import HeflowError, ParameterError
from ...whole import is_whole
from ..connection import Remote
from ..plan import Plan
from ..progress import bar
from .coordinator import Coordinator, TooFewClients
from .settings import Round

__all__ = ["Result", "fit"]


@dataclass
class Result:
    """What a run was.

    Attributes
    ----------
    rounds : list of Round
        Those before a checkpoint included.
    seconds : float
        Of this run.
    """

    rounds: list[Round] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def bytes_up(self) -> int:
        """Bytes sent to the coordinator."""
        return sum(r.bytes_up for r in self.rounds)

    @property
    def bytes_down(self) -> int:
        """Bytes sent by the coordinator."""
        return sum(r.bytes_down for r in self.rounds)


def fit(
    members: Sequence[Any],
    plan: Plan,
    public: Any,
    *,
    rounds: int,
    key_holder: Any = None,
    algorithm: str = "fedavg",
    learning_rate: float = 1.0,
    fraction: float = 1.0,
    minimum: int = 3,
    rows_per_weight: int = 1,
    metric_bound: float = 64.0,
    seed: int | None = None,
    retries: int = 2,
    tolerant: bool = False,
    checkpoint: str | Path | None = None,
    progress: bool | Callable[[int, int], None] = False,
) -> Result:
    """Train one model on the rows of all members; the server adds ciphertexts.

    Parameters
    ----------
    members : sequence of Member or RemoteMember
    plan : Plan
    public : PublicContext
    rounds : int
        In all, those before a checkpoint included.
    key_holder : KeyHolder or RemoteKeyHolder
        Where the plan's key is public: opens the sums for the members.
    algorithm : {"fedavg", "fedsgd"}
        Members send what their own steps change (McMahan et al. 2017), or the gradient over their rows.
    learning_rate : float
        Step along the weighted mean; 1.0 with "fedavg" takes the mean of the models.
    fraction : float
        Share of the members asked in a round, chosen anew each time.
    minimum : int
        Clients that a sum must hold; a round of fewer is repeated, then refused. Of a sum of two, each of
        them reads the other's update.
    rows_per_weight : int
        Rows that stand for one unit of weight; weights add up to the plan's max_total_weight at most.
    metric_bound : float
        Declared range of metrics, which travel encrypted beside the update.
    seed : int, optional
        Of the choice of members.
    retries : int
        How often a round of too few clients is repeated.
    tolerant : bool
        Leave a member out of a round whose step raises an error, as if it had vanished, and note why.
    checkpoint : path, optional
        Folder of the server: results and state after every round. If a state is there, training goes on from
        it; members that start again take the results and reach the same values, bit for bit.
    progress : bool or callable
        A progress bar, or a function of rounds done and rounds in all.

    Returns
    -------
    Result
        The model stays with the members: ``member.arrays``, and ``member.history`` for metrics.

    Raises
    ------
    TooFewClients
        Also after retries. The last checkpoint is whole.
    ParameterError, ShapeError, EncodingRangeError, FormatError, KeyMismatchError

    Notes
    -----
    A member that vanishes is left out: the sum is divided by the weight of those who arrived.
    """
    if plan.key == "public" and key_holder is None:
        raise ParameterError(
            "with key='public' members cannot open sums: give key_holder=, a horizontal.KeyHolder"
        )
    if plan.key == "shared" and key_holder is not None:
        raise ParameterError("with key='shared' members open sums themselves: leave key_holder out")
    names = [m.name for m in members]
    if len(set(names)) != len(names):
        raise ParameterError(f"members {names}: each needs a name of its own, Member(..., name=)")
    if not is_whole(rounds) or rounds < 1:
        raise ParameterError(f"rounds={rounds!r}: a whole number from 1 on is needed")
    coordinator = Coordinator(
        plan, public, algorithm=algorithm, learning_rate=learning_rate, fraction=fraction,
        minimum=minimum, rows_per_weight=rows_per_weight, metric_bound=metric_bound, seed=seed,
        folder=checkpoint,
    )  # fmt: skip
    start = time.perf_counter()
    run = _Run(coordinator, {m.name: m for m in members}, key_holder, tolerant)
    run.begin()
    with bar(progress) as advance:
        while coordinator.round < rounds:
            run.round(retries)
            advance(coordinator.round, rounds)
    run.end()
    return Result(coordinator.rounds, time.perf_counter() - start)


class _Run:
    """Who is asked what, and what that cost."""

    def __init__(
        self, coordinator: Coordinator, members: dict[str, Any], key_holder: Any, tolerant: bool
    ) -> None:
        self._server, self._members, self._holder = coordinator, members, key_holder
        self._tolerant = tolerant
        self._up = self._down = 0

    def begin(self) -> None:
        """Let everyone agree on the settings."""
        settings = self._server.settings.to_bytes()
        if self._holder is not None:
            self._holder.begin(settings)
        for name, found in self._each(list(self._members), lambda m: m.begin(settings)).items():
            if isinstance(found, bytes):
                self._server.welcome(found, name)
            elif not isinstance(found, ConnectionError):
                raise _named(name, found)

    def _each(self, names: list[str], work: Callable[[Any], Any]) -> dict[str, Any]:
        """Return what `work` gives for each member, or its error; members elsewhere work at the same time."""

        def one(name: str) -> Any:
            try:
                return work(self._members[name])
            except (HeflowError, ConnectionError) as error:
                return error

        far = [n for n in names if isinstance(self._members[n], Remote)]
        with ThreadPoolExecutor(len(far) or 1) as pool:
            waiting = {n: pool.submit(one, n) for n in far}
            near = {n: one(n) for n in names if n not in waiting}
            return {n: near[n] if n in near else waiting[n].result() for n in names}

    def round(self, retries: int) -> None:
        """Ask, add, open, tell."""
        server, start = self._server, time.perf_counter()
        self._up = self._down = 0
        absent: dict[str, str] = {}
        while not server.pending:
            self._collect(absent)
            try:
                server.close()
            except TooFewClients as error:
                if retries == 0:
                    raise _because(error, absent) from None
                retries -= 1
        opened = None
        if self._holder is not None:
            self._down += len(server.pending)
            opened = self._holder.open(server.pending, server.round)
            self._up += len(opened)
        record = server.rounds[-1]
        record.absent = absent
        record.bytes_up, record.bytes_down = self._up, self._down
        record.seconds = time.perf_counter() - start
        server.publish(opened)
        self._tell(list(record.weights))
        record.bytes_down, record.seconds = self._down, time.perf_counter() - start
        record.metrics = self._metrics()

    def _collect(self, absent: dict[str, str]) -> None:
        """One attempt at a round: updates of the chosen members into the sum."""
        server = self._server
        self._greet_again(absent)
        chosen = server.choose(gone=set(absent))
        task = server.task()
        found = self._each(chosen, lambda m: (self._follow(m), m.update(task)))
        for name, answer in found.items():
            with self._leaving_out(name, absent):
                if isinstance(answer, Exception):
                    raise answer
                told, message = answer
                self._down += told + len(task)
                self._up += len(message)
                server.receive(message, name)
                absent.pop(name, None)

    def _greet_again(self, absent: dict[str, str]) -> None:
        """Welcome members that were away when the run began."""
        settings = self._server.settings.to_bytes()
        away = [n for n in self._members if n not in self._server.members]
        for name, found in self._each(away, lambda m: m.begin(settings)).items():
            with self._leaving_out(name, absent):
                if isinstance(found, Exception):
                    raise found
                self._server.welcome(found, name)

    @contextlib.contextmanager
    def _leaving_out(self, name: str, absent: dict[str, str]) -> Iterator[None]:
        """Note a member that vanished, or whose step failed in a tolerant run; other errors are raised."""
        try:
            yield
        except ConnectionError as error:
            absent[name] = str(error) or type(error).__name__
        except HeflowError as error:
            if not self._tolerant:
                raise _named(name, error) from None
            absent[name] = str(error)

    def _follow(self, member: Any) -> int:
        """Let a member take all results that it has not, and return their bytes."""
        server, told = self._server, 0
        cut: bool = isinstance(member, Remote) and member.renew()
        if cut:
            server.welcome(member.begin(server.settings.to_bytes()), member.name)
        for result in server.missed(member.name):
            member.take(result)
            told += len(result)
        server.taken(member.name)
        return told

    def _tell(self, names: list[str]) -> None:
        """Give the result to members; those who vanish now follow later."""
        here = [n for n in names if n in self._members]
        for name, found in self._each(here, self._follow).items():
            if isinstance(found, int):
                self._down += found
            elif not isinstance(found, ConnectionError):
                raise _named(name, found)

    def _metrics(self) -> dict[str, float]:
        for member in self._members.values():
            history = getattr(member, "history", None)
            if history and len(history) == self._server.round:
                return dict(history[-1])
        return {}

    def end(self) -> None:
        """Let everyone have the last model."""
        self._down = 0
        self._tell(self._server.members)
        self._server.rounds[-1].bytes_down += self._down


def _named(name: str, error: HeflowError) -> HeflowError:
    """Return the error with the member's name in it."""
    text = str(error)
    told = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return error if told else type(error)(f"{name}: {text}")


def _because(error: TooFewClients, absent: dict[str, str]) -> TooFewClients:
    reasons = "; ".join(f"{name}: {text}" for name, text in sorted(absent.items()))
    return TooFewClients(f"{error} ({reasons})")
