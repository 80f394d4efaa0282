"""Federated training in the clear, one number at a time where it matters: what encrypted loops must give."""

from fractions import Fraction

import numpy as np


def quantised(x, clip, bits):
    """The integer that stands for each value, by definition."""
    largest = (1 << bits) - 1
    inside = np.clip(np.asarray(x, np.float64), -clip, clip)
    return np.rint((inside + clip) * (largest / (2 * clip))).astype(np.int64)


def mean_of(updates, weights, clip, bits):
    """The weighted mean of quantised updates: integers added one by one, divided exactly at the end."""
    total, largest = sum(weights), (1 << bits) - 1
    result = []
    for arrays in zip(*updates, strict=True):
        numbers = [quantised(a, clip, bits).ravel().tolist() for a in arrays]
        sums = [
            sum(w * v for w, v in zip(weights, column, strict=True))
            for column in zip(*numbers, strict=True)
        ]
        exact = [Fraction(2 * clip) * s / (largest * total) - Fraction(clip) for s in sums]
        result.append(np.array([float(v) for v in exact]).reshape(np.shape(arrays[0])))
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
