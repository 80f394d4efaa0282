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


def aligned(party, pipe):
    """The steps of hospital A; returns its rows of the common patients."""
    first = pipe.recv_bytes()
    pipe.send_bytes(party.first())
    second = pipe.recv_bytes()
    pipe.send_bytes(party.second(first))
    return party.rows(second)


def steps_in_the_clear(X, y, epochs, batch, rate):
    """The same steps without encryption; returns the logits."""
    A, w = np.column_stack([X, np.ones(len(y))]), np.zeros(X.shape[1] + 1)
    for _ in range(epochs):
        for i in range(0, len(y), batch):
            rows = A[i : i + batch]
            w = w - rate * rows.T @ (rows @ w / 4 + 0.5 - y[i : i + batch]) / len(rows)
    return A @ w


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

    rows = report.timed("alignment", lambda: aligned(party, pipe))
    common = patients[a][rows]
    assert set(common) == set(patients[a]) & set(patients[b])
    Xa, Xb, labels = X[common - 10_000, :half], X[common - 10_000, half:], y[common - 10_000]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.InsecureKeyWarning)
        arbiter = vertical.Arbiter(bits=2048 if args.full else 1024, insecure=not args.full)
    guest = vertical.Guest(Xa, labels)
    host = vertical.RemoteHost(addresses.get(timeout=60), KEY)
    # Equal batches: a small one would tell too much.
    batch = -(-len(labels) // (8 if args.full else 2))
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
    clear = steps_in_the_clear(np.column_stack([Xa, Xb]), labels, epochs, batch, rate)
    assert abs(auc(labels, p) - auc(labels, clear)) < 0.003
    report.row("patients of A, of B, in common", f"{len(a)}, {len(b)}, {len(common)}")
    report.row("AUC, plaintext on the same rows", auc(labels, clear))
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
