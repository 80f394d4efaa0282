"""Make ciphertexts.json: 1,000 ciphertexts with given randomness, from the oracle, verified with phe.

python tests/vectors/make_ciphertexts.py  (needs phe)
"""

import hashlib
import json
import random
import sys
from pathlib import Path

import gmpy2

sys.path.insert(0, str(Path(__file__).parents[1]))
from oracle.paillier import encrypt

SIZES = {1024: 500, 2048: 400, 3072: 100}


def inputs(bits, count):
    """Primes, messages and randomness from a seed."""
    rng = random.Random(bits)
    while True:
        p, q = (
            int(gmpy2.next_prime(rng.getrandbits(bits // 2) | 3 << (bits // 2 - 2)))
            for _ in range(2)
        )
        if (p * q).bit_length() == bits and p != q:
            break
    messages = [0, 1, -1, 2**62, -(2**63), 2**63 - 1] + [
        rng.randrange(-(2**63), 2**63) for _ in range(count - 6)
    ]
    randomness = [1, p * q - 1] + [rng.randrange(1, p * q) for _ in range(count - 2)]
    return p, q, messages, randomness


def digest(ciphertexts):
    return [hashlib.sha256(format(c, "x").encode()).hexdigest()[:16] for c in ciphertexts]


if __name__ == "__main__":
    from phe.paillier import PaillierPublicKey

    made = []
    for bits, count in SIZES.items():
        p, q, messages, randomness = inputs(bits, count)
        n = p * q
        ciphertexts = [encrypt(m, n, r) for m, r in zip(messages, randomness, strict=True)]
        second = PaillierPublicKey(n)
        for m, r, c in zip(messages, randomness, ciphertexts, strict=True):
            assert second.raw_encrypt(m % n, r_value=r) == c
        made.append(
            {"bits": bits, "count": count, "n": format(n, "x"), "sha256_16": digest(ciphertexts)}
        )
    Path(__file__).with_name("ciphertexts.json").write_text(json.dumps(made) + "\n")
