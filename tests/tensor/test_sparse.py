"""Sparse matrices times encrypted vectors: the dense product, at the cost of what is stored."""

import heflow as hf
import numpy as np
import pytest
import scipy.sparse as sp
from heflow.testing import ClearSecret
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(params=["paillier", "clear"])
def any_secret(request, secret):
    return secret if request.param == "paillier" else ClearSecret()


def random_matrix(rows, columns, density, seed):
    rng = np.random.default_rng(seed)
    matrix = sp.random_array((rows, columns), density=density, rng=rng, format="coo")
    matrix.data = rng.integers(-999, 1000, matrix.nnz).astype(np.int64)
    return matrix


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 0.6), st.integers(0, 2**32))
def test_equals_the_dense_product(rows, columns, density, seed):
    secret = ClearSecret()
    matrix, vector = random_matrix(rows, columns, density, seed), np.arange(columns) - 7
    x = secret.public.encrypt(vector)
    np.testing.assert_array_equal(secret.decrypt(hf.plain(matrix) @ x), matrix.toarray() @ vector)


@pytest.mark.parametrize("shape", [(1, 7), (13, 40), (100, 3)])
@pytest.mark.parametrize("density", [0.02, 0.3, 1.0])
def test_every_backend(any_secret, shape, density):
    matrix, vector = random_matrix(*shape, density, 3), np.arange(shape[1]) - 2
    x = any_secret.public.encrypt(vector)
    expected = matrix.toarray() @ vector
    np.testing.assert_array_equal(any_secret.decrypt(hf.plain(matrix) @ x), expected)
    np.testing.assert_array_equal(any_secret.decrypt(x @ matrix.T), expected)
    product = x @ hf.plain(matrix.T, bound=1000)
    dense = x @ hf.plain(matrix.T.toarray(), bound=1000)
    assert (product.bound, product.scale_bits) == (dense.bound, dense.scale_bits)


def test_rows_of_very_different_lengths(secret):
    matrix = sp.lil_array((30, 50), dtype=np.float64)
    matrix[0, :] = np.linspace(-1, 1, 50)
    matrix[7, 3], matrix[29, 49] = 0.5, -1e6
    x = secret.public.encrypt(np.arange(50))
    expected = matrix.toarray() @ np.arange(50)
    np.testing.assert_allclose(secret.decrypt(hf.plain(matrix) @ x), expected, atol=1e-6)


def test_duplicates_add_up_and_the_operand_is_left_alone(any_secret):
    matrix = sp.coo_array(([1, 2, 4], ([0, 0, 1], [2, 2, 0])), shape=(2, 3))
    x = any_secret.public.encrypt([1, 10, 100])
    np.testing.assert_array_equal(any_secret.decrypt(hf.plain(matrix) @ x), [300, 4])
    assert matrix.nnz == 3


def test_what_leaves_is_not_the_trivial_ciphertext(secret):
    x = secret.public.encrypt([1, 2, 3])
    zero = hf.plain(sp.csr_array((2, 3), dtype=np.int64)) @ x
    assert 1 not in zero.to_ciphertext_ints().tolist()
    np.testing.assert_array_equal(secret.decrypt(zero), [0, 0])


def test_refusals(any_secret):
    x = any_secret.public.encrypt(np.ones((2, 3)))
    matrix = sp.eye_array(3)
    with pytest.raises(hf.UnsupportedOperationError, match="toarray"):
        x @ matrix
    with pytest.raises(hf.UnsupportedOperationError, match="nothing else"):
        x * hf.plain(matrix)
    with pytest.raises(hf.UnsupportedOperationError, match=r"hf\.plain\(A\)"):
        matrix @ x[0]
    with pytest.raises(hf.ShapeError, match="shapes"):
        hf.plain(sp.eye_array(4)) @ x[0]
    with pytest.raises(hf.EncodingRangeError):
        hf.plain(sp.csr_array([[3.0, 9.0, 0.0]]), bound=8) @ x[0]
    with pytest.raises(hf.EncodingError):
        hf.plain(sp.csr_array([[np.nan, 1.0, 0.0]])) @ x[0]
    with pytest.raises(hf.HeadroomError):
        hf.plain(sp.eye_array(3), bound=2.0**1000, scale_bits=999) @ x[0]


def test_ckks_names_the_dense_form():
    secret = hf.ckks.keygen(depth=1)
    with pytest.raises(hf.UnsupportedOperationError, match="toarray"):
        hf.plain(sp.eye_array(3)) @ secret.public.encrypt([1.0, 2.0, 3.0])
