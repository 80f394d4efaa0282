"""Fixed point against exact rational arithmetic."""

import warnings
from fractions import Fraction

import heflow as hf
import numpy as np
import pytest
from heflow.encoding import declared_encoding, decode, encode, words
from heflow.encoding.fixed_point import as_messages
from heflow.encoding.headroom import round_up
from hypothesis import given
from hypothesis import strategies as st
from oracle.rational import round_half_even


def integers_of(message, **declared):
    values = as_messages(message)
    encoding = declared_encoding(values, declared.get("scale_bits"), declared.get("bound"), 40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.PrecisionWarning)
        return words.to_python(encode(values, encoding)), encoding


floats = st.floats(-(2.0**32), 2.0**32)


@given(st.lists(floats, max_size=6), st.integers(0, 300))
def test_floats_round_half_to_even(values, scale_bits):
    got, encoding = integers_of(np.array(values, dtype=np.float64), scale_bits=scale_bits)
    assert got == [round_half_even(v, scale_bits) for v in values]
    assert all(abs(v) <= encoding.limit for v in got)


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1, max_size=6), st.integers(0, 100))
def test_integers_are_exact_at_every_scale(values, scale_bits):
    got, encoding = integers_of(np.array(values, dtype=np.int64), scale_bits=scale_bits)
    assert got == [v << scale_bits for v in values]
    assert encoding.integer == (scale_bits == 0)


@given(st.lists(floats, min_size=1, max_size=6))
def test_decoding_is_the_nearest_float(values):
    got, encoding = integers_of(np.array(values))
    width = words.width_for(encoding.limit)
    back = decode(words.from_python(got, width), encoding, (len(values),))
    assert back.tolist() == [float(Fraction(v, 2**40)) for v in got]


@pytest.mark.parametrize(
    "value", [0.5, 1.5, 2.5, -0.5, -1.5, 2.0**-41, 3 * 2.0**-41, 0.1, 2**31 + 1e-9]
)
def test_ties(value):
    for scale_bits in (0, 1, 40):
        assert integers_of(np.array([value]), scale_bits=scale_bits)[0] == [
            round_half_even(value, scale_bits)
        ]


@given(st.integers(1, 2**400))
def test_limits_round_up_to_64_bits(limit):
    rounded = round_up(limit)
    assert limit <= rounded < limit + (limit >> 63) + 1
    assert (rounded >> max(rounded.bit_length() - 64, 0)) << max(
        rounded.bit_length() - 64, 0
    ) == rounded


@pytest.mark.parametrize("bound", [5, 5.0, np.int64(5), np.float32(5), Fraction(5)])
def test_a_bound_is_any_real_number(bound):
    assert integers_of([5, -5], bound=bound)[1].limit == 5
    with pytest.raises(hf.EncodingRangeError):
        integers_of([6], bound=bound)


@pytest.mark.parametrize("bound", ["5", [5], 5j, True, 0, -1, np.nan, np.inf, Fraction(-1, 2)])
def test_bad_bounds(bound):
    with pytest.raises(hf.ParameterError, match="bound="):
        integers_of([5], bound=bound)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ([2**63, -1], hf.EncodingTypeError),
        (np.array([1, 2], object), hf.EncodingTypeError),
        ([1, 2**64], hf.EncodingRangeError),
        (np.array([np.longdouble("1e4000")]), hf.EncodingRangeError),
    ],
)
def test_numbers_that_one_dtype_does_not_hold(message, kind):
    """Never rounded behind the caller's back."""
    with pytest.raises(kind):
        integers_of(message, bound=2.0**70)


@pytest.mark.parametrize("sign", [1, -1])
def test_floats_beyond_a_range_that_no_float_equals(sign):
    """2^63 - 1 as a float is 2^63, which is outside, and its words would wrap."""
    with pytest.raises(hf.EncodingRangeError):
        integers_of(np.array([sign * 2.0**63]), scale_bits=0, bound=2**63 - 1)
    largest = np.nextafter(2.0**63, 0)
    assert integers_of(np.array([sign * largest]), scale_bits=0, bound=2**63 - 1)[0] == [
        sign * int(largest)
    ]


def test_a_declared_operand_keeps_its_values():
    for values in (np.arange(3), np.arange(3.0)):
        operand = hf.plain(values)
        values[:] = 7
        assert operand.values.tolist() == [0, 1, 2]
