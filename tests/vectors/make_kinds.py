"""Write one file of each kind, for `tests/storage/test_kinds.py`: run once for each release, with that release.

python tests/vectors/make_kinds.py VERSION
"""

import sys
import warnings
from pathlib import Path

import heflow as hf
import numpy as np
from heflow.federated import Aggregator, Client, Plan, keygen, steps

PASSPHRASE = b"a file for ever"
INTEGERS = np.array([[1, -2], [3, 1 << 40]])
FLOATS = np.array([0.5, -1.25, 1000.0])
SLOTS = np.arange(-4.0, 4.0)
UPDATES = [{"w": np.array([[0.5, -0.25]], np.float32), "b": np.array([1.0])}, {"w": np.array([[-0.5, 0.75]], np.float32), "b": np.array([-0.5])}]  # fmt: skip
WEIGHTS = (2, 3)
PLANS = {
    "shared": Plan(clients=3, bits=16, max_total_weight=9, key="shared"),
    "public": Plan(clients=3, bits=16, max_total_weight=9, key="public"),
    "two primes": Plan(clients=100, bits=24, max_total_weight=10_000, key="shared"),
}
PARAMETERS = {"ring_degree": 1024, "prime_bits": (40, 30), "special_bits": (40,), "scale_bits": 30}


def paillier():
    secret = hf.paillier.keygen(2048)
    x = secret.public.encrypt(FLOATS)
    return secret, {
        "paillier": secret.public,
        "paillier integers": secret.encrypt(INTEGERS),
        "paillier floats": 2.0 * x + 1.0,
        "paillier textbook": hf.paillier.public_from_n(secret.public.n),
    }


def ckks():
    secret = hf.ckks.keygen(hf.ckks.Parameters(**PARAMETERS, insecure=True))
    public = secret.public_for(rotations=[1])
    x = public.encrypt(SLOTS)
    return secret, {
        "ckks": public,
        "ckks owner": secret.encrypt(SLOTS),
        "ckks public": x,
        "ckks bound": public.encrypt(SLOTS, bound=8),
        "ckks slice": x[2:5],
        "ckks total": x.sum(),
    }


def sums(name, plan, secret):
    key = secret if plan.key == "shared" else secret.public
    messages = [
        Client(plan, key, f"client {i}").encrypt_update(u, weight=w, round=4)
        for i, (u, w) in enumerate(zip(UPDATES, WEIGHTS, strict=True))
    ]
    server = Aggregator(plan, secret.public, round=4)
    server.receive(messages[0])
    found = {f"{name} update 0": messages[0], f"{name} update 1": messages[1]}
    found[f"{name} checkpoint"] = server.checkpoint()
    server.receive(messages[1])
    return found | {f"{name} result": server.result()}


def file_of(name):
    return name.replace(" ", "-")


def main(version):
    folder = Path(__file__).parent / "kinds" / version
    folder.mkdir(parents=True)
    secret, files = paillier()
    secrets = {"paillier": secret}
    files |= sums("packed", PLANS["public"], secret)
    files["step"] = steps.write(secret.public, "session", "task", 3, "me", b"first", b"")
    secrets["ckks"], more = ckks()
    files |= more
    for name, plan in PLANS.items():
        secrets[name] = keygen(plan)
        files |= {name: secrets[name].public} | sums(name, plan, secrets[name])
    for name, secret in secrets.items():
        hf.save(folder / file_of(f"{name} secret"), secret, passphrase=PASSPHRASE)
    for name, thing in files.items():
        data = thing if isinstance(thing, bytes) else thing.to_bytes()
        (folder / file_of(name)).write_bytes(data)


if __name__ == "__main__":
    warnings.simplefilter("ignore", hf.InsecureKeyWarning)
    main(sys.argv[1])
