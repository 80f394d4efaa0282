"""The server: holds the public context only, adds what fits the plan, and refuses the rest by name."""

from __future__ import annotations

from typing import Any

from ...errors import FormatError, ParameterError, ShapeError
from ..keys import for_party
from ..plan import Plan, whole
from .client import RESULT_TYPES, contributors
from .messages import (
    KIND_CHECKPOINT,
    KIND_RESULT,
    KIND_UPDATE,
    MAX_NAME,
    Structure,
    opened,
    read_header,
    write_header,
)

__all__ = ["Aggregator"]

_UPDATE_TYPES = {"plan": str, "round": int, "client": str, "weight": int, "structure": dict}


class Aggregator:
    """Adds up the encrypted updates of one round.

    A refused message raises, and the round goes on as if it had not come.

    Parameters
    ----------
    plan : Plan
    public : PublicContext
        Of the key that `heflow.federated.keygen` made.
    round : int
    """

    def __init__(self, plan: Plan, public: Any, round: int = 0) -> None:
        context = for_party(plan, public)
        if public is not context.public:
            raise ParameterError("the aggregator takes the public context: give it secret.public")
        self.plan = plan
        self.round = whole(round, "round", 0, (1 << 53) - 1)
        self._context = context
        self._weights: dict[str, int] = {}
        self._structure: Structure | None = None
        self._sums: Any = None

    @property
    def clients(self) -> list[str]:
        """Names of the clients whose updates were added."""
        return list(self._weights)

    @property
    def total_weight(self) -> int:
        """Sum of their weights."""
        return sum(self._weights.values())

    def receive(self, message: Any, client: str | None = None) -> str:
        """Check an update and add it.

        Parameters
        ----------
        message : bytes
            Of ``Client.encrypt_update``.
        client : str, optional
            Whose it must be: the name under which the transport knows its sender.

        Returns
        -------
        str
            The client's name.

        Raises
        ------
        KeyMismatchError
            It was encrypted under another key.
        ShapeError
            Its arrays are not those of the first update.
        ParameterError
            Another plan or round, a second update of a client, one client or weight too many, or an update in
            another client's name.
        FormatError
            It is damaged.
        """
        header, payload = opened(self._context.public, message, KIND_UPDATE)
        facts = read_header(header, _UPDATE_TYPES)
        name, weight = facts["client"], facts["weight"]
        if not 0 < len(name) <= MAX_NAME:
            raise FormatError("the update does not name its client")
        if client not in (None, name):
            raise ParameterError(f"client '{client}' sent an update in the name of '{name}'")
        structure = Structure.from_json(facts["structure"])
        self._require_plan(facts, name)
        if name in self._weights:
            raise ParameterError(f"client '{name}' sent an update in round {self.round} already")
        if len(self._weights) >= self.plan.clients:
            raise ParameterError(
                f"client '{name}' is one too many: the plan is for {self.plan.clients} clients"
            )
        if weight < 1 or self.total_weight + weight > self.plan.weights:
            raise ParameterError(
                f"client '{name}' has weight {weight}; {self.plan.weights - self.total_weight} of the "
                f"plan's {self.plan.weights} are left"
            )
        if self._structure is not None and not structure.same_shape(self._structure):
            raise ShapeError(
                f"client '{name}' sent {structure.describe()}; the round has "
                f"{self._structure.describe()}, in this order"
            )
        sums = self._sums
        if sums is None:
            sums = self._context.accumulator(self._require_size(structure, payload, name))
        sums.add(payload, weight)
        self._sums, self._weights[name] = sums, weight
        self._structure = self._structure or structure
        return str(name)

    def _require_size(self, structure: Structure, payload: Any, name: str) -> int:
        """Refuse claims of more values than the payload can hold, before memory is taken."""
        if structure.size > 64 * max(memoryview(payload).nbytes, 1):
            raise FormatError(
                f"client '{name}' claims {structure.size} values and sent too few bytes"
            )
        return structure.size

    def _require_plan(self, facts: dict[str, Any], name: str) -> None:
        if facts["plan"] != self.plan.digest:
            raise ParameterError(f"client '{name}' works under another plan than this round's")
        if facts["round"] != self.round:
            raise ParameterError(
                f"client '{name}' sent an update for round {facts['round']}; this is round {self.round}"
            )

    def _facts(self) -> dict[str, Any]:
        structure = self._structure
        return {
            "plan": self.plan.digest,
            "round": self.round,
            "clients": [[name, weight] for name, weight in self._weights.items()],
            "weight": self.total_weight,
            "structure": {} if structure is None else structure.to_json(),
        }

    def result(self) -> bytes:
        """Return the encrypted sum of what was received, for those who hold the secret.

        Raises
        ------
        ParameterError
            Nothing was received.
        """
        if self._sums is None:
            raise ParameterError(f"round {self.round} has no updates yet: there is nothing to send")
        return self._sums.seal(KIND_RESULT, write_header(self._facts()))  # type: ignore[no-any-return]

    def checkpoint(self) -> bytes:
        """Return the state of the round, for `restore`."""
        header = write_header(self._facts())
        if self._sums is None:
            return self._context.public.seal(KIND_CHECKPOINT, header, b"")  # type: ignore[no-any-return]
        return self._sums.seal(KIND_CHECKPOINT, header, final=False)  # type: ignore[no-any-return]

    @classmethod
    def restore(cls, plan: Plan, public: Any, data: Any) -> Aggregator:
        """Continue a round from a checkpoint of the same plan and key.

        Parameters
        ----------
        plan : Plan
        public : PublicContext
        data : bytes
            Of `checkpoint`.

        Returns
        -------
        Aggregator

        Raises
        ------
        FormatError, KeyMismatchError, ParameterError
        """
        header, payload = opened(for_party(plan, public).public, data, KIND_CHECKPOINT)
        facts = read_header(header, RESULT_TYPES)
        if facts["plan"] != plan.digest:
            raise ParameterError("the checkpoint belongs to another plan")
        restored = cls(plan, public, facts["round"])
        restored._weights = weights = contributors(facts, plan)
        if weights:
            structure = Structure.from_json(facts["structure"])
            restored._structure = structure
            restored._sums = restored._context.accumulator_from_bytes(structure.size, payload)
        return restored
