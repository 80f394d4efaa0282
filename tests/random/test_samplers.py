"""Samples from the key stream as documented, and the same bytes whichever instruction set draws them."""

import os
import subprocess
import sys

import heflow as hf
import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from heflow._core import testing as core

BACKENDS = [b.name for b in hf.backends() if b.available]
SEED = bytes(range(32))


def stream(substream, nbytes):
    nonce = (0).to_bytes(8, "little") + substream.to_bytes(8, "little")
    return Cipher(algorithms.ChaCha20(SEED, nonce), None).encryptor().update(bytes(nbytes))


def pairs(substream, count):
    data = np.frombuffer(stream(substream, count), np.uint8)
    found = (data[:, None] >> np.array([0, 2, 4, 6], np.uint8) & 3).reshape(-1)
    return found[found != 3].astype(np.int64)[:count] - 1


def binomials(substream, count):
    """Three samples of two words; rounds of 688 words and 688, the last of them shorter."""
    words, done, parts = np.frombuffer(stream(substream, 8 * count + 256), "<u8"), 0, []

    def ones(w, first):  # among 21 bits
        return sum((w >> np.uint64(first + i) & np.uint64(1)).astype(np.int64) for i in range(21))

    while count > done:
        third = min((count - done + 23) // 24 * 8, 688)
        x, y, words = words[:third], words[third : 2 * third], words[2 * third :]
        parts += [ones(x, 0) - ones(x, 21), ones(y, 0) - ones(y, 21), ones(x, 43) - ones(y, 43)]
        done += 3 * third
    return np.concatenate(parts)[:count]


def residues(substream, count, p):
    words = np.frombuffer(stream(substream, 16 * count), "<u8") & np.uint64(2 ** p.bit_length() - 1)
    return words[words < p].astype(np.int64)[:count]


@pytest.mark.parametrize("count", [64, 1024, 2048, 8192])
def test_maps_from_words_to_samples(count):
    assert np.array_equal(core.samples("ternary", SEED, 1, count), pairs(1, count * 2)[:count])
    assert np.array_equal(core.samples("centred_binomial21", SEED, 2, count), binomials(2, count))
    for p in (2**47 - 115, 2**46 + 15, 5):  # few, one in two, and many words are skipped
        got = core.samples("uniform_residues", SEED, 3, count, p)
        assert np.array_equal(got, residues(3, count, p)[:count])


PROGRAM = """
import hashlib
from heflow._core import testing as core
digest, seed = hashlib.sha256(), bytes(range(32))
for n in (0, 1, 63, 64, 65, 255, 256, 257, 500, 512, 1000, 1024, 1088, 5000, 65536):
    digest.update(core.stream(seed, n, n))
for which in ("ternary", "centred_binomial21"):
    for n in (64, 1024, 2048, 8192):
        digest.update(core.samples(which, seed, n, n).tobytes())
for p in (5, 2**46 + 15, 2**50 - 27):
    for n in (7, 64, 2048):
        digest.update(core.samples("uniform_residues", seed, n, n, p).tobytes())
print(digest.hexdigest())
"""


def test_every_backend_draws_the_same_bytes():
    digests = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "HEFLOW_BACKEND": name},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in BACKENDS
    }
    assert len(digests) == 1
