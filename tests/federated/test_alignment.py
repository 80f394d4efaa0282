"""Alignment: exact, in one order on both sides, and closed to what does not belong."""

import os

import gmpy2
import heflow as hf
import numpy as np
import pytest
from heflow.federated import alignment
from heflow.federated.alignment import GROUP, Party
from hypothesis import given, settings
from hypothesis import strategies as st

SESSION = bytes(16)


def test_group_is_the_safe_prime_of_the_standard():
    """By the standard's formula, 2^2048 - 2^1984 - 1 + 2^64 (floor(2^1918 pi) + 124476)."""
    numerator, denominator = gmpy2.const_pi(2100).as_integer_ratio()
    pi = 2**1918 * numerator // denominator
    assert GROUP == 2**2048 - 2**1984 - 1 + 2**64 * (pi + 124476)
    assert gmpy2.is_prime(GROUP) and gmpy2.is_prime((GROUP - 1) // 2)


@settings(max_examples=20, deadline=None)
@given(st.sets(st.text(max_size=5), max_size=12), st.sets(st.text(max_size=5), max_size=12))
def test_exact(a, b):
    a, b = list(a), list(b)
    rows_a, rows_b = alignment.intersect(a, b)
    assert [a[i] for i in rows_a] == [b[i] for i in rows_b]
    assert {a[i] for i in rows_a} == set(a) & set(b)


def test_numbers_and_arrays():
    a, b = np.arange(100, 200), np.arange(150, 260)[::-1]
    rows_a, rows_b = alignment.intersect(a, b)
    np.testing.assert_array_equal(a[rows_a], b[rows_b])
    np.testing.assert_array_equal(np.sort(a[rows_a]), np.arange(150, 200))


def test_messages_show_no_identifier_and_never_repeat():
    names = [f"patient-{i}" for i in range(20)]
    messages = [Party(names, SESSION).first() for _ in range(2)]
    assert messages[0] != messages[1]
    for message in messages:
        assert b"patient" not in message


def test_elements_are_squares_whatever_comes():
    """Even exponents: a stranger's element of full order says nothing about the secret's last bit."""
    other, mine = Party(["x"], SESSION), Party(["y"], SESSION)
    body = bytearray(other.first())
    outside = next(g for g in range(2, 50) if gmpy2.jacobi(g, GROUP) == -1)
    outside = outside.to_bytes(alignment.ELEMENT_BYTES, "little")
    assert len(other._message(1, outside)) == len(body)
    raised = mine._read(mine._message(2, mine._raised(outside)), 2)
    assert gmpy2.jacobi(int.from_bytes(raised, "little"), GROUP) == 1


@pytest.mark.parametrize("element", [0, 1, GROUP - 1, GROUP, 2**2048 - 1])
def test_elements_outside_the_group(element):
    party = Party(["x"], SESSION)
    good = Party(["y"], SESSION)._elements
    with pytest.raises(hf.FormatError, match="outside the group"):
        party.second(party._message(1, good + element.to_bytes(alignment.ELEMENT_BYTES, "little")))


@pytest.mark.parametrize("element", [2, 2**64, GROUP - 2])
def test_elements_at_the_ends_of_the_group(element):
    party = Party(["x"], SESSION)
    message = party._message(1, element.to_bytes(alignment.ELEMENT_BYTES, "little"))
    raised = party._read(party.second(message), 2)
    assert int.from_bytes(raised, "little") == pow(element, party._exponent, GROUP)


def test_repeated_elements():
    party = Party(["x"], SESSION)
    with pytest.raises(hf.FormatError, match="repeated"):
        party.second(party._message(1, 2 * Party(["y"], SESSION)._elements))


def test_hash_takes_the_first_block_below_the_prime(monkeypatch):
    """Blocks beyond it are as good as never drawn, so a smaller bound stands in for the prime."""
    monkeypatch.setattr(alignment, "GROUP", 2**2045)
    elements = [alignment._element(b"s%d" % i, SESSION) for i in range(50)]
    assert all(len(x) == 256 and int.from_bytes(x, "little") < 2**2045 for x in elements)
    assert len(set(elements)) == 50


def test_refusals():
    a, b = Party(["x", "y"], SESSION), Party(["y"], SESSION)
    first = b.first()
    with pytest.raises(hf.FormatError, match="damaged"):
        a.second(first[:40] + bytes([first[40] ^ 1]) + first[41:])
    with pytest.raises(hf.FormatError, match="not a message"):
        a.second(b"nonsense")
    with pytest.raises(hf.KeyMismatchError, match="another session"):
        Party(["x"], os.urandom(16)).second(first)
    with pytest.raises(hf.ParameterError, match="second"):
        a.rows(first)
    answer = a.second(first)
    with pytest.raises(hf.FormatError, match="step 2"):
        a.rows(first)
    with pytest.raises(hf.FormatError, match="came back"):
        a.rows(answer)
    with pytest.raises(hf.ParameterError, match="more than once"):
        Party(["x", "x"], SESSION)
    with pytest.raises(hf.ParameterError, match="booleans"):
        Party([True], SESSION)
    with pytest.raises(hf.ParameterError, match=r"1\.5"):
        Party([1.5], SESSION)
    with pytest.raises(hf.ParameterError, match="16 are needed"):
        Party(["x"], b"short")
