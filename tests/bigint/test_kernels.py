"""Modular arithmetic of every backend against Python's integers."""

import hashlib
import json
import random
from pathlib import Path

import gmpy2
import heflow as hf
import pytest
from heflow._core import testing as core
from hypothesis import given, settings
from hypothesis import strategies as st

VECTORS = Path(__file__).parents[1] / "vectors" / "modexp.json"
SIZES = [2, 3, 7, 51, 52, 53, 57, 58, 59, 64, 127, 260, 512, 521, 1024, 1036, 2048]


@pytest.mark.parametrize("bits", SIZES)
def test_powmod_edges(backend, bits):
    n = random.Random(bits).getrandbits(bits) | 1 | 1 << (bits - 1)
    bases = [0, 1, 2, n - 1, n - 2, n // 2, n, n + 1, 3 * n + 5]
    for exponent in (0, 1, 2, 3, n - 1, n, 2**64 - 1, 2**64, 2**200 + 1):
        expected = [pow(b, exponent, n) for b in bases]
        assert hf.powmod(bases, exponent, n, backend=backend) == expected
    exponents = list(range(len(bases)))
    assert hf.powmod(bases, exponents, n, backend=backend) == [
        pow(b, e, n) for b, e in zip(bases, exponents, strict=True)
    ]


def _block(case):
    rng = random.Random(case["seed"])
    n = rng.getrandbits(case["bits"]) | 1 | 1 << (case["bits"] - 1)
    edges = [0, 1, 2, n - 1, n - 2, (1 << (case["bits"] - 1)) % n]
    bases = [*edges, *(rng.randrange(n) for _ in range(case["count"] - len(edges)))]
    return bases, [rng.getrandbits(case["exponent_bits"]) for _ in bases], n


@pytest.mark.parametrize(
    "case", json.loads(VECTORS.read_text()), ids=lambda c: f"{c['bits']}-{c['exponent_bits']}"
)
def test_modexp_vectors(backend, case):
    """10,000 vectors made with Python's pow; the file holds the digest of each block's results."""
    bases, exponents, n = _block(case)
    results = hf.powmod(bases, exponents, n, backend=backend)
    text = ",".join(format(r, "x") for r in results)
    assert hashlib.sha256(text.encode()).hexdigest() == case["sha256"]


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 2**700),
    bases=st.lists(st.integers(-(2**720), 2**720), max_size=20),
    exponent=st.integers(0, 2**90),
)
def test_powmod_property(n, bases, exponent):
    n = 2 * n + 1
    for name in [b.name for b in hf.backends() if b.available]:
        assert hf.powmod(bases, exponent, n, backend=name) == [pow(b, exponent, n) for b in bases]


def test_powmod_shapes_and_refusals():
    assert hf.powmod(2, 10, 1001) == 23
    assert hf.powmod([[2, 3], [4, 5]], 2, 1001) == [[4, 9], [16, 25]]
    assert hf.powmod(3, -1, 1001) == pow(3, -1, 1001)
    assert hf.powmod(2, [1, 2, 3], 1001) == [2, 4, 8]
    with pytest.raises(hf.ParameterError, match="odd"):
        hf.powmod(2, 3, 1000)
    with pytest.raises(hf.ParameterError, match="shares a factor"):
        hf.powmod(7, -1, 1001)
    with pytest.raises(hf.ParameterError, match="8192"):
        hf.powmod(2, 3, (1 << 9000) + 1)
    with pytest.raises(hf.ShapeError):
        hf.powmod([1, 2], [1, 2, 3], 1001)
    with pytest.raises(TypeError):
        hf.powmod([1.5], 2, 1001)
    with pytest.raises(hf.BackendError, match="unknown backend 'sse9'"):
        hf.powmod(2, 3, 1001, backend="sse9")


@settings(max_examples=200, deadline=None)
@given(a=st.integers(0, 2**400), n=st.integers(1, 2**390))
def test_inverse(a, n):
    n = 2 * n + 1
    size = 56
    a %= n
    result = core.inverse(a.to_bytes(size, "little"), n.to_bytes(size, "little"))
    try:
        expected = pow(a, -1, n)
    except ValueError:
        assert result is None
    else:
        assert int.from_bytes(result, "little") == expected


@pytest.mark.parametrize("bits", [512, 1024, 2048, 3072, 8192])
def test_inverse_at_key_sizes(bits):
    rng = random.Random(bits)
    n = rng.getrandbits(bits) | 1 | 1 << (bits - 1)
    for a in (1, 2, n - 1, n - 2, rng.randrange(n), rng.randrange(n)):
        got = core.inverse(a.to_bytes(bits // 8, "little"), n.to_bytes(bits // 8, "little"))
        if gmpy2.gcd(a, n) == 1:
            assert int.from_bytes(got, "little") == pow(a, -1, n)
        else:
            assert got is None
