"""Bytes of every kind, changed at random under a right checksum: an error of ours, or an object that works."""

import math
import random
import resource

import heflow as hf
import numpy as np
import pytest
from heflow._core import wire
from heflow.federated import Aggregator, Client, Plan, keygen, steps
from small_keys import small_key

pytestmark = pytest.mark.filterwarnings("ignore::heflow.errors.InsecureKeyWarning")
UPDATE = {"w": np.ones((3, 4), np.float32), "b": np.zeros(2)}
PLANS = {
    "shared": Plan(clients=3, max_total_weight=9, key="shared"),
    "public": Plan(clients=3, max_total_weight=9, key="public"),
    "two primes": Plan(clients=100, bits=24, max_total_weight=10_000, key="shared"),
}


def tensors(secret, public, values):
    """Tensors of a key: what reads them, and what uses them."""
    x = public.encrypt(values)
    made = {"fresh": x, "owner": secret.encrypt(values), "bound": public.encrypt(values, bound=9)}
    made |= {"slice": x[1:3], "total": x.sum(), "folded": 2.5 * x}
    return {
        name: (t.to_bytes(), lambda data: hf.from_bytes(data, public), secret.decrypt)
        for name, t in made.items()
    }


def rounds(plan, secret):
    """The messages of a round."""
    public = secret.public
    client = Client(plan, public if plan.key == "public" else secret, "a")
    reader, server = Client(plan, secret, "b"), Aggregator(plan, public)

    def received(data):
        server = Aggregator(plan, public)
        server.receive(data)
        return server

    def opened(server):
        return reader.decrypt_mean(server.result()) if server.clients else None

    message = client.encrypt_update(UPDATE, weight=2)
    server.receive(message)
    return {
        "update": (message, received, opened),
        "checkpoint": (
            server.checkpoint(),
            lambda data: Aggregator.restore(plan, public, data),
            opened,
        ),
        "result": (server.result(), reader.decrypt_mean, lambda mean: mean),
    }


def everything():
    """Name, bytes, what reads them and what uses what was read."""
    found = {}

    def context(data):
        return hf.from_bytes(data, insecure=True)

    secret = small_key(hf.default_backend())
    textbook = small_key(hf.default_backend(), "textbook").public
    lattice = hf.ckks.keygen(
        hf.ckks.Parameters(
            ring_degree=1024, prime_bits=(40, 30), special_bits=(40,), scale_bits=30, insecure=True
        )
    )
    for name, public in {
        "paillier": secret.public,
        "textbook": textbook,
        "ckks": lattice.public_for(rotations=[1]),
    }.items():
        found[name] = public.to_bytes(), context, lambda public: public.encrypt([1, 2])
    for name, key in {"paillier": secret, "ckks": lattice}.items():
        made = tensors(key, key.public, np.arange(5.0))
        found |= {f"{name} {kind}": target for kind, target in made.items()}
    for name, plan in PLANS.items():
        key = keygen(plan)
        found |= {f"{name} {kind}": target for kind, target in rounds(plan, key).items()}
        found[name] = key.public.to_bytes(), context, lambda p, plan=plan: Aggregator(plan, p)
    found |= {f"packed {k}": target for k, target in rounds(PLANS["public"], secret).items()}
    step = steps.write(secret.public, "s", "task", 1, "me", b"abc", b"defg")
    found["step"] = step, lambda data: steps.read(secret.public, data, "s", "task", 1), lambda x: x
    return found


NUMBERS = (
    b"-1",
    b"0",
    b"1e5",
    b"1.5",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'"a"',
    b"9" * 30,
    b"9" * 5000,
)
NUMBERS += (b"1099511627775,1099511627775", b"[" * 3000)


def flip(rng, data, i):
    data[i] ^= 1 << rng.randrange(8)


def put(rng, data, i):
    data[i] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def cut(rng, data, i):
    del data[i : i + rng.choice((1, 4, 8, len(data)))]


def insert(rng, data, i):
    data[i:i] = rng.randbytes(rng.choice((1, 4, 8)))


def word(rng, data, i):
    width = rng.choice((2, 4, 8))
    top = 1 << 8 * width
    value = rng.choice((0, 1, top - 1, top // 2, top // 2 - 1, 1 << 4 * width, rng.randrange(top)))
    data[i : i + width] = value.to_bytes(width, "little")


def repeat(rng, data, i):
    data += data[i : i + 64]


def number(rng, data, i):
    """Another JSON value in the place of a digit."""
    digits = [j for j, byte in enumerate(data[:4096]) if 48 <= byte <= 57]
    j = rng.choice(digits or [i])
    data[j : j + 1] = rng.choice(NUMBERS)


def changed(rng, data):
    """One to three changes, half of them near the beginning."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not data:
            return b"x"
        i = rng.randrange(min(len(data), rng.choice((64, len(data)))))
        rng.choice((flip, put, cut, insert, word, repeat, number))(rng, data, i)
    return bytes(data)


def envelopes(rng, data, times):
    """Yield bytes with a right checksum, and which part was changed."""
    whole = wire.open(data)
    for _ in range(times):
        kind, scheme, key, header, payload = whole[0], whole[1], whole[2], whole[3], bytes(whole[4])
        part = rng.choice("hhhhppppe")
        if part == "h":
            header = changed(rng, header)
        elif part == "p":
            payload = changed(rng, payload)
        else:
            kind, scheme = rng.choice((kind, rng.randrange(256))), rng.choice((0, 1, 2, 3, 255))
        yield part, wire.seal(kind, scheme, key, header, payload)


def checked(value):
    """What is accepted is an array, or a structure of arrays, of a size that was paid for."""
    if isinstance(value, np.ndarray):
        assert value.size <= 1 << 16 and math.prod(value.shape) == value.size
    elif isinstance(value, dict):
        for v in value.values():
            checked(v)
    elif isinstance(value, list):
        for v in value:
            checked(v)


def run(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = 0
    for name, (data, load, use) in everything().items():
        checked(use(load(data)))
        for part, message in envelopes(random.Random(name), data, times):
            try:
                found = load(message)
                value = use(found)
            except hf.HeflowError:
                continue
            read += 1
            checked(value)
            if name.startswith("paillier ") and part == "p":
                np.testing.assert_array_equal(value, use(load(data)))
    assert read > times  # and not all is refused at the first field
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 1 << 17, f"{grown} KiB were taken"


def test_changes_of_every_kind():
    run(40)


@pytest.mark.slow
def test_thousands_of_changes_of_every_kind():
    run(2_000)
