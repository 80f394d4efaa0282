"""Inverses modulo n: tables of a public key and every negative factor rest on them."""

import math
import random

import pytest
from heflow._core import testing as core


def _inverse(a, n):
    size = -(-n.bit_length() // 64) * 8
    found = core.inverse(a.to_bytes(size, "little"), n.to_bytes(size, "little"))
    return None if found is None else int.from_bytes(found, "little")


def test_an_inverse_that_needs_a_last_reduction():
    """n fills its words, and the unreduced result is a bit longer than they are."""
    n, a = 0xF7B9AD3BD529733D, 0x0D7D32AE1A8F18EE
    assert _inverse(a, n) == pow(a, -1, n)


@pytest.mark.parametrize("bits", [64, 65, 127, 128, 192, 512, 520, 1024, 2048, 3072])
def test_moduli_that_fill_their_words(bits):
    rng = random.Random(bits)
    for _ in range(10):
        n = rng.getrandbits(bits) | 1 | 0xFF << (bits - 8)
        for _ in range(400):
            a = rng.randrange(1, n)
            expected = pow(a, -1, n) if math.gcd(a, n) == 1 else None
            assert _inverse(a, n) == expected, f"a={a:#x}, n={n:#x}"
