"""One plain number for all elements: full ciphertexts take it without an encoding, others must stay clean."""

import heflow as hf
import numpy as np
import pytest


@pytest.fixture(scope="module")
def secret():
    return hf.ckks.keygen(depth=1)


def shapes(slots):
    return {"full": (slots,), "two full": (2, slots), "part": (100,), "one": (1,), "no axes": ()}


@pytest.mark.parametrize("constant", [1.5, -30.0, 0, np.float32(0.1), [2.0]])
@pytest.mark.parametrize("which", shapes(4096))
def test_sums_and_products_with_one_number(secret, which, constant):
    values = np.random.default_rng(1).normal(size=shapes(secret.public.parameters.slots)[which])
    x = secret.encrypt(values)
    for found, expected in (
        (x + constant, values + constant),
        (constant - x, constant - values),
        (x * constant, values * constant),
        ((x + constant).sum(), (values + constant).sum()),
        (x.sum() + constant, values.sum() + constant),
        (x.mean() - constant, values.mean() - constant),
        (
            (x + constant)[..., :1] if x.ndim else x,
            (values + constant)[..., :1] if x.ndim else values,
        ),
    ):
        assert found.shape == np.shape(expected)
        assert np.allclose(secret.decrypt(found), expected, rtol=1e-9, atol=2e-4)


def test_numbers_beyond_a_word_take_the_long_way():
    parameters = hf.ckks.Parameters.for_depth(1, decimals=6, integer_bits=30)
    secret = hf.ckks.keygen(parameters)
    values = np.random.default_rng(2).normal(size=parameters.slots)
    found = secret.decrypt(secret.encrypt(values) + 2.0**29)
    assert np.allclose(found, values + 2.0**29, rtol=0, atol=1e-4)
