"""Write every kind of stored thing, or check what another machine wrote: python exchange.py write|check FOLDER."""

import sys
from pathlib import Path

import heflow as hf
import numpy as np
from heflow.federated import Aggregator, Client, Plan, keygen

PASSPHRASE = "to be read elsewhere"
A, B = np.array([[1.5, -2.25], [0.125, 3.0]]), np.array([[-0.5, 4.0], [8.0, 0.75]])
UPDATES = np.linspace(-1.2, 1.2, 3000).reshape(3, 1000)
PLAN = Plan(clients=3, clip=1.0, bits=16, key="public")


def keys():
    return {
        "paillier": hf.paillier.keygen(2048),
        "ckks": hf.ckks.keygen(depth=1),
        "sums": keygen(PLAN, scheme="lattice"),
    }


def results(scheme, x, y):
    """Of evaluation, which draws nothing: the same bytes everywhere."""
    found = {"sum": (x + y, A + B)}
    if scheme == "paillier":
        found["product"] = np.arange(4).reshape(2, 2) @ x, np.arange(4).reshape(2, 2) @ A
        found["total"] = x.sum(), A.sum()
    else:
        found["product"] = x * y, A * B
        found["rotation"] = x.ravel().rotate(1), np.roll(A.ravel(), -1)
    return found


def write(folder):
    for scheme, secret in keys().items():
        public = secret.public_for(rotations=[1]) if scheme == "ckks" else secret.public
        hf.save(folder / f"{scheme}.secret", secret, passphrase=PASSPHRASE)
        hf.save(folder / f"{scheme}.public", public)
        if scheme == "sums":
            server = Aggregator(PLAN, public)
            for i, update in enumerate(UPDATES):
                data = Client(PLAN, public, name=str(i)).encrypt_update(update)
                (folder / f"update.{i}").write_bytes(data)
                server.receive(data)
            (folder / "updates.sum").write_bytes(server.result())
            continue
        x, y = public.encrypt(A), secret.encrypt(B)
        tensors = {"x": (x, A), "y": (y, B), **results(scheme, x, y)}
        for name, (tensor, _) in tensors.items():
            (folder / f"{scheme}.{name}").write_bytes(tensor.to_bytes(refresh=False))


def check(folder):
    for scheme in ("paillier", "ckks", "sums"):
        stored = (folder / f"{scheme}.public").read_bytes()
        public = hf.from_bytes(stored)
        secret = hf.load(folder / f"{scheme}.secret", passphrase=PASSPHRASE)
        assert public.to_bytes() == stored and secret.public.key_id == public.key_id
        if scheme == "sums":
            server = Aggregator(PLAN, public)
            for i in range(len(UPDATES)):
                server.receive((folder / f"update.{i}").read_bytes())
            stored = (folder / "updates.sum").read_bytes()
            assert server.result() == stored
            mean = Client(PLAN, secret, name="reader").decrypt_mean(stored)
            levels = np.rint((np.clip(UPDATES, -1, 1) + 1) * (PLAN.largest / 2))
            whole = np.rint((mean + 1) * len(UPDATES) / PLAN.step)
            assert np.array_equal(whole, levels.sum(0))
            continue
        x, y = (hf.load(folder / f"{scheme}.{name}", public) for name in "xy")
        tensors = {"x": (x, A), "y": (y, B), **results(scheme, x, y)}
        for name, (tensor, expected) in tensors.items():
            assert tensor.to_bytes(refresh=False) == (folder / f"{scheme}.{name}").read_bytes()
            np.testing.assert_allclose(secret.decrypt(tensor), expected, atol=1e-6)


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](Path(sys.argv[2]))
