"""Vertical training with an arbiter equals the same steps in the clear."""

import heflow as hf
import numpy as np
import pytest
import scipy.sparse as sp
from heflow.federated import vertical
from heflow.testing import ClearSecret
from host_process import remote


def problem(rows=120, guest=3, hosts=(4,), link="logit", seed=0):
    rng = np.random.default_rng(seed)
    blocks = [np.clip(rng.normal(size=(rows, d)), -3, 3) for d in (guest, *hosts)]
    blocks = [np.rint(b * 2.0**16) / 2.0**16 for b in blocks]
    z = sum(b @ rng.normal(size=b.shape[1]) for b in blocks)
    y = (z + rng.normal(size=rows) > 0).astype(float) if link == "logit" else z / 4
    return blocks[0], y, list(blocks[1:])


def emulate(X, y, hosts, link, epochs, batch, rate, decay=0.0, l2=0.0):
    """The obvious version: one weight vector over all columns, first-order sigmoid."""
    A = np.column_stack([X, *hosts, np.ones(len(y))])
    w, free = np.zeros(A.shape[1]), np.append(np.ones(A.shape[1] - 1), 0)
    losses = []
    for epoch in range(epochs):
        total = 0.0
        for i in range(0, len(y), batch):
            a, t = A[i : i + batch], y[i : i + batch]
            z = a @ w
            d = z / 4 + 0.5 - t if link == "logit" else z - t
            total += np.sum(np.log(2) + (0.5 - t) * z + z * z / 8 if link == "logit" else d * d / 2)
            w = w - rate / (1 + decay * epoch) * (a.T @ d / len(t) + l2 * free * w)
        losses.append(total / len(y))
    return w, losses


def joined(guest, hosts):
    return np.concatenate([guest.coef_, *(h.coef_ for h in hosts), [guest.intercept_]])


def secrets(secret):
    return {"paillier": secret, "clear": ClearSecret()}


OPTIONS = {"epochs": 3, "batch_size": 40, "learning_rate": 0.5, "decay": 0.3, "l2": 0.01}


@pytest.mark.parametrize("link", ["logit", "identity"])
@pytest.mark.parametrize("columns", [(4,), (2, 3), (1, 2, 2)])
@pytest.mark.parametrize("scheme", ["paillier", "clear"])
def test_equals_the_emulation(secret, scheme, link, columns):
    X, y, blocks = problem(guest=2, hosts=columns, link=link)
    guest = vertical.Guest(X, y, link=link)
    hosts = [vertical.Host(b, name=f"host-{i}") for i, b in enumerate(blocks)]
    arbiter = vertical.Arbiter(secret=secrets(secret)[scheme])
    options = {**OPTIONS, "epochs": 2}
    result = vertical.fit(guest, hosts, arbiter, **options)
    weights, losses = emulate(
        X, y, blocks, link, 2, 40, options["learning_rate"], options["decay"], options["l2"]
    )
    np.testing.assert_allclose(joined(guest, hosts), weights, atol=1e-7)
    assert result.epochs == 2
    np.testing.assert_allclose(result.history, losses, atol=1e-3)
    p = vertical.predict(guest, hosts, X, blocks, arbiter)
    z = np.column_stack([X, *blocks]) @ weights[:-1] + weights[-1]
    expected = 1 / (1 + np.exp(-z)) if link == "logit" else z
    np.testing.assert_allclose(p, expected, atol=1e-6)


def test_schemes_give_the_same_bits(secret):
    X, y, blocks = problem()
    found = []
    for key in secrets(secret).values():
        guest, host = vertical.Guest(X, y), vertical.Host(blocks[0])
        vertical.fit(guest, [host], vertical.Arbiter(secret=key), epochs=2, batch_size=40)
        found.append(joined(guest, [host]))
    np.testing.assert_array_equal(*found)


def test_resumes_bit_for_bit(secret, tmp_path):
    X, y, blocks = problem()
    arbiter = vertical.Arbiter(secret=secret)
    whole = vertical.Guest(X, y), vertical.Host(blocks[0])
    vertical.fit(whole[0], [whole[1]], arbiter, **OPTIONS)
    rounds = []

    def killed(done, total):
        rounds.append(done)
        if done == 4:  # in the middle of the second epoch
            raise KeyboardInterrupt

    first = vertical.Guest(X, y), vertical.Host(blocks[0])
    with pytest.raises(KeyboardInterrupt):
        vertical.fit(first[0], [first[1]], arbiter, **OPTIONS, checkpoint=tmp_path, progress=killed)
    again = vertical.Guest(X, y), vertical.Host(blocks[0])
    result = vertical.fit(again[0], [again[1]], arbiter, **OPTIONS, checkpoint=tmp_path)
    np.testing.assert_array_equal(joined(again[0], [again[1]]), joined(whole[0], [whole[1]]))
    assert len(result.history) == 3
    with pytest.raises(hf.ParameterError, match="other settings"):
        vertical.fit(again[0], [again[1]], arbiter, **{**OPTIONS, "l2": 0.5}, checkpoint=tmp_path)


@pytest.mark.parametrize("columns", [(4,), (2, 3)])
def test_early_stop(secret, columns):
    X, y, blocks = problem(hosts=columns)
    guest = vertical.Guest(X, y)
    hosts = [vertical.Host(b, name=f"host-{i}") for i, b in enumerate(blocks)]
    result = vertical.fit(
        guest, hosts, vertical.Arbiter(secret=secret), epochs=9, batch_size=60, tolerance=10.0
    )
    assert result.epochs == 2


@pytest.mark.parametrize("scheme", ["paillier", "clear"])
def test_sparse_columns_give_the_same_bits(secret, scheme):
    X, y, blocks = problem()
    X, block = np.where(X > 0.5, X, 0), np.where(blocks[0] < -0.5, blocks[0], 0)
    found = []
    for kind in (np.asarray, sp.csr_array, sp.coo_matrix):
        guest, host = vertical.Guest(kind(X), y), vertical.Host(kind(block))
        vertical.fit(guest, [host], vertical.Arbiter(secret=secrets(secret)[scheme]), **OPTIONS)
        found.append(joined(guest, [host]))
        scores = vertical.predict(guest, [host], kind(X), [kind(block)])
        np.testing.assert_allclose(scores, vertical.predict(guest, [host], X, [block]))
    np.testing.assert_allclose(
        found[1:], [found[0]] * 2, atol=1e-14
    )  # scores add up in another order


def test_several_hosts_are_added_under_the_key(secret, other_secret):
    """No share of a score is opened by itself, and none but the guest reads the sum."""
    X, y, blocks = problem(hosts=(2, 3))
    guest = vertical.Guest(X, y)
    hosts = [vertical.Host(b, name=f"host-{i}") for i, b in enumerate(blocks)]
    arbiter = vertical.Arbiter(secret=secret)
    vertical.fit(guest, hosts, arbiter, epochs=1, batch_size=60)
    with pytest.raises(hf.UnsupportedOperationError, match="share of each"):
        vertical.predict(guest, hosts, X, blocks)
    with pytest.raises(hf.ParameterError, match="one for each"):
        vertical.predict(guest, hosts, X, blocks[:1], arbiter)
    shares = [h.encrypted_scores(b) for h, b in zip(hosts, blocks, strict=True)]
    sent = [guest.masked_scores(X, shares) for _ in range(2)]
    seen = [arbiter._decrypted(m, "masked scores", repeatable=True)[0] for m in sent]
    assert not set(seen[0].tolist()) & set(seen[1].tolist())
    assert np.median([int(v).bit_length() for v in seen[0]]) > 64
    with pytest.raises(hf.FormatError, match="120 rows|are not aligned"):
        guest.masked_scores(X[:50], shares)
    other = vertical.Arbiter(secret=other_secret)
    other.begin(guest.settings.session)
    with pytest.raises(hf.KeyMismatchError):
        other.open_scores(sent[0])
    opened = arbiter.open_scores(sent[1])
    z = guest.partial_scores(X) + sum(
        h.partial_scores(b) for h, b in zip(hosts, blocks, strict=True)
    )
    np.testing.assert_allclose(guest.open_scores(opened), z, atol=1e-8)
    with pytest.raises(hf.FormatError, match="no masked scores"):
        guest.open_scores(opened)
    with pytest.raises(hf.FormatError, match="1 are due"):
        guest.residual([h.scores() for h in hosts])
        guest.loss()


class Watched(vertical.Arbiter):
    """An arbiter that notes what it decrypts."""

    def _decrypted(self, data, step, repeatable=False):
        result = super()._decrypted(data, step, repeatable)
        if step == "gradient":
            self.seen.append([int(v) for v in result[0]])
        return result


def test_the_arbiter_sees_masked_gradients(secret):
    """The same run twice: what it sees differs, is far larger than any gradient, and steps do not."""
    X, y, blocks = problem()
    seen, weights = [], []
    for _ in range(2):
        arbiter = Watched(secret=secret)
        arbiter.seen = []
        guest, host = vertical.Guest(X, y), vertical.Host(blocks[0])
        vertical.fit(guest, [host], arbiter, epochs=1, batch_size=45)
        seen.append(np.array([v for values in arbiter.seen for v in values], dtype=object))
        weights.append(joined(guest, [host]))
    np.testing.assert_array_equal(*weights)
    assert all(a != b for a, b in zip(*seen, strict=True))
    assert np.median([abs(v).bit_length() for v in seen[0]]) > 48 + 6 + 30  # scale, size, mask


@pytest.fixture
def begun(secret):
    X, y, blocks = problem()
    guest, host = vertical.Guest(X, y), vertical.Host(blocks[0])
    arbiter = vertical.Arbiter(secret=secret)
    settings = vertical.guest.Settings("a" * 32, "logit", 120, 40, 1, 0.1, 0.0, 0.0, 64.0)
    arbiter.begin(settings.session)
    for party in (guest, host):
        party.begin(arbiter.public, settings)
    return guest, host, arbiter, settings


def test_messages_of_elsewhere(begun, other_secret):
    guest, host, arbiter, settings = begun
    scores = host.scores()
    with pytest.raises(hf.FormatError, match="due"):
        host.gradient(scores)
    host.round = 1
    with pytest.raises(hf.FormatError, match="round 0 is due"):
        guest.residual([host.scores()])
    host.round = 0
    host._settings = vertical.guest.Settings("b" * 32, *list(vars(settings).values())[1:])
    with pytest.raises(hf.KeyMismatchError, match="another session"):
        guest.residual([host.scores()])
    host._settings, host._public = settings, other_secret.public
    with pytest.raises(hf.KeyMismatchError):
        guest.residual([host.scores()])
    host._public = arbiter.public
    guest.residual([host.scores()])
    gradient = guest.gradient()
    arbiter.open(gradient)
    with pytest.raises(hf.FormatError, match="has had"):
        arbiter.open(gradient)


def test_refusals(secret):
    X, y, blocks = problem()
    arbiter = vertical.Arbiter(secret=secret)
    with pytest.raises(hf.ShapeError, match="align"):
        vertical.fit(vertical.Guest(X, y), [vertical.Host(blocks[0][:90])], arbiter, epochs=1)
    with pytest.raises(hf.ParameterError, match="could be solved for"):
        vertical.fit(
            vertical.Guest(X, y), [vertical.Host(blocks[0])], arbiter, epochs=12, batch_size=40
        )
    with pytest.raises(hf.EncodingRangeError, match="missing"):
        vertical.Host(np.full((4, 2), np.nan))
    with pytest.raises(hf.ParameterError, match="constant"):
        vertical.Host(np.ones((4, 2)))
    with pytest.raises(hf.EncodingRangeError, match="clip"):
        vertical.Host(np.array([[1.0], [100.0]]))
    with pytest.raises(hf.ParameterError, match="0 and 1"):
        vertical.Guest(X, y + 5)
    for masked in (np.ma.masked_equal(y, 1), ["yes"] * len(y), np.asarray(y) * 1j):
        with pytest.raises(hf.EncodingTypeError, match="y"):
            vertical.Guest(X, masked)
    with pytest.raises(hf.EncodingTypeError, match="guest is a masked array"):
        vertical.Guest(np.ma.masked_greater(X, 1), y)
    with pytest.raises(hf.EncodingRangeError, match="labels"):
        vertical.Guest(X, np.where(y > 0, np.nan, 0))
    with pytest.raises(hf.ParameterError, match="name of its own"):
        vertical.fit(
            vertical.Guest(X, y), [vertical.Host(blocks[0]), vertical.Host(blocks[0])], arbiter
        )
    guest, host = vertical.Guest(X, y), vertical.Host(blocks[0])
    with pytest.raises(hf.EncodingRangeError, match="learning_rate"):
        vertical.fit(
            guest, [host], arbiter, epochs=2, batch_size=40, learning_rate=1e4, logit_bound=1.0
        )


def test_two_processes(secret, tmp_path):
    X, y, blocks = problem()
    arbiter = vertical.Arbiter(secret=secret)
    guest, host = vertical.Guest(X, y), vertical.Host(blocks[0])
    vertical.fit(guest, [host], arbiter, **OPTIONS)
    far = tmp_path / "host"
    far.mkdir()
    process, connection = remote(blocks[0], far, rounds=4)
    lone = vertical.Guest(X, y)
    with pytest.raises(
        ConnectionError, match="does not answer"
    ):  # the host dies in its second epoch
        vertical.fit(lone, [connection], arbiter, **OPTIONS, checkpoint=tmp_path / "guest")
    process.join(10)
    process, connection = remote(blocks[0], far)
    resumed = vertical.Guest(X, y)
    with pytest.raises(hf.ShapeError, match="host: host has 120 rows"):
        vertical.fit(vertical.Guest(X[:50], y[:50]), [connection], arbiter, epochs=1, batch_size=50)
    vertical.fit(resumed, [connection], arbiter, **OPTIONS, checkpoint=tmp_path / "guest")
    np.testing.assert_array_equal(resumed.coef_, guest.coef_)
    np.testing.assert_array_equal(
        vertical.predict(resumed, [connection], X, blocks),
        vertical.predict(guest, [host], X, blocks),
    )
    np.testing.assert_array_equal(  # the rows that the host holds
        vertical.predict(resumed, [connection], X[:50], [None]),
        vertical.predict(guest, [host], X[:50], [blocks[0][:50]]),
    )
    connection.close()
    process.join(10)
