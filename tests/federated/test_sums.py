"""Encrypted sums are the exact integers, for both schemes, key forms and all shapes."""

import subprocess
import sys

import heflow as hf
import numpy as np
import pytest
from heflow.federated import Aggregator, Client, Plan, keygen
from oracle.sums_decoder import decode, expand, modulus

SETTINGS = [("lattice", "shared"), ("lattice", "public"), ("paillier", "public")]


@pytest.fixture(params=SETTINGS, ids=["-".join(s) for s in SETTINGS])
def setting(request, backend):
    scheme, key = request.param
    return scheme, key, backend


def make(plan, setting):
    scheme, key, backend = setting
    secret = keygen(plan, scheme=scheme, backend=backend)
    return secret, (secret if key == "shared" else secret.public)


def integers(plan, x):
    """The quantised integers, by definition."""
    clipped = np.clip(np.asarray(x, np.float64), -plan.clip, plan.clip)
    return np.rint((clipped + plan.clip) * (plan.largest / (2 * plan.clip))).astype(np.int64)


def recovered(plan, mean, total):
    """The integer sum behind a mean in float64."""
    return np.rint((np.asarray(mean, np.float64) + plan.clip) * total / plan.step).astype(np.int64)


@pytest.mark.parametrize("weights", [[1, 1, 1], [1, 5, 2]])
def test_exact(setting, weights, thread_count):
    plan = Plan(clients=3, clip=0.5, bits=12, max_total_weight=10, key=setting[1])
    secret, key = make(plan, setting)
    rng = np.random.default_rng(sum(weights))
    server, expected = Aggregator(plan, secret.public, round=2), 0
    for i, weight in enumerate(weights):
        x = rng.normal(0, 0.3, 5003)
        x[:4] = 0.5, -0.5, 7.0, -7.0
        client = Client(plan, key, name=f"client-{i}")
        server.receive(client.encrypt_update(x, weight=weight, round=2))
        assert client.clipped == np.count_nonzero(np.abs(x) > 0.5)
        expected = expected + weight * integers(plan, x)
    mean = Client(plan, secret, name="reader").decrypt_mean(server.result())
    assert np.array_equal(recovered(plan, mean, sum(weights)), expected)
    assert server.clients == ["client-0", "client-1", "client-2"]
    assert server.total_weight == sum(weights)


@pytest.mark.parametrize("value", [1.0, -1.0])
def test_the_worst_case_of_every_field(setting, value):
    plan = Plan(clients=4, clip=1.0, bits=16, max_total_weight=16, key=setting[1])
    secret, key = make(plan, setting)
    server = Aggregator(plan, secret.public)
    for i in range(4):
        server.receive(
            Client(plan, key, name=str(i)).encrypt_update(np.full(9000, value), weight=4)
        )
    mean = Client(plan, secret, name="r").decrypt_mean(server.result())
    assert np.array_equal(mean, np.full(9000, value))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_structures_come_back(setting, dtype):
    plan = Plan(clients=2, clip=1.0, bits=10, key=setting[1])
    secret, key = make(plan, setting)
    rng = np.random.default_rng(0)
    layers = [rng.uniform(-1, 1, s).astype(dtype) for s in ((7, 5), (5,), (), (0, 3))]
    for update in (layers[0], layers, dict(zip("abcd", layers, strict=True))):
        server = Aggregator(plan, secret.public)
        for name in "xy":
            server.receive(Client(plan, key, name=name).encrypt_update(update))
        mean = Client(plan, secret, name="r").decrypt_mean(server.result())
        assert type(mean) is type(update)
        keys = update if isinstance(update, dict) else range(len(layers))
        pairs = (
            [(mean, update)]
            if isinstance(update, np.ndarray)
            else [(mean[k], update[k]) for k in keys]
        )
        for got, given in pairs:
            assert got.shape == given.shape and got.dtype == given.dtype
            assert np.abs(got.astype(float) - given).max(initial=0) <= plan.step


def test_nothing_to_average_comes_back(setting):
    plan = Plan(clients=2, clip=1.0, bits=10, key=setting[1])
    secret, key = make(plan, setting)
    server = Aggregator(plan, secret.public)
    for name in "xy":
        server.receive(Client(plan, key, name=name).encrypt_update(np.zeros((0, 3))))
    assert Client(plan, secret, name="r").decrypt_mean(server.result()).shape == (0, 3)


def test_masked_updates_are_refused(setting):
    plan = Plan(clients=2, key=setting[1])
    _, key = make(plan, setting)
    with pytest.raises(hf.EncodingTypeError, match="masked"):
        Client(plan, key, name="x").encrypt_update(np.ma.array([0.5, 9.0], mask=[0, 1]))


WIDE = {"shared": (100, 16000), "public": (500, 500)}  # clients and weight at 24 bits


@pytest.mark.parametrize("key", WIDE)
@pytest.mark.parametrize("size", [1, 9, 4096, 4097])
def test_two_primes(backend, key, size, thread_count):
    """Where clients times bits need them; weights up to all that the plan has."""
    clients, weights = WIDE[key]
    plan = Plan(clients=clients, bits=24, max_total_weight=weights, key=key)
    assert plan.sum_parameters.ring_degree == 4096 and plan.sum_parameters.drop == 0
    secret, party = make(plan, ("lattice", key, backend))
    rng = np.random.default_rng(size)
    server, expected = Aggregator(plan, secret.public), 0
    for i, weight in enumerate([1, 1, plan.max_weight]):
        x = rng.uniform(-1, 1, size)
        x[0] = 1.0
        server.receive(Client(plan, party, name=str(i)).encrypt_update(x, weight=weight))
        expected = expected + weight * integers(plan, x)
        server = Aggregator.restore(plan, secret.public, server.checkpoint())
    assert server.clients == ["0", "1", "2"]
    payload = secret.public.open(server.result(), 5)[1]
    exact = secret.decrypt_sums(payload, size, server.total_weight, 1.0, 0.0)
    assert np.array_equal(exact, expected)


def test_more_seeds_than_are_expanded_at_once(backend):
    """Sums, results on the way and a restored server are exact, whenever seeds are expanded."""
    plan = Plan(clients=40, bits=16, max_total_weight=100, key="shared")
    secret = keygen(plan, backend=backend)
    rng = np.random.default_rng(8)
    server, expected = Aggregator(plan, secret.public), 0
    for i in range(40):
        x, weight = rng.uniform(-1, 1, 3000).astype(np.float32), 1 + i % 3
        server.receive(Client(plan, secret, name=str(i)).encrypt_update(x, weight=weight))
        expected = expected + weight * integers(plan, x)
        if i in (0, 15, 16, 20, 39):
            payload = secret.public.open(server.result(), 5)[1]
            exact = secret.decrypt_sums(payload, 3000, server.total_weight, 1.0, 0.0)
            assert np.array_equal(exact, expected)
        if i == 20:
            server = Aggregator.restore(plan, secret.public, server.checkpoint())


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 2047, 2048, 2049, 4096, 4097])
def test_lengths_around_blocks(backend, size):
    plan = Plan(clients=2, bits=16, key="shared")
    secret = keygen(plan, backend=backend)
    x = np.random.default_rng(size).uniform(-1, 1, size).astype(np.float32)
    server = Aggregator(plan, secret.public)
    for name in "ab":
        server.receive(Client(plan, secret, name=name).encrypt_update(x))
    mean = Client(plan, secret, name="c").decrypt_mean(server.result())
    assert np.abs(mean - x).max() <= plan.step / 2 * (1 + 1e-6) + 6e-8


@pytest.mark.parametrize(
    "plan",
    [
        Plan(clients=8, clip=1.0, bits=16, key="shared"),
        Plan(clients=500, clip=1.0, bits=24, max_total_weight=16000, key="shared"),
    ],
    ids=["one prime", "two primes"],
)
def test_independent_decoder(backend, plan):
    secret = keygen(plan, backend=backend)
    p = plan.sum_parameters
    x = np.random.default_rng(1).normal(0, 0.4, 4096 + 100)
    message = Client(plan, secret, name="hospital-3").encrypt_update(x, weight=1, round=4)
    ternary = np.frombuffer(secret._secret_payload(), np.int8)
    parameters = (p.modulus_bits, p.fields, p.field_bits, p.delta_bits, p.drop)
    header, values = decode(message, parameters, ternary, len(x))
    assert header["client"] == "hospital-3" and header["round"] == 4 and header["weight"] == 1
    assert values == integers(plan, x).tolist()
    assert len(message) < len(x) * plan.bytes_per_value + 400


def test_expansion_vectors():
    seed = bytes(range(32))
    q = modulus(48, 2048)
    assert q == 281474976694273
    values = expand(seed, 3, q, 8)
    assert values == EXPANSION[3] and expand(seed, 0, q, 4) == EXPANSION[0]
    small = modulus(33, 2048)
    drawn = expand(seed, 1, small, 64)
    assert max(drawn) < small


# Made with the decoder above, whose block function reproduces RFC 8439, section 2.3.2.
EXPANSION = {
    0: [217537898609977, 242684828827021, 244900911658378, 258214717148338],
    3: [
        263440279108201,
        2153747558561,
        133153315301855,
        29222252853217,
        97361555663183,
        63791587506584,
        222838075197011,
        94987995144481,
    ],
}


def test_backends_read_each_other():
    names = [b.name for b in hf.backends() if b.available]
    plan = Plan(clients=2, bits=14, key="public")
    secret = keygen(plan, backend=names[0])
    x = np.random.default_rng(2).uniform(-1, 1, 3000)
    servers = [Aggregator(plan, secret.public.with_backend(n)) for n in names]
    message = Client(plan, secret.public.with_backend(names[-1]), name="a").encrypt_update(x)
    results = []
    for server in servers:
        server.receive(message)
        results.append(server.result())
    assert all(r == results[0] for r in results)
    for name in names:
        mean = Client(plan, secret.with_backend(name), name="r").decrypt_mean(results[0])
        assert np.array_equal(recovered(plan, mean, 1), integers(plan, x))


def test_messages_never_repeat_randomness(tmp_path, backend):
    """A restarted client with the same name, round and update: other seeds, other noise."""
    plan = Plan(clients=2, bits=8, key="shared")
    secret = keygen(plan, backend=backend)
    path = tmp_path / "secret"
    hf.save(path, secret, passphrase=b"p")
    program = (
        "import sys, numpy as np, heflow as hf\n"
        "from heflow.federated import Client, Plan\n"
        f"s = hf.load({str(path)!r}, passphrase=b'p', backend={backend!r})\n"
        "c = Client(Plan(clients=2, bits=8, key='shared'), s, name='same')\n"
        "sys.stdout.buffer.write(c.encrypt_update(np.zeros(5000), round=1))\n"
    )
    messages = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
        for _ in range(2)
    ]
    client = Client(plan, secret, name="same")
    messages += [client.encrypt_update(np.zeros(5000), round=1) for _ in range(2)]
    seeds = {secret.public.open(m, 4)[1][:32].tobytes() for m in messages}
    assert len(seeds) == 4 and len(set(messages)) == 4


@pytest.mark.slow
@pytest.mark.parametrize(("clients", "bits"), [(8, 16), (100, 12), (500, 9)])
@pytest.mark.parametrize("key", ["shared", "public"])
def test_a_million_integers(clients, bits, key):
    plan = Plan(clients=clients, bits=bits, key=key)
    secret = keygen(plan)
    party = secret if key == "shared" else secret.public
    rng = np.random.default_rng(clients)
    server, expected = Aggregator(plan, secret.public), np.zeros(1_000_000, np.int64)
    base = rng.normal(0, 0.4, 1_000_000).astype(np.float32)
    for i in range(clients):
        x = np.roll(base, 7919 * i) * np.float32(1 - 0.001 * i)
        server.receive(Client(plan, party, name=str(i)).encrypt_update(x))
        expected += integers(plan, x)
    mean = Client(plan, secret, name="r").decrypt_mean(server.result()).astype(np.float64)
    context = Client(plan, secret, name="r")._context
    payload = secret.public.open(server.result(), 5)[1]
    exact = context.decrypt_sums(payload, 1_000_000, clients, 1.0, 0.0)
    assert np.array_equal(exact.astype(np.int64), expected)
    assert np.abs(mean - (expected * plan.step / clients - 1)).max() < 1e-6


def test_means_at_the_end_of_float16_stay_finite():
    """A step of the plan is wider than that of the numbers: the mean is at the end, not beyond it."""
    plan = Plan(clients=1, clip=1e6, bits=8, key="shared")
    secret = keygen(plan)
    client, server = Client(plan, secret, "a"), Aggregator(plan, secret.public)
    ends = np.array([65504, -65504], np.float16)
    server.receive(client.encrypt_update(ends))
    np.testing.assert_array_equal(client.decrypt_mean(server.result()), ends)
