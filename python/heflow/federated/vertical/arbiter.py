"""The arbiter: holds the key, sees masked gradients and the loss, never a gradient or a residual."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import FormatError, ParameterError
from ...tensor.wire import from_bytes
from ..horizontal.messages import opened, read_header
from ..keys import arbiter_key
from .messages import KIND_STEP, MESSAGE_TYPES, read, to_integers, write

__all__ = ["Arbiter"]


class Arbiter:
    """The holder of the secret key.

    Parameters
    ----------
    bits : int
        Length of the key's modulus.
    secret : SecretContext, optional
        A key made elsewhere, of a scheme with exact integers.
    insecure : bool
        Allow short keys, for tests.
    """

    name = "arbiter"

    def __init__(self, bits: int = 2048, *, secret: Any = None, insecure: bool = False) -> None:
        self._secret = arbiter_key(bits, insecure) if secret is None else secret
        if not self._secret.public.evaluator.exact:
            raise ParameterError(
                "gradients are masked by integers: a key of a scheme with exact integers is needed"
            )
        self._session = ""
        self._opened: dict[tuple[str, int], str] = {}

    @property
    def public(self) -> Any:
        """The public context, for all parties."""
        return self._secret.public

    def begin(self, session: str) -> None:
        """Start a run."""
        self._session, self._opened = session, {}

    def open(self, data: bytes) -> bytes:
        """Decrypt a masked gradient and return it to its sender, once in every round.

        Raises
        ------
        FormatError, KeyMismatchError
        """
        values, sender, round, _ = self._decrypted(data, "gradient")
        return write(self.public, self._session, "opened", round, sender, to_integers(values))

    def open_scores(self, data: bytes) -> bytes:
        """Decrypt masked scores of new rows and return them to the guest."""
        values, sender, round, _ = self._decrypted(data, "masked scores", repeatable=True)
        return write(
            self.public, self._session, "scores opened", round, sender, to_integers(values)
        )

    def open_loss(self, data: bytes) -> bytes:
        """Decrypt the loss of a batch and return it; the arbiter sees it."""
        values, sender, round, scale = self._decrypted(data, "loss")
        parts = to_integers(values), to_integers(np.array([scale], dtype=object))
        return write(self.public, self._session, "loss opened", round, sender, *parts)

    def _decrypted(
        self, data: bytes, step: str, repeatable: bool = False
    ) -> tuple[Any, str, int, int]:
        header, _ = opened(self.public, data, KIND_STEP)
        round = read_header(header, MESSAGE_TYPES)["round"]
        sender, parts = read(self.public, data, self._session, step, round)
        if not repeatable:
            if self._opened.get((sender, round)) in (step, "gradient"):
                raise FormatError(f"{sender!r} has had its {step} of round {round} opened")
            self._opened[sender, round] = step
        x = from_bytes(parts[0], self.public)
        return (
            np.asarray(self._secret.decrypt_integers(x), dtype=object),
            sender,
            round,
            x.scale_bits,
        )
