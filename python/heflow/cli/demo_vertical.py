"""The last act of ``heflow demo``: a bank and a partner train one model without showing their columns."""

from __future__ import annotations

import time
import warnings
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import heflow as hf
from heflow.federated import alignment, vertical
from heflow.linear_model import LogisticRegression

EPOCHS, BATCH, RATE = 8, 90, 0.5


def _load() -> tuple[Any, Any, Any, Any, Any]:
    """Return identifiers and columns of bank and partner, and the bank's label: rows they share in part."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    X = np.clip((X - X.mean(axis=0)) / X.std(axis=0), -3, 3)
    rng = np.random.default_rng(11)
    bank, partner = (rng.permutation(len(y))[:480] for _ in range(2))
    names = np.array([f"customer-{i}" for i in range(len(y))])
    weak = [4, 8, 9, 14, 18]  # columns that say little alone
    return (names[bank], X[bank][:, weak]), (names[partner], X[partner][:, 20:25]), y[bank], X, y


def last_act(console: Console, bits: int) -> None:
    """Align, train, predict; print what each party saw."""
    (ids, bank), (partner_ids, partner), y, _, _ = _load()
    start = time.perf_counter()
    rows, partner_rows = alignment.intersect(ids, partner_ids)
    aligned = time.perf_counter() - start
    bank, partner, y = bank[rows], partner[partner_rows], y[rows].astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.InsecureKeyWarning)
        arbiter = vertical.Arbiter(bits, insecure=bits < 2048)
    guest, host = vertical.Guest(bank, y), vertical.Host(partner)
    with Progress(console=console) as progress:
        task = progress.add_task("vertical training", total=None)
        result = vertical.fit(
            guest, [host], arbiter, epochs=EPOCHS, batch_size=BATCH, learning_rate=RATE,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )  # fmt: skip
    p = vertical.predict(guest, [host], bank, [partner])
    reference = _plain(np.column_stack([bank, partner]), y)
    alone = LogisticRegression(l2=1e-3).fit(bank, y)
    table = Table(title=f"Bank and partner, {len(y)} customers in common")
    for column in ("", "bank alone", "joint, plaintext", "joint, encrypted"):
        table.add_column(column, justify="left" if not column else "right")
    right = [
        float(np.mean((s > 0) == (y > 0.5)))
        for s in (alone.decision_function(bank), reference, p - 0.5)
    ]
    table.add_row("accuracy", *(f"{r:.4f}" for r in right))
    gap = float(np.abs(np.log(p / (1 - p)) - reference).max())
    table.add_row("largest difference of a score", "", "", f"{gap:.1e}")
    table.add_row("seconds: alignment, training", "", "", f"{aligned:.2f}, {result.seconds:.2f}")
    table.add_row("bytes sent in training", "", "", f"{sum(result.bytes_sent.values()):,}")
    console.print(table)
    console.print(
        "the bank saw ciphertexts and scores, the partner ciphertexts, the arbiter masked gradients and losses"
    )
    if gap > 1e-4:
        raise click.ClickException("encrypted training differs from the plaintext one")


def _plain(columns: Any, y: Any) -> Any:
    """The same steps in the clear."""
    A = np.column_stack([columns, np.ones(len(y))])
    w = np.zeros(A.shape[1])
    for _ in range(EPOCHS):
        for i in range(0, len(y), BATCH):
            a = A[i : i + BATCH]
            w = w - RATE * (a.T @ (a @ w / 4 + 0.5 - y[i : i + BATCH])) / len(a)
    return A @ w
