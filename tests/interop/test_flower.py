"""Flower's messages through the mod and the strategy, as its processes hand them over."""

import heflow as hf
import numpy as np
import pytest
from heflow.federated import Plan, keygen

pytest.importorskip("flwr", reason="Flower is not installed: pip install flwr")

from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Error,
    Message,
    MessageType,
    Metadata,
    MetricRecord,
    RecordDict,
)
from heflow.interop.flower import EncryptedFedAvg, decrypted, encryption

PLAN = Plan(clients=3, clip=4.0, bits=20, max_total_weight=60, key="shared")
SECRET = keygen(PLAN)
START = {"w": np.zeros((2, 3), np.float32), "b": np.full(2, 0.5, np.float32)}


def record(arrays):
    return ArrayRecord({k: Array(a) for k, a in arrays.items()})


def message(node, arrays, round=1, kind=MessageType.TRAIN):
    content = RecordDict(
        {"arrays": arrays, "config": ConfigRecord({"server-round": round} if round else {})}
    )
    metadata = Metadata(
        run_id=1, message_id="m", src_node_id=0, dst_node_id=node, reply_to_message_id="",
        group_id="", created_at=0.0, ttl=60.0, message_type=kind,
    )  # fmt: skip
    return Message(content=content, metadata=metadata)


def trained(change, rows=10, seen=None, of=record):
    """What a ClientApp does: all arrays plus a number."""

    def train(message, context):
        arrays = {k: a.numpy() for k, a in message.content["arrays"].items()}
        if seen is not None:
            seen.append(arrays)
        metrics = MetricRecord({"num-examples": rows, "loss": float(change)})
        content = RecordDict(
            {
                "arrays": of({k: a + np.float32(change) for k, a in arrays.items()}),
                "metrics": metrics,
            }
        )
        return Message(content=content, reply_to=message)

    return train


def mod(**options):
    return encryption(PLAN, SECRET, minimum=2, **options)


def strategy(**options):
    return EncryptedFedAvg(PLAN, SECRET.public, **{"minimum": 2, **options})


def test_two_rounds():
    """The second round's clients train from the first one's weighted mean, which the server has not seen."""
    server, arrays, seen = strategy(), record(START), []
    for round in (1, 2):
        replies = [
            mod()(message(node, arrays, round), None, trained(change, rows, seen))
            for node, change, rows in [(7, 0.25, 10), (8, 0.5, 30)]
        ]
        arrays, metrics = server.aggregate_train(round, replies)
        assert list(arrays) == ["heflow"] and dict(metrics) == {"loss": 0.4375}
    mean = 2 * 0.4375
    for found in (seen[2], {k: a.numpy() for k, a in decrypted(PLAN, SECRET, arrays, 2).items()}):
        for name, value in START.items():
            assert found[name].dtype == np.float32 and found[name].shape == value.shape
    np.testing.assert_allclose(seen[2]["w"], mean / 2, atol=PLAN.step)
    np.testing.assert_allclose(found["w"], mean, atol=2 * PLAN.step)
    np.testing.assert_allclose(found["b"], 0.5 + mean, atol=2 * PLAN.step)
    ask = message(7, arrays, 2, MessageType.EVALUATE)
    reply = mod()(ask, None, lambda m, c: trained(0.0, 1, seen)(m, c))
    np.testing.assert_array_equal(seen[-1]["w"], found["w"])
    assert list(reply.content["arrays"]) == ["w", "b"]  # only trained arrays are encrypted


def test_what_is_left_out(caplog):
    """Replies in the clear, of another round, of another node, or with errors: the sum is of the others."""
    start = record(START)
    good = [mod()(message(n, start), None, trained(0.25 * n)) for n in (1, 2)]
    clear = trained(9.0)(message(3, start), None)
    late = mod()(message(4, start, round=5), None, trained(3.0))
    failed = Message(Error(code=1, reason="lost"), reply_to=message(6, start))
    arrays, _ = strategy().aggregate_train(1, [clear, late, failed, *good])
    found = decrypted(PLAN, SECRET, arrays, 2)["w"].numpy()
    np.testing.assert_allclose(found, 0.375, atol=PLAN.step)
    assert strategy().aggregate_train(1, good[:1]) == (None, None)
    assert strategy().aggregate_train(1, []) == (None, None)
    text = caplog.text
    assert "node 6 failed: lost" in text
    assert "node 3 is left out of round 1: its arrays are not encrypted" in text
    assert "node 4 is left out of round 1: client '4' sent an update for round 5" in text
    assert "1 of at least 2 updates" in text


def test_an_update_under_another_nodes_name():
    start = record(START)
    stolen = mod()(message(1, start), None, trained(1.0))
    again = Message(content=stolen.content, reply_to=message(2, start))
    assert strategy(minimum=1).aggregate_train(1, [again]) == (None, None)


@pytest.mark.parametrize(
    ("work", "error", "text"),
    [
        (trained(100.0), hf.EncodingRangeError, "clip"),
        (trained(1.0, rows=100), hf.ParameterError, "weight=100"),
        (
            trained(1.0, of=lambda a: record({**a, "n": np.array([3])})),
            hf.EncodingTypeError,
            "array n has dtype int64",
        ),
    ],
)
def test_what_clients_refuse(work, error, text):
    with pytest.raises(error, match=text):
        mod()(message(1, record(START)), None, work)


def test_rows_per_weight():
    reply = mod(rows_per_weight=10)(message(1, record(START)), None, trained(1.0, rows=100))
    assert reply.content["metrics"]["num-examples"] == 100


def test_means_of_too_few_are_not_opened():
    arrays, _ = strategy(minimum=1).aggregate_train(
        1, [mod()(message(1, record(START)), None, trained(0.5))]
    )
    with pytest.raises(hf.ParameterError, match="minimum=2"):
        mod()(message(2, arrays, 2), None, trained(0.5))


def test_what_both_sides_need():
    shown = Plan(clients=3, key="public")
    with pytest.raises(hf.ParameterError, match="key='shared'"):
        encryption(shown, keygen(shown))
    with pytest.raises(hf.ParameterError, match="key='shared'"):
        EncryptedFedAvg(shown, keygen(shown).public)
    with pytest.raises(hf.ParameterError, match="public"):
        EncryptedFedAvg(PLAN, SECRET)
    with pytest.raises(hf.ParameterError, match="server-round"):
        mod()(message(1, record(START), round=0), None, trained(0.5))


class Loopback:
    """Flower's grid without its wires: nodes answer at once, and those that raise answer with an error."""

    def __init__(self, nodes):
        self._nodes = nodes

    def get_node_ids(self):
        return list(self._nodes)

    def send_and_receive(self, messages, *, timeout=None):
        replies = []
        for sent in messages:
            node = sent.metadata.dst_node_id
            try:
                replies.append(mod()(sent, None, self._nodes[node]))
            except hf.HeflowError as error:
                replies.append(Message(Error(code=1, reason=str(error)), reply_to=sent))
        return replies


def test_a_whole_run():
    """Three rounds; one node leaves the range in the last two, and the mean is of the others."""
    nodes = {1: trained(0.5), 2: trained(1.0), 3: trained(3.0)}
    server = strategy(fraction_evaluate=0.0)
    server._construct_messages = lambda content, found, kind: [  # Flower's needs a run of its own
        message(n, content["arrays"], content["config"]["server-round"], kind) for n in found
    ]
    result = server.start(Loopback(nodes), record(START), num_rounds=3)
    found = decrypted(PLAN, SECRET, result.arrays, 2)["w"].numpy()
    np.testing.assert_allclose(found, 1.5 + 2 * 0.75, atol=4 * PLAN.step)
