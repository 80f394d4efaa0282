"""Array behaviour: dtypes, layouts, indexing, broadcasting, protocols."""

import heflow as hf
import numpy as np
import pytest

DTYPES = [
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    ">i4",
    ">f8",
    "longdouble",
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(secret, dtype):
    a = np.array([0, 1, 3, 100], dtype=dtype)
    got = secret.decrypt(secret.public.encrypt(a))
    assert got.tolist() == [0, 1, 3, 100]
    assert got.dtype == (
        np.float64 if np.dtype(dtype).kind == "f" else object if dtype == "uint64" else np.int64
    )


def test_integer_extremes(secret):
    for dtype in ("int8", "int64", "uint64", "int32"):
        info = np.iinfo(dtype)
        least = -info.max if dtype == "int64" else info.min  # |a| < 2^63
        a = np.array([least, info.max], dtype=dtype)
        assert secret.decrypt(secret.encrypt(a)).tolist() == [least, info.max]
        assert secret.decrypt(-secret.encrypt(a)).tolist() == [-int(least), -int(info.max)]
        assert secret.decrypt(3 - secret.encrypt(a)).tolist() == [3 - int(least), 3 - int(info.max)]


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0), (2, 3), (2, 3, 2), (1, 2, 1, 2, 1)])
def test_shapes_and_layouts(secret, shape, tmp_path):
    a = np.asarray(np.arange(np.prod(shape, dtype=int), dtype=np.float64).reshape(shape) - 2)
    before = a.copy()
    forms = [a, np.asfortranarray(a), a[..., ::-1] if a.ndim else a, a.T.T]
    if a.size:
        mapped = np.memmap(tmp_path / "a.bin", dtype=np.float64, mode="w+", shape=a.shape or (1,))
        mapped[...] = a
        forms.append(mapped)
    a.flags.writeable = False
    for form in forms:
        x = secret.public.encrypt(form)
        assert x.shape == form.shape and x.size == form.size and x.ndim == form.ndim
        np.testing.assert_array_equal(secret.decrypt(x), form)
    np.testing.assert_array_equal(a, before)


INDICES = [
    0, -1, slice(None), slice(None, None, -1), slice(1, 3), (slice(None), 1), (Ellipsis, 0), None, (0, None),
    [0, 2, 2], np.array([True, False, True, True]), (slice(None), [0, 0]), (np.array([0, 3]), np.array([1, 2])), slice(5, 9),
]  # fmt: skip


@pytest.mark.parametrize("key", INDICES, ids=str)
def test_indexing(secret, key):
    a = np.arange(12.0).reshape(4, 3)
    x = secret.encrypt(a)
    np.testing.assert_array_equal(secret.decrypt(x[key]), a[key])


def test_iteration_and_bad_indices(secret):
    a = np.arange(6).reshape(3, 2)
    x = secret.encrypt(a)
    assert [secret.decrypt(row).tolist() for row in x] == a.tolist()
    for key in (3, (0, 5), "a", 1.5):
        with pytest.raises(hf.ShapeError):
            x[key]
    with pytest.raises(TypeError, match="plain"):
        x[x]
    with pytest.raises(TypeError, match="immutable"):
        x[0] = 1


MOVES = [
    lambda a: np.reshape(a, (3, 4)), lambda a: np.ravel(a), lambda a: np.transpose(a), lambda a: np.squeeze(a[:, :1]),
    lambda a: np.expand_dims(a, 1), lambda a: np.broadcast_to(a, (2, 4, 3)), lambda a: np.flip(a), lambda a: np.roll(a, 1, axis=0),
    lambda a: np.concatenate([a, a[:1]]), lambda a: np.stack([a, a], axis=1), lambda a: np.vstack([a, a]), lambda a: np.hstack([a, a]), lambda a: np.column_stack([a, a]), lambda a: np.split(a, 2)[1], lambda a: np.concatenate([a, a], axis=1),
    lambda a: a.reshape(-1), lambda a: a.reshape(2, -1), lambda a: a.T, lambda a: a.ravel(), lambda a: a.transpose(1, 0),
]  # fmt: skip
REDUCTIONS = [
    lambda a: np.sum(a), lambda a: np.sum(a, axis=0), lambda a: np.sum(a, axis=(0, 1)), lambda a: a.sum(axis=-1, keepdims=True),
    lambda a: np.mean(a, axis=0), lambda a: np.mean(a), lambda a: a.mean(axis=1),
]  # fmt: skip


@pytest.mark.parametrize("function", MOVES + REDUCTIONS)
def test_numpy_functions(secret, function):
    a = np.linspace(-3, 5, 12).reshape(4, 3)
    got, expected = secret.decrypt(function(secret.encrypt(a))), function(a)
    assert got.shape == np.shape(expected)
    np.testing.assert_allclose(got, expected, atol=1e-11)


OPERATIONS = [
    lambda x: x + 1, lambda x: 1 + x, lambda x: 2.5 - x, lambda x: x - np.arange(3), lambda x: np.arange(3.0) + x, lambda x: x * 3, lambda x: np.float32(2) * x,
    lambda x: np.int8(-3) * x, lambda x: x / 4, lambda x: x / np.array([1, 2, 5]), lambda x: -x, lambda x: +x, lambda x: np.add(x, 2), lambda x: np.subtract(2, x),
    lambda x: np.multiply(x, x.shape[0]), lambda x: np.negative(x), lambda x: np.true_divide(x, 8), lambda x: np.eye(4)[:2] @ x, lambda x: x @ np.ones((3, 2)),
    lambda x: np.matmul(np.ones(4), x), lambda x: np.dot(x, np.arange(3)), lambda x: x.dot(np.arange(3.0)), lambda x: np.dot(x, 2), lambda x: x[0] + x, lambda x: x[:, :1] - x,
]  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operators(secret, operation):
    a = np.linspace(-3, 5, 12).reshape(4, 3)
    for tensor in (secret.encrypt(a), secret.public.encrypt(a)):
        result = operation(tensor)
        assert isinstance(result, hf.EncryptedTensor)
        np.testing.assert_allclose(secret.decrypt(result), operation(a), atol=1e-8)


def test_integers_stay_integers(secret):
    x = secret.encrypt([1, 2, 3])
    w = np.array([[1, -1, 2], [2**31 - 1, 0, -(2**31)]], dtype=np.int32)
    assert (
        secret.decrypt(w @ x).tolist() == (w.astype(object) @ np.array([1, 2, 3], object)).tolist()
    )
    assert secret.decrypt(5 * x - 1).dtype.kind in "iO"
    assert secret.decrypt(x + 0.5).tolist() == [1.5, 2.5, 3.5]


@pytest.mark.parametrize("length", [1, 2, 7, 8, 9, 63, 64, 65, 300])
def test_lengths_around_the_lanes(secret, length):
    a = np.arange(length) - length // 2
    x, y = secret.public.encrypt(a), secret.encrypt(a[::-1].copy())
    assert (secret.decrypt(x + y) == a + a[::-1]).all()
    assert secret.decrypt(x.sum()) == a.sum()
    assert (secret.decrypt(x * a) == a * a).all()
    assert secret.decrypt(a @ y) == a @ a[::-1]
    assert (secret.decrypt(hf.concatenate([x, y, x])) == np.concatenate([a, a[::-1], a])).all()
    assert (
        secret.decrypt(hf.bucket_sum(x, np.arange(length) % 3, 3))
        == [a[i::3].sum() for i in range(3)]
    ).all()


def test_bucket_sum(secret):
    rng = np.random.default_rng(4)
    a, bins = rng.normal(size=200), rng.integers(0, 5, (200, 3))
    got = secret.decrypt(hf.bucket_sum(secret.encrypt(a), bins, 5))
    expected = [[a[bins[:, f] == b].sum() for b in range(5)] for f in range(3)]
    np.testing.assert_allclose(got, expected, atol=1e-9)
    for bad in (bins[:5], bins + 1, bins - 1, bins.astype(float)):
        with pytest.raises(hf.ShapeError):
            hf.bucket_sum(secret.encrypt(a), bad, 5)


def test_mask(secret):
    x = secret.encrypt([1.5, -2.5, 1e6])
    masked, mask = x.mask(statistical_bits=40)
    assert mask.dtype == object and mask.shape == (3,)
    exact = secret.decrypt_integers(masked) - mask
    assert (exact == secret.decrypt_integers(x)).all()
    assert min(int(m).bit_length() for m in mask) > 60
    assert (x.mask()[1] != mask).any()


def test_plain(secret):
    x = secret.encrypt([1.0, 2.0])
    half = hf.plain([0.5, -0.25], scale_bits=8, bound=1)
    assert secret.decrypt(half * x).tolist() == [0.5, -0.5]
    assert (x * half).scale_bits == 48
    assert (x * half).bound == 2**32
    assert secret.decrypt(x + half).tolist() == [1.5, 1.75]
    assert secret.decrypt(half @ x) == 0.0
    with pytest.raises(hf.EncodingRangeError):
        hf.plain([2.0], bound=1) * x


def test_bounds_are_public(secret):
    """Bounds follow from declarations, never from values."""
    x = secret.encrypt([1.0, 2.0])
    assert (7 * x).bound == (5 * x).bound == (10**6 * x).bound
    assert x.bound == secret.encrypt([0.0, 3e9]).bound == 2**32
    assert (x + x).bound == 2**33
    assert x.sum().bound == 2**33
    assert secret.encrypt(np.array([1], np.int8)).bound == 128
    assert secret.encrypt([1.0], bound=8).bound == 8
    assert x.headroom_bits > (x * 2).headroom_bits > 0


def test_repr_and_card(secret):
    x = secret.encrypt([[1.0, 2.0]])
    text = repr(x)
    assert "shape=(1, 2)" in text and "scale=2^40" in text and x.key_id[:8] in text
    assert "<table>" in x._repr_html_() and str(x.headroom_bits) in x._repr_html_()
