"""Modular arithmetic of every backend against Python's integers."""

import random

import gmpy2
import heflow as hf
import numpy as np
import pytest
from heflow._core import testing as core
from heflow.powmod import power_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from vectors.layout import read_modexp

MODEXP = read_modexp()
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


@pytest.mark.parametrize("block", MODEXP, ids=lambda b: f"{b.bits}-{b.exponent_bits}")
def test_modexp_vectors(backend, block):
    """10,000 stored powers, made with Python's pow."""
    assert hf.powmod(block.bases, block.exponents, block.modulus, backend=backend) == block.powers


def test_modexp_vectors_are_right():
    assert sum(len(block.powers) for block in MODEXP) == 10_000
    for block in MODEXP:
        rows = zip(block.bases, block.exponents, block.powers, strict=True)
        assert all(gmpy2.powmod(b, e, block.modulus) == power for b, e, power in rows)


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


@pytest.mark.parametrize("bits", [104, 105, 260, 512, 1024, 1536, 2048, 3072])
def test_moduli_that_are_minus_one_modulo_a_limb(backend, bits):
    """Their low limb is all ones, as in the standard Diffie-Hellman groups: kernels save products there."""
    rng = random.Random(bits)
    n = rng.getrandbits(bits) | 1 << (bits - 1) | (2**64 - 1)
    bases = [0, 1, 2, n - 1, n - 2, *(rng.randrange(n) for _ in range(11))]
    for exponent in (2, 65537, rng.getrandbits(256)):
        assert hf.powmod(bases, exponent, n, backend=backend) == [
            pow(b, exponent, n) for b in bases
        ]


@pytest.mark.parametrize("bits", [3, 9, 64, 65, 521])
def test_power_rows(backend, bits):
    rng = random.Random(bits)
    n = rng.getrandbits(bits) | 1 << (bits - 1) | 1
    size = (bits + 7) // 8
    bases = [rng.randrange(n) for _ in range(9)]
    rows = b"".join(b.to_bytes(size, "little") for b in bases)
    for exponent in (0, 1, rng.getrandbits(77)):
        expected = b"".join(pow(b, exponent, n).to_bytes(size, "little") for b in bases)
        assert power_rows(rows, exponent, n, backend=backend) == expected
    assert power_rows(b"", 5, n, backend=backend) == b""
    with pytest.raises(hf.ParameterError, match="base 1 is not below"):
        power_rows(rows[:size] + n.to_bytes(size, "little"), 5, n, backend=backend)
    with pytest.raises(hf.ParameterError, match="rows of"):
        power_rows(rows + b"1" * (size + 1), 5, 2**600 + 1, backend=backend)


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
        hf.powmod(2, 3, (1 << 20_000) + 1)
    with pytest.raises(hf.ShapeError):
        hf.powmod([1, 2], [1, 2, 3], 1001)
    for ragged in ([[1], [2, 3]], [[1], 2], [np.ones((2, 2)), np.ones((2, 3))]):
        with pytest.raises(hf.HeflowError):
            hf.powmod(ragged, 3, 1001)
        with pytest.raises(hf.HeflowError):
            hf.powmod(3, ragged, 1001)
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
