"""The order of messages without an arbiter: six a round, whoever carries them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, ShapeError, UnsupportedOperationError
from ...linear_model.sigmoid import logistic, resolve
from ..progress import bar
from .guest import Guest
from .trainer import DEFAULT_BOUND, Result, _Run
from .widths import SharedSettings

__all__ = ["fit_shared", "open_weights", "predict_shared"]


def fit_shared(
    guest: Guest,
    hosts: Sequence[Any],
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    decay: float,
    l2: float,
    logit_bound: float | None,
    sigmoid: Any,
    tolerance: float | None,
    checkpoint: str | Path | None,
    progress: bool | Callable[[int, int], None],
) -> Result:
    """Train with shared weights: see `fit`, whose options these are.

    Notes
    -----
    As in Chen et al., KDD 2021 (CAESAR), with shares over the integers (docs/maths/shared-weights.md). Cost of
    a round: two encryptions for each row by the owners of the keys (four with a cubic), a multi-exponentiation
    for each row and for each column on both sides; decryptions and re-randomisations of packed values only.
    """
    host = _only(hosts)
    if host.name == guest.name:
        raise ParameterError(f"both parties are called {guest.name!r}: Host(X, name=...)")
    inner, peer = guest.without_arbiter(), host.without_arbiter()
    bound = DEFAULT_BOUND if logit_bound is None else float(logit_bound)
    settings = SharedSettings(
        secrets.token_hex(16), guest.link, guest.n_rows, min(int(batch_size), guest.n_rows), int(epochs),
        float(learning_rate), float(decay), float(l2), bound,
        _polynomial(guest.link, sigmoid, logit_bound), inner.n_columns, tolerance is not None,
    )  # fmt: skip
    public, host_columns = peer.begin(inner.public, settings)
    inner.begin(public, settings, host_columns)
    run = _SharedRun(inner, [peer], None, settings, Result())  # type: ignore[arg-type]
    with bar(progress) as advance:
        run.epochs(None if checkpoint is None else Path(checkpoint), tolerance, advance)
    return run.result


def _only(hosts: Sequence[Any]) -> Any:
    if len(hosts) != 1:
        raise UnsupportedOperationError(
            f"{len(hosts)} hosts: weights are shared between two parties; train with one host, or an arbiter"
        )
    return hosts[0]


def _polynomial(link: str, sigmoid: Any, logit_bound: float | None) -> tuple[float, ...]:
    """Return the coefficients of an odd polynomial of degree 1 or 3 about its constant."""
    if link == "identity":
        return 0.0, 1.0
    polynomial = resolve(sigmoid)
    if polynomial is None or polynomial.degree not in (1, 3) or any(polynomial.coefficients[2::2]):
        raise ParameterError(
            f"sigmoid={sigmoid!r}: shares take an odd polynomial of degree 1 or 3, such as 'taylor1', 'c3' or "
            "least_squares(3, 8)"
        )
    polynomial.require_bound(logit_bound)
    return tuple(float(c) for c in polynomial.coefficients)


class _SharedRun(_Run):
    """Rounds between a SharedGuest and a SharedHost, or what stands for one."""

    def round(self) -> None:
        """One batch: scores, residuals and gradients, all shared."""
        guest, host, count = self.guest, self.hosts[0], self.result.count
        products = count(
            "products, to guest", host.products(count("weights, to host", guest.weights()))
        )
        scores = count("scores, to host", guest.scores(products))
        residual = count("residual, to guest", host.residual(scores))
        gradient = count("gradient, to host", guest.gradient(residual))
        guest.step(count("step, to guest", host.step(gradient)))

    def end_epoch(self) -> None:
        """Open the loss of the epoch to the guest, if the settings say so."""
        if self.settings.losses:  # type: ignore[attr-defined]
            self.guest.take_loss(self.result.count("loss, to guest", self.hosts[0].loss()))


def predict_shared(
    guest: Guest, hosts: Sequence[Any], X: Any, Xs: Sequence[Any]
) -> NDArray[np.float64]:
    """Return the scores of new rows under the shared model, opened to the guest: see `predict`."""
    host = _only(hosts)
    inner, peer = guest.without_arbiter(), host.without_arbiter()
    if len(Xs) != 1:
        raise ParameterError(f"one host and new rows for {len(Xs)}: one for each is needed")
    number = inner.predictions + 1
    own, others = inner.new_rows(X, number), peer.new_rows(Xs[0], number)
    if own != others:
        raise ShapeError(f"the guest has {own} new rows and {host.name} {others}: align them")
    z = inner.take_scores(peer.open_scores(inner.scores(peer.products(inner.weights()))))
    return logistic(z) if guest.link == "logit" else z


def open_weights(guest: Guest, hosts: Sequence[Any]) -> None:
    """Open the weights of a model trained without an arbiter: to each party those of its own columns.

    Afterwards ``guest.coef_``, ``guest.intercept_`` and ``host.coef_`` are there. The shares travel encrypted
    under the receiver's key.

    Parameters
    ----------
    guest : Guest
    hosts : sequence of Host or RemoteHost, one

    Raises
    ------
    ParameterError
        The model was not trained without an arbiter.
    """
    inner, peer = guest.without_arbiter(), _only(hosts).without_arbiter()
    share = inner.share_of_other()
    inner.open_weights(peer.share_of_other())
    peer.open_weights(share)
