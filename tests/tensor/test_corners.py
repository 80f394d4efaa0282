"""Corners where a careless answer would be wrong, or would tell too much."""

import heflow as hf
import numpy as np
import pytest


@pytest.mark.parametrize(
    "cancel",
    [lambda x: x - x, lambda x: x + -x, lambda x: 0 * x, lambda x: hf.stack([x, -x]).sum(axis=0)],
)
def test_zeros_never_leave_as_the_trivial_ciphertext(secret, cancel):
    """x - x is the ciphertext 1, in which everybody reads the zero."""
    zero = cancel(secret.encrypt([1.5, -2.0]))
    assert not {1} & set(zero.to_ciphertext_ints().tolist())
    assert zero.to_bytes() != zero.to_bytes(refresh=False)
    assert secret.decrypt(hf.from_bytes(zero.to_bytes(), secret.public)).tolist() == [0, 0]


def test_results_beyond_float64_are_not_infinite(secret_2048):
    x = secret_2048.encrypt([3e9])
    for _ in range(34):
        x = x * hf.plain([4e9], scale_bits=0, bound=2**32)
    with pytest.raises(hf.EncodingRangeError, match="decrypt_integers"):
        secret_2048.decrypt(x)
    assert secret_2048.decrypt_integers(x).tolist() == [3 * 10**9 * 2**40 * (4 * 10**9) ** 34]


def test_integers_with_a_scale_are_exact(secret):
    a = np.array([2**60 + 1, -(2**62) - 1])
    assert secret.decrypt_integers(secret.encrypt(a, scale_bits=8)).tolist() == [
        v << 8 for v in a.tolist()
    ]
    ones = secret.encrypt(np.array([1, 1], np.int8))
    assert secret.decrypt_integers(ones * hf.plain(a, scale_bits=2)).tolist() == [
        v << 2 for v in a.tolist()
    ]


def test_a_tensor_without_axes_is_not_a_sequence(secret):
    x = secret.encrypt(2.0)
    for operation in (list, sum, tuple, len):
        with pytest.raises(TypeError, match="without axes"):
            operation(x)


def test_what_is_too_large_to_store_is_refused_before(secret):
    x = secret.encrypt([1.0])
    with pytest.raises(hf.ShapeError, match="24"):
        x.reshape((1,) * 25)
    with pytest.raises(hf.HeadroomError, match="scale bits"):
        for _ in range(70):
            x = x * hf.plain([0.0], scale_bits=1000, bound=2.0**-1000)
    assert hf.from_bytes(x.to_bytes(), secret.public).scale_bits == x.scale_bits


def test_plain_arrays_are_never_written_to(secret):
    out = np.zeros(2, dtype=int)
    with pytest.raises(TypeError, match="out"):
        np.take(secret.encrypt([1.0, 2.0, 3.0]), [1, 2], out=out)
    assert not out.any()


def test_dot_with_scalars(secret):
    x, a = secret.encrypt([1.0, 2.0]), np.array([3.0, 4.0])
    assert secret.decrypt(np.dot(x[0], a)).tolist() == [3.0, 4.0]
    assert secret.decrypt(np.dot(2, x)).tolist() == [2.0, 4.0]


def test_mean_over_a_power_of_two_only_changes_the_scale(secret):
    x = secret.encrypt(np.arange(8))
    assert secret.decrypt(x.mean()) == 3.5
    assert x.mean().scale_bits == 3
    assert x.mean().dtype == np.float64


def test_joined_tensors_keep_the_largest_bound(secret):
    small, large = secret.encrypt([1.0], bound=2), secret.encrypt([1000.0, -3.0], bound=1000)
    for joined in (
        hf.concatenate([small, large]),
        hf.concatenate([large, small]),
        hf.stack([small[0], large[0]]),
    ):
        assert joined.bound == 1000
        assert 1000.0 in secret.decrypt(joined)


def test_headroom_counts_the_doublings_that_fit(secret):
    x = secret.encrypt([1.0], bound=1.75)
    for _ in range(x.headroom_bits):
        x = x + x
    assert x.headroom_bits == 0
    with pytest.raises(hf.HeadroomError):
        x + x


def test_shown_bounds_are_tight(secret):
    assert "bound<=2^32" in repr(secret.encrypt([1.0]))
    assert "bound<=2^2" in repr(secret.encrypt([1], bound=4))
    assert "bound<=2^-3" in repr(secret.encrypt([0.1], bound=0.125))


def test_divisors_at_the_ends_of_float64(secret):
    with pytest.raises(hf.EncodingRangeError, match="small"):
        secret.encrypt([1.0]) / 1e-320
    with pytest.warns(hf.PrecisionWarning):
        secret.encrypt([1.0]) / 1e25


REFUSED = [
    hash,
    lambda x: divmod(x, 2),
    lambda x: divmod(2, x),
    lambda x: x << 1,
    lambda x: x & 1,
    lambda x: 1 | x,
    lambda x: ~x,
    lambda x: x ^ x,
]


@pytest.mark.parametrize("operation", REFUSED)
def test_every_refusal_says_what_is_supported(secret, operation):
    with pytest.raises(hf.UnsupportedOperationError, match="supported are"):
        operation(secret.encrypt([1, 2]))


@pytest.mark.parametrize("axis", [1.0, 1.7, True, np.True_, np.array([0, 1]), "0", (0, 1.5), None])
def test_axes_are_whole_numbers(secret, axis):
    """NumPy refuses them too; int(1.7) would be another axis."""
    x = secret.encrypt([[1, 2, 3], [4, 5, 6]])
    if axis is None:
        assert secret.decrypt(x.sum(axis=axis)) == 21
        assert secret.decrypt(x.sum(axis=np.int8(1))).tolist() == [6, 15]
        return
    for reduce in (x.sum, x.mean):
        with pytest.raises(hf.ShapeError, match="axis number"):
            reduce(axis=axis)


def test_axes_are_permuted_as_in_numpy(secret):
    a = np.arange(24).reshape(2, 3, 4)
    x = secret.encrypt(a)
    for axes in ((2, 0, 1), ((2, 0, 1),), ([1, 2, 0],), (None,), (), (-1, 0, 1)):
        np.testing.assert_array_equal(secret.decrypt(x.transpose(*axes)), a.transpose(*axes))


def test_matrices_that_multiply_otherwise_are_refused(secret):
    """np.matrix * array is a matrix product; a tensor would multiply by elements."""
    with pytest.warns(PendingDeprecationWarning):
        m = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    x = secret.encrypt([[1.0, 0.0], [0.0, 1.0]])
    for product in (lambda: m * x, lambda: x * m):
        with pytest.raises(hf.UnsupportedOperationError, match="asarray"):
            product()
    assert secret.decrypt(np.asarray(m) @ x).tolist() == m.tolist()


def test_series_and_frames_leave_operators_to_tensors(secret):
    pandas = pytest.importorskip("pandas")
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    x, frame = secret.encrypt(a), pandas.DataFrame(a)
    for result, expected in (
        (frame + x, a + a),
        (x - frame, a - a),
        (frame * x, a * a),
        (pandas.Series([5.0, 6.0], index=[8, 9]) * x[0], a[0] * [5.0, 6.0]),
    ):
        assert isinstance(result, hf.EncryptedTensor)
        np.testing.assert_array_equal(secret.decrypt(result), expected)


def test_lists_of_tensors_are_joined_by_stack(secret):
    x = secret.encrypt([1.0, 2.0])
    for attempt in (lambda: np.array([x, x]), lambda: secret.encrypt([x[0], x[1]])):
        with pytest.raises(hf.UnsupportedOperationError, match=r"hf\.stack"):
            attempt()
    with pytest.raises(hf.UnsupportedOperationError, match="bincount"):
        hf.bucket_sum(np.ones(2), [0, 1], 2)


def test_numpy_integers_are_integers(secret, ckks_secret):
    x = secret.encrypt([3, -4])
    masked, mask = x.mask(np.int64(40))
    assert (secret.decrypt_integers(masked) - mask).tolist() == [3, -4]
    assert secret.decrypt_shared(x, queries=np.int32(5)).tolist() == [3, -4]
    assert ckks_secret.decrypt_shared(ckks_secret.encrypt([0.5]), np.int64(1)).shape == (1,)
    for key in (secret, ckks_secret):
        for bad in (0, 1.5, "a", True, None):
            with pytest.raises(hf.ParameterError, match="queries"):
                key.decrypt_shared(key.encrypt([1.0]), bad)


def test_a_scale_beyond_float64_is_named(secret_2048):
    """Not the value, which equals its bound."""
    with pytest.raises(hf.EncodingRangeError, match="smaller bound or scale"):
        secret_2048.encrypt([2.0**32], scale_bits=1000)
    assert secret_2048.decrypt(secret_2048.encrypt([2**32], scale_bits=1000)).tolist() == [2**32]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, np.float16, np.float64])
def test_the_bound_is_the_last_value(secret, dtype):
    for key in (secret, secret.public):
        assert key.encrypt(np.array([0, 100], dtype), bound=100).bound == 100
        for a in ([101, 0], [0, 127]):
            with pytest.raises(hf.EncodingRangeError, match="declared range"):
                key.encrypt(np.array(a, dtype), bound=100)
        if np.dtype(dtype).kind != "u":
            with pytest.raises(hf.EncodingRangeError, match="-101"):
                key.encrypt(np.array([0, -101], dtype), bound=100)
            assert secret.decrypt(key.encrypt(np.array([-100], dtype), bound=100)) == -100
