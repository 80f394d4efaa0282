"""Models of PyTorch in a training loop: parameters and floating buffers as arrays.

The one file of `federated` that imports torch (``pip install "heflow-core[torch]"``).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import EncodingRangeError, ParameterError, ShapeError

__all__ = ["TorchModel"]

Arrays = list[NDArray[Any]]


class TorchModel:
    """A module of PyTorch, its loss, and a member's rows.

    Parameters
    ----------
    module : torch.nn.Module
        The same values at every member: seed before it is made, or load a state. It takes the common model
        after each round; a copy trains.
    loss : callable
        Of (outputs, targets), a mean over rows, such as ``torch.nn.functional.cross_entropy``.
    X, y : tensor or array_like
        The member's rows, along the first axis.
    optimizer : callable, optional
        Of parameters: a fresh optimiser for each round; plain gradient descent at rate 0.1 by default.
    epochs, batch_size : int
        Of a round, with "fedavg".
    seed : int
        Of the order of rows and of dropout; a round is the same whenever it is repeated.

    Raises
    ------
    ShapeError, EncodingRangeError, ParameterError

    Notes
    -----
    All floating-point entries of ``module.state_dict()`` are trained together, running means of normalisation
    included; counters stay with the member. With "fedsgd" one gradient over all rows is sent, zero for
    buffers.
    """

    def __init__(
        self,
        module: Any,
        loss: Callable[[Any, Any], Any],
        X: Any,
        y: Any,
        *,
        optimizer: Callable[[Any], Any] | None = None,
        epochs: int = 1,
        batch_size: int = 32,
        seed: int = 0,
    ) -> None:
        self.module, self._loss = module, loss
        self._X, self._y = torch.as_tensor(X), torch.as_tensor(y)
        self.n_samples = len(self._X)
        if len(self._y) != self.n_samples or not self.n_samples:
            raise ShapeError(
                f"X has {self.n_samples} rows and y {len(self._y)}: as many are needed"
            )
        if self._X.is_floating_point() and not bool(torch.isfinite(self._X).all()):
            raise EncodingRangeError("X holds missing or infinite values: fill them in first")
        if epochs < 1 or batch_size < 1:
            raise ParameterError(f"epochs={epochs}, batch_size={batch_size}: 1 is the least")
        self._optimizer = optimizer or (lambda parameters: torch.optim.SGD(parameters, lr=0.1))
        self._epochs, self._batch, self._seed = epochs, batch_size, seed
        self._work = copy.deepcopy(module)
        self._names = [k for k, v in module.state_dict().items() if v.is_floating_point()]

    def arrays(self) -> Arrays:
        """Return the floating-point entries of the state, in its order."""
        return self._read(self.module)

    def _read(self, module: Any) -> Arrays:
        state = module.state_dict()
        wide = {torch.float64: torch.float64}
        return [
            state[k].detach().to("cpu", wide.get(state[k].dtype, torch.float32)).numpy().copy()
            for k in self._names
        ]

    def _write(self, module: Any, arrays: Arrays) -> None:
        state = module.state_dict()
        with torch.no_grad():
            for name, value in zip(self._names, arrays, strict=True):
                state[name].copy_(torch.from_numpy(value))

    def _seeded(self, round: int) -> Any:
        """Return a generator for the order of rows; what modules draw themselves is seeded with it."""
        seed = int(np.random.SeedSequence([self._seed, round]).generate_state(1)[0])
        torch.manual_seed(seed)
        return torch.Generator().manual_seed(seed)

    def train(self, arrays: Arrays, round: int) -> tuple[Arrays, dict[str, float]]:
        """Return the arrays after the member's own epochs, and the mean loss on the way."""
        module, total = self._work, 0.0
        self._write(module, arrays)
        module.train()
        optimizer = self._optimizer(module.parameters())
        with torch.random.fork_rng(devices=[]):
            generator = self._seeded(round)
            for _ in range(self._epochs):
                for rows in torch.randperm(self.n_samples, generator=generator).split(self._batch):
                    optimizer.zero_grad()
                    loss = self._loss(module(self._X[rows]), self._y[rows])
                    loss.backward()
                    optimizer.step()
                    total += loss.item() * len(rows)
        return self._read(module), {"loss": total / (self._epochs * self.n_samples)}

    def gradient(self, arrays: Arrays, round: int) -> tuple[Arrays, dict[str, float]]:
        """Return the gradient of the loss over all rows, and the loss."""
        module = self._work
        self._write(module, arrays)
        module.train()
        module.zero_grad()
        with torch.random.fork_rng(devices=[]):
            self._seeded(round)
            loss = self._loss(module(self._X), self._y)
            loss.backward()
        shared = module.named_parameters(remove_duplicate=False)  # the state names those twice, too
        found = {k: p.grad for k, p in shared if p.grad is not None}
        zeros = self._read(module)
        gradient = [
            found[k].detach().cpu().numpy().astype(z.dtype) if k in found else np.zeros_like(z)
            for k, z in zip(self._names, zeros, strict=True)
        ]
        return gradient, {"loss": loss.item()}

    def accept(self, arrays: Arrays) -> None:
        """Take the common values into `module`."""
        self._write(self.module, arrays)
