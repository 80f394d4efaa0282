"""Training on ciphertexts gives what the same steps give on plain numbers."""

import heflow as hf
import numpy as np
import pytest
from heflow.linear_model import sigmoid as sigmoids
from heflow.linear_model.encrypted_training import owner_refresh, train
from heflow.linear_model.nesterov import nesterov, signed_rows
from heflow.linear_model.plan import TrainingPlan, levels


def insecure(depth):
    """The parameters of a depth, in a small ring."""
    chosen = hf.ckks.Parameters.for_depth(depth)
    return hf.ckks.Parameters(
        2048, chosen.prime_bits, chosen.special_bits, chosen.scale_bits, chosen.integer_bits, True
    )


def problem(rows, columns, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (rows, columns))
    y = np.where(X @ rng.normal(size=columns) + rng.normal(size=rows) > 0, 1, -1)
    return X, y


def run(n, d, steps, sigmoid, refresh_every=None, l2=0.0, seen=None):
    X, y = problem(n, d)
    bound = sigmoid.bound
    parameters = insecure(levels(steps, sigmoid, refresh_every))
    plan = TrainingPlan.make(
        n, d, steps=steps, sigmoid=sigmoid, logit_bound=bound, refresh_every=refresh_every,
        parameters=parameters,
    )  # fmt: skip
    secret = hf.ckks.keygen(plan.parameters)
    public = secret.public_for(rotations=plan.rotations)

    def refresh(x):
        seen.append(x.level)
        return owner_refresh(secret)(x)

    weights = train(plan.encrypt(public, X, y), l2=l2, refresh=refresh if refresh_every else None)
    return secret, weights, nesterov(signed_rows(X, y), steps, sigmoid, l2=l2)


@pytest.mark.parametrize("name", ["TAYLOR1", "G3", "G5", "G7"])
@pytest.mark.parametrize("steps", [1, 3])
def test_equals_the_plain_steps(name, steps):
    secret, weights, expected = run(40, 3, steps, getattr(sigmoids, name))
    np.testing.assert_allclose(secret.decrypt(weights), expected, atol=2e-5)
    assert weights.level == 1  # it may leave with nothing beside


def test_rows_over_several_ciphertexts():
    secret, weights, expected = run(150, 5, 2, sigmoids.G3)
    np.testing.assert_allclose(secret.decrypt(weights), expected, atol=2e-5)


def test_penalty():
    secret, weights, expected = run(40, 3, 3, sigmoids.G3, l2=0.05)
    np.testing.assert_allclose(secret.decrypt(weights), expected, atol=2e-5)


def test_refreshed_by_the_owner():
    seen = []
    secret, weights, expected = run(40, 3, 4, sigmoids.G5, refresh_every=1, seen=seen)
    np.testing.assert_allclose(secret.decrypt(weights), expected, atol=2e-5)
    assert len(seen) == 6  # two tensors before each step but the first


def test_weights_travel():
    secret, weights, expected = run(40, 3, 2, sigmoids.G3)
    again = hf.from_bytes(weights.to_bytes(), secret.public)
    np.testing.assert_allclose(secret.decrypt(again), expected, atol=2e-5)


def test_budget_of_seven_steps():
    plan = TrainingPlan.make(1579, 18, steps=7, sigmoid=sigmoids.G5, logit_bound=8.0)
    assert plan.depth == 26
    assert plan.parameters.security_bits == 128
    assert plan.parameters.ring_degree == 65536
    assert "26 levels" in plan.describe()


def test_what_to_expect_before_any_key_is_made():
    make = {"sigmoid": sigmoids.G5, "logit_bound": 8.0}
    plan = TrainingPlan.make(1579, 18, steps=7, **make)
    refreshed = TrainingPlan.make(1579, 18, steps=7, refresh_every=1, **make)
    assert plan.seconds(threads=2) == plan.seconds(threads=1) / 2
    assert TrainingPlan.make(1579, 18, steps=6, **make).seconds(1) < plan.seconds(1)
    assert refreshed.seconds(1) < plan.seconds(1) and refreshed.depth == 5
    assert refreshed.parameters.ring_degree < plan.parameters.ring_degree
    assert 1 < plan.seconds(2) < 100 and "seconds on" in plan.describe()
    secret = hf.ckks.keygen(insecure(levels(2, sigmoids.G3, None)))
    small = TrainingPlan.make(
        20, 3, steps=2, sigmoid=sigmoids.G3, logit_bound=8.0, parameters=secret.parameters
    )
    held = secret.public_for(rotations=small.rotations)
    X, y = problem(20, 3)
    rows = small.encrypt(secret.public, X, y).rows
    assert small.data_bytes() == rows.nbytes - 8 * rows.size  # without the positions of its values
    sent = len(held.to_bytes())  # seeds stand for halves, and residues are packed
    assert 2 * sent < small.key_bytes() < 4 * sent


def test_the_depth_does_not_suffice_midway():
    """Parameters that were cut after planning: an error, not a wrong model."""
    n, d, steps = 20, 3, 3
    X, y = problem(n, d)
    plan = TrainingPlan.make(
        n, d, steps=steps, sigmoid=sigmoids.G3, logit_bound=8.0,
        parameters=insecure(levels(steps, sigmoids.G3, None)),
    )  # fmt: skip
    object.__setattr__(plan, "parameters", insecure(levels(steps, sigmoids.G3, None) - 3))
    secret = hf.ckks.keygen(plan.parameters)
    data = plan.encrypt(secret.public_for(rotations=plan.rotations), X, y)
    with pytest.raises(hf.DepthError):
        train(data)


def test_a_refresh_is_asked_for():
    n, d = 20, 3
    X, y = problem(n, d)
    plan = TrainingPlan.make(
        n, d, steps=3, sigmoid=sigmoids.G3, logit_bound=8.0, refresh_every=1,
        parameters=insecure(levels(3, sigmoids.G3, 1)),
    )  # fmt: skip
    secret = hf.ckks.keygen(plan.parameters)
    with pytest.raises(hf.ParameterError, match="give refresh="):
        train(plan.encrypt(secret.public_for(rotations=plan.rotations), X, y))


def test_missing_values():
    X, y = problem(10, 3)
    plan = TrainingPlan.make(
        10, 3, steps=2, sigmoid=sigmoids.G3, logit_bound=8.0,
        parameters=insecure(levels(2, sigmoids.G3, None)),
    )  # fmt: skip
    public = hf.ckks.keygen(plan.parameters).public
    X[3, 1] = np.nan
    with pytest.raises(hf.EncodingRangeError, match="missing"):
        plan.encrypt(public, X, y)


def test_refusals():
    make = {"steps": 2, "sigmoid": sigmoids.G5, "logit_bound": 8.0}
    with pytest.raises(hf.ParameterError, match="bound"):
        TrainingPlan.make(10, 3, **{**make, "logit_bound": 20.0})
    with pytest.raises(hf.ParameterError, match="take 6 levels"):
        TrainingPlan.make(10, 3, **make, parameters=insecure(2))
    with pytest.raises(hf.ParameterError, match="fewer steps"):
        TrainingPlan.make(10, 3, **{**make, "steps": 40})
    plan = TrainingPlan.make(10, 3, **make, parameters=insecure(6))
    public = hf.ckks.keygen(plan.parameters).public
    X, y = problem(10, 3)
    with pytest.raises(hf.ShapeError, match="the plan is for"):
        plan.encrypt(public, X[:5], y[:5])
    with pytest.raises(hf.EncodingRangeError, match="largest size"):
        plan.encrypt(public, 2 * X, y)
    with pytest.raises(hf.ParameterError, match="-1 and 1"):
        plan.encrypt(public, X, (y + 1) // 2)
    with pytest.raises(hf.UnsupportedOperationError, match="no key for a rotation"):
        train(plan.encrypt(public, X, y))
