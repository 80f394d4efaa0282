"""The models beside scikit-learn's, and on encrypted rows beside themselves."""

import contextlib
import unittest

import heflow as hf
import numpy as np
import pytest
import scipy.sparse
import sklearn.linear_model
from heflow.linear_model import LinearRegression, LogisticRegression, encrypt_columns, statistics
from heflow.testing import ClearSecret
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X)[:, :8], y


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


def test_logistic_is_scikit_learns(cancer):
    X, y = cancer
    ours = LogisticRegression(l2=0.01).fit(X, y)
    theirs = sklearn.linear_model.LogisticRegression(C=1 / (0.01 * len(y)), tol=1e-10).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)
    assert ours.score(X, y) == theirs.score(X, y)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_linear_is_scikit_learns(diabetes, alpha):
    X, y = diabetes
    ours = LinearRegression(alpha).fit(X, y)
    theirs = sklearn.linear_model.Ridge(alpha, tol=1e-12).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6)
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y))


def test_conventions(cancer):
    X, y = cancer
    model = LogisticRegression(max_iter=7, sigmoid="g5")
    again = clone(model)
    assert again.get_params() == model.get_params() and again is not model
    assert repr(model) == "LogisticRegression(max_iter=7, sigmoid='g5')"
    with pytest.raises(hf.ParameterError, match="not a parameter"):
        model.set_params(speed=1)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    assert cross_val_score(pipeline, X, y, cv=3, scoring="accuracy").mean() > 0.9


NOT_KEPT = {
    "check_estimators_unfitted",  # our own error, a ValueError too
    "check_supervised_y_2d",  # a column of labels is refused, not guessed at
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", [LogisticRegression(), LinearRegression()], ids=repr)
def test_scikit_learns_own_checks(model):
    for estimator, check in estimator_checks_generator(model):
        if check.func.__name__ not in NOT_KEPT:
            with contextlib.suppress(unittest.SkipTest):
                check(estimator)


def test_labels_and_targets():
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    for y, text in (
        ([0, 1, 2, 1], "Only binary classification"),
        ([0.5, 1.5, 1.0, 0.0], "Unknown label type"),
        ([1, 1, 1, 1], "1 class"),
        (None, "requires y"),
    ):
        with pytest.raises(hf.ParameterError, match=text):
            LogisticRegression().fit(X, y)
    with pytest.raises(hf.EncodingTypeError, match="Complex"):
        LinearRegression().fit(X * 1j, [0, 1, 2, 3])
    with pytest.raises(hf.ParameterError, match="toarray"):
        LinearRegression().fit(scipy.sparse.csr_array(X), [0, 1, 2, 3])
    with pytest.raises(hf.ParameterError, match="missing"):
        LinearRegression().fit(X, [0, 1, np.nan, 3])
    words = LogisticRegression(l2=0.1).fit(X, ["no", "no", "yes", "yes"])
    assert words.predict([[0.0], [3.0]]).tolist() == ["no", "yes"] and words.n_iter_ >= 1


def test_a_scheme_that_does_not_encrypt_gives_the_same_scores(cancer, secret):
    """Learning code knows no scheme: the integers behind both are the same."""
    X, y = cancer
    model, clear = LogisticRegression(l2=0.01).fit(X, y), ClearSecret()
    found = []
    for key in (secret, clear):
        rows = model.decision_function(key.public.encrypt(X[:20], bound=16.0))
        columns = model.decision_function(encrypt_columns(key.public, X[:20], bound=16.0))
        found.append([key.decrypt_integers(rows), key.decrypt_integers(columns)])
    np.testing.assert_array_equal(*found)
    xtx, xty = statistics(X, y.astype(float))
    fits = [
        LinearRegression(0.1)
        .fit_statistics(
            *(key.public.encrypt(a, scale_bits=60) for a in (xtx, xty)), decrypt=key.decrypt
        )
        .coef_
        for key in (secret, clear)
    ]
    np.testing.assert_array_equal(*fits)


@pytest.mark.parametrize("kind", ["rows", "columns"])
@pytest.mark.parametrize("scheme", ["paillier", "ckks"])
def test_encrypted_scores(cancer, secret, ckks_secret, scheme, kind):
    X, y = cancer
    model = LogisticRegression(l2=0.01).fit(X, y)
    key = secret if scheme == "paillier" else ckks_secret
    rows = X[:40]
    encrypted = (
        key.public.encrypt(rows, bound=16.0)
        if kind == "rows"
        else encrypt_columns(key.public, rows)
    )
    scores = model.decision_function(encrypted)
    np.testing.assert_allclose(key.decrypt(scores), model.decision_function(rows), atol=1e-4)
    with pytest.raises(hf.UnsupportedOperationError, match="comparison"):
        model.predict(encrypted)


def test_columns_take_one_ciphertext(cancer, ckks_secret):
    X, y = cancer
    model = LogisticRegression(l2=0.01).fit(X, y)
    scores = model.decision_function(encrypt_columns(ckks_secret.public, X))
    slots = ckks_secret.parameters.slots
    assert scores.nbytes < 4 * 16 * 2 * slots  # one for all rows
    again = hf.from_bytes(scores.to_bytes(), ckks_secret.public)
    np.testing.assert_allclose(ckks_secret.decrypt(again), model.decision_function(X), atol=1e-4)


def test_encrypted_probabilities(cancer, secret):
    X, y = cancer
    key = hf.ckks.keygen(depth=4)
    model = LogisticRegression(l2=0.1, sigmoid="g3", logit_bound=8.0).fit(X, y)
    p = key.decrypt(model.predict_proba(encrypt_columns(key.public, X[:30])))
    z = model.decision_function(X[:30])
    np.testing.assert_allclose(p, 0.5 + 1.20096 * z / 8 - 0.81562 * (z / 8) ** 3, atol=1e-4)
    far = X[:3] * np.array(
        [[1.0], [1.0], [8.0]]
    )  # a logit of 20 and more would be a probability of -13
    assert np.abs(model.decision_function(far)).max() > 20
    with pytest.raises(hf.HeadroomError, match="exceeds"):
        key.decrypt(model.predict_proba(encrypt_columns(key.public, far)))
    with pytest.raises(hf.UnsupportedOperationError, match="does not multiply"):
        model.predict_proba(encrypt_columns(secret.public, X[:3]))
    with pytest.raises(hf.ParameterError, match="polynomial"):
        clone(model).set_params(sigmoid=None).fit(X, y).predict_proba(
            encrypt_columns(key.public, X[:3])
        )


def test_sums_of_statistics_and_forgetting(diabetes, secret):
    X, y = diabetes
    parts = [statistics(X[i::5], y[i::5]) for i in range(5)]
    encrypted = [tuple(secret.public.encrypt(a, scale_bits=60) for a in part) for part in parts]
    xtx, xty = (sum(p[k] for p in encrypted[1:]) + encrypted[0][k] for k in (0, 1))
    model = LinearRegression(0.1).fit_statistics(xtx, xty, decrypt=secret.decrypt)
    np.testing.assert_allclose(model.coef_, LinearRegression(0.1).fit(X, y).coef_, rtol=1e-9)
    forgotten = LinearRegression(0.1).fit_statistics(
        xtx - encrypted[2][0], xty - encrypted[2][1], decrypt=secret.decrypt
    )
    rest = np.arange(len(y)) % 5 != 2
    np.testing.assert_allclose(
        forgotten.coef_, LinearRegression(0.1).fit(X[rest], y[rest]).coef_, rtol=1e-9
    )


def test_training_on_ciphertexts_through_the_model():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (60, 4))
    y = np.where(X @ [1, -2, 3, 0.5] > 0, 1, -1)
    model = LogisticRegression("nesterov", max_iter=2, l2=0.0, sigmoid="g3", logit_bound=8.0)
    plan = model.plan(*X.shape)
    secret = hf.ckks.keygen(plan.parameters)
    model.fit(plan.encrypt(secret.public_for(rotations=plan.rotations), X, y))
    plain = clone(model).fit(X, y)
    np.testing.assert_allclose(secret.decrypt(model.coef_), plain.coef_[0], atol=1e-4)
    np.testing.assert_allclose(secret.decrypt(model.intercept_), plain.intercept_, atol=1e-4)
    with pytest.raises(hf.ParameterError, match="weights are encrypted"):
        model.decision_function(X)


def test_refusals(cancer):
    X, y = cancer
    with pytest.raises(hf.ParameterError, match="learned nothing"):
        LogisticRegression().predict(X)
    with pytest.raises(hf.ParameterError, match="1 class"):
        LogisticRegression().fit(X, np.zeros(len(y)))
    with pytest.raises(hf.EncodingRangeError, match="missing"):
        LogisticRegression().fit(np.full((3, 2), np.nan), [0, 1, 0])
    with pytest.raises(hf.ShapeError, match="expecting 8 features"):
        LogisticRegression().fit(X, y).predict(X[:, :3])
    with pytest.raises(hf.ParameterError, match="without a bound"):
        LogisticRegression("nesterov", sigmoid="g5").fit(X, y)
    with pytest.raises(hf.ParameterError, match="nesterov"):
        LogisticRegression().plan(10, 3)
    with pytest.raises(hf.ParameterError, match="depend on one another"):
        LinearRegression().fit(np.ones((4, 2)), np.arange(4.0))


def test_columns_that_depend_on_one_another_are_found_to_rounding():
    """Sums of columns are singular only to rounding, and solving them gives weights of 1e16."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = X @ [1.0, 2.0, -1.0] + 0.5
    for extra in (X @ [0.3, 0.1, 0.7], X[:, 0], np.full(60, 7.3), np.zeros(60)):
        dependent = np.column_stack([X, extra])
        with pytest.raises(hf.ParameterError, match="depend on one another"):
            LinearRegression().fit(dependent, y)
        with pytest.raises(hf.ParameterError, match="depend on one another"):
            LinearRegression().fit_statistics(*statistics(dependent, y))
        assert LinearRegression(1e-3).fit(dependent, y).score(dependent, y) > 0.999
    with pytest.raises(hf.ParameterError, match="center them"):
        LinearRegression().fit_statistics(*statistics(X + 1e8, y))
    for moved in (X + 1e8, X * [1e-6, 1.0, 1e6] + 1.0):
        assert LinearRegression().fit(moved, y).score(moved, y) > 1 - 1e-9


def test_scores_of_constant_targets_are_scikit_learns():
    X = np.arange(6.0)[:, None]
    for y in (np.full(6, 3.0), np.zeros(6)):
        assert LinearRegression().fit(X, y).score(X, y) == 1.0
    model = LinearRegression().fit(X, np.arange(6.0))
    assert model.score(X, np.full(6, 2.0)) == 0.0
    assert model.score(X[:1], [5.0]) == 0.0


BAD_LABELS = [
    (np.array([0, 1, np.nan, 1.0]), "row 2"), ([None, "a", "b", "a"], "row 0"), ([0, 1, 0], "one label for each row"),
    ([[0], [1], [0], [1]], "one label for each row"), (1, "one label for each row"), (None, "requires y"),
]  # fmt: skip


@pytest.mark.parametrize(("labels", "text"), BAD_LABELS, ids=str)
def test_bad_labels(labels, text):
    """NaN compares unequal to all and would be one more member of the first class."""
    X, model = np.arange(4.0)[:, None], LogisticRegression()
    with pytest.raises(ValueError, match=text):
        model.fit(X, labels)
    model.fit(X, [0, 0, 1, 1])
    with pytest.raises(ValueError, match=text):
        model.score(X, labels)


BAD_PARAMETERS = [
    {"l2": -1}, {"l2": np.nan}, {"l2": "a"}, {"l2": True}, {"max_iter": 0}, {"max_iter": -1}, {"max_iter": 1.5}, {"max_iter": None},
    {"learning_rate": np.nan}, {"learning_rate": 0}, {"learning_rate": -1.0}, {"sigmoid": "xx"}, {"solver": "lbfgs"},
]  # fmt: skip


@pytest.mark.parametrize("parameters", BAD_PARAMETERS, ids=str)
@pytest.mark.parametrize("solver", ["newton", "nesterov"])
def test_bad_parameters(solver, parameters):
    model = LogisticRegression(**{"solver": solver, **parameters})
    with pytest.raises(hf.ParameterError, match=next(iter(parameters))):
        model.fit(np.arange(4.0)[:, None], [0, 0, 1, 1])


@pytest.mark.parametrize("alpha", [-1, np.nan, np.inf, "a", None, True])
def test_bad_penalties(alpha):
    with pytest.raises(hf.ParameterError, match="alpha"):
        LinearRegression(alpha).fit(np.arange(4.0)[:, None], np.arange(4.0))


@pytest.mark.parametrize("y", [["1", "2", "3", "4"], [1j, 2, 3, 4], ["a", "b", "c", "d"]], ids=str)
def test_targets_that_are_not_real_numbers(y):
    X = np.arange(4.0)[:, None]
    with pytest.raises(hf.EncodingTypeError, match="y holds"):
        LinearRegression().fit(X, y)
    with pytest.raises(hf.EncodingTypeError, match="X holds"):
        LinearRegression().fit(np.reshape(y, (4, 1)), np.arange(4.0))


def test_masked_entries_have_no_value():
    X, y = np.arange(4.0)[:, None], np.arange(4.0)
    for model in (LinearRegression(), LogisticRegression()):
        with pytest.raises(hf.EncodingTypeError, match="masked"):
            model.fit(np.ma.masked_equal(X, 3), y > 1)
        with pytest.raises(hf.EncodingTypeError, match="masked"):
            model.fit(X, np.ma.masked_equal(y, 3))


def test_columns_of_frames_keep_their_order():
    pandas = pytest.importorskip("pandas")
    X = np.random.default_rng(1).normal(size=(30, 3))
    frame = pandas.DataFrame(X, columns=["age", "height", "weight"])
    for model in (
        LinearRegression().fit(frame, X @ [1.0, 2.0, 3.0]),
        LogisticRegression().fit(frame, X[:, 0] > 0),
    ):
        assert model.feature_names_in_.tolist() == ["age", "height", "weight"]
        expected = model.predict(X)
        np.testing.assert_allclose(model.predict(frame), expected, rtol=1e-12)
        turned = frame[["weight", "height", "age"]]
        with pytest.raises(hf.ParameterError, match="feature names should match"):
            model.predict(turned)
        again = model.predict(turned[model.feature_names_in_])
        np.testing.assert_allclose(again, expected, rtol=1e-12)
    assert not hasattr(model.fit(X, X[:, 0] > 0), "feature_names_in_")


def test_encrypted_rows_where_plain_ones_are_needed(secret, ckks_secret):
    x = secret.encrypt(np.ones((4, 2)))
    for attempt in (
        lambda: LinearRegression().fit(x, np.ones(4)),
        lambda: LogisticRegression().fit(x, [0, 1, 0, 1]),
        lambda: LinearRegression().fit(np.eye(4), secret.encrypt(np.ones(4))),
    ):
        with pytest.raises(hf.UnsupportedOperationError, match=r"is encrypted.*plan"):
            attempt()
    X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
    model = LogisticRegression(sigmoid="g3", logit_bound=8.0).fit(X, [0, 0, 1, 1])
    with pytest.raises(hf.UnsupportedOperationError, match="encrypt_columns"):
        model.predict_proba(ckks_secret.encrypt(X))


def test_logits_beyond_their_bound_are_refused_where_they_are_seen():
    """Beyond it a polynomial is no sigmoid, and weights are those of nothing."""
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, (80, 3))
    y = X @ [3.0, -2.0, 1.0] > 0
    model = LogisticRegression("nesterov", max_iter=7, sigmoid="g3", logit_bound=8.0)
    assert model.fit(X, y).score(X, y) > 0.9
    for changed in ({"learning_rate": 1e3}, {"logit_bound": 0.5}):
        with pytest.raises(hf.EncodingRangeError, match=r"logit_bound=.*least_squares"):
            clone(model).set_params(**changed).fit(X, y)
