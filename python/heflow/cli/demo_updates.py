"""The second act of ``heflow demo``: clients' updates of a neural network, averaged as exact encrypted sums."""

from __future__ import annotations

import json
import multiprocessing
import queue
import secrets
import threading
from multiprocessing.connection import Connection
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import heflow as hf
from heflow.federated import horizontal

Model = list[NDArray[np.float32]]  # hidden, hidden bias, output, output bias
HIDDEN, CLASSES, EPOCHS, BATCH, LEARNING_RATE = 64, 10, 2, 16, 0.2
Data = tuple[NDArray[np.float32], NDArray[np.int64]]


def _load(clients: int) -> tuple[list[Data], Data]:
    """Scikit-learn's digits: a share for each client, the rest for testing."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(3).permutation(len(y))
    x, y = (x[order] / 16).astype(np.float32), y[order].astype(np.int64)
    held = len(y) // 5
    shares = np.array_split(np.arange(held, len(y)), clients)
    return [(x[i], y[i]) for i in shares], (x[:held], y[:held])


def _new_model(features: int) -> Model:
    rng = np.random.default_rng(5)
    return [
        rng.normal(0, features**-0.5, (features, HIDDEN)).astype(np.float32),
        np.zeros(HIDDEN, np.float32),
        rng.normal(0, HIDDEN**-0.5, (HIDDEN, CLASSES)).astype(np.float32),
        np.zeros(CLASSES, np.float32),
    ]


def _scores(model: Model, x: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any]]:
    hidden, hidden_bias, output, output_bias = model
    inner = np.maximum(x @ hidden + hidden_bias, 0)
    return inner, inner @ output + output_bias


def _accuracy(model: Model, data: Data) -> float:
    return float(np.mean(_scores(model, data[0])[1].argmax(axis=1) == data[1]))


def _trained(model: Model, data: Data, seed: int) -> Model:
    """A client's own training: stochastic gradient descent on cross entropy."""
    new, rng = [v.copy() for v in model], np.random.default_rng(seed)
    x, y = data
    for _ in range(EPOCHS):
        for rows in np.array_split(rng.permutation(len(y)), max(len(y) // BATCH, 1)):
            inner, scores = _scores(new, x[rows])
            p = np.exp(scores - scores.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            p[np.arange(len(rows)), y[rows]] -= 1
            p *= LEARNING_RATE / len(rows)
            back = (p @ new[2].T) * (inner > 0)
            for array, change in zip(
                new, (x[rows].T @ back, back.sum(axis=0), inner.T @ p, p.sum(axis=0)), strict=True
            ):
                array -= change
    return new


def _plain(parties: list[Data], rounds: int) -> Model:
    """The same loop in the clear."""
    model = _new_model(parties[0][0].shape[1])
    for number in range(rounds):
        found = [_trained(model, data, 1000 * number + i) for i, data in enumerate(parties)]
        model = [np.mean(arrays, axis=0) for arrays in zip(*found, strict=True)]
    return model


def serve(connection: Connection, plan: Any, rounds: int, authkey: bytes) -> None:
    """The server, a process of its own: the public context, and sockets to the clients."""
    public = hf.from_bytes(connection.recv_bytes())
    places = json.loads(connection.recv_bytes())
    clients = [
        horizontal.RemoteMember((host, port), authkey, name) for name, (host, port) in places
    ]
    result = horizontal.fit(
        clients, plan, public, rounds=rounds, rows_per_weight=10**6,
        progress=lambda done, total: connection.send_bytes(b"round"),
    )  # fmt: skip
    connection.send_bytes(json.dumps(result.bytes_up).encode())
    for client in clients:
        client.close()


def _listening(member: Any, authkey: bytes) -> tuple[str, int]:
    """Let a client answer from a thread of its own; return its address."""
    ready: queue.Queue[tuple[str, int]] = queue.Queue()
    arguments = (member, ("localhost", 0), authkey)
    threading.Thread(
        target=horizontal.serve, args=arguments, kwargs={"ready": ready.put}, daemon=True
    ).start()
    return ready.get(timeout=10)


def second_act(console: Console, clients: int, rounds: int) -> None:
    """Train with encrypted and with plain averaging, and compare."""
    parties, held = _load(clients)
    plan = hf.federated.Plan(clients=clients, clip=1.0, bits=16, key="shared")
    console.print(f"\nSecond act: a neural network on handwritten digits.\n{plan}\n")
    secret, authkey = hf.federated.keygen(plan), secrets.token_bytes(32)
    start = _new_model(parties[0][0].shape[1])

    def member(i: int, data: Data) -> Any:
        model = horizontal.ArrayModel(
            start,
            len(data[1]),
            train=lambda model, number: _trained(model, data, 1000 * number + i),
        )
        return horizontal.Member(plan, secret, f"client-{i}", model)

    members = [member(i, data) for i, data in enumerate(parties)]
    places = [(m.name, _listening(m, authkey)) for m in members]
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, plan, rounds, authkey), daemon=True)
    process.start()
    try:
        ours.send_bytes(secret.public.to_bytes())
        ours.send_bytes(json.dumps(places).encode())
        with Progress(console=console) as progress:
            task = progress.add_task("encrypted averaging", total=rounds)
            while (news := ours.recv_bytes()) == b"round":
                progress.advance(task)
        process.join(10)
    finally:
        if process.is_alive():
            process.terminate()
    spent = sum(m.seconds["encryption"] + m.seconds["decryption"] for m in members)
    cost = spent, int(json.loads(news)), clients * rounds
    _report(console, _plain(parties, rounds), members[0].arrays, held, cost)


def _report(
    console: Console, plain: Model, model: Model, held: Data, cost: tuple[float, int, int]
) -> None:
    spent, sent, updates = cost
    values = sum(v.size for v in model)
    table = Table(title="Federated averaging, side by side")
    for column in ("", "plaintext", "encrypted"):
        table.add_column(column, justify="left" if not column else "right")
    accuracies = [_accuracy(m, held) for m in (plain, model)]
    table.add_row("accuracy, unseen digits", *(f"{a:.4f}" for a in accuracies))
    gap = max(float(np.abs(a - b).max()) for a, b in zip(plain, model, strict=True))
    table.add_row("largest difference of a weight", "", f"{gap:.1e}")
    table.add_row("bytes an update", f"{4 * values:,}", f"{sent // updates:,}")
    table.add_row("encrypt, decrypt: ms an update", "", f"{1e3 * spent / updates:.2f}")
    console.print(table)
    if abs(accuracies[0] - accuracies[1]) > 0.01:
        raise click.ClickException("encrypted averaging changed the accuracy")
