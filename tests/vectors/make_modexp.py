"""Make modexp.bin: 10,000 powers by Python's own pow, each verified with GMP.

python tests/vectors/make_modexp.py
"""

import random
from pathlib import Path

import gmpy2
from layout import ModexpBlock, write_modexp

# Bits of the modulus and of the exponents, number of vectors
BLOCKS = [
    (64, 64, 3790),
    (104, 80, 1420),
    (128, 128, 1220),
    (256, 64, 1200),
    (256, 256, 600),
    (512, 40, 450),
    (512, 512, 350),
    (1024, 64, 250),
    (1024, 1024, 180),
    (1536, 160, 150),
    (2048, 56, 110),
    (2048, 2048, 60),
    (3072, 64, 80),
    (3072, 3072, 30),
    (4096, 200, 60),
    (6144, 64, 30),
    (8192, 80, 20),
]


def block(seed, bits, exponent_bits, count):
    """Draw a modulus, bases and exponents, edges first, and take the powers."""
    rng = random.Random(seed)
    n = rng.getrandbits(bits) | 1 | 1 << (bits - 1)
    edges = [0, 1, 2, n - 1, n - 2, 1 << (bits - 1), n >> 1]
    bases = [*edges, *(rng.randrange(n) for _ in range(count - len(edges)))]
    exponents = [rng.getrandbits(exponent_bits) for _ in bases]
    exponents[-3:] = 0, 1, 2**exponent_bits - 1
    powers = [pow(b, e, n) for b, e in zip(bases, exponents, strict=True)]
    for b, e, power in zip(bases, exponents, powers, strict=True):
        assert gmpy2.powmod(b, e, n) == power
    return ModexpBlock(bits, exponent_bits, n, bases, exponents, powers)


if __name__ == "__main__":
    assert sum(count for *_, count in BLOCKS) == 10_000
    made = [block(i, *sizes) for i, sizes in enumerate(BLOCKS)]
    Path(__file__).with_name("modexp.bin").write_bytes(write_modexp(made))
