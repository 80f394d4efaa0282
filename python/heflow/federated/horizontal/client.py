"""A client: encrypts its updates, and reads the mean where it holds the secret."""

from __future__ import annotations

from typing import Any

from ...errors import EncodingRangeError, FormatError, ParameterError
from ..keys import for_party
from ..plan import Plan, whole
from .messages import (
    KIND_RESULT,
    KIND_UPDATE,
    MAX_NAME,
    Structure,
    flatten,
    opened,
    read_header,
    write_header,
)

__all__ = ["Client"]

RESULT_TYPES = {
    "plan": str,
    "round": int,
    "clients": list,
    "weight": int,
    "structure": dict,
}


def contributors(facts: dict[str, Any], plan: Plan) -> dict[str, int]:
    """Return names and weights in a sum, if they fit one another and the plan.

    Raises
    ------
    FormatError
    """
    entries = facts["clients"]
    if not all(isinstance(e, list) and [type(v) for v in e] == [str, int] for e in entries):
        raise FormatError("the message does not list its clients")
    weights: dict[str, int] = dict(entries)
    fits = len(entries) == len(weights) <= plan.clients and all(w > 0 for w in weights.values())
    if not fits or not sum(weights.values()) == facts["weight"] <= plan.weights:
        raise FormatError("the message's clients and weights do not fit the plan")
    return weights


class Client:
    """One participant of an aggregation.

    Parameters
    ----------
    plan : Plan
    key : SecretContext or PublicContext
        Of `heflow.federated.keygen`; the public one can encrypt if the plan's key is public.
    name : str
        Unique among the clients of a round.
    """

    def __init__(self, plan: Plan, key: Any, name: str) -> None:
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise ParameterError(f"name={name!r}: a text of 1 to {MAX_NAME} characters is needed")
        self.plan = plan
        self.name = name
        self.clipped = 0
        self._context = for_party(plan, key)

    def encrypt_update(
        self, update: Any, weight: int = 1, round: int = 0, strict: bool = False
    ) -> bytes:
        """Quantise, pack and encrypt an update; fresh randomness at every call.

        Parameters
        ----------
        update : ndarray, list or dict of ndarrays
            float16, float32 or float64.
        weight : int
            How much it counts, such as the number of samples; public.
        round : int
        strict : bool
            Refuse values outside the clip range instead of clipping them; `clipped` counts those.

        Returns
        -------
        bytes
            For ``Aggregator.receive``.

        Raises
        ------
        ParameterError, EncodingError, EncodingRangeError, EncodingTypeError, EntropyError
        """
        weight = whole(weight, "weight", 1, self.plan.weights)
        round = whole(round, "round", 0, (1 << 53) - 1)
        values, structure = flatten(update)
        header = write_header(
            {
                "plan": self.plan.digest,
                "round": round,
                "client": self.name,
                "weight": weight,
                "structure": structure.to_json(),
            }
        )
        message, clipped = self._context.encrypt_update(values, KIND_UPDATE, header)
        if clipped and strict:
            raise EncodingRangeError(
                f"{clipped} value(s) lie outside -{self.plan.clip:g} .. {self.plan.clip:g}: clip them first, "
                "make a plan with a larger clip, or leave out strict=True"
            )
        self.clipped = clipped
        return message

    def decrypt_mean(self, result: Any, *, round: int | None = None, minimum: int = 1) -> Any:
        """Decrypt the weighted mean of a round's updates.

        Parameters
        ----------
        result : bytes
            Of ``Aggregator.result``.
        round : int, optional
            The round that it must be of.
        minimum : int
            Clients that the sum must hold: of a sum of two, each of them reads the other's update.

        Returns
        -------
        ndarray, list or dict of ndarrays
            As the updates were.

        Raises
        ------
        FormatError, KeyMismatchError
        ParameterError
            The sum holds fewer clients than `minimum`.
        UnsupportedOperationError
            This client holds the public context only.

        Notes
        -----
        The integer sums are exact; a mean of n values is off by half a step of the plan at most. All
        parties see it: nothing of the noise is in it.
        """
        header, payload = opened(self._context.public, result, KIND_RESULT)
        facts = read_header(header, RESULT_TYPES)
        if facts["plan"] != self.plan.digest:
            raise FormatError("the result belongs to another plan")
        if round not in (None, facts["round"]):
            raise FormatError(f"the sum is of round {facts['round']} and round {round} is due")
        found = len(contributors(facts, self.plan))
        if not found:
            raise FormatError("the result is a sum of no clients")
        if found < minimum:
            raise ParameterError(
                f"the sum of round {facts['round']} holds {found} client(s) and minimum={minimum}: it would "
                "tell too much about each and is not opened"
            )
        total = facts["weight"]
        structure = Structure.from_json(facts["structure"])
        scale = self.plan.step / total
        mean = self._context.decrypt_sums(
            payload, structure.size, total, scale, -self.plan.clip, structure.dtype
        )
        return structure.rebuild(mean)
