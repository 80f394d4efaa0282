"""Arithmetic on shares: rounding, masks, packing and products, by property."""

import heflow as hf
import numpy as np
import pytest
import scipy.sparse
from heflow.federated.vertical.shares import Factor, Masked, Packing, product, scaled
from heflow.federated.vertical.widths import SharedSettings, Widths
from hypothesis import given
from hypothesis import strategies as st

WIDE = st.integers(-(2**200), 2**200)


def objects(values):
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result


@given(st.integers(-(2**60), 2**60), WIDE, st.floats(1e-9, 1e3), st.integers(-60, -8))
def test_scaled_shares_add_up_to_within_one_unit(value, share, number, change):
    factor = Factor.of(number, change)
    assert abs(factor.multiplier / 2.0**factor.shift / (number * 2.0**change) - 1) < 2.0**-31
    parts = [scaled(objects([v]), factor)[0] for v in (share, value - share)]
    exact = value * factor.multiplier  # times 2**-shift
    assert abs((sum(parts) << factor.shift) - exact) <= 1 << factor.shift
    assert abs(scaled(objects([value]), factor)[0]) <= factor.limit(abs(value))


@given(st.integers(1, 2**90))
def test_masks(limit):
    masked = Masked(limit)
    masks = masked.draw(50)
    assert min(masks) - limit >= 0
    assert max(masks) + limit <= masked.largest
    assert 1 << masked.bits >= 2 * limit << 40  # two values differ by 2^-40 of the masks
    assert len(set(masks)) == 50


@given(st.lists(WIDE, min_size=1, max_size=40), st.integers(1, 9), st.data())
def test_products(share, rows, data):
    matrix = data.draw(
        st.lists(st.lists(st.integers(-(2**20), 2**20), min_size=len(share), max_size=len(share)),
                 min_size=rows, max_size=rows)
    )  # fmt: skip
    dense = np.array(matrix, dtype=np.int64)
    expected = dense.astype(object) @ objects(share)
    for form in (dense, scipy.sparse.csr_matrix(dense)):
        assert product(form, objects(share), 2**200, 21).tolist() == expected.tolist()


def test_products_at_the_edge():
    """Limbs of the share times the largest entries still fit 63 bits."""
    for length in (1, 1000, 5000):
        dense = np.full((2, length), 2**20, dtype=np.int64) * [[1], [-1]]
        for value in (2**100, -(2**100), 2**100 - 1):
            share = objects([value] * length)
            found = product(dense, share, 2**100, 21).tolist()
            assert found == [length * value << 20, -length * value << 20]


@given(st.integers(1, 200), st.integers(1, 60), st.data())
def test_packed_values_come_apart(bits, count, data):
    packing = Packing.make((1 << bits) - 1, 1 << bits, (1 << 900) - 1, "values")
    values = objects(
        data.draw(st.lists(st.integers(0, (1 << bits) - 1), min_size=count, max_size=count))
    )
    joined = packing.join(values)
    assert len(joined) == packing.groups(count) <= count
    assert max(joined) <= packing.limit
    assert packing.split(joined, count).tolist() == values.tolist()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 30])
@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_matrix])
def test_packed_products(other_secret, count, form):
    """Terms wider than a field, and of either sign, may pass through on the way to what is packed."""
    rng = np.random.default_rng(count)
    matrix = rng.integers(-(2**18), 2**18, (count, 5))
    share = objects([int(v) << 60 for v in rng.integers(-(2**20), 2**20, 5)])
    terms = matrix.astype(object) @ share
    packing = Packing.make(
        (1 << 50) - 1, 1 << 110, other_secret.public.evaluator.capacity, "values"
    )
    x = other_secret.encrypt_integers(share, 1 << 80)
    final = objects([int(v) for v in rng.integers(0, 2**50, count)])
    packed = packing.plus(packing.product(form(matrix), x, 2**18), final - terms)
    assert packing.split(other_secret.decrypt_integers(packed), count).tolist() == final.tolist()


def test_integers_are_encrypted_within_their_limit(other_secret):
    x = other_secret.encrypt_integers(objects([2**100, -(2**100)]), 2**100)
    assert other_secret.decrypt_integers(x).tolist() == [2**100, -(2**100)]
    with pytest.raises(hf.EncodingRangeError):
        other_secret.encrypt_integers(objects([2**100 + 1]), 2**100)
    with pytest.raises(hf.EncodingTypeError):
        other_secret.encrypt_integers(objects([1.5]), 2**100)
    with pytest.raises(hf.HeadroomError):
        other_secret.encrypt_integers(objects([1]), 2**600)


def test_widths_hold_the_worst_case():
    """All weights' shares of a run, were every mask the largest there is."""
    settings = SharedSettings("a", "logit", 100, 30, 7, 0.5, 0.1, 0.01, 8.0, guest_columns=4)
    widths = Widths(settings, 3, 1 << 2046, 1 << 2046)
    share = objects([0])
    for round in range(settings.batches * settings.epochs):
        penalty = Factor.of(settings.rate(round) * settings.l2, 0)
        share = share - scaled(share, penalty)
        share = share + scaled(objects([widths.gradient.largest]), settings.step_factor(round))
    assert 0 < share[0] <= widths.weight
    score = objects([widths.score.largest])
    assert scaled(score, widths.slope)[0] + widths.residual_limit <= widths.residual
