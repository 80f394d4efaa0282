"""A member of a training loop in a process of its own.

The module stands beside `small_keys` because a spawned process imports it by name.
"""

import multiprocessing
import os
import queue
import time

import heflow as hf
import numpy as np
from heflow.federated import Plan, horizontal

AUTHKEY = b"a key of all"
PLAN = {"clients": 4, "clip": 1.0, "bits": 14, "max_total_weight": 64}


def model(seed, rows=20):
    """Rows of a linear model and three local steps."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3))
    y = X @ [1.0, -0.5, 0.25] + 0.1 * rng.normal(size=rows)

    def train(arrays, round):
        w = arrays[0]
        for _ in range(3):
            w = w - 0.1 * X.T @ (X @ w - y) / len(y)
        return [w]

    return horizontal.ArrayModel([np.zeros(3)], rows, train=train)


def _serve(role, key, path, passphrase, hidden, seed, trouble, addresses):
    secret = hf.load(path, passphrase=passphrase) if passphrase else hf.load(path)
    plan = Plan(key=key, **PLAN)
    if role == "key holder":
        party = horizontal.KeyHolder(plan, secret, hidden)
    else:
        party = horizontal.Member(plan, secret, role, model(seed), model_key=hidden)
        update = party.update

        def troubled(task):
            if trouble.get("dies") == party.round:
                os._exit(1)
            if trouble.get("sleeps") == party.round:
                trouble.clear()
                time.sleep(3)
            return update(task)

        party.update = troubled
    horizontal.serve(party, ("localhost", 0), AUTHKEY, ready=addresses.put)


def start(role, key, path, passphrase=None, hidden=None, seed=0, trouble=None):
    """Start a party; return its process and its address."""
    context = multiprocessing.get_context("spawn")
    addresses = context.Queue()
    process = context.Process(
        target=_serve,
        args=(role, key, str(path), passphrase, hidden, seed, trouble or {}, addresses),
        daemon=True,
    )
    process.start()
    try:
        return process, addresses.get(timeout=60)
    except queue.Empty:
        raise AssertionError(f"{role} did not start") from None
