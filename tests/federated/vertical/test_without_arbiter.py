"""Training with shared weights equals the same steps in the clear."""

import stat

import heflow as hf
import numpy as np
import pytest
import scipy.sparse
from heflow.federated import vertical
from heflow.federated.vertical.messages import write
from heflow.federated.vertical.shared_driver import call_shared
from heflow.federated.vertical.widths import SharedSettings
from heflow.linear_model import PolynomialSigmoid, least_squares
from heflow.testing import ClearSecret
from host_process import remote
from small_keys import small_key

CUBIC = least_squares(3, 8.0)
OPTIONS = {"epochs": 3, "batch_size": 40, "learning_rate": 0.5, "decay": 0.3, "l2": 0.01}
SLACK = 1e-6  # of weights: a round rounds by 2^-32, residuals by 2^-24


def problem(rows=120, guest=3, host=4, link="logit", seed=0):
    rng = np.random.default_rng(seed)
    A, B = (np.clip(rng.normal(size=(rows, d)), -3, 3) for d in (guest, host))
    A, B = (np.rint(b * 2.0**16) / 2.0**16 for b in (A, B))
    z = A @ rng.normal(size=guest) + B @ rng.normal(size=host)
    y = (z + rng.normal(size=rows) > 0).astype(float) if link == "logit" else z / 4
    return A, y, B


def emulate(X, y, B, coefficients, epochs, batch_size, learning_rate, decay=0.0, l2=0.0):
    """The obvious version: one weight vector over all columns, the intercept between the parties'."""
    A = np.column_stack([X, np.ones(len(y)), B])
    w, free, losses = np.zeros(A.shape[1]), np.ones(A.shape[1]), []
    free[X.shape[1]] = 0
    for epoch in range(epochs):
        squares = 0.0
        for i in range(0, len(y), batch_size):
            a, t = A[i : i + batch_size], y[i : i + batch_size]
            d = np.polynomial.polynomial.polyval(a @ w, coefficients) - t
            squares += d @ d
            w = w - learning_rate / (1 + decay * epoch) * (a.T @ d / len(t) + l2 * free * w)
        losses.append(squares / len(y))
    return w, losses


def joined(guest, host):
    return np.concatenate([guest.coef_, [guest.intercept_], host.coef_])


MODELS = {
    "identity": ("identity", "taylor1", (0.0, 1.0), None, lambda d: d / 2),
    "first-order": ("logit", "taylor1", (0.5, 0.25), None, lambda d: 2 * d - 0.5 + np.log(2)),
    "published cubic": ("logit", "c3", (0.5, 0.197, 0, -0.004), 5.0, lambda d: d),
    "fitted cubic": ("logit", CUBIC, CUBIC.coefficients, 8.0, lambda d: d),
}


def parties(X, y, B, keys, link="logit"):
    return vertical.Guest(X, y, link=link, secret=keys[0]), vertical.Host(B, secret=keys[1])


@pytest.fixture
def keys(other_secret):
    return other_secret, ANOTHER


ANOTHER = small_key(hf.default_backend())
CLEAR = ClearSecret(key_id="a1" * 16), ClearSecret(key_id="b2" * 16)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("scheme", ["paillier", "clear"])
def test_equals_the_emulation(keys, scheme, model):
    link, sigmoid, coefficients, bound, loss = model
    X, y, B = problem(link=link)
    guest, host = parties(X, y, B, keys if scheme == "paillier" else CLEAR, link)
    options = {**OPTIONS, "batch_size": 50}  # the last batch is smaller
    result = vertical.fit(
        guest, [host], **options, sigmoid=sigmoid, logit_bound=bound, tolerance=-1.0
    )
    weights, squares = emulate(X, y, B, coefficients, **options)
    np.testing.assert_allclose(result.history, [loss(d) for d in squares], atol=1e-6)
    z = np.column_stack([X, np.ones(len(y)), B]) @ weights
    expected = 1 / (1 + np.exp(-z)) if link == "logit" else z
    p = vertical.predict(guest, [host], X, [B])  # before anybody knows the weights
    np.testing.assert_allclose(p, expected, atol=SLACK)
    vertical.open_weights(guest, [host])
    np.testing.assert_allclose(joined(guest, host), weights, atol=SLACK)
    np.testing.assert_allclose(vertical.predict(guest, [host], X[:7], [B[:7]]), p[:7], atol=1e-12)


def test_backends(secret, other_secret):
    X, y, B = problem(rows=40)
    guest, host = parties(X, y, B, (secret, other_secret))
    options = {"epochs": 1, "batch_size": 20, "learning_rate": 0.3}
    vertical.fit(guest, [host], **options, sigmoid=CUBIC, logit_bound=8.0)
    vertical.open_weights(guest, [host])
    expected, _ = emulate(X, y, B, CUBIC.coefficients, **options)
    np.testing.assert_allclose(joined(guest, host), expected, atol=SLACK)


@pytest.mark.parametrize("batch_size", [7, 120])
def test_batches(keys, batch_size):
    X, y, B = problem(rows=29 if batch_size == 7 else 120)
    guest, host = parties(X, y, B, keys)
    options = {"epochs": 2, "batch_size": batch_size, "learning_rate": 0.3}
    vertical.fit(guest, [host], **options)
    vertical.open_weights(guest, [host])
    np.testing.assert_allclose(
        joined(guest, host), emulate(X, y, B, (0.5, 0.25), **options)[0], atol=SLACK
    )


def test_sparse_columns(keys):
    """Most entries are zero, some rows and columns of batches are; nobody is told which."""
    rng = np.random.default_rng(1)
    X, y, _ = problem(rows=60)
    dense = np.where(rng.random((60, 40)) < 0.04, 1.0, 0.0)
    dense[rng.integers(0, 60, 40), np.arange(40)] = 1.0
    dense[20:40] = 0.0  # a whole batch
    dense[0], dense[59] = 1.0, 0.0
    sparse = scipy.sparse.csr_matrix(dense)
    options = {"epochs": 2, "batch_size": 20, "learning_rate": 0.3}
    found, sizes = [], []
    for columns in (sparse, dense):
        guest, host = parties(X, y, columns, keys)
        sizes.append(vertical.fit(guest, [host], **options).bytes_sent)
        vertical.open_weights(guest, [host])
        found.append(joined(guest, host))
    assert sizes[0] == sizes[1]
    np.testing.assert_allclose(*found, atol=SLACK)
    np.testing.assert_allclose(
        found[0], emulate(X, y, dense, (0.5, 0.25), **options)[0], atol=SLACK
    )


def test_resumes(keys, tmp_path):
    X, y, B = problem()
    whole = parties(X, y, B, keys)
    vertical.fit(whole[0], [whole[1]], **OPTIONS)
    vertical.open_weights(whole[0], [whole[1]])

    def killed(done, total):
        if done == 4:  # in the middle of the second epoch
            raise KeyboardInterrupt

    first = parties(X, y, B, keys)
    with pytest.raises(KeyboardInterrupt):
        vertical.fit(first[0], [first[1]], **OPTIONS, checkpoint=tmp_path, progress=killed)
    for name in ("guest-1.json", "host-1.json"):  # secret material
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    again = parties(X, y, B, keys[::-1])  # a restarted party makes a new key
    result = vertical.fit(again[0], [again[1]], **OPTIONS, checkpoint=tmp_path)
    vertical.open_weights(again[0], [again[1]])
    assert result.epochs == 3
    np.testing.assert_allclose(joined(*again), joined(*whole), atol=1e-7)
    with pytest.raises(hf.ParameterError, match="other settings"):
        vertical.fit(again[0], [again[1]], **{**OPTIONS, "l2": 0.5}, checkpoint=tmp_path)
    other = tmp_path / "other"
    vertical.fit(again[0], [again[1]], **OPTIONS, checkpoint=other)
    (other / "host-3.json").replace(tmp_path / "host-3.json")  # shares of another run
    with pytest.raises(hf.KeyMismatchError, match="another session"):
        vertical.fit(again[0], [again[1]], **{**OPTIONS, "epochs": 4}, checkpoint=tmp_path)
    (tmp_path / "guest-3.json").write_text("{}")
    with pytest.raises(hf.FormatError, match="not a checkpoint"):
        vertical.fit(again[0], [again[1]], **OPTIONS, checkpoint=tmp_path)


def test_early_stop(keys):
    X, y, B = problem()
    guest, host = parties(X, y, B, keys)
    result = vertical.fit(guest, [host], epochs=9, batch_size=60, tolerance=10.0)
    assert result.epochs == 2 and len(result.history) == 2
    assert vertical.fit(guest, [host], epochs=1, batch_size=60).history == []  # none opened


def test_nobody_holds_the_weights(keys):
    X, y, B = problem()
    guest, host = parties(X, y, B, keys)
    vertical.fit(guest, [host], **OPTIONS)
    for read in (lambda: guest.coef_, lambda: guest.intercept_, lambda: host.coef_):
        with pytest.raises(hf.UnsupportedOperationError, match="open_weights"):
            read()
    for use in (guest.partial_scores, lambda X: host.partial_scores(B)):
        with pytest.raises(hf.UnsupportedOperationError, match="are shared"):
            use(X)
    vertical.fit(guest, [host], vertical.Arbiter(secret=keys[0]), epochs=1, batch_size=120)
    assert len(guest.coef_) == 3  # with an arbiter they are known


@pytest.fixture
def begun(keys):
    X, y, B = problem()
    guest, host = (p.without_arbiter() for p in parties(X, y, B, keys))
    settings = SharedSettings("a" * 32, "logit", 120, 40, 1, 0.1, 0.0, 0.0, 64.0, guest_columns=4)
    guest.begin(*[host.begin(guest.public, settings)[0], settings, 4])
    return guest, host, settings


def test_messages_of_elsewhere(begun, keys):
    guest, host, settings = begun
    weights = guest.weights()
    with pytest.raises(hf.FormatError, match="'scores' of round 0 is due"):
        host.residual(weights)
    with pytest.raises(hf.KeyMismatchError):
        guest.scores(weights)  # sealed for the host
    with pytest.raises(hf.FormatError):
        host.products(weights[:-9] + b"x" + weights[-8:])
    products = host.products(weights)
    with pytest.raises(hf.FormatError, match="1 parts of 'products' and 3 are due"):
        guest.scores(write(guest.public, settings.session, "products", 0, "host", b""))
    with pytest.raises(hf.FormatError, match="another range or scale"):
        other = keys[0].encrypt_integers(np.zeros(4, dtype=object), 1).to_bytes()
        host.products(write(host.public, settings.session, "weights", 0, "guest", other))
    scores = guest.scores(products)
    with pytest.raises(hf.FormatError, match="due"):
        guest.gradient(products)
    residual = host.residual(scores)
    gradient = guest.gradient(residual)
    with pytest.raises(hf.FormatError, match="not due"):
        guest.gradient(residual)  # the share of this round's scores is used up
    guest.step(host.step(gradient))
    with pytest.raises(hf.FormatError, match="round 1 is due"):
        host.products(weights)
    guest._session = "b" * 32
    with pytest.raises(hf.KeyMismatchError, match="another session"):
        host.products(guest.weights())
    guest._session = settings.session
    short = SharedSettings("a" * 32, "logit", 120, 30, 1, 0.1, 0.0, 0.0, 64.0, guest_columns=4)
    host._settings = short
    with pytest.raises(hf.FormatError, match="aligned"):
        guest.scores(host.products(guest.weights()))


def test_refusals(keys):
    X, y, B = problem()
    fit = lambda g, h, **k: vertical.fit(g, [h], **{"epochs": 1, "batch_size": 40, **k})  # noqa: E731
    guest, host = parties(X, y, B, keys)
    with pytest.raises(hf.ShapeError, match="align"):
        fit(guest, vertical.Host(B[:90], secret=keys[1]))
    with pytest.raises(hf.ParameterError, match="same key"):
        fit(guest, vertical.Host(B, secret=keys[0]))
    with pytest.raises(hf.UnsupportedOperationError, match="2 hosts"):
        vertical.fit(guest, [host, host])
    with pytest.raises(hf.ParameterError, match="both parties"):
        fit(guest, vertical.Host(B, name="guest", secret=keys[1]))
    with pytest.raises(hf.ParameterError, match="without a bound on the logit"):
        fit(guest, host, sigmoid=CUBIC)
    with pytest.raises(hf.ParameterError, match="exceeds the interval"):
        fit(guest, host, sigmoid="c3", logit_bound=8.0)
    even = PolynomialSigmoid("even", (0.5, 0.2, 0.1), 5.0)
    for sigmoid in ("logistic", "g5", even):
        with pytest.raises(hf.ParameterError, match="odd polynomial of degree 1 or 3"):
            fit(guest, host, sigmoid=sigmoid, logit_bound=5.0)
    with pytest.raises(hf.UnsupportedOperationError, match="with an arbiter"):
        vertical.fit(guest, [host], vertical.Arbiter(secret=keys[0]), sigmoid="c3", logit_bound=5.0)
    with pytest.raises(hf.ParameterError, match="penalty alone"):
        fit(guest, host, learning_rate=2.0, l2=0.6)
    with pytest.raises(hf.HeadroomError, match="longer keys"):
        fit(guest, host, logit_bound=2.0**440)
    with pytest.raises(hf.HeadroomError, match="loss of an epoch"):
        fit(guest, host, logit_bound=2.0**300, tolerance=0.0)
    with pytest.raises(hf.EncodingRangeError, match="labels reach"):
        fit(vertical.Guest(X, 99 * y, link="identity", secret=keys[0]), host)
    with pytest.raises(hf.ParameterError, match="has no shares"):
        vertical.open_weights(vertical.Guest(X, y, secret=keys[0]), [host])
    fit(guest, host)
    with pytest.raises(hf.ShapeError, match="align"):
        vertical.predict(guest, [host], X, [B[:9]])
    with pytest.raises(hf.ShapeError, match="columns"):
        vertical.predict(guest, [host], X, [B[:, :2]])
    with pytest.raises(hf.EncodingRangeError, match="clip"):
        vertical.predict(guest, [host], X, [B + 20])


def test_logits_beyond_their_bound(keys):
    """Divergence is seen when a number no longer fits its mask, in the loss, or by the guest at prediction."""
    X, y, B = problem()
    guest, host = parties(X, y, B, keys)
    wild = {"batch_size": 20, "learning_rate": 40.0}
    with pytest.raises(hf.EncodingRangeError, match="left its declared bound"):
        vertical.fit(guest, [host], epochs=30, sigmoid=CUBIC, logit_bound=8.0, **wild)
    with pytest.raises(hf.EncodingRangeError, match="left its declared bound"):
        vertical.fit(
            guest, [host], epochs=2, sigmoid=CUBIC, logit_bound=8.0, tolerance=-1.0, **wild
        )
    vertical.fit(guest, [host], epochs=1, batch_size=120, learning_rate=3.0, logit_bound=0.5)
    with pytest.raises(hf.EncodingRangeError, match="scores lie outside"):
        vertical.predict(guest, [host], X, [B])


def test_a_served_host_takes_its_own_steps_only(keys, tmp_path):
    host = vertical.Host(problem()[2], secret=keys[1])
    for verb, parts in (("products", []), ("begin", [b""]), ("_descend", [b"", b""]), ("name", [])):
        with pytest.raises(hf.FormatError, match="no step"):
            call_shared(host, verb, parts, tmp_path, None, True)
    with pytest.raises(hf.FormatError):
        call_shared(host, "begin", [keys[0].public.to_bytes(), b"{}"], tmp_path, None, True)
    with pytest.raises(hf.ParameterError, match="no rows to predict"):
        call_shared(host, "new_rows", [bytes(8)], tmp_path, None, True)
    with pytest.raises(hf.ParameterError, match="has not begun"):
        call_shared(host, "products", [b"x"], tmp_path, None, True)
    with pytest.raises(hf.ParameterError, match="sigmoid"):
        SharedSettings("a", "logit", 9, 3, 1, 0.1, 0.0, 0.0, 8.0, (0.5, 0.2, 0.1, 0.0), 4)


def test_two_processes(keys, tmp_path):
    X, y, B = problem()
    guest, host = parties(X, y, B, keys)
    vertical.fit(guest, [host], **OPTIONS)
    expected = vertical.predict(guest, [host], X, [B])
    far = tmp_path / "host"
    far.mkdir()
    process, connection = remote(B, far, rounds=4, shared=True)
    lone = vertical.Guest(X, y, secret=keys[0])
    with pytest.raises(ConnectionError, match="does not answer"):  # it dies in its second epoch
        vertical.fit(lone, [connection], **OPTIONS, checkpoint=tmp_path / "guest")
    process.join(10)
    assert stat.S_IMODE((far / "host-1.json").stat().st_mode) == 0o600
    process, connection = remote(B, far, shared=True)
    resumed = vertical.Guest(X, y, secret=keys[0])
    with pytest.raises(hf.ShapeError, match="host: host has 120 rows"):
        vertical.fit(vertical.Guest(X[:50], y[:50], secret=keys[0]), [connection], epochs=1)
    result = vertical.fit(resumed, [connection], **OPTIONS, checkpoint=tmp_path / "guest")
    assert result.epochs == 3
    p = vertical.predict(resumed, [connection], X, [B])
    np.testing.assert_allclose(p, expected, atol=1e-7)
    held = vertical.predict(resumed, [connection], X[:50], [None])  # rows that the host holds
    np.testing.assert_allclose(held, p[:50], atol=1e-12)
    vertical.open_weights(resumed, [connection])
    vertical.open_weights(guest, [host])
    np.testing.assert_allclose(resumed.coef_, guest.coef_, atol=1e-7)
    connection.close()
    process.join(10)
