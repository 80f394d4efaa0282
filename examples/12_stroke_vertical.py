"""Two hospitals in two processes: they align patients, train on the columns of both, and predict."""

import multiprocessing
import secrets
import warnings

import heflow as hf
import numpy as np
from heflow.federated import vertical
from heflow.federated.alignment import Party
from reporting import Report, auc, options
from stroke_data import load

KEY = b"a key that both hospitals hold"


def hospital_b(ids, X, pipe, addresses):
    """The second hospital: messages in, messages out, and then it serves its steps."""
    party = Party(ids, pipe.recv_bytes())
    pipe.send_bytes(party.first())
    pipe.send_bytes(party.second(pipe.recv_bytes()))
    X = X[party.rows(pipe.recv_bytes())]
    host = vertical.Host(X)
    vertical.serve(host, ("localhost", 0), KEY, new_rows=X, ready=addresses.put, insecure=True)


def main():
    args = options(__doc__)
    X, y = load(args.data)
    rng, half = np.random.default_rng(3), X.shape[1] // 2
    patients = np.arange(len(y)) + 10_000
    a, b = (np.sort(rng.permutation(len(y))[: int(len(y) * 0.84)]) for _ in range(2))
    report = Report("stroke, vertical, two processes")
    context = multiprocessing.get_context("spawn")
    pipe, end = context.Pipe()
    addresses = context.Queue()
    other = context.Process(
        target=hospital_b, args=(patients[b].tolist(), X[b, half:], end, addresses), daemon=True
    )
    other.start()
    party = Party(patients[a].tolist(), session := secrets.token_bytes(16))
    pipe.send_bytes(session)

    def align():
        first = pipe.recv_bytes()
        pipe.send_bytes(party.first())
        second = pipe.recv_bytes()
        pipe.send_bytes(party.second(first))
        return party.rows(second)

    rows = report.timed("alignment", align)
    common = patients[a][rows]
    assert set(common) == set(patients[a]) & set(patients[b])
    Xa, Xb, labels = X[common - 10_000, :half], X[common - 10_000, half:], y[common - 10_000]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.InsecureKeyWarning)
        arbiter = vertical.Arbiter(bits=2048 if args.full else 1024, insecure=not args.full)
    guest = vertical.Guest(Xa, labels)
    host = vertical.RemoteHost(addresses.get(timeout=60), KEY)
    batch = -(
        -len(labels) // (8 if args.full else 2)
    )  # equal batches: a small one would tell too much
    epochs, rate = (20 if args.full else 3), 0.5
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
    p = vertical.predict(guest, [host], Xa, [None])  # the host's rows stay with it
    host.close()
    A, w = np.column_stack([Xa, Xb, np.ones(len(labels))]), np.zeros(X.shape[1] + 1)
    for _ in range(epochs):
        for i in range(0, len(labels), batch):
            rows_ = A[i : i + batch]
            w = w - rate * rows_.T @ (rows_ @ w / 4 + 0.5 - labels[i : i + batch]) / len(rows_)
    assert abs(auc(labels, p) - auc(labels, A @ w)) < 0.003
    report.row("patients of A, of B, in common", f"{len(a)}, {len(b)}, {len(common)}")
    report.row("AUC, plaintext on the same rows", auc(labels, A @ w))
    report.row("AUC, encrypted, two processes", auc(labels, p))
    report.row("bytes sent in training", sum(result.bytes_sent.values()))
    report.row("threads", hf.num_threads())
    report.seen(
        "hospital A",
        "which of its patients B has too; its own columns, labels and gradients; scores",
    )
    report.seen("hospital B", "which of its patients A has too; its own columns and gradients")
    report.seen("the arbiter", "masked gradients and the loss of each batch")
    report.finish(args.json)


if __name__ == "__main__":
    main()
