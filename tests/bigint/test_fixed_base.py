"""Powers of one base by tables equal Python's, however full the last group of lanes is."""

import math
import random

import pytest
from heflow._core import testing as core


@pytest.mark.parametrize("count", [*range(1, 10), 17])
@pytest.mark.parametrize("bits", [61, 130, 384])
def test_equals_the_definition(backend, bits, count):
    rng = random.Random(1000 * bits + count)
    n = rng.getrandbits(bits + 60) | 1 << (bits + 59) | 1
    base = rng.randrange(2, n * n)
    while math.gcd(base, n) != 1:
        base += 1
    words = -(-bits // 64)
    exponents = [rng.getrandbits(bits) for _ in range(count)]
    exponents[rng.randrange(count)] = rng.choice([0, 1, (1 << bits) - 1])
    size = (2 * n.bit_length() + 7) // 8
    found = core.fixed_base_powers(
        n.to_bytes((n.bit_length() + 7) // 8, "little"),
        base.to_bytes(size, "little"),
        b"".join(e.to_bytes(8 * words, "little") for e in exponents),
        bits,
        backend,
    )
    powers = [int.from_bytes(found[i : i + size], "little") for i in range(0, len(found), size)]
    assert powers == [pow(base, e, n * n) for e in exponents]
