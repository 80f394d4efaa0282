"""The order of messages: one round after another, whoever carries them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, ShapeError, UnsupportedOperationError
from ...files import write_whole
from ...linear_model.sigmoid import TAYLOR1
from ..progress import bar
from .arbiter import Arbiter
from .guest import Guest
from .messages import Settings

__all__ = ["Result", "fit", "predict"]

Reals = NDArray[np.float64]
DEFAULT_BOUND = 64.0


@dataclass
class Result:
    """What a run was.

    Attributes
    ----------
    history : list of float
        Mean loss of each epoch.
    epochs : int
        Epochs done, those before a checkpoint included.
    bytes_sent : dict
        Bytes by kind of message.
    seconds : float
    """

    history: list[float] = field(default_factory=list)
    epochs: int = 0
    bytes_sent: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def count(self, kind: str, message: bytes) -> bytes:
        """Note a message and return it."""
        self.bytes_sent[kind] = self.bytes_sent.get(kind, 0) + len(message)
        return message


def fit(
    guest: Guest,
    hosts: Sequence[Any],
    arbiter: Arbiter | None = None,
    *,
    epochs: int = 5,
    batch_size: int = 320,
    learning_rate: float = 0.1,
    decay: float = 0.0,
    l2: float = 0.0,
    logit_bound: float | None = None,
    sigmoid: Any = "taylor1",
    tolerance: float | None = None,
    checkpoint: str | Path | None = None,
    progress: bool | Callable[[int, int], None] = False,
) -> Result:
    """Train a linear or logistic model over the columns of all parties.

    Parameters
    ----------
    guest : Guest
    hosts : sequence of Host or RemoteHost
    arbiter : Arbiter, optional
        Holds the key; it sees masked gradients and the loss. Without one, each party holds a key of its own
        and one of two shares of every weight, and there is one host.
    epochs, batch_size : int
    learning_rate, decay : float
        The step of epoch t has the size learning_rate / (1 + decay t).
    l2 : float
        Penalty l2/2 |w|^2 beside the mean loss; the intercept is free of it.
    logit_bound : float
        Declared range of each party's share of the score, and without an arbiter of the score; 64 by default.
    sigmoid : {"taylor1", "c3", "g3"} or PolynomialSigmoid
        Without an arbiter, an odd polynomial of degree 1 or 3; degree 3 needs a `logit_bound`.
    tolerance : float, optional
        Stop when the loss of an epoch falls by less. Without an arbiter the loss is opened to the guest only if
        this is given.
    checkpoint : path, optional
        Folder for a file of each party after every epoch. If they are there, training goes on from them,
        and gives the same weights as without the interruption, bit for bit with an arbiter. Without one the
        files hold shares, which are as secret as the weights.
    progress : bool or callable
        A progress bar, or a function of rounds done and rounds in all.

    Returns
    -------
    Result
        Weights stay with the parties: ``guest.coef_``, ``guest.intercept_``, ``host.coef_``. Without an arbiter
        nobody holds them until `open_weights` is called.

    Raises
    ------
    ShapeError, ParameterError, EncodingRangeError, FormatError, KeyMismatchError
    UnsupportedOperationError
        Several hosts without an arbiter, or a cubic sigmoid with one.

    Notes
    -----
    With the Taylor series of the sigmoid to first order (Hardy et al. 2017; masks as in Yang et al. 2019):
    residual d = z/4 + 1/2 - y, gradient X^T d / rows. Exact in fixed point: features of 16 bits, scores
    of 32. Cost of a round: an encryption and a re-randomisation for each row, one multi-exponentiation for
    each column.
    """
    if arbiter is None:
        from .shared_trainer import fit_shared  # it builds on what is here

        return fit_shared(
            guest, hosts, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, decay=decay,
            l2=l2, logit_bound=logit_bound, sigmoid=sigmoid, tolerance=tolerance, checkpoint=checkpoint,
            progress=progress,
        )  # fmt: skip
    if sigmoid not in ("taylor1", TAYLOR1):
        raise UnsupportedOperationError(
            f"sigmoid={sigmoid!r}: powers of a score cannot be formed with an arbiter; 'taylor1' can, and "
            "others with arbiter=None"
        )
    logit_bound = DEFAULT_BOUND if logit_bound is None else logit_bound
    if not hosts:
        raise ParameterError("one host or more is needed")
    names = [p.name for p in (guest, *hosts)]
    if len(set(names)) != len(names):
        raise ParameterError(f"parties {names}: each needs a name of its own, Host(X, name=...)")
    settings = Settings(
        secrets.token_hex(16), guest.link, guest.n_rows, min(int(batch_size), guest.n_rows), int(epochs),
        float(learning_rate), float(decay), float(l2), float(logit_bound),
    )  # fmt: skip
    arbiter.begin(settings.session)
    for party in (guest, *hosts):
        party.begin(arbiter.public, settings)
    run = _Run(guest, list(hosts), arbiter, settings, Result())
    with bar(progress) as advance:
        run.epochs(None if checkpoint is None else Path(checkpoint), tolerance, advance)
    return run.result


@dataclass
class _Run:
    guest: Any
    hosts: list[Any]
    arbiter: Arbiter
    settings: Settings
    result: Result

    def epochs(self, folder: Path | None, tolerance: float | None, advance: Any) -> None:
        start = time.perf_counter()
        first = self._resume(folder) if folder else 0
        for epoch in range(first, self.settings.epochs):
            for batch in range(self.settings.batches):
                self.round()
                advance(
                    epoch * self.settings.batches + batch + 1,
                    self.settings.epochs * self.settings.batches,
                )
            self.end_epoch()
            self.result.epochs = epoch + 1
            if folder:
                self._save(folder, epoch + 1)
            history = self.guest.history
            if tolerance is not None and len(history) > 1 and history[-2] - history[-1] < tolerance:
                break
        self.result.epochs = max(self.result.epochs, first)
        self.result.history = list(self.guest.history)
        self.result.seconds = time.perf_counter() - start

    def end_epoch(self) -> None:
        """Close the epoch's history."""
        self.guest.end_epoch()

    def round(self) -> None:
        """One batch: scores, residual, masked gradients, steps."""
        guest, count = self.guest, self.result.count
        scores = [count("scores", host.scores()) for host in self.hosts]
        residual = guest.residual(scores)
        for k, host in enumerate(self.hosts[1:], start=1):
            shares = count("shares", guest.shares_before(k))
            guest.take_cross(count("cross", host.cross(shares)))
        loss = count("loss", guest.loss())
        guest.take_loss(count("loss opened", self.arbiter.open_loss(loss)))
        gradients = [host.gradient(count("residual", residual)) for host in self.hosts]
        for party, gradient in zip(
            (*self.hosts, guest), (*gradients, guest.gradient()), strict=True
        ):
            party.step(count("opened", self.arbiter.open(count("gradient", gradient))))

    def _files(self, folder: Path, epoch: int) -> list[tuple[Any, str]]:
        return [(p, str(folder / f"{p.name}-{epoch}.json")) for p in (self.guest, *self.hosts)]

    def _save(self, folder: Path, epoch: int) -> None:
        """Write every party's file, then the mark that they belong together."""
        folder.mkdir(parents=True, exist_ok=True)
        for party, path in self._files(folder, epoch):
            party.save(path)
        write_whole(folder / "epoch", str(epoch).encode())

    def _resume(self, folder: Path) -> int:
        mark = folder / "epoch"
        if not mark.exists():
            return 0
        epoch = int(mark.read_text())
        rounds = {party.load(path) for party, path in self._files(folder, epoch)}
        if rounds != {epoch * self.settings.batches}:
            raise ParameterError(f"the files of epoch {epoch} in {folder} do not belong together")
        return epoch


def predict(
    guest: Guest,
    hosts: Sequence[Any],
    X: Any,
    Xs: Sequence[Any],
    arbiter: Arbiter | None = None,
) -> Reals:
    """Return the scores of new rows: probabilities for the logit link.

    Parameters
    ----------
    guest : Guest
    hosts : sequence of Host or RemoteHost
    X : array_like or sparse matrix, shape (n_rows, n_guest_columns)
    Xs : sequence of array_like or sparse matrix
        New rows of each host, aligned; None for those that a host in another process holds (`serve`).
    arbiter : Arbiter, optional
        That of the training; needed with several hosts, whose shares are added under its key.

    Raises
    ------
    ShapeError, ParameterError, EncodingRangeError
    UnsupportedOperationError
        Several hosts and no arbiter: their shares would be told apart.

    Notes
    -----
    The guest learns the scores, and no one else anything: with several hosts the arbiter opens their sum
    under a uniform mask. With one host its share follows from the score, which the guest is to learn.
    """
    if guest._shared is not None:
        from .shared_trainer import predict_shared

        return predict_shared(guest, hosts, X, Xs)
    if len(hosts) != len(Xs):
        raise ParameterError(
            f"{len(hosts)} hosts and new rows for {len(Xs)}: one for each is needed"
        )
    if len(hosts) == 1:
        own, share = guest.partial_scores(X), hosts[0].partial_scores(Xs[0])
        if own.shape != share.shape:
            raise ShapeError(
                f"the guest has {len(own)} new rows and {hosts[0].name} {len(share)}: align them"
            )
        z = own + share
    elif arbiter is None:
        raise UnsupportedOperationError(
            f"{len(hosts)} hosts: the guest would learn the share of each; give the arbiter of the training"
        )
    else:
        shares = [host.encrypted_scores(x) for host, x in zip(hosts, Xs, strict=True)]
        z = guest.open_scores(arbiter.open_scores(guest.masked_scores(X, shares)))
    return np.asarray(0.5 * (1 + np.tanh(z / 2)) if guest.link == "logit" else z)
