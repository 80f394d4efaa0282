"""Models of scikit-learn and PyTorch in training loops: what the frameworks themselves give, averaged."""

import re
from pathlib import Path

import heflow as hf
import numpy as np
import pytest
import sklearn.linear_model as linear
from heflow.federated import Plan, horizontal, keygen
from heflow.federated.horizontal import Member, SklearnModel
from oracle import federated_average as oracle
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

PLAN = Plan(clients=3, clip=4.0, bits=22, max_total_weight=30, key="shared")
SECRET = keygen(PLAN)


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X[:, :8], y


def shares(X, y, unequal=True):
    cuts = [len(y) // 2, len(y) * 5 // 6] if unequal else [len(y) // 3, 2 * len(y) // 3]
    return list(zip(np.split(X, cuts), np.split(y, cuts), strict=True))


def fitted(models, rounds=3, **options):
    """Members after a run, and what the loop in the clear gives."""
    per = options.pop("rows_per_weight", 30)
    members = [Member(PLAN, SECRET, n, m) for n, m in zip("abc", models, strict=True)]
    start = models[0].arrays()
    horizontal.fit(members, PLAN, SECRET.public, rounds=rounds, rows_per_weight=per, **options)
    weights = {n: max(1, round(m.n_samples / per)) for n, m in zip("abc", models, strict=True)}
    expected = oracle.run(
        start, dict(zip("abc", models, strict=True)), weights, [list("abc")] * rounds, "fedavg"
    )
    for found, value in zip(members[1].arrays, expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=0, atol=2 * rounds * PLAN.step)
    return members


ESTIMATORS = {
    "logistic": LogisticRegression(max_iter=5, C=0.5),
    "sgd": SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.05, random_state=1),
    "hinge": SGDClassifier(learning_rate="constant", eta0=0.01, random_state=1),
    "network": MLPClassifier((6,), solver="sgd", learning_rate_init=0.1, random_state=2),
    "adam": MLPClassifier((6,), learning_rate_init=0.05, random_state=2),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_classifiers(name):
    X, y = cancer()
    estimator = clone(ESTIMATORS[name])
    models = [SklearnModel(estimator, *share, classes=[0, 1], epochs=2) for share in shares(X, y)]
    members = fitted(models)
    assert not hasattr(estimator, "coef_") and not hasattr(estimator, "coefs_")
    common = models[2].estimator_
    assert common.score(X, y) > 0.9
    np.testing.assert_array_equal(common.predict(X), models[0].estimator_.predict(X))
    metric = "accuracy" if name == "hinge" else "log loss"
    assert set(members[0].history[-1]) == {metric, "clipped"}
    copied = clone(common)
    assert copied.get_params() == {
        **clone(estimator).get_params(),
        **({"warm_start": True} if name == "logistic" else {}),
    }


def test_local_training_is_the_estimators_own():
    """One member, one pass in order: the arrays that partial_fit itself gives from the same start."""
    X, y = cancer()
    model = SklearnModel(ESTIMATORS["network"], X, y, classes=[0, 1], seed=4)
    order = np.random.default_rng([4, 0]).permutation(len(y))
    own = clone(ESTIMATORS["network"]).partial_fit(X[:1], y[:1], classes=[0, 1])
    untouched = clone(ESTIMATORS["network"]).set_params(learning_rate_init=1e-300, momentum=0.0)
    untouched.partial_fit(X[:2], y[:2], classes=[0, 1])
    for a, b in zip(model.arrays(), [*untouched.coefs_, *untouched.intercepts_], strict=True):
        np.testing.assert_array_equal(a, b)
    own.coefs_, own.intercepts_ = untouched.coefs_, untouched.intercepts_
    del own._optimizer
    trained, metrics = model.train(model.arrays(), 0)
    again, _ = model.train(model.arrays(), 0)
    for a, b in zip(trained, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert sum(np.abs(a - b).sum() for a, b in zip(trained, model.arrays(), strict=True)) > 0.01
    assert 0.3 < metrics["log loss"] < 3 and len(order) == len(y)


def test_many_classes_of_which_members_lack_some():
    X, y = load_digits(return_X_y=True)
    X = X / 16
    order = np.argsort(y, kind="stable")  # each member has its own digits
    estimator = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.1, random_state=0)
    models = [
        SklearnModel(estimator, *share, classes=range(10))
        for share in shares(X[order], y[order], unequal=False)
    ]
    fitted(models, rounds=4, rows_per_weight=100)
    assert models[0].estimator_.score(X, y) > 0.5
    assert models[0].estimator_.coef_.shape == (10, 64)


@pytest.mark.parametrize(
    "estimator",
    [
        SGDRegressor(learning_rate="constant", eta0=0.01, random_state=0),
        MLPRegressor(hidden_layer_sizes=(5,), solver="sgd", learning_rate_init=0.1, random_state=0),
    ],
    ids=["sgd", "network"],
)
def test_regressors(estimator):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y = X @ [1.0, -1.0, 0.5, 0.0] + 0.3
    models = [SklearnModel(estimator, *share, epochs=3) for share in shares(X, y)]
    members = fitted(models, rounds=5, rows_per_weight=20, metric_bound=1000.0)
    errors = [h["squared error"] for h in members[0].history]
    assert errors[-1] < errors[0] / 4


def test_what_scikit_learn_models_need():
    X, y = cancer()
    make = {"estimator": ESTIMATORS["sgd"], "X": X, "y": y, "classes": [0, 1]}
    cases = [
        ({"y": y + 1}, hf.ParameterError, r"labels \[2\] are not among classes"),
        ({"classes": None}, hf.ParameterError, "classes="),
        ({"classes": [0]}, hf.ParameterError, "labels"),
        ({"X": np.where(X > 2, np.nan, X)}, hf.EncodingRangeError, "missing"),
        ({"X": X[0]}, hf.ShapeError, "n_samples"),
        ({"y": y[1:]}, hf.ShapeError, "n_samples"),
        ({"estimator": linear.RidgeClassifier()}, hf.ParameterError, "partial_fit or warm_start"),
        ({"estimator": MLPClassifier((3,))}, hf.ParameterError, "random_state"),
        ({"estimator": SGDClassifier(average=True)}, hf.ParameterError, "average"),
        ({"estimator": LogisticRegression(), "X": X[:3], "y": np.zeros(3, int)}, hf.ParameterError, "no rows of classes"),
    ]  # fmt: skip
    for change, error, text in cases:
        with pytest.raises(error, match=text):
            SklearnModel(**{**make, **change})
    model = SklearnModel(**make)
    with pytest.raises(hf.UnsupportedOperationError, match="fedavg"):
        model.gradient(model.arrays(), 0)


def test_the_page_on_training_runs(capsys):
    page = Path(__file__).parents[3] / "docs/how-to/train-between-hospitals.md"
    scope = {}
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S):
        exec(block, scope)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6 and float(lines[-1]) > 0.9
    for a, b in zip(scope["members"][0].arrays, scope["members"][3].arrays, strict=True):
        np.testing.assert_array_equal(a, b)


# PyTorch


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")


def network(torch, batch_norm=False):
    torch.manual_seed(7)
    layers = [torch.nn.Linear(8, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)]
    if batch_norm:
        layers.insert(1, torch.nn.BatchNorm1d(5))
    return torch.nn.Sequential(*layers)


def torch_models(torch, batch_norm=False, **options):
    X, y = cancer()
    return [
        horizontal.TorchModel(
            network(torch, batch_norm), torch.nn.functional.cross_entropy,
            a.astype(np.float32), b, **options,
        )
        for a, b in shares(X, y)
    ]  # fmt: skip


@pytest.mark.parametrize("batch_norm", [False, True])
def test_torch_averages(torch, batch_norm):
    other = {"optimizer": lambda p: torch.optim.SGD(p, 0.2, momentum=0.5)} if batch_norm else {}
    models = torch_models(torch, batch_norm, epochs=2, **other)
    before = torch.random.get_rng_state()
    members = fitted(models)
    assert torch.equal(torch.random.get_rng_state(), before)  # training leaves the generator alone
    assert len(members[0].arrays) == (8 if batch_norm else 4)
    assert all(a.dtype == np.float32 for a in members[0].arrays)
    X, y = cancer()
    found = []
    for m in models:
        m.module.eval()
        found.append(m.module(torch.tensor(X, dtype=torch.float32)).detach().numpy())
    np.testing.assert_array_equal(found[0], found[2])
    assert (found[0].argmax(axis=1) == y).mean() > 0.9
    losses = [h["loss"] for h in members[0].history]
    assert losses[-1] < losses[0]


def test_torch_gradients(torch):
    """Federated gradient descent is gradient descent on all rows, when weights are the rows."""
    models = torch_models(torch)
    plan = Plan(clients=3, clip=4.0, bits=20, max_total_weight=569, key="shared")
    secret = keygen(plan)
    members = [Member(plan, secret, n, m) for n, m in zip("abc", models, strict=True)]
    horizontal.fit(members, plan, secret.public, rounds=3, algorithm="fedsgd", learning_rate=0.5)
    X, y = cancer()
    module = network(torch)
    descent = torch.optim.SGD(module.parameters(), 0.5)
    for _ in range(3):
        descent.zero_grad()
        loss = torch.nn.functional.cross_entropy(
            module(torch.tensor(X, dtype=torch.float32)), torch.tensor(y)
        )
        loss.backward()
        descent.step()
    for found, expected in zip(members[0].arrays, module.state_dict().values(), strict=True):
        np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("algorithm", ["fedavg", "fedsgd"])
def test_torch_shared_weights(torch, algorithm):
    """A parameter under two names moves once, by the whole mean."""

    def tied():
        torch.manual_seed(3)
        module = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Tanh(), torch.nn.Linear(4, 4))
        module[2].weight = module[0].weight
        return module

    X, y = torch.ones(6, 4), torch.zeros(6, 4)
    loss = torch.nn.functional.mse_loss
    plan = Plan(clients=3, clip=4.0, bits=20, max_total_weight=18, key="shared")
    secret = keygen(plan)
    members = [
        Member(plan, secret, n, horizontal.TorchModel(tied(), loss, X, y, batch_size=6))
        for n in "abc"
    ]
    horizontal.fit(
        members, plan, secret.public, rounds=2, algorithm=algorithm,
        learning_rate=1.0 if algorithm == "fedavg" else 0.1,
    )  # fmt: skip
    module = tied()
    descent = torch.optim.SGD(module.parameters(), 0.1)
    for _ in range(2):
        descent.zero_grad()
        loss(module(X), y).backward()
        descent.step()
    for found, expected in zip(members[0].arrays, module.state_dict().values(), strict=True):
        np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_torch_tensors_as_messages(torch, secret):
    """Those that NumPy can take are; the others are refused by name."""
    public = secret.public
    x = public.encrypt(torch.tensor([1.5, -2.0]))
    np.testing.assert_array_equal(secret.decrypt(torch.tensor([2.0, 4.0]) * x), [3.0, -8.0])
    np.testing.assert_array_equal(secret.decrypt(x + torch.ones(2)), [2.5, -1.0])
    for tensor in (torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.bfloat16)):
        with pytest.raises(hf.EncodingTypeError, match=r"detach\(\).cpu\(\).float\(\)"):
            public.encrypt(tensor)


def test_what_torch_models_need(torch):
    module, loss = network(torch), torch.nn.functional.cross_entropy
    with pytest.raises(hf.ShapeError, match="3 rows and y 2"):
        horizontal.TorchModel(module, loss, np.zeros((3, 8), np.float32), [0, 1])
    with pytest.raises(hf.EncodingRangeError, match="missing"):
        horizontal.TorchModel(module, loss, np.full((2, 8), np.nan, np.float32), [0, 1])
    with pytest.raises(hf.ParameterError, match="epochs=0"):
        horizontal.TorchModel(module, loss, np.zeros((2, 8), np.float32), [0, 1], epochs=0)
