"""Random programs of tensor operations equal exact rational arithmetic on the rounded inputs."""

import random

import heflow as hf
import numpy as np
import pytest
from oracle.rational import Exact

PLAIN_SCALE = 32


BOUND = 20000  # declared for every message


def _array(rng, shape, integer, largest):
    """Random numbers; a third of the arrays lie on the declared bound, where a wrong limit shows."""
    size = int(np.prod(shape))
    if rng.random() < 1 / 3:
        sign = rng.choice([-1, 1])
        values = np.array([sign * largest] * size, dtype=np.int16 if integer else np.float64)
    elif integer:
        values = np.array([rng.randrange(-1000, 1000) for _ in range(size)], dtype=np.int16)
    else:
        values = np.array([rng.uniform(-10, 10) * 10 ** rng.randrange(-3, 2) for _ in range(size)])
    return values.reshape(shape)


def _plain(rng, shape):
    integer = rng.random() < 0.5
    a = _array(rng, shape, integer, 2**15 - 1 if integer else 2**32)
    return a, Exact.of(a, 0 if integer else PLAIN_SCALE)


def _fresh(rng, context, shape):
    integer = rng.random() < 0.3
    a = _array(rng, shape, integer, BOUND)
    return context.encrypt(a, bound=BOUND), Exact.of(a, 0 if integer else 40)


def _step(rng, context, x, e):
    """One random operation on the tensor and on its exact twin."""
    choice = rng.randrange(14)
    if choice == 0:
        y, f = _fresh(rng, context, x.shape)
        return x + y, e + f
    if choice == 1:
        y, f = _fresh(rng, context, x.shape)
        return x - y, e - f
    if choice in (2, 3):
        a, f = _plain(rng, x.shape if choice == 2 else ())
        # A plain summand is encoded at the larger of both scales.
        scale = max(x.scale_bits, f.scale_bits)
        f = Exact.of(a, scale)
        if rng.random() < 0.5:
            return x + a, e + f
        return a - x, f - e
    if choice in (4, 5):
        a, f = _plain(rng, x.shape if choice == 4 else ())
        return (x * a, e * f) if rng.random() < 0.5 else (a * x, e * f)
    if choice == 6:
        divisor = rng.choice([2.0, -4, 0.5, 3, 7.25])
        return x / divisor, e * Exact.of(np.float64(1.0 / divisor), 64)
    if choice == 7:
        return -x, -e
    if choice == 8 and x.ndim:
        axis = rng.randrange(x.ndim)
        return x.sum(axis=axis), e.move(lambda v: v.sum(axis=axis) if v.shape[axis] else v)
    if choice == 9 and x.ndim:
        rows = rng.randrange(1, 4)
        if rng.random() < 0.5:
            a, f = _plain(rng, (rows, x.shape[0]))
            return a @ x, f @ e
        a, f = _plain(rng, (x.shape[-1], rows))
        return x @ a, e @ f
    if choice == 10 and x.ndim:
        step = rng.choice([1, -1, 2])
        return x[::step], e.move(lambda v: v[::step])
    if choice == 11:
        return x.T, e.move(lambda v: v.T)
    if choice == 12 and x.ndim and x.size <= 16:
        return hf.concatenate([x, -x]), e.move(lambda v: np.concatenate([v, -v]))
    return x.reshape(-1), e.move(lambda v: v.reshape(-1))


def run_program(seed, secret, steps):
    """Run one program; returns the number of operations done before the headroom ended, or all."""
    rng = random.Random(seed)
    context = secret.public if rng.random() < 0.5 else secret
    shape = tuple(rng.randrange(1, 4) for _ in range(rng.randrange(0, 3)))
    x, e = _fresh(rng, context, shape)
    done = 0
    for _ in range(steps):
        try:
            y, f = _step(rng, context, x, e)
        except hf.HeadroomError:
            break
        if y.ndim > 2 or y.size > 32:
            continue
        x, e, done = y, f, done + 1
        limit = x._encoding.limit
        assert all(abs(int(v)) <= limit for v in np.ravel(e.integers)), (seed, done)
    assert x.shape == e.shape and x.scale_bits == e.scale_bits
    assert (secret.decrypt_integers(x) == e.integers).all(), seed
    if not x._encoding.integer:
        np.testing.assert_array_equal(secret.decrypt(x), e.floats())
    return done


@pytest.mark.parametrize("part", range(10))
def test_random_programs(secret, part):
    done = [run_program(1000 * part + i, secret, 1 + i) for i in range(50)]
    assert max(done) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_many_random_programs(secret, part):
    for i in range(100):
        run_program(100_000 + 1000 * part + i, secret, 50)
