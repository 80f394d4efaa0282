"""Words against Python integers and fractions, for any width."""

from fractions import Fraction

import heflow as hf
import numpy as np
import pytest
from heflow.encoding import words
from hypothesis import example, given
from hypothesis import strategies as st

integers = (
    st.integers(-(2**300), 2**300)
    | st.integers(-(2**70), 2**70)
    | st.sampled_from(
        [s * (2**k + d) for k in (52, 53, 63, 64, 127, 128) for d in (-1, 0, 1) for s in (-1, 1)]
    )
)
batches = st.lists(integers, min_size=1, max_size=5)


def width_of(values):
    return words.width_for(max(abs(v) for v in values))


@given(batches)
def test_python_integers_come_back(values):
    assert words.to_python(words.from_python(values, width_of(values))) == values


@given(batches)
def test_negate(values):
    assert words.to_python(words.negate(words.from_python(values, width_of(values)))) == [
        -v for v in values
    ]


@given(batches, st.integers(0, 200))
def test_shift_left(values, bits):
    shifted = [v << bits for v in values]
    assert (
        words.to_python(
            words.shift_left(words.from_python(values, width_of(values)), bits, width_of(shifted))
        )
        == shifted
    )


@given(batches, st.integers(0, 2000))
@example(
    [2**54 + 1, 2**65 + 1, 2**117 - 1, -(2**128) - 1], 0
)  # one more bit than float64 has, and ties
@example(
    [2**191 + 2**138 + 1, -(2**191) - 2**138], 0
)  # above a tie by the lowest of three words, and the tie
@example([2**63 - 1, -(2**63)], 40)
@example([1, 3, 2**1000 + 1, 0], 1074)  # subnormal
@example([5, 7], 1077)
def test_floats_are_correctly_rounded(values, scale_bits):
    got = words.to_floats(words.from_python(values, width_of(values)), scale_bits)
    assert got.tolist() == [float(Fraction(v, 2**scale_bits)) for v in values]


@given(st.lists(st.floats(-(2.0**1000), 2.0**1000).map(np.rint), min_size=1, max_size=5))
def test_integral_floats_are_exact(values):
    exact = [int(v) for v in values]
    assert words.to_python(words.from_floats(np.array(values), width_of(exact))) == exact


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64"])
def test_integer_arrays_are_exact(dtype):
    info = np.iinfo(dtype)
    values = np.array([info.min, 0, 1, info.max], dtype)
    assert words.to_python(words.from_integers(values, 2)) == values.tolist()


def test_values_beyond_float64_are_not_infinite():
    with pytest.raises(hf.EncodingRangeError, match="element 1 .*decrypt_integers"):
        words.to_floats(words.from_python([1, -(2**1024)], 17), 0)


def test_nothing():
    assert words.to_python(words.from_python([], 3)) == []
    assert words.to_floats(words.from_python([], 3), 40).shape == (0,)
    assert words.from_floats(np.empty(0), 2).shape == (0, 2)
