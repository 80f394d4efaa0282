"""Ciphertexts that no encryption makes, and values that break their declared bound."""

import heflow as hf
import numpy as np
import pytest
from heflow._core import paillier as core
from heflow.encoding.words import from_python


def _p(secret):
    payload = secret._secret_payload()
    return int.from_bytes(payload[16 : 16 + int(np.frombuffer(payload[:4], "<u4")[0])], "little")


@pytest.mark.parametrize("name", ["zero", "p", "multiple of q", "n", "n^2", "beyond", "negative"])
def test_ciphertexts_that_do_not_exist(secret, name):
    n, p = secret.public.n, _p(secret)
    bad = {
        "zero": 0,
        "p": p,
        "multiple of q": 12345 * (n // p),
        "n": n,
        "n^2": n * n,
        "beyond": n * n + 5,
        "negative": -3,
    }[name]
    good = [int(c) for c in secret.public.encrypt([1, 2]).to_ciphertext_ints()]
    with pytest.raises(hf.FormatError, match="ciphertext 2"):
        secret.public.from_ciphertext_ints([*good, bad])
    if 0 <= bad < 256**secret.public._key.ciphertext_bytes:
        size = secret.public._key.ciphertext_bytes
        with pytest.raises(hf.FormatError, match="ciphertext 2"):
            core.from_bytes(
                secret.public._key, b"".join(c.to_bytes(size, "little") for c in [*good, bad])
            )


def test_wrong_length(secret):
    with pytest.raises(hf.FormatError, match="whole number"):
        core.from_bytes(secret.public._key, b"123")
    with pytest.raises(hf.FormatError):
        secret.public.evaluator.batch_from_bytes(b"", 3)


def test_value_beyond_its_bound_is_an_error(secret):
    """A party that lies about a bound gets an error at decryption, never a number."""
    public = secret.public
    x = public.encrypt([100, 200], bound=1000)
    lied = public.from_ciphertext_ints(
        (x * hf.plain([1000, 1000])).to_ciphertext_ints(), bound=1000
    )
    with pytest.raises(hf.HeadroomError, match="bound"):
        secret.decrypt(lied)
    assert secret.decrypt(x).tolist() == [100, 200]


def test_damaged_ciphertext_never_gives_a_number(secret):
    x = secret.public.encrypt([5])
    value = int(x.to_ciphertext_ints()[0])
    rng = np.random.default_rng(3)
    for bit in rng.integers(0, 2 * secret.public.n.bit_length() - 2, 100):
        changed = value ^ (1 << int(bit))
        if not 0 < changed < secret.public.n**2:
            continue
        damaged = secret.public.from_ciphertext_ints([changed])
        with pytest.raises(hf.HeadroomError):
            secret.decrypt(damaged)


def test_message_beyond_the_key(secret):
    n = secret.public.n
    key = secret.public._key
    for message in ((n - 1) // 2, -((n - 1) // 2)):
        batch = core.encrypt(key, from_python([message], 20))
        assert len(batch) == 1
    for message in ((n + 1) // 2, -(n + 1) // 2, n, 1 << 1200):
        with pytest.raises(hf.HeadroomError, match="message 0"):
            core.encrypt(key, from_python([message], 20))


def test_bindings_refuse_what_does_not_fit(secret):
    key, x = secret.public._key, secret.public.encrypt([1, 2, 3])._batch
    words = from_python([1, 2], 1)
    with pytest.raises(hf.ShapeError):
        core.add_plain(key, x, words)
    with pytest.raises(hf.ShapeError):
        core.take(key, x, np.array([3]))
    with pytest.raises(hf.ShapeError):
        core.sum(key, x, np.array([[0, -1]]))
    with pytest.raises(hf.ShapeError):
        core.bucket_sum(key, x, np.array([[0], [1], [2]], np.int32), 2)
    with pytest.raises(hf.ShapeError):
        core.matmul_plain(key, x, np.array([[0, 1]]), np.ones((1, 3, 1), np.int64))


def test_results_do_not_depend_on_threads(secret):
    x = secret.public.encrypt(np.arange(-300, 300))
    weights = np.random.default_rng(2).integers(-(2**31), 2**31, (5, 600))
    seen = set()
    for n in (1, 2, 4, 8):
        with hf.threads(n):
            made = [
                x + x,
                x * 7,
                -x,
                x.sum(),
                weights @ x,
                x[::3],
                hf.bucket_sum(x, np.arange(600) % 7, 7),
            ]
            seen.add(tuple(t.to_bytes(refresh=False) for t in made))
    assert len(seen) == 1
