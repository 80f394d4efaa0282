"""Plans: the head-room is proved when they are made."""

import heflow as hf
import pytest
from heflow.ckks.sums import RING_DEGREE
from heflow.federated import Plan
from hypothesis import given
from hypothesis import strategies as st
from oracle.sums_decoder import modulus


@given(
    clients=st.integers(1, 2000),
    bits=st.integers(1, 24),
    extra=st.integers(0, 500),
    key=st.sampled_from(["shared", "public"]),
)
def test_conditions_hold_for_every_plan_that_is_made(clients, bits, extra, key):
    weights = clients + extra
    plan = Plan(clients=clients, bits=bits, max_total_weight=weights, key=key)
    try:
        p = plan.sum_parameters
    except hf.HeadroomError as error:
        text = str(error)
    else:
        text = ""
    if text:
        assert str(bits) in text and str(weights) in text
        return
    assert p.modulus_bits <= 50 and weights * plan.largest < 1 << p.field_bits
    noise, delta = plan.noise_bound(p.drop), 1 << p.delta_bits
    assert delta > 2 * noise
    q = modulus(p.modulus_bits, RING_DEGREE)
    most = sum(weights * plan.largest << (j * p.field_bits) for j in range(p.fields))
    assert delta * most + delta // 2 < q
    assert weights * ((q >> p.drop) + 1) < 1 << 64 and weights * q < 1 << 64


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"clients": 8, "bits": 16}, 2.63),
        ({"clients": 100, "bits": 16}, 3.75),
        ({"clients": 8, "bits": 8}, 1.55),
    ],
)
def test_bytes_of_a_value(arguments, expected):
    assert Plan(**arguments, key="shared").bytes_per_value <= expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"clients": 0}, "clients=0"),
        ({"clients": 2.5}, "clients=2.5"),
        ({"bits": 0}, "bits=0"),
        ({"bits": 25}, "bits=25"),
        ({"clip": 0.0}, "clip"),
        ({"clip": float("inf")}, "clip"),
        ({"clip": "1"}, "clip"),
        ({"key": "private"}, "shared"),
        ({"max_total_weight": 3}, "less than clients"),
        ({"max_total_weight": 1 << 20}, "max_total_weight"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(hf.ParameterError, match=message):
        Plan(**{"clients": 8, "key": "shared", **arguments})


def test_key_has_no_default():
    with pytest.raises(TypeError, match="key"):
        Plan(clients=8)


def test_a_plan_that_could_overflow_is_refused_with_its_numbers():
    plan = Plan(clients=1000, bits=24, max_total_weight=16000, key="public")
    with pytest.raises(hf.HeadroomError, match=r"total weight 16000 times 24 bits"):
        hf.federated.keygen(plan)


def test_it_says_who_reads_what():
    assert "any client together with the server" in str(Plan(clients=2, key="shared"))
    assert "cannot read each other" in str(Plan(clients=2, key="public"))
    assert "bytes per value" in Plan(clients=2, key="public").describe()
