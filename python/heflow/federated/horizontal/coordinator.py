"""The server of a training loop: chooses clients, adds what arrives, and holds the public context only."""

from __future__ import annotations

import json
import math
import secrets
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import FormatError, HeflowError, ParameterError
from ...files import write_whole
from .. import steps
from ..keys import for_party
from ..plan import Plan
from .aggregator import Aggregator
from .settings import Round, Settings

__all__ = ["Coordinator", "TooFewClients"]

NAME = "coordinator"
TAG = 16  # bytes that name a model: who has the same tag has taken the same results


class TooFewClients(HeflowError, RuntimeError):
    """Fewer clients than agreed: a sum of them would tell too much about each."""


class Coordinator:
    """The server's steps: bytes in, bytes out; it keeps every result, so that late members can follow.

    Parameters
    ----------
    plan : Plan
    public : PublicContext
    algorithm : {"fedavg", "fedsgd"}
    learning_rate : float
        See `Settings`.
    fraction : float
        Share of the members asked in a round.
    minimum : int
        Clients that a sum holds at least. Of a sum of two, each of them reads the other's update.
    rows_per_weight : int
        Rows that stand for one unit of weight.
    metric_bound : float
        Declared range of every metric.
    seed : int, optional
        Of the choice of members; from the operating system if not given.
    folder : path, optional
        Where results and the state go, each written whole or not at all. If a state is there, the run goes on.
    """

    def __init__(
        self,
        plan: Plan,
        public: Any,
        *,
        algorithm: str = "fedavg",
        learning_rate: float = 1.0,
        fraction: float = 1.0,
        minimum: int = 3,
        rows_per_weight: int = 1,
        metric_bound: float = 64.0,
        seed: int | None = None,
        folder: str | Path | None = None,
    ) -> None:
        self._aggregator = Aggregator(plan, public)  # checks both
        self.plan, self._public = plan, for_party(plan, public).public
        self.settings = Settings(
            session=secrets.token_hex(16), plan=plan.digest, algorithm=algorithm,
            learning_rate=float(learning_rate), minimum=minimum, rows_per_weight=rows_per_weight,
            metric_bound=float(metric_bound),
        )  # fmt: skip
        if isinstance(fraction, bool) or not 0 < fraction <= 1:
            raise ParameterError(f"fraction={fraction!r}: a share of the members, above 0 to 1")
        if minimum > plan.clients:
            raise ParameterError(
                f"minimum={minimum} and the plan is for {plan.clients} clients a round: make a plan for more, "
                "or declare a smaller minimum= if the clients accept what a sum of so few tells"
            )
        self._fraction, self._seed = float(fraction), secrets.randbits(62) if seed is None else seed
        self._folder = None if folder is None else Path(folder)
        self._start = b""
        self._tag = b""
        self._members: dict[str, int] = {}
        self._attempt = 0
        self._awaited: list[str] = []
        self._weights: dict[str, int] = {}
        self.round = 0
        self.results: list[bytes] = []
        self.rounds: list[Round] = []
        self.pending = b""  # a sum that was closed and is not opened yet
        if self._folder is not None and (self._folder / "state").exists():
            self._load(self._folder)

    # Members

    @property
    def members(self) -> list[str]:
        """Names of those who have greeted."""
        return list(self._members)

    def welcome(self, greeting: bytes, client: str | None = None) -> str:
        """Take a member in; all must start from the same values.

        Parameters
        ----------
        greeting : bytes
        client : str, optional
            Whose it must be: the name under which the transport knows its sender.

        Raises
        ------
        FormatError, KeyMismatchError
        ParameterError
            It starts from other values, or from a state that this run never had, or has another name.
        """
        name, parts = steps.read(self._public, greeting, self.settings.session, "greeting", 0)
        if client not in (None, name):
            raise ParameterError(
                f"the member that is asked as {client!r} calls itself {name!r}: use one name on both sides"
            )
        try:
            facts = json.loads(parts[0])
            done, start = facts["round"], bytes.fromhex(facts["start"])
        except (ValueError, KeyError, TypeError, IndexError):
            raise FormatError(f"the greeting of {name!r} is not readable") from None
        self._start = self._start or start
        self._tag = self._tag or start
        if start != self._start:
            raise ParameterError(
                f"{name!r} starts from other values than the members before it: make all models with the same "
                "seed, or give them the same values"
            )
        if type(done) is not int or not 0 <= done <= self.round:
            raise ParameterError(
                f"{name!r} is at round {done} and this run at round {self.round}: begin with a new checkpoint "
                "folder"
            )
        self._members[name] = done
        return name

    def missed(self, name: str) -> list[bytes]:
        """Return the results that a member has not taken yet, in order."""
        return self.results[self._members[name] :]

    def taken(self, name: str) -> None:
        """Note that a member has taken all results."""
        self._members[name] = self.round

    # A round

    def choose(self, gone: Any = ()) -> list[str]:
        """Begin (or repeat) the round: return who is to be asked.

        Parameters
        ----------
        gone : collection of str
            Members that are known to be away: asked only if there are not enough others.

        Raises
        ------
        TooFewClients
        """
        names, least = sorted(self._members), self.settings.minimum
        if len(names) < least:
            raise TooFewClients(
                f"{len(names)} member(s) and minimum={least}: let more take part, or declare a smaller "
                "minimum= if they accept what a sum of so few tells"
            )
        count = min(max(math.ceil(self._fraction * len(names)), least), self.plan.clients)
        rng = np.random.default_rng([self._seed, self.round, self._attempt])
        order = [names[i] for i in rng.permutation(len(names))]
        order.sort(key=lambda name: name in gone)
        self._awaited = sorted(order[:count])
        self._aggregator, self._weights = Aggregator(self.plan, self._public, self.round), {}
        self._attempt += 1
        return list(self._awaited)

    def task(self) -> bytes:
        """Return what is asked of the chosen members."""
        return steps.write(self._public, self.settings.session, "task", self.round, NAME, self._tag)

    def receive(self, message: bytes, client: str | None = None) -> str:
        """Check an update of the round in progress, and add it.

        Parameters
        ----------
        message : bytes
        client : str, optional
            Whose it must be: the name under which the transport knows its sender.

        Raises
        ------
        FormatError, KeyMismatchError, ShapeError, ParameterError
            See `Aggregator.receive`; also an update of another session, of another model, or of a client that
            was not asked. The round goes on as if it had not come.
        """
        settings = self.settings
        name, parts = steps.views(self._public, message, settings.session, "update", self.round)
        if client not in (None, name):
            raise ParameterError(f"{client!r} sent an update in the name of {name!r}")
        if name not in self._awaited:
            raise ParameterError(f"{name!r} was not asked for an update of round {self.round}")
        if len(parts) != 2 or parts[0] != self._tag:
            raise FormatError(f"{name!r} trained another model than round {self.round} builds on")
        before = self._aggregator.total_weight
        self._aggregator.receive(parts[1], name)
        self._weights[name] = self._aggregator.total_weight - before
        return name

    def close(self) -> bytes:
        """Close the round with those who arrived; return the encrypted sum, and a tag of the next model.

        Raises
        ------
        TooFewClients
            Fewer arrived than agreed; `choose` repeats the round.
        """
        arrived, least = self._aggregator.clients, self.settings.minimum
        if len(arrived) < least:
            raise TooFewClients(
                f"{len(arrived)} of {len(self._awaited)} clients arrived in round {self.round} and "
                f"minimum={least}: nothing is opened; repeat the round when more can take part"
            )
        step = "result" if self.plan.key == "shared" else "sum"
        tag, total = secrets.token_bytes(TAG), self._aggregator.result()
        self.pending = steps.write(
            self._public, self.settings.session, step, self.round, NAME, tag, total
        )
        self.rounds.append(Round(self.round, weights=dict(self._weights), attempts=self._attempt))
        self._save("sum", self.pending)  # before anyone can open it: never two sums of one round
        return self.pending

    def publish(self, opened: bytes | None = None) -> bytes:
        """End the round: return the result for all members.

        Parameters
        ----------
        opened : bytes, optional
            What the key's holder made of the sum; without one, members open the sum themselves.
        """
        if not self.pending:
            raise ParameterError(f"round {self.round} has not been closed")
        opened = self.pending if opened is None else opened
        self._tag = self._tag_of(opened, self.round)
        self.results.append(opened)
        self.round += 1
        self.pending, self._attempt, self._awaited = b"", 0, []
        self._save("result", opened)
        return opened

    def _tag_of(self, result: bytes, round: int) -> bytes:
        """Return the tag of the model that a result leads to."""
        _, parts = steps.views(self._public, result, self.settings.session, "result", round)
        if len(parts) != 2 or len(parts[0]) != TAG:
            raise FormatError(f"the result of round {round} does not name the model after it")
        return bytes(parts[0])

    # Checkpoints: results as they are, and a state that says how many of them belong to it

    def _save(self, kind: str, data: bytes) -> None:
        """Write a round's sum or result, then the state that counts it."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        number = self.rounds[-1].number
        write_whole(self._folder / f"{kind}-{number}", data, private=True)
        state = {
            "settings": self.settings.to_bytes().decode(),
            "start": self._start.hex(),
            "seed": self._seed,
            "round": self.round,
            "pending": bool(self.pending),
            "rounds": [r.to_json() for r in self.rounds],
        }
        write_whole(self._folder / "state", json.dumps(state).encode(), private=True)
        if kind == "result":
            (self._folder / f"sum-{number}").unlink(missing_ok=True)

    def _load(self, folder: Path) -> None:
        """Go on from a state of the same settings.

        Raises
        ------
        FormatError, ParameterError
        """
        try:
            state = json.loads((folder / "state").read_text())
            found = Settings.from_bytes(state["settings"].encode())
            self._start, self._seed = bytes.fromhex(state["start"]), int(state["seed"])
            self.rounds = [Round(**r) for r in state["rounds"]]
            done = int(state["round"])
            self.pending = (folder / f"sum-{done}").read_bytes() if state["pending"] else b""
            self.results = [(folder / f"result-{i}").read_bytes() for i in range(done)]
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise FormatError(f"{folder} holds no whole checkpoint: {error}") from None
        mine = json.loads(self.settings.to_bytes())
        theirs = json.loads(found.to_bytes())
        del mine["session"], theirs["session"]
        if mine != theirs:
            raise ParameterError(
                f"the checkpoint in {folder} was made with other settings: use another folder"
            )
        self.settings, self._tag, self.round = found, self._start, done
        for i, result in enumerate(self.results):
            self._tag = self._tag_of(result, i)
