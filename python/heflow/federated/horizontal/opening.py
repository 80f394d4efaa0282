"""Who opens a sum, and under what conditions: never one of too few clients, never two of one round."""

from __future__ import annotations

import io
import secrets
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from numpy.typing import NDArray

from ...errors import FormatError, KeyMismatchError, ParameterError
from .. import steps
from ..keys import for_party
from ..plan import Plan
from .client import Client
from .settings import Settings

__all__ = ["KeyHolder", "Sealed", "model_key", "open_sum"]

Arrays = list[NDArray[Any]]
NONCE = 12


def open_sum(client: Client, settings: Settings, round: int, data: Any) -> Arrays:
    """Decrypt the mean of a round, if it is of this round and of enough clients.

    Raises
    ------
    FormatError, KeyMismatchError, ParameterError
        See `Client.decrypt_mean`.
    """
    mean = client.decrypt_mean(data, round=round, minimum=settings.minimum)
    if not isinstance(mean, list):
        raise FormatError("the sum does not hold a list of arrays")
    return mean


def model_key() -> bytes:
    """Return a fresh key for what the key's holder tells the members and the server must not read."""
    return secrets.token_bytes(32)


class Sealed:
    """Means on their way from the key's holder to the members, through the server (ChaCha20-Poly1305)."""

    def __init__(self, key: Any) -> None:
        if not isinstance(key, bytes) or len(key) != 32:
            raise ParameterError("model_key: 32 bytes of horizontal.model_key() are needed")
        self._cipher = ChaCha20Poly1305(key)

    @staticmethod
    def _place(settings: Settings, round: int) -> bytes:
        return f"{settings.session}/{settings.plan}/{round}".encode()

    def seal(self, arrays: Arrays, settings: Settings, round: int) -> bytes:
        """Return arrays as bytes that only holders of the key read."""
        buffer = io.BytesIO()
        np.savez(buffer, *arrays)
        nonce = secrets.token_bytes(NONCE)
        place = self._place(settings, round)
        return nonce + self._cipher.encrypt(nonce, buffer.getvalue(), place)

    def open(self, data: bytes, settings: Settings, round: int) -> Arrays:
        """Read the arrays that were sealed under these settings for this round.

        Raises
        ------
        KeyMismatchError
            They are of another key, session or round, or damaged.
        """
        try:
            plain = self._cipher.decrypt(data[:NONCE], data[NONCE:], self._place(settings, round))
        except (InvalidTag, ValueError):
            raise KeyMismatchError(
                "the opened mean belongs to another model key, session or round, or is damaged"
            ) from None
        with np.load(io.BytesIO(plain), allow_pickle=False) as file:
            return [file[f"arr_{i}"] for i in range(len(file.files))]


class KeyHolder:
    """The holder of the secret where clients have the public key only: opens one sum a round for them.

    Parameters
    ----------
    plan : Plan
        With ``key="public"``.
    secret : SecretContext
        Of `heflow.federated.keygen`.
    model_key : bytes
        Of `horizontal.model_key`, which the members hold and the server does not.
    """

    name = "key holder"

    def __init__(self, plan: Plan, secret: Any, model_key: bytes) -> None:
        self._client = Client(plan, secret, self.name)
        self._public = for_party(plan, secret).public
        self._digest = plan.digest
        self._sealed = Sealed(model_key)
        self._settings: Settings | None = None
        self._opened: dict[int, tuple[bytes, bytes]] = {}

    def begin(self, settings: bytes) -> None:
        """Take part in a run; go on with it, if it is the same."""
        agreed = Settings.from_bytes(settings)
        if agreed.plan != self._digest:
            raise ParameterError(
                "the run is for another plan than this key's: all parties make the same Plan"
            )
        if self._settings is None or agreed.session != self._settings.session:
            self._opened = {}
        self._settings = agreed

    def open(self, data: bytes, round: int) -> bytes:
        """Open the sum of a round for the members; the same bytes again get the same answer.

        Raises
        ------
        FormatError, KeyMismatchError
        ParameterError
            Too few clients, or another sum of a round that was opened already.
        """
        if self._settings is None:
            raise ParameterError("the key's holder has not begun: horizontal.fit does")
        session = self._settings.session
        _, parts = steps.read(self._public, data, session, "sum", round)
        if len(parts) != 2:
            raise FormatError(f"the sum of round {round} has not two parts")
        tag, total = parts
        asked, answer = self._opened.get(round, (b"", b""))
        if asked and asked != total:
            raise ParameterError(
                f"another sum of round {round} was opened already: the difference would tell about clients"
            )
        if not asked:
            mean = open_sum(self._client, self._settings, round, total)
            answer = self._sealed.seal(mean, self._settings, round)
            self._opened[round] = total, answer
        return steps.write(self._public, session, "result", round, self.name, tag, answer)
