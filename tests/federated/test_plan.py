"""Plans: the head-room is proved when they are made."""

import math

import heflow as hf
import pytest
from heflow.federated import Plan
from hypothesis import given
from hypothesis import strategies as st
from oracle.sums_decoder import primes


@given(
    clients=st.integers(1, 2000),
    bits=st.integers(1, 24),
    extra=st.integers(0, 14000),
    key=st.sampled_from(["shared", "public"]),
)
def test_conditions_hold_for_every_plan_that_is_made(clients, bits, extra, key):
    weights = clients + extra
    plan = Plan(clients=clients, bits=bits, max_total_weight=weights, key=key)
    p = plan.sum_parameters
    degree, moduli = primes(p.modulus_bits)
    assert p.ring_degree == degree and list(p.primes) == moduli
    assert p.modulus_bits <= {2048: 53, 4096: 106}[degree]  # ePrint 2024/463, 128 bits
    assert weights * plan.largest < 1 << p.field_bits
    noise, delta = plan.noise_bound(p.drop, degree), 1 << p.delta_bits
    assert delta > 2 * noise
    most = sum(weights * plan.largest << (j * p.field_bits) for j in range(p.fields))
    assert delta * most + delta // 2 < math.prod(moduli)
    assert all(weights * (q + 1) < 1 << 64 for q in moduli)


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
        ({"clip": float("nan")}, "clip"),
        ({"clip": 1e-320}, "clip"),
        ({"clip": 1.7e308}, "clip"),
        ({"clip": "1"}, "clip"),
        ({"key": "private"}, "shared"),
        ({"max_total_weight": 3}, "less than clients"),
        ({"max_total_weight": 0}, "max_total_weight"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(hf.ParameterError, match=message):
        Plan(**{"clients": 8, "key": "shared", **arguments})


def test_key_has_no_default():
    with pytest.raises(TypeError, match="key"):
        Plan(clients=8)


def test_a_plan_that_could_overflow_is_refused_with_its_numbers():
    assert Plan(clients=8, max_total_weight=16383, bits=24, key="public").sum_parameters
    with pytest.raises(hf.HeadroomError, match=r"max_total_weight=16384.*up to 16383"):
        Plan(clients=8, max_total_weight=16384, key="shared")


def test_two_primes_where_one_does_not_do():
    one = Plan(clients=1000, bits=16, key="public").sum_parameters
    two = Plan(clients=500, bits=24, key="public").sum_parameters
    assert (one.ring_degree, two.ring_degree) == (2048, 4096) and one.modulus_bits <= 50


def test_it_says_who_reads_what():
    assert "any client together with the server" in str(Plan(clients=2, key="shared"))
    assert "cannot read each other" in str(Plan(clients=2, key="public"))
    assert "bytes per value" in Plan(clients=2, key="public").describe()
