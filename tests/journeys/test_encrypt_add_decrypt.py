"""Journey 1: encrypt, add, decrypt; and a server that holds the public context only."""

import heflow as hf
import numpy as np


def test_a_federated_sum(secret_2048):
    updates = [np.random.default_rng(i).normal(size=(3, 5)) for i in range(4)]
    messages = [secret_2048.public.encrypt(u, bound=100).to_bytes() for u in updates]

    server = hf.from_bytes(secret_2048.public.to_bytes())
    assert not hasattr(server, "decrypt")
    total = hf.from_bytes(messages[0], server)
    for message in messages[1:]:
        total = total + hf.from_bytes(message, server)
    reply = total.to_bytes()

    result = secret_2048.decrypt(hf.from_bytes(reply, secret_2048.public))
    exact = sum(np.rint(u * 2**40) for u in updates) / 2**40
    np.testing.assert_array_equal(result, exact)
