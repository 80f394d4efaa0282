"""What every scheme must do, whatever it is: run against a secret context and another key's."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np

from ..errors import HeadroomError, KeyMismatchError
from ..tensor import bucket_sum, concatenate, stack

__all__ = ["check_scheme"]


def _same(actual: Any, expected: Any, tolerance: float) -> None:
    expected = np.asarray(expected)
    if actual.shape != expected.shape:
        raise AssertionError(f"shape {actual.shape} instead of {expected.shape}")
    if actual.size and not np.abs(actual - expected).max() <= tolerance:
        raise AssertionError(f"{actual} instead of {expected}")


def check_scheme(
    secret: Any, other: Any, tolerance: float = 1e-8, shared_tolerance: float | None = None
) -> None:
    """Raise AssertionError unless the scheme keeps the boundary's promises.

    Parameters
    ----------
    secret, other : SecretContext
        Two keys of the scheme.
    tolerance : float
        Largest error of a result of size about 10.
    shared_tolerance : float, optional
        The same for results that others see; `tolerance` by default.
    """
    _check_arithmetic(secret, tolerance, shared_tolerance or tolerance)
    _check_shapes(secret, tolerance)
    _check_boundaries(secret, other, tolerance)


def _check_arithmetic(secret: Any, tolerance: float, shared_tolerance: float) -> None:
    a = np.linspace(-3, 4, 12).reshape(3, 4)
    w = np.array([[1.5, -2, 0.25], [0, 1, -1]])
    for encrypt in (secret.encrypt, secret.public.encrypt):
        x = encrypt(a)
        for actual, expected in (
            (x, a),
            (x + x, 2 * a),
            (x - x, 0 * a),
            (x + a[0], a + a[0]),
            (1 - x, 1 - a),
            (-x, -a),
            (2.5 * x, 2.5 * a),
            (a * x, a * a),
            (x / 4, a / 4),
            (w @ x, w @ a),
            (x @ a[0], a @ a[0]),
            (x * 0, 0 * a),
        ):
            _same(secret.decrypt(actual), expected, tolerance)
            _same(secret.decrypt_shared(actual), expected, shared_tolerance)


def _check_shapes(secret: Any, tolerance: float) -> None:
    a = np.linspace(-3, 4, 12).reshape(3, 4)
    x = secret.encrypt(a)
    bins = np.array([0, 1, 1])
    for actual, expected in (
        (x.sum(), a.sum()),
        (x.sum(axis=0), a.sum(axis=0)),
        (x.mean(axis=1, keepdims=True), a.mean(axis=1, keepdims=True)),
        (x[1:, ::-2], a[1:, ::-2]),
        (x.reshape(2, 6), a.reshape(2, 6)),
        (x.T, a.T),
        (concatenate([x, x]), np.concatenate([a, a])),
        (stack([x, x], axis=1), np.stack([a, a], axis=1)),
        (bucket_sum(x[:, 0], bins, 2), [a[0, 0], a[1, 0] + a[2, 0]]),
    ):
        _same(secret.decrypt(actual), expected, tolerance)


def _check_boundaries(secret: Any, other: Any, tolerance: float) -> None:
    x, y = secret.encrypt([1.0, 2.0]), other.encrypt([1.0, 2.0])
    for operation in (lambda: x + y, lambda: concatenate([x, y]), lambda: secret.decrypt(y)):
        try:
            operation()
        except KeyMismatchError:
            continue
        raise AssertionError("two keys met without an error")
    again = pickle.loads(pickle.dumps(x))
    _same(secret.decrypt(again), [1.0, 2.0], tolerance)
    if again.to_bytes(refresh=False) != x.to_bytes(refresh=False):
        raise AssertionError("pickling changed the bytes")
    if (7 * x).bound != (5 * x).bound:
        raise AssertionError("a bound depends on a value")
    try:
        for _ in range(200):
            x = x * 1.5
    except HeadroomError:
        return
    raise AssertionError("products without end raised no HeadroomError")
