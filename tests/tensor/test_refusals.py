"""Everything that ciphertexts cannot do is an error that says so; nothing is half done."""

import warnings

import heflow as hf
import numpy as np
import pytest

BAD_MESSAGES = [
    (np.nan, ValueError, "nan"), ([1.0, np.inf], ValueError, r"index \(1,\) is inf"), ([[0, 1], [-np.inf, 2]], ValueError, r"\(1, 0\)"),
    (None, TypeError, "None"), ("abc", TypeError, "string"), ([1, "a"], TypeError, "string"), (1 + 2j, TypeError, "complex"), ([True, False], TypeError, "boolean"), (True, TypeError, "boolean"),
    ([1, None], TypeError, "None"), (np.array([1, 2.5, "x"], object), TypeError, "index"), (np.ma.masked_array([1, 2], [0, 1]), TypeError, "masked"),
    (np.datetime64("2020-01-01"), TypeError, "date"), ([np.timedelta64(1, "s")], TypeError, "time"), ([[1], [1, 2]], ValueError, "rectangular"),
    (2.0**33, OverflowError, "bound="), ([0.0, -5e9], OverflowError, r"\(1,\)"), ([2**70], OverflowError, "64 bits"), (b"abc", TypeError, "byte"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "kind", "match"), BAD_MESSAGES, ids=str)
def test_bad_messages(secret, message, kind, match):
    for encrypt in (secret.encrypt, secret.public.encrypt):
        with pytest.raises(kind, match=match) as caught:
            encrypt(message)
        assert isinstance(caught.value, hf.HeflowError)


@pytest.mark.parametrize("operand", [np.nan, "a", None, 1j, True, [np.inf, 1, 1], {}], ids=str)
def test_bad_operands(secret, operand):
    x = secret.encrypt([1.0, 2.0, 3.0])
    for operation in (
        lambda: x + operand,
        lambda: operand * x,
        lambda: x - operand,
        lambda: x / operand,
        lambda: operand @ x,
    ):
        with pytest.raises((TypeError, ValueError)):
            operation()


def test_bad_declarations(secret):
    for bad in (0, -1, np.nan, np.inf, True):
        with pytest.raises(hf.ParameterError):
            secret.encrypt([1.0], bound=bad)
    for bad in (-1, 2.5, 10**6, "a"):
        with pytest.raises(hf.ParameterError):
            secret.encrypt([1.0], scale_bits=bad)
    with pytest.raises(hf.EncodingRangeError, match="declared range"):
        secret.encrypt([5], bound=4)


def test_vanishing_values(secret):
    with pytest.warns(hf.PrecisionWarning, match="2 non-zero"):
        x = secret.encrypt([1e-20, 1.0, -1e-30, 0.0])
    assert secret.decrypt(x).tolist() == [0, 1, 0, 0]
    with pytest.raises(hf.EncodingError, match="scale_bits"):
        secret.encrypt([1e-20], strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        secret.encrypt([1e-20], scale_bits=100)


UNSUPPORTED = [
    lambda x: np.exp(x), lambda x: np.sqrt(x), lambda x: np.power(x, 2), lambda x: x**2, lambda x: x**0.5, lambda x: 2**x, lambda x: x > 0, lambda x: x == x, lambda x: x != 1, lambda x: 0 < x,
    lambda x: bool(x), lambda x: float(x[0]), lambda x: int(x[0]), lambda x: np.asarray(x), lambda x: np.array([x]), lambda x: hash(x), lambda x: x * x, lambda x: x @ x, lambda x: 1 / x, lambda x: x // 2,
    lambda x: x % 2, lambda x: abs(x), lambda x: round(x), lambda x: np.max(x), lambda x: np.sort(x), lambda x: np.add.reduce(x), lambda x: np.add.outer(x, x), lambda x: np.add(1, x, out=np.zeros(3)),
    lambda x: np.linalg.norm(x), lambda x: np.where(x, 1, 2), lambda x: np.concatenate([x, [1.0]]), lambda x: np.sum(x, dtype=int), lambda x: np.add(x, 1, where=[True, False, True]), lambda x: sorted(x),
    lambda x: list(range(x[0])), lambda x: [1, 2, 3][x], lambda x: complex(x[0]), lambda x: np.full(2, x), lambda x: np.cumsum(x),
]  # fmt: skip


@pytest.mark.parametrize("operation", UNSUPPORTED)
def test_unsupported(secret, operation):
    x = secret.encrypt([1.0, 2.0, 3.0])
    with pytest.raises(TypeError):
        operation(x)


def test_in_place_on_an_array_is_refused(secret):
    a = np.zeros(3)
    with pytest.raises(TypeError, match="a = a"):
        a += secret.encrypt([1.0, 2.0, 3.0])
    assert a.dtype == np.float64


SHAPES = [
    lambda x: x + np.ones(4), lambda x: x * np.ones((2, 2)), lambda x: x + x[:2].reshape(2, 1)[:, [0, 0]], lambda x: np.ones((2, 4)) @ x, lambda x: x @ np.ones(4), lambda x: x.reshape(4),
    lambda x: hf.concatenate([x, x.reshape(1, 3)]), lambda x: hf.stack([x, x[:2]]), lambda x: x.sum(axis=1), lambda x: x.sum(axis="a"), lambda x: hf.concatenate([]), lambda x: np.ones((2, 3, 3)) @ x,
    lambda x: x.mean(axis=(0, 0)), lambda x: x[:0].mean(), lambda x: np.split(x, 2), lambda x: np.broadcast_to(x, (2, 4)), lambda x: 3 @ x,
]  # fmt: skip


@pytest.mark.parametrize("operation", SHAPES)
def test_shapes_that_do_not_fit(secret, operation):
    with pytest.raises(ValueError) as caught:
        operation(secret.encrypt([1.0, 2.0, 3.0]))
    assert isinstance(caught.value, hf.ShapeError)


def test_headroom_ends_before_it_overflows(secret):
    x = secret.encrypt([1.0])
    with pytest.raises(hf.HeadroomError, match="bits"):
        for _ in range(20):
            x = x * 1.5
    assert np.isfinite(secret.decrypt(x)).all()
    i = secret.encrypt([1])
    with pytest.raises(hf.HeadroomError):
        for _ in range(20):
            i = i * 3
    with pytest.raises(hf.HeadroomError):
        secret.encrypt([1.0], scale_bits=600, bound=2)
    with pytest.raises(hf.HeadroomError):
        x.mask(statistical_bits=500)


def test_two_keys_and_two_backends(secret, other_secret):
    x, y = secret.encrypt([1.0]), other_secret.encrypt([1.0])
    for operation in (
        lambda: x + y,
        lambda: x - y,
        lambda: hf.concatenate([x, y]),
        lambda: hf.stack([x, y]),
        lambda: hf.from_bytes(y.to_bytes(), secret.public),
    ):
        with pytest.raises(hf.KeyMismatchError, match=y.key_id):
            operation()
    names = [b.name for b in hf.backends() if b.available]
    if len(names) > 1:
        z = x.to_backend(next(n for n in names if n != x.public.backend))
        with pytest.raises(hf.BackendError, match="to_backend"):
            x + z
        with pytest.raises(hf.BackendError, match="to_backend"):
            secret.decrypt(z)
        assert secret.decrypt(z.to_backend(x.public.backend)).tolist() == [1.0]
    with pytest.raises(hf.BackendError, match="unknown"):
        x.to_backend("mmx")


def test_division_by_zero(secret):
    with pytest.raises(hf.EncodingError, match="zero"):
        secret.encrypt([1.0]) / 0
