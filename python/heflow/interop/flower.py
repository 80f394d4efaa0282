"""Flower: the arrays of trained models travel as ciphertexts, and the server adds them.

The one file that imports flwr (``pip install "heflow-core[flower]"``).

>>> app = ClientApp(mods=[encryption(plan, secret)])                # doctest: +SKIP
>>> strategy = EncryptedFedAvg(plan, public, fraction_evaluate=0)   # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from logging import WARNING
from typing import Any

from flwr.app import Array, ArrayRecord, Message, MessageType, MetricRecord
from flwr.common.logger import log
from flwr.serverapp.strategy import FedAvg

import heflow as hf
from heflow.federated import Aggregator, Client, Plan

__all__ = ["EncryptedFedAvg", "decrypted", "encryption"]

NAME = "heflow"  # of the one array in an encrypted record
UPDATE, RESULT = "heflow.update.v1", "heflow.result.v1"  # what Flower calls stype
READER = "reader"


def _record(data: bytes, stype: str) -> ArrayRecord:
    return ArrayRecord({NAME: Array("uint8", (len(data),), stype, data)})


def _contents(record: ArrayRecord, stype: str) -> bytes | None:
    """Return the message inside of an encrypted record, None if it is another record."""
    found: bytes | None = None
    if list(record) == [NAME] and record[NAME].stype == stype:
        found = record[NAME].data
    return found


def decrypted(plan: Plan, secret: Any, arrays: ArrayRecord, minimum: int = 3) -> ArrayRecord:
    """Return the arrays of an encrypted mean; other records as they are.

    Parameters
    ----------
    plan : heflow.federated.Plan
    secret : SecretContext
    arrays : ArrayRecord
        Such as ``strategy.start(...).arrays``.
    minimum : int
        Clients that the mean must be of.

    Raises
    ------
    FormatError, KeyMismatchError, ParameterError
    """
    data = _contents(arrays, RESULT)
    if data is None:
        return arrays
    mean = Client(plan, secret, READER).decrypt_mean(data, minimum=minimum)
    return ArrayRecord({name: Array(array) for name, array in mean.items()})


def encryption(
    plan: Plan,
    secret: Any,
    *,
    minimum: int = 3,
    rows_per_weight: int = 1,
    weighted_by_key: str = "num-examples",
) -> Callable[[Message, Any, Any], Message]:
    """Return a mod that decrypts the arrays of what the server sends, and encrypts those of trained models.

    Put it first in ``ClientApp(mods=[...])``, outside of mods that clip or add noise.

    Parameters
    ----------
    plan : heflow.federated.Plan
        With ``key="shared"``; all parameters lie within its clip.
    secret : SecretContext
        Of `heflow.federated.keygen`: all clients hold it, the server does not.
    minimum : int
        A mean of fewer clients is not opened.
    rows_per_weight : int
        Rows that stand for one unit of weight, the same everywhere.
    weighted_by_key : str
        The metric that holds the number of rows.

    Notes
    -----
    Metrics travel in the clear, numbers of rows among them. A parameter outside the clip range, or one that
    is no float, raises: Flower reports the node as failed, and the round goes on without it.
    """
    _require(plan)

    def mod(message: Message, context: Any, call_next: Any) -> Message:
        for name, record in list(message.content.array_records.items()):
            message.content[name] = decrypted(plan, secret, record, minimum)
        reply = call_next(message, context)
        if reply.has_error() or message.metadata.message_type != MessageType.TRAIN:
            return reply
        rows = _only(reply.content.metric_records)[1][weighted_by_key]
        name, arrays = _only(reply.content.array_records)
        client = Client(plan, secret, str(message.metadata.dst_node_id))
        data = client.encrypt_update(
            {key: array.numpy() for key, array in arrays.items()},
            weight=max(1, round(rows / rows_per_weight)),
            round=_round(message),
            strict=True,
        )
        reply.content[name] = _record(data, UPDATE)
        return reply

    return mod


def _require(plan: Plan) -> None:
    if plan.key != "shared":
        raise hf.ParameterError(
            f"plan of key={plan.key!r}: clients open the means here, which needs key='shared'; where another "
            "party holds the secret use heflow.federated.horizontal.fit"
        )


def _only(records: Any) -> tuple[str, Any]:
    if len(records) != 1:
        raise hf.ParameterError(
            f"the reply to a training message holds {len(records)} records of a kind: one of arrays and one of "
            "metrics are averaged"
        )
    found: tuple[str, Any] = next(iter(records.items()))
    return found


def _round(message: Message) -> int:
    for record in message.content.config_records.values():
        if "server-round" in record:
            return int(record["server-round"])
    raise hf.ParameterError("the message names no server-round: use EncryptedFedAvg at the server")


class EncryptedFedAvg(FedAvg):  # type: ignore[misc]
    """Flower's FedAvg over ciphertexts; it holds the public context only.

    Parameters
    ----------
    plan : heflow.federated.Plan
    public : PublicContext
        ``secret.public``
    minimum : int
        A round of fewer clients changes nothing, and the next one asks again.
    **options
        Of ``flwr.serverapp.strategy.FedAvg``. An ``evaluate_fn`` gets ciphertexts: evaluate at the clients.
    """

    def __init__(self, plan: Plan, public: Any, *, minimum: int = 3, **options: Any) -> None:
        _require(plan)
        Aggregator(plan, public)  # checks both
        self._plan, self._public, self._minimum = plan, public, minimum
        for name in ("min_train_nodes", "min_available_nodes"):
            options[name] = max(options.get(name, 0), minimum)
        super().__init__(**options)

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Add the updates that fit the plan; the others are named in the log."""
        server = Aggregator(self._plan, self._public, round=server_round)
        arrived = []
        for reply in replies:
            node = str(reply.metadata.src_node_id)
            if reply.has_error():
                log(WARNING, "node %s failed: %s", node, reply.error.reason)
                continue
            try:
                data = _contents(_only(reply.content.array_records)[1], UPDATE)
                if data is None:
                    raise hf.FormatError(
                        "its arrays are not encrypted: add encryption(...) to its mods"
                    )
                server.receive(data, client=node)
            except hf.HeflowError as error:
                log(WARNING, "node %s is left out of round %d: %s", node, server_round, error)
            else:
                arrived.append(reply.content)
        if len(arrived) < max(self._minimum, 1):
            log(
                WARNING,
                "round %d has %d of at least %d updates: the model stays as it was",
                server_round,
                len(arrived),
                self._minimum,
            )
            return None, None
        metrics = self.train_metrics_aggr_fn(arrived, self.weighted_by_key)
        return _record(server.result(), RESULT), metrics
