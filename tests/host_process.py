"""A host of vertical training in a process of its own.

The module stands beside `small_keys` because a spawned process imports it by name.
"""

import multiprocessing
import os
import queue

from heflow.federated import vertical


def _serve(blocks, addresses, authkey, folder, rounds):
    host = vertical.Host(blocks)
    if rounds:
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


def remote(block, folder, rounds=0):
    context = multiprocessing.get_context("spawn")
    addresses = context.Queue()
    process = context.Process(
        target=_serve, args=(block, addresses, b"key", str(folder), rounds), daemon=True
    )
    process.start()
    try:
        address = addresses.get(timeout=60)
    except queue.Empty:
        raise AssertionError("the host did not start") from None
    return process, vertical.RemoteHost(address, b"key", timeout=30)
