"""``heflow demo``: hospitals train one model on encrypted gradients; a model predicts on ciphertexts."""

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

from .demo_updates import second_act
from .demo_vertical import last_act

Array = NDArray[np.float64]
GRADIENT_BOUND = 64.0  # declared: hospitals clip the sum of their rows' gradients to it
LEARNING_RATE = 2.0


def _load(hospitals: int) -> tuple[list[tuple[Array, Array]], Array, Array]:
    """Rows of the breast cancer set: standardised, a share for each hospital, the rest for testing."""
    try:
        from sklearn.datasets import load_breast_cancer
    except ImportError:
        raise click.ClickException(
            'the demo needs scikit-learn: pip install "heflow-core[demo]"'
        ) from None
    x, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(7).permutation(len(y))
    x, y = x[order], y[order].astype(np.float64)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    x = np.hstack([x, np.ones((len(x), 1))])  # the last weight is the intercept
    held = len(y) // 5
    shares = np.array_split(np.arange(held, len(y)), hospitals)
    return [(x[i], y[i]) for i in shares], x[:held], y[:held]


def _gradient(x: Array, y: Array, weights: Array) -> Array:
    gradient = x.T @ (1 / (1 + np.exp(-(x @ weights))) - y) / 16
    clipped: Array = np.clip(gradient, -GRADIENT_BOUND, GRADIENT_BOUND)
    return clipped


def _train(parties: list[tuple[Array, Array]], rounds: int, total: Any, advance: Any) -> Array:
    """Gradient descent on the sum that `total` returns for the parties' gradients."""
    rows = sum(len(y) for _, y in parties)
    weights = np.zeros(parties[0][0].shape[1])
    for _ in range(rounds):
        gradients = [_gradient(x, y, weights) for x, y in parties]
        weights = weights - LEARNING_RATE * 16 / rows * total(gradients)
        advance()
    return weights


def serve(connection: Connection, insecure: bool) -> None:
    """The server, a process of its own: the public context, and bytes in and out."""
    public = hf.from_bytes(connection.recv_bytes(), insecure=insecure)
    while (count := int.from_bytes(connection.recv_bytes(), "little")) > 0:
        total = hf.from_bytes(connection.recv_bytes(), public)
        for _ in range(count - 1):
            total = total + hf.from_bytes(connection.recv_bytes(), public)
        connection.send_bytes(total.to_bytes())


class _Phases:
    """Seconds and bytes by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.sent = 0

    def run(self, phase: str, function: Any, *args: Any) -> Any:
        start = time.perf_counter()
        result = function(*args)
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - start
        return result


def _secure_sum(secret: Any, connection: Connection, phases: _Phases) -> Any:
    def total(gradients: list[Array]) -> Array:
        connection.send_bytes(len(gradients).to_bytes(4, "little"))
        for gradient in gradients:
            tensor = phases.run(
                "hospitals encrypt",
                lambda g=gradient: secret.public.encrypt(g, bound=GRADIENT_BOUND),
            )
            message = tensor.to_bytes()
            phases.sent += len(message)
            connection.send_bytes(message)
        reply = phases.run("server adds", connection.recv_bytes)
        phases.sent += len(reply)
        result = hf.from_bytes(reply, secret.public)
        values: Array = phases.run("hospitals decrypt", secret.decrypt, result)
        return values

    return total


@click.command()
@click.option("--hospitals", default=4, show_default=True)
@click.option("--rounds", default=30, show_default=True)
@click.option("--bits", default=3072, show_default=True, help="Length of the Paillier modulus.")
@click.option("--clients", default=10, show_default=True, help="Of the second act.")
@click.option("--averaging-rounds", default=10, show_default=True, help="Of the second act.")
@click.option("--insecure", is_flag=True, help="Allow short keys, for tests.")
def demo(
    hospitals: int, rounds: int, bits: int, clients: int, averaging_rounds: int, insecure: bool
) -> None:
    """Train a model on encrypted gradients of several hospitals, then predict on encrypted rows.

    In the second act clients average a neural network by exact encrypted sums.
    """
    console, phases = Console(), _Phases()
    parties, x_test, y_test = _load(hospitals)
    console.print(
        f"{hospitals} hospitals, {sum(len(y) for _, y in parties)} patients, 30 features each. They share a "
        f"{bits}-bit Paillier key;\nthe server, another process, holds only the public context.\n"
    )
    secret = phases.run("key generation", lambda: hf.paillier.keygen(bits, insecure=insecure))
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs, insecure), daemon=True)
    server.start()
    try:
        ours.send_bytes(secret.public.to_bytes())
        with Progress(console=console) as progress:
            task = progress.add_task("encrypted training", total=rounds + 1)
            weights = _train(
                parties, rounds, _secure_sum(secret, ours, phases), lambda: progress.advance(task)
            )
            scores = _predict(secret, weights, x_test, phases)
            progress.advance(task)
        ours.send_bytes((0).to_bytes(4, "little"))
        server.join(10)
    finally:
        if server.is_alive():
            server.terminate()
    plain = _train(parties, rounds, lambda gradients: sum(gradients), lambda: None)
    _report(console, plain, weights, x_test @ plain, scores, y_test)
    _costs(console, phases, secret)
    second_act(console, clients, averaging_rounds)
    last_act(console, min(bits, 2048))


def _predict(secret: Any, weights: Array, x_test: Array, phases: _Phases) -> Array:
    """A hospital sends encrypted rows; whoever owns the model returns encrypted scores."""
    rows = phases.run("rows encrypted", lambda: secret.encrypt(x_test, scale_bits=32, bound=64))
    model = hf.plain(weights, scale_bits=32, bound=64)
    scores = phases.run("model applied", lambda: rows @ model)
    message = phases.run("scores re-randomised", scores.to_bytes)
    phases.sent += len(message)
    values: Array = phases.run(
        "scores decrypted", lambda: secret.decrypt(hf.from_bytes(message, secret.public))
    )
    return values


def _report(
    console: Console, plain: Array, weights: Array, plain_scores: Array, scores: Array, y: Array
) -> None:
    table = Table(title="Plaintext and encrypted, side by side")
    for column in ("", "plaintext", "encrypted", "largest difference"):
        table.add_column(column, justify="left" if not column else "right")
    difference = float(np.abs(plain - weights).max())
    for i in (0, 1, 2):
        table.add_row(f"weight {i}", f"{plain[i]:+.10f}", f"{weights[i]:+.10f}", "")
    table.add_row("all 31 weights", "", "", f"{difference:.1e}")
    gap = float(np.abs(plain_scores - scores).max())
    table.add_row(
        "score of patient 0", f"{plain_scores[0]:+.8f}", f"{scores[0]:+.8f}", f"{gap:.1e}"
    )
    right = [float(np.mean((s > 0) == (y > 0.5))) for s in (plain_scores, scores)]
    table.add_row(
        "accuracy, unseen rows",
        f"{right[0]:.4f}",
        f"{right[1]:.4f}",
        f"{abs(right[0] - right[1]):.1e}",
    )
    console.print(table)
    if difference > 1e-6 or gap > 1e-6:
        raise click.ClickException("the encrypted result differs from the plaintext one")


def _costs(console: Console, phases: _Phases, secret: Any) -> None:
    table = Table(title="Cost")
    table.add_column("phase")
    table.add_column("seconds", justify="right")
    for phase, seconds in phases.seconds.items():
        table.add_row(phase, f"{seconds:.2f}")
    console.print(table)
    console.print(
        f"bytes sent {phases.sent:,} · backend {secret.public.backend} · threads {hf.num_threads()}"
    )
