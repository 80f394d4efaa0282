"""Plain matrices times encrypted vectors by diagonals, in baby and giant steps."""

import heflow as hf
import numpy as np
import pytest


@pytest.fixture(scope="module")
def secret():
    return hf.ckks.keygen(depth=2)


@pytest.fixture(scope="module")
def public(secret):
    return secret.public_for(rotations="matmul")


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (8, 8), (10, 64), (33, 7), (5, 4096), (64, 100)])
def test_product_lies_in_one_ciphertext(secret, public, shape):
    rng = np.random.default_rng(sum(shape))
    weights, v = rng.normal(size=shape), rng.normal(size=shape[1])
    x = public.encrypt(v, bound=8.0)
    y = weights @ x
    assert y.level == x.level - 1 and len(y._batch.core) == 1
    assert np.abs(secret.decrypt(y) - weights @ v).max() < 1e-5
    assert np.abs(secret.decrypt(y * y) - (weights @ v) ** 2).max() < 1e-4
    assert abs(secret.decrypt(y.sum()) - (weights @ v).sum()) < 1e-4
    assert np.abs(secret.decrypt(hf.from_bytes(y.to_bytes(), public)) - weights @ v).max() < 1e-5
    measured = np.sqrt(np.mean((secret.decrypt(y) - weights @ v) ** 2))
    unit = np.sqrt(secret.parameters.slots) / secret.public.evaluator.scale(y._batch)
    assert measured <= 2 * y._batch.noise * unit


def test_layers_follow_one_another(secret, public):
    rng = np.random.default_rng(1)
    first, second, v = rng.normal(size=(16, 30)), rng.normal(size=(4, 16)), rng.normal(size=30)
    y = second @ (first @ public.encrypt(v, bound=8.0))
    assert np.abs(secret.decrypt(y) - second @ (first @ v)).max() < 1e-4


def test_without_keys_each_output_is_a_total(secret):
    rng = np.random.default_rng(2)
    weights, v = rng.normal(size=(3, 50)), rng.normal(size=50)
    y = weights @ secret.public.encrypt(v)
    assert np.abs(secret.decrypt(y) - weights @ v).max() < 1e-5
    with pytest.raises(hf.UnsupportedOperationError, match="no longer in a slot"):
        y * y
