"""Make ciphertexts.bin: 1,000 ciphertexts with given randomness, from the oracle, each verified with phe.

python tests/vectors/make_ciphertexts.py  (needs phe)
"""

import random
import sys
from pathlib import Path

import gmpy2
from layout import CiphertextBlock, write_ciphertexts
from phe.paillier import PaillierPublicKey

sys.path.insert(0, str(Path(__file__).parents[1]))
from oracle.paillier import encrypt

SIZES = {1024: 650, 2048: 250, 3072: 100}


def block(bits, count):
    """Draw primes, messages and randomness, edges first, and encrypt."""
    rng = random.Random(bits)
    while True:
        p, q = (
            int(gmpy2.next_prime(rng.getrandbits(bits // 2) | 3 << (bits // 2 - 2)))
            for _ in range(2)
        )
        if (p * q).bit_length() == bits and p != q:
            break
    n = p * q
    edges = [0, 1, -1, 2**62, -(2**63), 2**63 - 1]
    messages = [*edges, *(rng.randrange(-(2**63), 2**63) for _ in range(count - len(edges)))]
    randomness = [1, n - 1, *(rng.randrange(1, n) for _ in range(count - 2))]
    ciphertexts = [encrypt(m, n, r) for m, r in zip(messages, randomness, strict=True)]
    second = PaillierPublicKey(n)
    for m, r, c in zip(messages, randomness, ciphertexts, strict=True):
        assert second.raw_encrypt(m % n, r_value=r) == c
    return CiphertextBlock(bits, p, q, messages, randomness, ciphertexts)


if __name__ == "__main__":
    made = [block(*size) for size in SIZES.items()]
    Path(__file__).with_name("ciphertexts.bin").write_bytes(write_ciphertexts(made))
