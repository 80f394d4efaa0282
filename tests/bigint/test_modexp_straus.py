"""Products of powers with shared tables equal the definition, whichever method the shapes choose."""

import numpy as np
import pytest
from heflow.encoding import words as _words

CASES = {  # columns, rows, bits of the weights; tables pay where rows are many beside columns
    "narrow": (3, 40, 5),
    "columns of a party": (14, 40, 20),
    "one base": (1, 33, 62),
    "wide": (4, 17, 300),
    "few rows": (24, 2, 16),
    "long": (60, 9, 12),
    "one row": (33, 1, 40),
    "one short row": (3, 1, 31),
    "one row of wide weights": (9, 1, 300),
}


def check(secret, values, weights):
    """Compare weights @ values under encryption with Python integers."""
    public, width = secret.public, _words.width_for(max(map(abs, weights.reshape(-1))) or 1)
    x = secret.encrypt(values)
    words = _words.from_python(weights.reshape(-1).tolist(), width).reshape(*weights.shape, width)
    vector = np.arange(len(values), dtype=np.int64).reshape(1, -1)
    batch = public.evaluator.matmul_plain(x._batch, vector, words)
    taken = x._with(batch, (len(weights),), type(x._encoding)(0, public.evaluator.capacity, True))
    expected = [sum(int(w) * int(v) for w, v in zip(row, values, strict=True)) for row in weights]
    assert secret.decrypt_integers(taken).tolist() == expected


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_equals_the_definition(secret, thread_count, case):
    columns, rows, bits = case
    rng = np.random.default_rng(columns)
    values = rng.integers(-1000, 1000, columns)
    parts = rng.integers(-(2**29), 2**29, (rows, columns, bits // 30 + 1)).astype(object)
    weights = (parts << 30 * np.arange(bits // 30 + 1, dtype=object)).sum(axis=2) >> (-bits % 30)
    check(secret, values, weights)


def test_extremes_of_digits(secret):
    edges = [
        s * (2**k + d)
        for k in (0, 3, 4, 5, 31, 62, 63, 64, 127)
        for d in (-1, 0, 1)
        for s in (1, -1)
    ]
    weights = np.array([[e, -e, 0, 1] for e in edges], dtype=object)
    check(secret, np.array([3, -5, 7, -1]), weights)


def test_small_numbers_far_apart(secret):
    """Exponents of packed rows: most digits are zero, and negative numbers borrow."""
    rng = np.random.default_rng(3)
    fields = rng.integers(-(2**18), 2**18, (4, 20, 5)).astype(object)
    weights = (fields << 90 * np.arange(4, dtype=object)[:, None, None]).sum(axis=0)
    check(secret, rng.integers(-9, 9, 5), weights)
    check(secret, rng.integers(-9, 9, 5), np.zeros((20, 5), dtype=object))
