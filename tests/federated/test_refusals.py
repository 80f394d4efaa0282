"""What is refused, by name, while the round goes on."""

import json

import heflow as hf
import numpy as np
import pytest
from heflow._core import wire
from heflow.federated import Aggregator, Client, Plan, keygen

SCHEMES = ["lattice", "paillier"]


@pytest.fixture(params=SCHEMES)
def party(request, backend):
    plan = Plan(clients=2, clip=1.0, bits=8, max_total_weight=4, key="public")
    return plan, keygen(plan, scheme=request.param, backend=backend)


def update(value=0.25):
    return {"w": np.full((3, 4), value), "b": np.full(5, -value)}


def check_round_goes_on(plan, secret, server):
    """Nothing of what was refused is in the sum."""
    mean = Client(plan, secret, name="reader").decrypt_mean(server.result())
    assert np.abs(mean["w"] - 0.25).max() <= plan.step and mean["b"].shape == (5,)


def test_refusals_by_name(party):
    plan, secret = party
    server = Aggregator(plan, secret.public, round=7)
    with pytest.raises(hf.ParameterError, match="no updates"):
        server.result()
    first = Client(plan, secret.public, name="first").encrypt_update(update(), weight=2, round=7)
    assert server.receive(first) == "first"
    other = keygen(plan, scheme="paillier") if secret.public.scheme == "paillier" else keygen(plan)
    stranger = Client(plan, other.public, name="stranger").encrypt_update(update(), round=7)
    second = Client(plan, secret.public, name="second")
    longer = {"w": np.zeros((4, 4)), "b": np.zeros(5)}
    turned = dict(reversed(update().items()))
    elsewhere = Plan(clients=2, clip=1.0, bits=9, max_total_weight=4, key="public")
    cases = [
        (first, hf.ParameterError, "'first' sent an update in round 7 already"),
        (stranger, hf.KeyMismatchError, "belongs to key"),
        (second.encrypt_update(update(), round=8), hf.ParameterError, "round 8"),
        (second.encrypt_update(longer, round=7), hf.ShapeError, "'second' sent .* of shapes"),
        (
            second.encrypt_update(turned, round=7),
            hf.ShapeError,
            "dict .* b: .*, w: .* in this order",
        ),
        (
            second.encrypt_update(update(), weight=3, round=7),
            hf.ParameterError,
            "has weight 3; 2 of",
        ),
        (b"", hf.FormatError, "bytes"),
        (first[: len(first) // 2], hf.FormatError, "."),
        (first[:-9] + bytes([first[-9] ^ 1]) + first[-8:], hf.FormatError, "."),
        ("text", hf.HeflowError, "."),
    ]
    if secret.public.scheme == "paillier":  # there the key does not tie the plan
        foreign = Client(elsewhere, secret.public, name="second").encrypt_update(update(), round=7)
        cases.append((foreign, hf.ParameterError, "another plan"))
    for message, error, text in cases:
        with pytest.raises(error, match=text):
            server.receive(message)
        assert server.clients == ["first"] and server.total_weight == 2
    server.receive(second.encrypt_update(update(), round=7))
    third = Client(plan, secret.public, name="third").encrypt_update(update(), round=7)
    with pytest.raises(hf.ParameterError, match="'third' is one too many"):
        server.receive(third)
    check_round_goes_on(plan, secret, server)


def test_residues_beyond_the_modulus_leave_the_sum_as_it_was(backend):
    plan = Plan(clients=3, bits=16, key="shared")
    secret = keygen(plan, backend=backend)
    server = Aggregator(plan, secret.public)
    x = np.random.default_rng(0).uniform(-1, 1, 9000)
    server.receive(Client(plan, secret, name="a").encrypt_update(x))
    before = server.result()
    header, payload = secret.public.open(Client(plan, secret, name="b").encrypt_update(x), 4)
    forged = bytearray(payload)
    forged[-42:] = b"\xff" * 42
    with pytest.raises(hf.FormatError, match="not below the modulus"):
        server.receive(secret.public.seal(4, header, bytes(forged)))
    assert server.result() == before and server.clients == ["a"]
    short = secret.public.seal(4, header, bytes(payload[:-1]))
    with pytest.raises(hf.FormatError, match="length"):
        server.receive(short)


@pytest.mark.parametrize(
    "header",
    [
        b"{}",
        b"[1]",
        b"\xff",
        b'{"plan":1}',
        b"[" * 100_000,
        b'{"client":"x","plan":"","round":0,"structure":{},"weight":1}',
        b'{"client":"x","plan":"","round":true,"structure":{},"weight":1}',
        b'{"client":"x","plan":"","round":0,"structure":{"form":"array","keys":[],"shapes":[[-1]],'
        b'"dtypes":["float32"]},"weight":1}',
        b'{"client":"x","plan":"","round":0,"structure":{"form":"array","keys":[],'
        b'"shapes":[[1099511627775,1099511627775]],"dtypes":["float32"]},"weight":1}',
    ],
)
def test_hostile_headers(header):
    plan = Plan(clients=2, bits=8, key="shared")
    secret = keygen(plan)
    server = Aggregator(plan, secret.public)
    with pytest.raises(hf.FormatError):
        server.receive(secret.public.seal(4, header, bytes(100)))


def test_a_claim_of_many_values_takes_no_memory():
    plan = Plan(clients=2, bits=8, key="shared")
    secret = keygen(plan)
    server = Aggregator(plan, secret.public)
    shapes = {"form": "array", "keys": [], "shapes": [[10**12]], "dtypes": ["float32"]}
    facts = json.dumps(
        {"client": "x", "plan": plan.digest, "round": 0, "structure": shapes, "weight": 1}
    )
    with pytest.raises(hf.FormatError, match="too few bytes"):
        server.receive(secret.public.seal(4, facts.encode(), bytes(1000)))


def test_clients_are_told(party):
    plan, secret = party
    client = Client(plan, secret.public, name="a")
    with pytest.raises(hf.EncodingRangeError, match="2 value"):
        client.encrypt_update(np.array([0.0, 3.0, -3.0]), strict=True)
    for bad in (np.array([np.nan]), np.array([np.inf], np.float32)):
        with pytest.raises(hf.EncodingError, match="NaN"):
            client.encrypt_update(bad)
    for bad in (np.array([1, 2]), [np.array([True])], {1: np.zeros(2)}, np.array(["x"])):
        with pytest.raises(hf.EncodingTypeError):
            client.encrypt_update(bad)
    for weight in (0, 5, 1.5, True):
        with pytest.raises(hf.ParameterError, match="weight"):
            client.encrypt_update(np.zeros(3), weight=weight)
    with pytest.raises(hf.ShapeError):
        client.encrypt_update([])
    with pytest.raises(hf.ParameterError, match="name"):
        Client(plan, secret.public, name="")
    with pytest.raises(hf.ParameterError, match="keygen"):
        Client(plan, "key", name="a")
    server = Aggregator(plan, secret.public)
    server.receive(client.encrypt_update(np.zeros(3)))
    with pytest.raises(hf.UnsupportedOperationError, match="public context only"):
        client.decrypt_mean(server.result())
    with pytest.raises(hf.ParameterError, match="public"):
        Aggregator(plan, secret)


def test_keys_belong_to_their_plan():
    shared, other = Plan(clients=2, bits=8, key="shared"), Plan(clients=2, bits=9, key="shared")
    secret = keygen(shared)
    with pytest.raises(hf.ParameterError, match="another plan"):
        Client(other, secret, name="a")
    with pytest.raises(hf.UnsupportedOperationError, match="shared"):
        Client(shared, secret.public, name="a").encrypt_update(np.zeros(3))
    with pytest.raises(hf.ParameterError, match="scheme"):
        keygen(shared, scheme="rsa")


def test_checkpoints(party):
    plan, secret = party
    server = Aggregator(plan, secret.public, round=3)
    assert Aggregator.restore(plan, secret.public, server.checkpoint()).clients == []
    a = Client(plan, secret.public, name="a").encrypt_update(update(), weight=3, round=3)
    server.receive(a)
    again = Aggregator.restore(plan, secret.public, server.checkpoint())
    assert (again.round, again.clients, again.total_weight) == (3, ["a"], 3)
    with pytest.raises(hf.ParameterError, match="already"):
        again.receive(a)
    again.receive(Client(plan, secret.public, name="b").encrypt_update(update(), round=3))
    check_round_goes_on(plan, secret, again)
    with pytest.raises(hf.FormatError):
        Aggregator.restore(plan, secret.public, server.checkpoint()[:-20])
    with pytest.raises(hf.FormatError, match="kind"):
        Aggregator.restore(plan, secret.public, server.result())


def test_keys_are_stored_and_read(tmp_path, backend):
    for key, bits, weights in (("shared", 8, 2), ("public", 8, 2), ("public", 24, 16000)):
        plan = Plan(clients=2, bits=bits, max_total_weight=weights, key=key)
        secret = keygen(plan, backend=backend)
        public = hf.from_bytes(secret.public.to_bytes(), backend=backend)
        assert public.key_id == secret.key_id
        assert hf.inspect(secret.public.to_bytes())["scheme"] == "sums"
        path = tmp_path / f"{key}-{bits}"
        hf.save(path, secret, passphrase=b"p")
        again = hf.load(path, passphrase=b"p", backend=backend)
        server = Aggregator(plan, public)
        server.receive(Client(plan, again, name="a").encrypt_update(np.array([0.5, -0.5])))
        mean = Client(plan, secret, name="b").decrypt_mean(server.result())
        assert np.abs(mean - [0.5, -0.5]).max() <= plan.step
        for position in (7, 30, 40, 60):
            damaged = bytearray(secret.public.to_bytes())
            damaged[position] ^= 1
            with pytest.raises(hf.HeflowError):
                hf.from_bytes(bytes(damaged))


def test_an_update_in_the_name_of_another(party):
    """Where the transport knows its sender, nobody takes another's place."""
    plan, secret = party
    server = Aggregator(plan, secret.public)
    message = Client(plan, secret.public, name="first").encrypt_update(update())
    with pytest.raises(
        hf.ParameterError, match="client 'second' sent an update in the name of 'first'"
    ):
        server.receive(message, client="second")
    assert server.receive(message, client="first") == "first"
    check_round_goes_on(plan, secret, server)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"weight": 3}, "do not fit"),
        ({"weight": 1}, "do not fit"),
        ({"clients": [["first", 1]]}, "do not fit"),
        ({"clients": [["first", 2], ["first", 2]]}, "do not fit"),
        ({"clients": [["first", 3], ["second", -1]]}, "do not fit"),
        ({"clients": [["a", 1], ["b", 1], ["c", 0]]}, "do not fit"),
        ({"clients": [["first", True], ["second", 1]]}, "does not list"),
        ({"clients": [], "weight": 0}, "no clients"),
    ],
)
def test_a_result_whose_weights_do_not_add_up(party, change, text):
    """The mean is the sum divided by this weight: it is not taken on trust where it need not be."""
    plan, secret = party
    server = Aggregator(plan, secret.public)
    server.receive(Client(plan, secret.public, name="first").encrypt_update(update(), weight=2))
    kind, scheme, key_id, header, payload = wire.open(server.result())
    changed = json.dumps({**json.loads(header), **change}).encode()
    with pytest.raises(hf.FormatError, match=text):
        Client(plan, secret, name="reader").decrypt_mean(
            wire.seal(kind, scheme, key_id, changed, bytes(payload))
        )


class Foreign:
    """An array of another library that NumPy cannot take."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Got unsupported ScalarType BFloat16")


def test_what_is_no_array_is_named():
    plan = Plan(clients=2, key="public")
    client = Client(plan, keygen(plan).public, name="first")
    with pytest.raises(hf.EncodingTypeError, match=r"array w .*BFloat16.*\.float\(\)\.numpy"):
        client.encrypt_update({"w": Foreign()})
    with pytest.raises(hf.EncodingTypeError, match="array steps has dtype int64.*leave counters"):
        client.encrypt_update({"w": np.zeros(2), "steps": np.array(7)})


@pytest.mark.parametrize(
    "shape", [[0, 2**40 - 1, 2**40 - 1], [0] * 33, [1] * 70 + [0], [2**39, 2], [0, 2**40]]
)
def test_arrays_that_no_memory_holds(party, shape):
    """One that claims them would otherwise spoil the round for everyone who opens its result."""
    plan, secret = party
    message = Client(plan, secret.public, name="first").encrypt_update([np.zeros((0, 3))])
    kind, scheme, key_id, header, payload = wire.open(message)
    facts = json.loads(header)
    facts["structure"]["shapes"] = [shape]
    changed = wire.seal(kind, scheme, key_id, json.dumps(facts).encode(), bytes(payload))
    with pytest.raises(hf.FormatError, match="describes"):
        Aggregator(plan, secret.public).receive(changed)


@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1 has at most 32 axes itself")
def test_arrays_of_many_axes_are_not_sent():
    plan = Plan(clients=2, key="public")
    client = Client(plan, keygen(plan).public, name="first")
    with pytest.raises(hf.ShapeError, match="40 axes"):
        client.encrypt_update(np.ones((1,) * 40))
    with pytest.raises(hf.EncodingTypeError, match="bool"):
        client.encrypt_update([True, 1.0])
