"""Make modexp.json with Python's own pow: python tests/vectors/make_modexp.py."""

import hashlib
import json
import random
from pathlib import Path

BLOCKS = [
    (512, 64, 2200),
    (512, 512, 1500),
    (1024, 64, 2200),
    (1024, 1024, 700),
    (1536, 160, 900),
    (2048, 53, 1200),
]
BLOCKS += [
    (2048, 2048, 120),
    (3072, 64, 700),
    (3072, 3072, 40),
    (4096, 200, 300),
    (6144, 64, 200),
    (8192, 80, 140),
]


def block(seed, bits, exponent_bits, count):
    rng = random.Random(seed)
    n = rng.getrandbits(bits) | 1 | 1 << (bits - 1)
    edges = [0, 1, 2, n - 1, n - 2, (1 << (bits - 1)) % n]
    bases = [*edges, *(rng.randrange(n) for _ in range(count - len(edges)))]
    exponents = [rng.getrandbits(exponent_bits) for _ in bases]
    text = ",".join(format(pow(b, e, n), "x") for b, e in zip(bases, exponents, strict=True))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {
        "seed": seed,
        "bits": bits,
        "exponent_bits": exponent_bits,
        "count": count,
        "sha256": digest,
    }


if __name__ == "__main__":
    made = [block(i, *b) for i, b in enumerate(BLOCKS)]
    assert sum(b["count"] for b in made) >= 10_000
    Path(__file__).with_name("modexp.json").write_text(json.dumps(made, indent=1) + "\n")
