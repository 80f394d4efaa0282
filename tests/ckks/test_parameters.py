"""Parameters: the security table, automatic choice, and refusals."""

import heflow as hf
import numpy as np
import pytest
from heflow.ckks.parameters import MAX_MODULUS_BITS


def test_table_is_that_of_the_2024_guidelines():
    assert MAX_MODULUS_BITS == {
        1024: 26,
        2048: 53,
        4096: 106,
        8192: 214,
        16384: 430,
        32768: 868,
        65536: 1747,
    }


@pytest.mark.parametrize("depth", [0, 1, 2, 3, 5, 8, 15])
def test_for_depth_is_secure_and_has_the_depth(depth):
    p = hf.ckks.Parameters.for_depth(depth)
    assert p.depth == depth and p.security_bits == 128
    assert p.modulus_bits <= MAX_MODULUS_BITS[p.ring_degree]
    assert p.integer_bits == 20 and "depth" in p.describe()
    assert p.spare_bits >= 26 and f"{p.spare_bits} spare bits" in p.describe()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ring_degree": 3000}, "power of two"),
        ({"ring_degree": 4096}, "allows 106"),
        ({"prime_bits": (60, 40)}, "20 to 50 bits"),
        ({"prime_bits": ()}, "data primes"),
        ({"prime_bits": 47}, "tuple"),
        ({"special_bits": (47, 47)}, "allows 214"),
        ({"special_bits": (40,)}, "must not have fewer"),
        ({"scale_bits": 60}, "outside"),
        ({"prime_bits": (40, 40), "scale_bits": 40}, "larger first prime"),
        ({"integer_bits": 70}, "do not fit"),
    ],
)
def test_refusals(arguments, message):
    good = {
        "ring_degree": 8192,
        "prime_bits": (47, 40, 40),
        "special_bits": (47,),
        "scale_bits": 40,
    }
    with pytest.raises(hf.ParameterError, match=message):
        hf.ckks.Parameters(**{**good, **arguments})


@pytest.mark.parametrize(
    "arguments", [{"depth": -1}, {"depth": 2.5}, {"depth": 60}, {"depth": 1, "decimals": 9}]
)
def test_for_depth_refuses(arguments):
    with pytest.raises(hf.ParameterError):
        hf.ckks.Parameters.for_depth(**arguments)


def test_insecure_needs_the_word():
    with pytest.raises(hf.ParameterError, match="insecure=True"):
        hf.ckks.Parameters(1024, (47, 40), (47,), 40)
    weak = hf.ckks.Parameters(1024, (47, 40), (47,), 40, insecure=True)
    with pytest.warns(hf.InsecureKeyWarning):
        secret = hf.ckks.keygen(weak, insecure=True)
    assert "INSECURE" in repr(secret.public)
    with pytest.raises(hf.ParameterError, match="allows 26"):
        hf.from_bytes(secret.public.to_bytes())
    with pytest.raises(hf.ParameterError, match="either"):
        hf.ckks.keygen()


@pytest.mark.parametrize(
    "change",
    [
        {"ring_degree": 8192.0},
        {"ring_degree": True},
        {"prime_bits": (47.9, 40)},
        {"prime_bits": (47, "40")},
        {"special_bits": (47.5,)},
        {"scale_bits": "40"},
        {"scale_bits": 40.0},
        {"integer_bits": 1.5},
    ],
)
def test_parameters_are_whole_numbers(change):
    right = {"ring_degree": 8192, "prime_bits": (47, 40), "special_bits": (47,), "scale_bits": 40}
    assert hf.ckks.Parameters(**{**right, "scale_bits": np.int64(40)}) == hf.ckks.Parameters(
        **right
    )
    with pytest.raises(hf.ParameterError, match=next(iter(change))):
        hf.ckks.Parameters(**{**right, **change})
    assert hf.ckks.Parameters.for_depth(np.int64(2)) == hf.ckks.Parameters.for_depth(2)
