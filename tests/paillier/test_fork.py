"""Randomness after a fork: parent and children never encrypt alike."""

import os
import sys

import numpy as np
import pytest

CHILDREN, COUNT = 8, 200


def _ciphertexts(contexts):
    zeros = np.zeros(COUNT // len(contexts), int)
    evaluator = contexts[0].public.evaluator
    return b"".join(evaluator.batch_to_bytes(c.encrypt(zeros)._batch) for c in contexts)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_no_ciphertext_twice_after_fork(secret):
    contexts = [secret, secret.public]
    _ciphertexts(contexts)  # threads and tables are warm
    children = []
    for _ in range(CHILDREN):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            status = 1
            try:
                with os.fdopen(writer, "wb") as pipe:
                    pipe.write(_ciphertexts(contexts))
                status = 0
            finally:
                sys.stdout.flush()
                os._exit(status)
        os.close(writer)
        children.append((pid, reader))
    parts = [_ciphertexts(contexts)]
    for pid, reader in children:
        with os.fdopen(reader, "rb") as pipe:
            parts.append(pipe.read())
        assert os.waitpid(pid, 0)[1] == 0
    size = secret.public._key.ciphertext_bytes
    data = b"".join(parts)
    seen = [data[i : i + size] for i in range(0, len(data), size)]
    assert len(seen) == (CHILDREN + 1) * COUNT == len(set(seen))
