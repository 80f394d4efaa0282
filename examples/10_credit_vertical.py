"""A bank with the label and a partner with other columns of the same customers train one model."""

import warnings

import heflow as hf
import numpy as np
from heflow.federated import vertical
from heflow.linear_model import LogisticRegression
from reporting import Report, auc, options
from sklearn.datasets import load_breast_cancer


def load(folder):
    """Return the bank's columns, the label and the partner's columns."""
    if folder is None:
        X, y = load_breast_cancer(return_X_y=True)
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        return np.clip(X[:, 1:5], -3, 3), y.astype(float), np.clip(X[:, 20:24], -3, 3)
    read = lambda side: np.loadtxt(  # noqa: E731
        folder / "credit" / f"default_credit_hetero_{side}.csv", delimiter=",", skiprows=1
    )
    bank, partner = read("guest"), read("host")
    assert (bank[:, 0] == partner[:, 0]).all()
    return np.clip(bank[:, 2:], -3, 3), bank[:, 1], np.clip(partner[:, 1:], -3, 3)


def plain(A, y, epochs, batch, rate):
    """The same steps in the clear: first-order Taylor sigmoid."""
    A, w = np.column_stack([A, np.ones(len(y))]), np.zeros(A.shape[1] + 1)
    for _ in range(epochs):
        for i in range(0, len(y), batch):
            a = A[i : i + batch]
            w = w - rate * (a.T @ (a @ w / 4 + 0.5 - y[i : i + batch])) / len(a)
    return A @ w


def main():
    args = options(__doc__)
    bank, y, partner = load(args.data)
    epochs, batch, rate = (3 if args.full else 2), (320 if args.full else 200), 0.1
    report = Report("credit, vertical, with an arbiter")
    joint = np.column_stack([bank, partner])
    alone = LogisticRegression(l2=0.0).fit(bank, y)
    central = LogisticRegression(l2=0.0).fit(joint, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.InsecureKeyWarning)
        bits = 2048 if args.full else 1024
        arbiter = vertical.Arbiter(bits=bits, insecure=not args.full)
    guest, host = vertical.Guest(bank, y), vertical.Host(partner)
    result = report.timed(
        "encrypted training",
        lambda: vertical.fit(
            guest,
            [host],
            arbiter,
            epochs=epochs,
            batch_size=batch,
            learning_rate=rate,
            progress=args.full,
        ),
    )
    same = report.timed("plain training", lambda: plain(joint, y, epochs, batch, rate))
    p = vertical.predict(guest, [host], bank, [partner])
    encrypted, reference = auc(y, p), auc(y, same)
    assert abs(encrypted - reference) < 0.003
    report.row(
        "rows, bank columns, partner columns", f"{len(y)}, {bank.shape[1]}, {partner.shape[1]}"
    )
    report.row("AUC, bank alone (exact fit)", auc(y, alone.decision_function(bank)))
    report.row("AUC, joint, central (exact fit)", auc(y, central.decision_function(joint)))
    report.row("AUC, joint, plain Taylor-1 steps", reference)
    report.row("AUC, joint, encrypted", encrypted)
    report.row("largest difference of scores", float(np.abs(np.log(p / (1 - p)) - same).max()))
    report.row("key bits, epochs, threads", f"{bits}, {epochs}, {hf.num_threads()}")
    report.row("seconds an epoch", result.seconds / epochs)
    report.row("encrypted / plain time", result.seconds / report.facts["seconds"]["plain training"])
    for kind, count in result.bytes_sent.items():
        report.row(f"bytes sent, {kind}", count)
    report.seen(
        "the bank", "its own columns, labels and gradients; ciphertexts; scores at prediction"
    )
    report.seen("the partner", "its own columns and gradients; ciphertexts")
    report.seen("the arbiter", "masked gradients and the loss of each batch")
    report.facts["series"]["loss"] = result.history
    report.finish(args.json)


if __name__ == "__main__":
    main()
