"""Vertical linear regression: the speed of a motor from the sensors of two companies."""

import warnings

import heflow as hf
import numpy as np
from heflow.federated import vertical
from heflow.linear_model import LinearRegression
from reporting import Report, options
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split


def load(folder):
    """Return the guest's columns, the target and the host's columns."""
    if folder is None:
        X, y = load_diabetes(return_X_y=True)
        X, y = X / X.std(axis=0), (y - y.mean()) / y.std()
        return np.clip(X[:, :5], -4, 4), y, np.clip(X[:, 5:], -4, 4)
    read = lambda side: np.loadtxt(  # noqa: E731
        folder / "motor" / f"motor_hetero_{side}.csv", delimiter=",", skiprows=1
    )
    guest, host = read("guest"), read("host")
    assert (guest[:, 0] == host[:, 0]).all()
    return guest[:, 2:], guest[:, 1], host[:, 1:]


def whitened(X, train):
    """A party's own columns without correlation among themselves: steps converge sooner."""
    X = X - X[train].mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(X[train].T))
    return np.clip(X @ vectors / np.sqrt(values), -8, 8)


def r2(y, predicted):
    return float(1 - np.sum((y - predicted) ** 2) / np.sum((y - y.mean()) ** 2))


def main():
    args = options(__doc__)
    Xg, y, Xh = load(args.data)
    train, test = train_test_split(np.arange(len(y)), test_size=0.3, random_state=0)
    joint = np.column_stack([Xg, Xh])
    fits = [
        LinearRegression().fit(X[train], y[train]).score(X[test], y[test]) for X in (Xg, Xh, joint)
    ]
    Xg, Xh = whitened(Xg, train), whitened(Xh, train)
    epochs, rate = (75 if args.full else 20), 0.6
    report = Report("motor, vertical linear regression")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.InsecureKeyWarning)
        arbiter = vertical.Arbiter(bits=2048 if args.full else 1024, insecure=not args.full)
    guest, host = vertical.Guest(Xg[train], y[train], link="identity"), vertical.Host(Xh[train])
    result = report.timed(
        "encrypted training",
        lambda: vertical.fit(
            guest,
            [host],
            arbiter,
            epochs=epochs,
            batch_size=len(train),
            learning_rate=rate,
            progress=args.full,
        ),
    )
    A = np.column_stack([Xg, Xh, np.ones(len(y))])
    w = np.zeros(A.shape[1])
    for _ in range(epochs):
        w = w - rate * A[train].T @ (A[train] @ w - y[train]) / len(train)
    encrypted = r2(y[test], vertical.predict(guest, [host], Xg[test], [Xh[test]]))
    steps = r2(y[test], A[test] @ w)
    assert abs(encrypted - steps) < 0.002
    report.row("rows to train, to test", f"{len(train)}, {len(test)}")
    report.row("R2, guest alone (exact fit)", fits[0])
    report.row("R2, host's columns alone (exact fit)", fits[1])
    report.row("R2, joint, central (exact fit)", fits[2])
    report.row("R2, joint, the same steps in the clear", steps)
    report.row("R2, joint, encrypted", encrypted)
    report.row("epochs, threads", f"{epochs}, {hf.num_threads()}")
    report.row("bytes sent", sum(result.bytes_sent.values()))
    report.seen("the guest", "its own columns, target and gradients; ciphertexts")
    report.seen("the host", "its own columns and gradients; ciphertexts")
    report.seen("the arbiter", "masked gradients and the loss of each batch")
    report.facts["series"]["loss"] = result.history
    report.finish(args.json)


if __name__ == "__main__":
    main()
