"""The bank and the partner train without an arbiter: each has a key, and of every weight one of two shares."""

import warnings

import heflow as hf
import numpy as np
from credit_data import load, split
from heflow.federated import vertical
from heflow.linear_model import LogisticRegression, least_squares
from heflow.linear_model.sigmoid import TAYLOR1
from reporting import Report, auc, options
from scipy.sparse import csr_matrix

# A polynomial in the place of the sigmoid, and the bound on the logit that a cubic needs.
MODELS = {"first-order": (TAYLOR1, None), "cubic": (least_squares(3, 8.0), 8.0)}


def plain(A, y, polynomial, epochs, batch_size, learning_rate):
    """Return the weights of the same steps in the clear; the last is the intercept."""
    A, w = np.column_stack([A, np.ones(len(y))]), np.zeros(A.shape[1] + 1)
    for _ in range(epochs):
        for i in range(0, len(y), batch_size):
            a = A[i : i + batch_size]
            w = w - learning_rate * (a.T @ (polynomial(a @ w) - y[i : i + batch_size])) / len(a)
    return w


def compare(report, name, data, keys, settings, progress):
    """Train with shares and in the clear, and note what differs."""
    (bank, y, partner), (train, test) = data, split(len(data[1]))
    joint, (polynomial, bound) = np.column_stack([bank, partner]), MODELS[name]
    guest = vertical.Guest(bank[train], y[train], secret=keys[0])
    host = vertical.Host(partner[train], secret=keys[1])
    options = {"sigmoid": polynomial, "logit_bound": bound, "progress": progress}
    train_encrypted = lambda: vertical.fit(guest, [host], **settings, **options)  # noqa: E731
    result = report.timed(f"encrypted training, {name}", train_encrypted)
    predict = lambda: vertical.predict(guest, [host], bank[test], [partner[test]])  # noqa: E731
    p = report.timed(f"prediction, {name}", predict)
    train_plain = lambda: plain(joint[train], y[train], polynomial, **settings)  # noqa: E731
    w = report.timed(f"plain training, {name}", train_plain)
    encrypted, reference = auc(y[test], p), auc(y[test], joint[test] @ w[:-1] + w[-1])
    vertical.open_weights(guest, [host])  # only to compare them
    opened = np.concatenate([guest.coef_, host.coef_, [guest.intercept_]])
    largest = float(np.abs(opened - w).max())
    assert abs(encrypted - reference) < 0.003
    assert largest < 1e-4
    report.row(f"{name}: test AUC, joint, plain steps", reference)
    report.row(f"{name}: test AUC, joint, encrypted", encrypted)
    report.row(f"{name}: largest difference of weights", largest)
    seconds = report.facts["seconds"][f"plain training, {name}"]
    report.row(f"{name}: seconds an epoch", result.seconds / settings["epochs"])
    report.row(f"{name}: encrypted / plain time", result.seconds / seconds)
    for way, receiver in (("to host", "partner"), ("to guest", "bank")):
        sent = sum(n for kind, n in result.bytes_sent.items() if kind.endswith(way))
        report.row(f"{name}: bytes to the {receiver}", sent)


def sparse(report, keys, columns):
    """Train for one epoch with a partner that holds many columns, nearly all of them zero."""
    rng, rows = np.random.default_rng(0), 640
    held = rng.integers(0, columns, (rows, 30))
    entries = (np.ones(held.size), (np.repeat(np.arange(rows), 30), held.reshape(-1)))
    block = csr_matrix(entries, shape=(rows, columns)).minimum(1.0)
    block = block[:, np.flatnonzero(block.getnnz(axis=0) % rows)]  # columns that vary
    A = np.clip(rng.normal(size=(rows, 5)), -3, 3)
    y = (A[:, 0] + block @ rng.normal(size=block.shape[1]) > 0).astype(float)
    guest, host = vertical.Guest(A, y, secret=keys[0]), vertical.Host(block, secret=keys[1])
    settings = {"epochs": 1, "batch_size": 320, "learning_rate": 0.1}
    result = vertical.fit(guest, [host], **settings)
    vertical.open_weights(guest, [host])
    w = plain(np.column_stack([A, block.toarray()]), y, TAYLOR1, **settings)
    largest = float(np.abs(np.concatenate([guest.coef_, host.coef_]) - w[:-1]).max())
    assert largest < 1e-4
    report.row("sparse: partner's columns", block.shape[1])
    report.row("sparse: seconds a batch of 320 rows", result.seconds / 2)
    report.row("sparse: largest difference of weights", largest)


def main():
    args = options(__doc__)
    bank, y, partner = data = load(args.data)
    train, test = split(len(y))
    settings = {"epochs": 5 if args.full else 2, "batch_size": 320 if args.full else 200}
    settings["learning_rate"] = 0.1
    report = Report("credit, vertical, without an arbiter")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.InsecureKeyWarning)
        bits = 2048 if args.full else 1024
        keys = [hf.paillier.keygen(bits, insecure=not args.full) for _ in range(2)]
    report.row("rows to train, to test (by chance)", f"{len(train)}, {len(test)}")
    report.row("bank columns, partner columns", f"{bank.shape[1]}, {partner.shape[1]}")
    report.row(
        "bits of each key, epochs, threads", f"{bits}, {settings['epochs']}, {hf.num_threads()}"
    )
    blocks = {"bank alone": bank, "partner alone": partner}
    blocks["joint, central"] = np.column_stack([bank, partner])
    for name, block in blocks.items():
        exact = LogisticRegression(l2=0.0).fit(block[train], y[train])
        report.row(
            f"test AUC, {name} (exact fit)", auc(y[test], exact.decision_function(block[test]))
        )
    for name in MODELS:
        compare(report, name, data, keys, settings, args.full)
    sparse(report, keys, 10000 if args.full else 100)
    report.seen("the bank", "its own columns and labels, shares, the scores of the rows to test")
    report.seen("the partner", "its own columns and shares")
    report.seen(
        "nobody", "weights, gradients, residuals or training scores; weights are opened last"
    )
    report.finish(args.json)


if __name__ == "__main__":
    main()
