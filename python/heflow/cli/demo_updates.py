"""The second act of ``heflow demo``: clients' updates of a neural network, averaged as exact encrypted sums."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import heflow as hf

Model = dict[str, NDArray[np.float32]]
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
    return {
        "hidden": rng.normal(0, features**-0.5, (features, HIDDEN)).astype(np.float32),
        "hidden bias": np.zeros(HIDDEN, np.float32),
        "output": rng.normal(0, HIDDEN**-0.5, (HIDDEN, CLASSES)).astype(np.float32),
        "output bias": np.zeros(CLASSES, np.float32),
    }


def _scores(model: Model, x: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any]]:
    inner = np.maximum(x @ model["hidden"] + model["hidden bias"], 0)
    return inner, inner @ model["output"] + model["output bias"]


def _accuracy(model: Model, data: Data) -> float:
    return float(np.mean(_scores(model, data[0])[1].argmax(axis=1) == data[1]))


def _local_update(model: Model, data: Data, seed: int) -> Model:
    """What a client's own training changes: stochastic gradient descent on cross entropy."""
    new, rng = {k: v.copy() for k, v in model.items()}, np.random.default_rng(seed)
    x, y = data
    for _ in range(EPOCHS):
        for rows in np.array_split(rng.permutation(len(y)), max(len(y) // BATCH, 1)):
            inner, scores = _scores(new, x[rows])
            p = np.exp(scores - scores.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            p[np.arange(len(rows)), y[rows]] -= 1
            p *= LEARNING_RATE / len(rows)
            back = (p @ new["output"].T) * (inner > 0)
            new["output"] -= inner.T @ p
            new["output bias"] -= p.sum(axis=0)
            new["hidden"] -= x[rows].T @ back
            new["hidden bias"] -= back.sum(axis=0)
    return {k: new[k] - model[k] for k in model}


def _train(parties: list[Data], rounds: int, average: Any, advance: Any) -> Model:
    model = _new_model(parties[0][0].shape[1])
    for number in range(rounds):
        updates = [_local_update(model, data, 1000 * number + i) for i, data in enumerate(parties)]
        mean = average(updates, number)
        model = {k: (v + mean[k]).astype(np.float32) for k, v in model.items()}
        advance()
    return model


def serve(connection: Connection, plan: Any) -> None:
    """The server, a process of its own: the public context, and bytes in and out."""
    public = hf.from_bytes(connection.recv_bytes())
    while (number := int.from_bytes(connection.recv_bytes(), "little")) > 0:
        server = hf.federated.Aggregator(plan, public, round=number)
        for _ in range(plan.clients):
            server.receive(connection.recv_bytes())
        connection.send_bytes(server.result())


def second_act(console: Console, clients: int, rounds: int) -> None:
    """Train with encrypted and with plain averaging, and compare."""
    parties, held = _load(clients)
    plan = hf.federated.Plan(clients=clients, clip=1.0, bits=16, key="shared")
    console.print(f"\nSecond act: a neural network on handwritten digits.\n{plan}\n")
    secret = hf.federated.keygen(plan)
    members = [hf.federated.Client(plan, secret, name=f"client-{i}") for i in range(clients)]
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, plan), daemon=True)
    process.start()
    spent, sent = 0.0, 0

    def encrypted_average(updates: list[Model], number: int) -> Any:
        nonlocal spent, sent
        start = time.perf_counter()
        ours.send_bytes((number + 1).to_bytes(4, "little"))
        for member, update in zip(members, updates, strict=True):
            message = member.encrypt_update(update, round=number + 1)
            sent += len(message)
            ours.send_bytes(message)
        mean = members[0].decrypt_mean(ours.recv_bytes())
        spent += time.perf_counter() - start
        return mean

    def plain_average(updates: list[Model], number: int) -> Model:
        return {k: np.mean([np.clip(u[k], -1, 1) for u in updates], axis=0) for k in updates[0]}

    try:
        ours.send_bytes(secret.public.to_bytes())
        with Progress(console=console) as progress:
            task = progress.add_task("encrypted averaging", total=rounds)
            model = _train(parties, rounds, encrypted_average, lambda: progress.advance(task))
        ours.send_bytes((0).to_bytes(4, "little"))
        process.join(10)
    finally:
        if process.is_alive():
            process.terminate()
    plain = _train(parties, rounds, plain_average, lambda: None)
    _report(console, plain, model, held, (spent, sent, clients * rounds))


def _report(
    console: Console, plain: Model, model: Model, held: Data, cost: tuple[float, int, int]
) -> None:
    spent, sent, updates = cost
    values = sum(v.size for v in model.values())
    table = Table(title="Federated averaging, side by side")
    for column in ("", "plaintext", "encrypted"):
        table.add_column(column, justify="left" if not column else "right")
    accuracies = [_accuracy(m, held) for m in (plain, model)]
    table.add_row("accuracy, unseen digits", *(f"{a:.4f}" for a in accuracies))
    gap = max(float(np.abs(plain[k] - model[k]).max()) for k in model)
    table.add_row("largest difference of a weight", "", f"{gap:.1e}")
    table.add_row("bytes an update", f"{4 * values:,}", f"{sent // updates:,}")
    table.add_row("encrypt, add, decrypt: ms an update", "", f"{1e3 * spent / updates:.2f}")
    console.print(table)
    if abs(accuracies[0] - accuracies[1]) > 0.01:
        raise click.ClickException("encrypted averaging changed the accuracy")
