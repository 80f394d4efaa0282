"""Nothing that the parties of a training without an arbiter send or keep shows what is shared.

All messages, both ways, are decrypted, packed ones taken apart, and searched for scores, residuals, gradients and
weights: whole vectors at any scale, sign and offset, and single numbers at any power of two. The search finds them when
masks are switched off, or when they are planted.
"""

import heflow as hf
import numpy as np
import pytest
from heflow.federated import vertical
from heflow.federated.vertical import shared_party, shares, trainer
from heflow.federated.vertical.messages import read_header
from heflow.federated.vertical.shares import Packing
from heflow.linear_model import least_squares
from heflow.tensor.wire import from_bytes
from small_keys import small_key

ROWS, BATCH = 90, 30
KINDS = {"scores", "residuals", "gradients", "weights"}


def problem():
    rng = np.random.default_rng(0)
    A, B = (np.clip(rng.normal(size=(ROWS, d)), -3, 3) for d in (7, 6))
    z = A @ rng.normal(size=7) + B @ rng.normal(size=6)
    return A, (z + rng.normal(size=ROWS) > 0).astype(float), B


class Spy:
    """Runs a training; notes the truth from both shares, every message, and what the parties keep."""

    def __init__(self, monkeypatch, keys, sigmoid):
        X, y, host = problem()
        self.guest = vertical.Guest(X, y, secret=keys[0])
        self.host = vertical.Host(host, secret=keys[1])
        self.keys = {k.public.key_id: k for k in keys}
        self.truth = {kind: [] for kind in KINDS}
        self.messages, self.kept = [], []
        self._half = {}
        count, residual, descend = (
            trainer.Result.count,
            shared_party.SharedParty._residual,
            shared_party.SharedParty._descend,
        )

        def counted(result, kind, message):
            self.messages.append(message)
            self.keep()
            return count(result, kind, message)

        def seen_residual(party, score, cube):
            share = residual(party, score, cube)
            known = 0
            if party.name == "guest":
                rows = party.settings.rows(party.round)
                known = (np.rint((0.5 - y[rows]) * 2.0**24)).astype(int).astype(object)
            self.meet("scores", party, score)
            self.meet("residuals", party, share + known)
            return share

        def seen_descend(party, own, other):
            descend(party, own, other)
            first, second = (own, other) if party.name == "guest" else (other, own)
            self.meet("gradients", party, np.concatenate([first, second]), split=len(first))
            first, second = (party._own, party._other)[:: 1 if party.name == "guest" else -1]
            self.meet("weights", party, np.concatenate([first, second]), split=len(first))
            self.keep()

        monkeypatch.setattr(trainer.Result, "count", counted)
        monkeypatch.setattr(shared_party.SharedParty, "_residual", seen_residual)
        monkeypatch.setattr(shared_party.SharedParty, "_descend", seen_descend)
        vertical.fit(
            self.guest, [self.host], epochs=2, batch_size=BATCH, learning_rate=0.5, sigmoid=sigmoid,
            logit_bound=8.0, tolerance=-1.0,
        )  # fmt: skip

    def meet(self, kind, party, share, split=0):
        """Add up the shares of both parties: the truth."""
        if kind not in self._half:
            self._half[kind] = share
            return
        total = self._half.pop(kind) + share
        self.truth[kind] += [part for part in (total[:split], total[split:]) if len(part)]

    def keep(self):
        for party in (self.guest.without_arbiter(), self.host.without_arbiter()):
            values = [*vars(party).values(), *party._state.values()]
            self.kept += [v for v in values if isinstance(v, np.ndarray) and v.dtype == object]

    def seen(self):
        """Every vector that anybody decrypted, could decrypt or kept."""
        yield from self.kept
        widths = self.guest.without_arbiter().widths
        packings = [p for p in vars(widths).values() if isinstance(p, Packing)]
        packings += widths.gradients_packing
        for message in self.messages:
            receiver = next(k for k in self.keys.values() if belongs(message, k))
            head, payload = receiver.public.open(message, 7)
            at = 0
            for length in read_header(head, HEADER)["parts"]:
                part, at = bytes(payload[at : at + length]), at + length
                secret = next(k for k in self.keys.values() if belongs(part, k))
                integers = secret.decrypt_integers(from_bytes(part, secret.public))
                yield integers
                for packing in packings:
                    fits = [(1 << packing.bits * packing.fields) > v >= 0 for v in integers]
                    if all(fits):
                        whole = packing.split(integers, len(integers) * packing.fields)
                        yield from (whole[:n] for n in (6, 8, BATCH) if n <= len(whole))


HEADER = {"session": str, "step": str, "round": int, "sender": str, "parts": list}


def belongs(data, secret):
    return data[8:24].hex() == secret.public.key_id


def found(seen, truth):
    """Return the kinds of secrets that some vector shows."""
    result = set()
    singles = {kind: mantissas(np.concatenate(vectors)) for kind, vectors in truth.items()}
    for vector in seen:
        for kind, vectors in truth.items():
            alike = (correlation(vector, t) for t in vectors if len(t) == len(vector))
            if any(a > 1 - 1e-5 for a in alike) or singles[kind] & mantissas(vector):
                result.add(kind)
    return result


def correlation(a, b):
    a, b = np.array(a, dtype=np.float64), np.array(b, dtype=np.float64)
    a, b = a - a.mean(), b - b.mean()
    size = np.linalg.norm(a) * np.linalg.norm(b)
    return abs(a @ b) / size if size > 0 else 0.0


def mantissas(values):
    """Odd parts of numbers with so many digits that they do not meet by chance."""
    odd = {abs(int(v)) // (abs(int(v)) & -abs(int(v))) for v in values if v}
    return {v for v in odd if v > 1 << 16}


@pytest.fixture
def keys(other_secret):
    return other_secret, small_key(hf.default_backend())


SIGMOIDS = {"first-order": "taylor1", "cubic": least_squares(3, 8.0)}


@pytest.mark.parametrize("sigmoid", SIGMOIDS.values(), ids=SIGMOIDS)
def test_nothing_is_in_the_clear(monkeypatch, keys, sigmoid):
    spy = Spy(monkeypatch, keys, sigmoid)
    seen = list(spy.seen())
    assert len(spy.messages) == 2 * (3 * 6 + 1) and len(seen) > 500
    assert all(len(spy.truth[kind]) >= 6 for kind in KINDS)
    assert found(seen, spy.truth) == set()


@pytest.mark.parametrize("sigmoid", SIGMOIDS.values(), ids=SIGMOIDS)
def test_the_search_finds_what_is_not_masked(monkeypatch, keys, sigmoid):
    def no_draw(masked, count):
        return np.full(count, masked.limit, dtype=object)

    monkeypatch.setattr(shares.Masked, "draw", no_draw)
    spy = Spy(monkeypatch, keys, sigmoid)
    assert found(spy.seen(), spy.truth) >= {"scores", "gradients", "weights"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_search_finds_what_is_planted(monkeypatch, keys, kind):
    spy = Spy(monkeypatch, keys, "taylor1")
    vector = spy.truth[kind][-1]
    others = {k: v for k, v in spy.truth.items() if k == kind}
    assert found([-vector * 3 + 1000], others) == {kind}
    one = next(v for v in vector if mantissas([v]))
    assert found([np.array([5, -one << 7, 17], dtype=object)], others) == {kind}
    assert found([vector[::-1] + vector**2], others) == set()
