"""Keys from elsewhere: what a stored context or a pair of primes may not be."""

import itertools
import struct

import gmpy2
import heflow as hf
import pytest
from heflow._core import wire
from heflow.paillier.primes import is_probable_prime, key_prime

HEADER = struct.Struct("<IIB")
CARMICHAEL = [561, 41041, 825265, 321197185, 9746347772161, 1436697831295441, 60977817398996785]


def _stored(public, base=None, **changed):
    kind, scheme, key_id, header, payload = wire.open(public.to_bytes())
    bits, exponent_bits, flags = HEADER.unpack(header)
    size = (bits + 7) // 8
    header = HEADER.pack(
        changed.get("bits", bits),
        changed.get("exponent_bits", exponent_bits),
        changed.get("flags", flags),
    )
    contents = bytes(payload[:size]) + (
        bytes(payload[size:]) if base is None else base.to_bytes(2 * size, "little")
    )
    return wire.seal(kind, scheme, key_id, header, contents)


def test_stored_bases(public):
    n = public.n
    p_like = 3 * n
    for base in (0, 1, n * n - 1, n * n, n, p_like, 1 + n, n - 1, 1 + 5 * n):
        with pytest.raises(hf.ParameterError, match="base"):
            hf.from_bytes(_stored(public, base), insecure=True)
    residue = next(x for x in range(2, 100) if gmpy2.jacobi(x, n) == -1)
    with pytest.raises(hf.ParameterError, match="base"):
        hf.from_bytes(_stored(public, residue), insecure=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"bits": 511},
        {"bits": 1 << 31},
        {"exponent_bits": 8},
        {"exponent_bits": 0},
        {"flags": 0},
        {"flags": 3},
    ],
)
def test_stored_headers(public, changed):
    with pytest.raises(hf.FormatError):
        hf.from_bytes(_stored(public, **changed), insecure=True)


def test_a_key_id_that_is_not_the_modulus_own(public):
    kind, scheme, _, header, payload = wire.open(public.to_bytes())
    data = wire.seal(kind, scheme, bytes(16), header, payload)
    with pytest.raises(hf.FormatError, match="key id"):
        hf.from_bytes(data, insecure=True)


def _prime(bits, residue):
    return next(p for p in iter(lambda: key_prime(bits).p, None) if p % 4 == residue)


def test_djn_asks_for_blum_primes():
    p = int(gmpy2.next_prime(1 << 511 | 1 << 510))
    while p % 4 != 1:
        p = int(gmpy2.next_prime(p))
    q = _prime(512, 3)
    with pytest.raises(hf.ParameterError, match="3 modulo 4"):
        hf.paillier.secret_from_primes(p, q, randomizer="djn", insecure=True)
    imported = hf.paillier.secret_from_primes(p, q, insecure=True)
    assert imported.decrypt(imported.public.encrypt([1.5, -2.0])).tolist() == [1.5, -2.0]


def test_pairs_that_make_no_key():
    p, short = _prime(512, 3), _prime(256, 3)
    divides = next(q for q in itertools.count(2 * p + 1, 2 * p) if gmpy2.is_prime(q))
    for pair, why in (
        ((p, short), "size"),
        ((p, p + 2), "not prime|close"),
        ((p, divides), "factor"),
        ((p, 1), "prime"),
        ((p, -p), "prime"),
        ((p, "7"), "integers"),
        ((True, p), "integers"),
    ):
        for order in (pair, pair[::-1]):
            with pytest.raises(hf.ParameterError, match=why) as caught:
                hf.paillier.secret_from_primes(*order, insecure=True)
            assert str(p)[:20] not in str(caught.value)


def test_bad_choices_are_refused_before_primes_are_searched():
    with pytest.raises(hf.ParameterError, match="textbook"):
        hf.paillier.keygen(8192, randomizer="none")
    with pytest.raises(hf.BackendError, match="unknown"):
        hf.paillier.keygen(8192, backend="fpga")


def test_composites_that_deceive_weak_tests():
    for n in CARMICHAEL:
        assert not is_probable_prime(n, 6)
    for k in range(1, 400):  # (6k+1)(12k+1)(18k+1), Carmichael where all three are prime
        factors = [6 * k + 1, 12 * k + 1, 18 * k + 1]
        assert not is_probable_prime(factors[0] * factors[1] * factors[2], 6)
    for p in (2, 3, 65537, 2**61 - 1, 2**127 - 1, 2**521 - 1):
        assert is_probable_prime(p, 6)
