"""Federated training in the clear, one number at a time where it matters: what encrypted loops must give."""

from fractions import Fraction

import numpy as np


def quantised(x, clip, bits):
    """The signed integer of `bits` bits that stands for each value: steps of 2 clip / (2**bits - 1)."""
    step = 2 * clip / ((1 << bits) - 1)
    nearest = np.rint(np.asarray(x, np.float64) / step)
    return np.clip(nearest, -(1 << (bits - 1)), (1 << (bits - 1)) - 1).astype(np.int64)


def mean_of(updates, weights, clip, bits):
    """The weighted mean of quantised updates: integers added one by one, divided exactly at the end."""
    total, step = sum(weights), Fraction(2 * clip) / ((1 << bits) - 1)
    result = []
    for arrays in zip(*updates, strict=True):
        numbers = [quantised(a, clip, bits).ravel().tolist() for a in arrays]
        columns = zip(*numbers, strict=True)
        sums = [sum(w * v for w, v in zip(weights, c, strict=True)) for c in columns]
        result.append(
            np.array([float(step * s / total) for s in sums]).reshape(np.shape(arrays[0]))
        )
    return result


def plain_mean(updates, weights):
    """The weighted mean without any rounding to a grid."""
    return [
        sum(w * np.asarray(a, np.float64) for w, a in zip(weights, arrays, strict=True))
        / sum(weights)
        for arrays in zip(*updates, strict=True)
    ]


def run(arrays, models, weights, taking_part, algorithm, rate=1.0, clip=None, bits=None):
    """Return the arrays after the rounds of `taking_part`, a list of lists of names."""
    for number, names in enumerate(taking_part):
        if algorithm == "fedavg":
            found = [models[n].train([a.copy() for a in arrays], number)[0] for n in names]
            updates = [[x - a for x, a in zip(f, arrays, strict=True)] for f in found]
        else:
            updates = [models[n].gradient([a.copy() for a in arrays], number)[0] for n in names]
        shares = [weights[n] for n in names]
        mean = mean_of(updates, shares, clip, bits) if bits else plain_mean(updates, shares)
        sign = rate if algorithm == "fedavg" else -rate
        arrays = [(a + sign * m).astype(a.dtype) for a, m in zip(arrays, mean, strict=True)]
    return arrays
