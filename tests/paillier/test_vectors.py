"""Known answers, and other programs: ciphertexts equal bit for bit, results decrypt on both sides."""

import secrets

import gmpy2
import heflow as hf
import numpy as np
import pytest
from heflow._core import paillier as core
from heflow.encoding.words import from_python
from oracle import paillier as oracle
from phe import paillier as phe
from vectors.layout import read_ciphertexts

VECTORS = read_ciphertexts()


FEW = 20


def _remade(backend, block, count):
    """Encrypt with the stored randomness, and compare; decrypt, and compare."""
    messages, randomness = block.messages[:count], block.randomness[:count]
    secret = hf.paillier.secret_from_primes(block.p, block.q, backend=backend, insecure=True)
    batch = core.encrypt_fixed(
        secret.public._key,
        from_python(messages, 1),
        b"".join(r.to_bytes(block.bits // 8, "little") for r in randomness),
    )
    data = core.to_bytes(secret.public._key, batch)
    assert list(secret.public.ciphertext_ints(data)) == block.ciphertexts[:count]
    words = core.decrypt(secret._SecretContext__key, batch, (2**63).to_bytes(8, "little"))
    assert [int(v) for v in words[:, 0]] == messages


@pytest.mark.parametrize("block", VECTORS, ids=lambda b: str(b.bits))
def test_fixed_randomness(backend, block):
    _remade(backend, block, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("block", VECTORS, ids=lambda b: str(b.bits))
def test_fixed_randomness_of_all(backend, block):
    """The 1,000 stored ciphertexts, made by the oracle, are made again here."""
    _remade(backend, block, len(block.messages))


def _verified_by_phe(block, count):
    n = block.p * block.q
    assert n.bit_length() == block.bits
    second = phe.PaillierPublicKey(n)
    rows = zip(block.messages, block.randomness, block.ciphertexts, strict=True)
    for m, r, c in list(rows)[:count]:
        assert second.raw_encrypt(m % n, r_value=r) == c


@pytest.mark.parametrize("block", VECTORS, ids=lambda b: str(b.bits))
def test_phe_makes_the_stored_ciphertexts(block):
    _verified_by_phe(block, FEW)


@pytest.mark.slow
def test_phe_makes_all_stored_ciphertexts():
    assert sum(len(b.ciphertexts) for b in VECTORS) == 1000
    for block in VECTORS:
        _verified_by_phe(block, len(block.messages))


def _primes(bits):
    """Blum primes with gcd(p-1, q-1) = 2, as the randomizer "djn" needs them."""
    while True:
        p, q = (
            int(gmpy2.next_prime(secrets.randbits(bits // 2) | 3 << (bits // 2 - 2)))
            for _ in range(2)
        )
        if p % 4 == q % 4 == 3 and gmpy2.gcd(p - 1, q - 1) == 2 and (p * q).bit_length() == bits:
            return p, q


@pytest.mark.parametrize("randomizer", ["djn", "textbook"])
@pytest.mark.parametrize("bits", [256, 510, 512, 768, 1024])
def test_every_way_of_encrypting_decrypts_in_the_oracle(backend, bits, randomizer):
    p, q = _primes(bits)
    imported = hf.paillier.secret_from_primes(
        p, q, backend=backend, randomizer=randomizer, insecure=True
    )
    a = np.array([0, 1, -1, 2**62, -(2**63), 2**63 - 1, 12345, -7, 8])
    for encrypt in (imported.public.encrypt, imported.encrypt):
        x = encrypt(a, bound=2**63)
        assert [oracle.decrypt(int(c), p, q) for c in x.to_ciphertext_ints()] == a.tolist()
        assert imported.decrypt(x).tolist() == a.tolist()


def test_oracle_encrypts_we_decrypt(secret):
    n = secret.public.n
    messages = [0, 1, -5, 2**63 - 1, -(2**63)]
    ints = [oracle.encrypt(m, n, 1234567 + i) for i, m in enumerate(messages)]
    x = secret.public.from_ciphertext_ints(ints, bound=2**63)
    assert secret.decrypt_integers(x).tolist() == messages


def test_phe_both_ways(backend, secret_2048):
    """phe decrypts what was computed here, and the reverse, under one key."""
    ours = hf.paillier.keygen(1024, backend=backend, insecure=True)
    theirs = phe.PaillierPublicKey(ours.public.n)
    x = ours.public.encrypt(np.array([10, -20, 30]))
    y = np.array([[1, 2, 3], [-4, 5, -6]]) @ x
    payload = ours._secret_payload()
    lengths = np.frombuffer(payload[:16], dtype="<u4")
    p = int.from_bytes(payload[16 : 16 + lengths[0]], "little")
    private = phe.PaillierPrivateKey(theirs, p, ours.public.n // p)
    n = theirs.n
    for tensor, expected in ((x, [10, -20, 30]), (y, [60, -320])):
        raw = [private.raw_decrypt(int(c)) for c in tensor.to_ciphertext_ints()]
        assert [v if v < n // 2 else v - n for v in raw] == expected
    numbers = [theirs.encrypt(v) for v in (7, -8, 9)]
    z = ours.public.from_ciphertext_ints([c.ciphertext() for c in numbers], bound=2**31)
    assert ours.decrypt(2 * z + x).tolist() == [24, -36, 48]


def test_backends_are_bit_identical():
    names = [b.name for b in hf.backends() if b.available]
    secret = hf.paillier.keygen(1024, backend=names[0], insecure=True)
    x = secret.public.encrypt(np.arange(-10.0, 11.0))
    matrix = np.random.default_rng(1).integers(-1000, 1000, (3, 21))
    seen = set()
    for name in names:
        t = x.to_backend(name)
        made = [
            t,
            t + t,
            t * 3,
            t * -2.5,
            t - 1,
            -t,
            t.sum(),
            matrix @ t,
            t[::-2],
            hf.bucket_sum(t, np.arange(21) % 4, 4),
        ]
        seen.add(tuple(m.to_bytes(refresh=False) for m in made))
    assert len(seen) == 1
