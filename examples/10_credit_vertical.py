"""A bank with the label and a partner with other columns of the same customers train one model."""

import warnings

import heflow as hf
import numpy as np
from credit_data import load, split
from heflow.federated import vertical
from heflow.linear_model import LogisticRegression
from reporting import Report, auc, options


def plain(A, y, epochs, batch, rate):
    """Return the weights of the same steps in the clear: first-order Taylor sigmoid."""
    A, w = np.column_stack([A, np.ones(len(y))]), np.zeros(A.shape[1] + 1)
    for _ in range(epochs):
        for i in range(0, len(y), batch):
            a = A[i : i + batch]
            w = w - rate * (a.T @ (a @ w / 4 + 0.5 - y[i : i + batch])) / len(a)
    return w


def main():
    args = options(__doc__)
    bank, y, partner = load(args.data)
    epochs, batch, rate = (5 if args.full else 2), (320 if args.full else 150), 0.1
    report = Report("credit, vertical, with an arbiter")
    joint = np.column_stack([bank, partner])
    train, test = split(len(y))
    exact = lambda A: LogisticRegression(l2=0.0).fit(A[train], y[train]).decision_function(A[test])  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.InsecureKeyWarning)
        bits = 2048 if args.full else 1024
        arbiter = vertical.Arbiter(bits=bits, insecure=not args.full)

    def fit(rows, epochs):
        guest, host = vertical.Guest(bank[rows], y[rows]), vertical.Host(partner[rows])
        by_epoch = []

        def watch(done, total):
            if done * epochs % total == 0:  # an epoch ends
                scores = vertical.predict(guest, [host], bank[test], [partner[test]])
                by_epoch.append(auc(y[test], scores))

        settings = {"epochs": epochs, "batch_size": batch, "learning_rate": rate}
        result = vertical.fit(guest, [host], arbiter, progress=watch, **settings)
        return guest, host, result, by_epoch

    trained = report.timed("encrypted training", lambda: fit(train, epochs))
    guest, host, result, report.facts["series"]["AUC"] = trained
    w = report.timed("plain training", lambda: plain(joint[train], y[train], epochs, batch, rate))
    p = vertical.predict(guest, [host], bank[test], [partner[test]])
    same = joint[test] @ w[:-1] + w[-1]
    encrypted, reference = auc(y[test], p), auc(y[test], same)
    assert abs(encrypted - reference) < 0.003
    _, _, whole, _ = report.timed("one epoch of all rows", lambda: fit(slice(None), 1))
    report.row("rows to train, to test", f"{len(train)}, {len(test)}")
    report.row("bank columns, partner columns", f"{bank.shape[1]}, {partner.shape[1]}")
    report.row("test AUC, bank alone (exact fit)", auc(y[test], exact(bank)))
    report.row("test AUC, joint, central (exact fit)", auc(y[test], exact(joint)))
    report.row("test AUC, joint, plain Taylor-1 steps", reference)
    report.row("test AUC, joint, encrypted", encrypted)
    report.row("largest difference of scores", float(np.abs(np.log(p / (1 - p)) - same).max()))
    report.row("key bits, epochs, threads", f"{bits}, {epochs}, {hf.num_threads()}")
    report.row("seconds an epoch of all rows", whole.seconds)
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
