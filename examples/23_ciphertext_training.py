"""Logistic regression trained wholly on ciphertexts: nothing is decrypted between steps."""

import time

import heflow as hf
import numpy as np
from heflow.linear_model import LogisticRegression
from reporting import Report, auc, options
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedKFold

PUBLISHED = {"idash": 0.689, "edin": 0.958, "lbw": 0.689, "pcs": 0.740}  # Kim et al. 2018


def load(folder, name):
    """Return columns and labels -1, 1 of one of the published sets."""
    path = folder / "helr" / f"{name}.txt"
    if name == "idash":
        table = np.loadtxt(
            path, skiprows=1, delimiter=None if "," not in path.open().readline() else ","
        )
        return table[:, 1:], np.where(table[:, 0] > 0, 1, -1)
    table = np.loadtxt(path, skiprows=1)
    return table[:, :-1], np.where(table[:, -1] > 0, 1, -1)


def fold(X, y, train, test, steps, full):
    """Train on ciphertexts and in the clear; columns are scaled by the training rows."""
    largest = np.abs(X[train]).max(axis=0)
    A, B = X[train] / largest, X[test] / largest
    model = LogisticRegression("nesterov", max_iter=steps, l2=0.0, sigmoid="g5", logit_bound=8.0)
    plan = model.plan(*A.shape)
    start = time.perf_counter()
    secret = hf.ckks.keygen(plan.parameters)
    public = secret.public_for(rotations=plan.rotations)
    keys = time.perf_counter() - start
    start = time.perf_counter()
    model.fit(plan.encrypt(public, A, y[train]))
    seconds = time.perf_counter() - start
    weights = np.r_[secret.decrypt(model.intercept_), secret.decrypt(model.coef_)]
    plain = LogisticRegression(**model.get_params()).fit(A, y[train])
    exact = LogisticRegression(l2=0.0).fit(A, y[train])
    difference = np.abs(weights - np.r_[plain.intercept_, plain.coef_[0]]).max()
    assert difference < 1e-3
    scores = B @ weights[1:] + weights[0]
    return {
        "AUC, encrypted": auc(y[test], scores),
        "AUC, the same steps in the clear": auc(y[test], plain.decision_function(B)),
        "AUC, exact fit": auc(y[test], exact.decision_function(B)),
        "largest difference of a weight": difference,
        "seconds, training": seconds,
        "seconds, keys": keys,
    }


def main():
    args = options(__doc__)
    report = Report(
        "training on ciphertexts, 7 steps, g5" if args.full else "training on ciphertexts, 2 steps"
    )
    if args.data is None:
        X, y = load_breast_cancer(return_X_y=True)
        sets = {"breast": (X[:, :9], np.where(y > 0, 1, -1))}
    else:
        sets = {name: load(args.data, name) for name in PUBLISHED}
    for name, (X, y) in sets.items():
        folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))
        folds = folds if args.full else folds[:1]
        results = [fold(X, y, *rows, 7 if args.full else 2, args.full) for rows in folds]
        report.row(f"{name}: rows x columns", f"{X.shape[0]} x {X.shape[1]}")
        for label in results[0]:
            values = [r[label] for r in results]
            summary = max(values) if label.startswith("largest") else np.mean(values)
            report.row(f"{name}: {label}", float(summary))
        if name in PUBLISHED:
            report.row(f"{name}: AUC published (Kim et al. 2018)", PUBLISHED[name])
    report.row("threads", hf.num_threads())
    report.seen("the cloud", "ciphertexts, from the first step to the last")
    report.seen("the key's owner", "the rows it encrypted, and the weights")
    report.finish(args.json)


if __name__ == "__main__":
    main()
