"""A host of vertical training in a process of its own.

The module stands beside `small_keys` because a spawned process imports it by name.
"""

import multiprocessing
import os
import queue

import heflow as hf
from heflow.federated import vertical
from small_keys import small_key


def _serve(blocks, addresses, authkey, folder, rounds, shared):
    host = vertical.Host(blocks, secret=small_key(hf.default_backend()) if shared else None)
    if rounds and shared:
        steps = host.without_arbiter()
        descend = steps._descend

        def dying(own, other):
            descend(own, other)
            if steps.round == rounds:
                os._exit(1)

        steps._descend = dying
    elif rounds:
        step = host.step

        def dying(data):
            step(data)
            if host.round == rounds:
                os._exit(1)

        host.step = dying
    vertical.serve(
        host,
        ("localhost", 0),
        authkey,
        folder=folder,
        new_rows=blocks[:50],
        ready=addresses.put,
        insecure=True,
    )


def remote(block, folder, rounds=0, shared=False):
    context = multiprocessing.get_context("spawn")
    addresses = context.Queue()
    process = context.Process(
        target=_serve, args=(block, addresses, b"key", str(folder), rounds, shared), daemon=True
    )
    process.start()
    try:
        address = addresses.get(timeout=60)
    except queue.Empty:
        raise AssertionError("the host did not start") from None
    return process, vertical.RemoteHost(address, b"key", timeout=30)
