"""Logistic regression trained wholly on ciphertexts: nothing is decrypted between steps."""

import time

import heflow as hf
import numpy as np
from heflow.linear_model import LogisticRegression, owner_refresh
from reporting import Report, auc, options
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedKFold

PUBLISHED = {"idash": 0.689, "edin": 0.958, "lbw": 0.689, "pcs": 0.740}  # Kim et al. 2018
# Minutes of a fold: Kim, Song, Kim et al. 2018, these steps; Kim, Song, Wang et al. 2018, 20 or more others.
MINUTES = {"idash": 6.0, "edin": 116.0}


def load(folder, name):
    """Return columns and labels -1, 1 of one of the published sets."""
    path = folder / "helr" / f"{name}.txt"
    if name == "idash":  # one header line, commas, the label first
        table = np.loadtxt(path, skiprows=1, delimiter=",")
        return table[:, 1:], np.where(table[:, 0] > 0, 1, -1)
    table = np.loadtxt(path)
    return table[:, :-1], np.where(table[:, -1] > 0, 1, -1)


def train(model, plan, X, y, refreshed):
    """Make keys, train on ciphertexts, decrypt: weights, intercept first, and seconds by phase."""
    start = time.perf_counter()
    secret = hf.ckks.keygen(plan.parameters)
    public = secret.public_for(rotations=plan.rotations)
    made = time.perf_counter()
    model.fit(plan.encrypt(public, X, y), refresh=owner_refresh(secret) if refreshed else None)
    done = time.perf_counter()
    weights = np.r_[secret.decrypt(model.intercept_), secret.decrypt(model.coef_)]
    return weights, {"keys": made - start, "training": done - made}


def fold(X, y, rows, test, steps):
    """Train on ciphertexts and in the clear; columns are scaled by the training rows."""
    largest = np.abs(X[rows]).max(axis=0)
    A, B = X[rows] / largest, X[test] / largest
    model = LogisticRegression("nesterov", max_iter=steps, l2=0.0, sigmoid="g5", logit_bound=8.0)
    plain = LogisticRegression(**model.get_params()).fit(A, y[rows])
    exact = LogisticRegression(l2=0.0).fit(A, y[rows])
    expected = np.r_[plain.intercept_, plain.coef_[0]]
    figures = {
        "AUC, exact fit": auc(y[test], exact.decision_function(B)),
        "AUC, the same steps in the clear": auc(y[test], plain.decision_function(B)),
    }
    for label, every in (("", None), (", refreshed every step", 1)):
        plan = model.plan(*A.shape, refresh_every=every)
        weights, seconds = train(model, plan, A, y[rows], every is not None)
        difference = float(np.abs(weights - expected).max())
        assert difference < 1e-3
        figures[f"AUC, encrypted{label}"] = auc(y[test], B @ weights[1:] + weights[0])
        figures[f"largest difference of a weight{label}"] = difference
        figures[f"levels{label}"] = plan.depth
        figures[f"ring degree{label}"] = plan.parameters.ring_degree
        figures[f"seconds, keys{label}"] = seconds["keys"]
        figures[f"seconds, training{label}"] = seconds["training"]
        figures[f"seconds, training, as planned{label}"] = plan.seconds()
    assert abs(figures["AUC, encrypted"] - figures["AUC, the same steps in the clear"]) < 0.003
    return figures


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
        results = [fold(X, y, *rows, 7 if args.full else 2) for rows in folds]
        report.row(f"{name}: rows x columns", f"{X.shape[0]} x {X.shape[1]}")
        for label in results[0]:
            values = [r[label] for r in results]
            summary = max(values) if label.startswith("largest") else np.mean(values)
            report.row(f"{name}: {label}", float(summary))
        spent = np.mean([r["seconds, training"] for r in results])
        report.row(f"{name}: minutes a fold", float(spent) / 60)
        refreshed = np.mean([r["seconds, training, refreshed every step"] for r in results])
        report.row(f"{name}: minutes a fold, refreshed every step", float(refreshed) / 60)
        if name in MINUTES:
            report.row(f"{name}: minutes a fold, published (2018)", MINUTES[name])
        if name in PUBLISHED:
            report.row(f"{name}: AUC published (Kim et al. 2018)", PUBLISHED[name])
    report.row("threads", hf.num_threads())
    report.seen("the cloud", "ciphertexts, from the first step to the last")
    report.seen("the key's owner", "the rows it encrypted, and the weights")
    report.seen("the key's owner, refreshing", "the weights between steps too")
    report.finish(args.json)


if __name__ == "__main__":
    main()
