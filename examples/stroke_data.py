"""The stroke records, or a stand-in that lies inside a package."""

import csv

import numpy as np
from sklearn.datasets import load_breast_cancer


def load(folder):
    """Return all columns, standardised and clipped, and the label."""
    if folder is None:
        X, y = load_breast_cancer(return_X_y=True)
        X, y = X[:, [1, 4, 8, 11, 14, 18]], 1 - y
    else:
        with open(folder / "stroke" / "stroke_classification.csv") as file:
            rows = list(csv.DictReader(file))
        columns = [k for k in rows[0] if k not in ("rownames", "pat_id", "id", "stroke", "")]
        y = np.array([float(r["stroke"]) for r in rows])
        X = np.column_stack([_column([r[k] for r in rows]) for k in columns])
    spread = X.std(axis=0)
    X = (X - X.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    return np.clip(X, -3, 3), y.astype(float)


def _column(texts):
    """Numbers, missing ones as the median; words as one column for each but the first."""
    try:
        numbers = np.array([float(t) if t not in ("NA", "N/A", "") else np.nan for t in texts])
        return np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)
    except ValueError:
        words = sorted(set(texts))
        return np.column_stack([[float(t == w) for t in texts] for w in words[1:]])
