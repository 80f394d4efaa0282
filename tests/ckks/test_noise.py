"""Measured noise against what is tracked, and the key recovery that raw results allow."""

import heflow as hf
import numpy as np
import pytest
from heflow._core import ckks as core
from heflow._core import testing


def coefficients(values, scale):
    """Coefficients of the polynomial with these real slots, by definition: rows of a cosine matrix."""
    n = 2 * len(values)
    exponents = np.empty(len(values), dtype=np.int64)
    g = 1
    for j in range(len(values)):
        exponents[j], g = g, g * 5 % (2 * n)
    out = np.empty(n)
    for k in range(n):
        out[k] = np.sum(values * np.cos(np.pi * ((exponents * k) % (2 * n)) / n))
    return out * scale * 2 / n


def test_encoder_equals_direct_evaluation(backend):
    """Coefficient 0 by definition against the one that a total reads."""
    weak = hf.ckks.Parameters(1024, (47,), (), 30, insecure=True)
    with pytest.warns(hf.InsecureKeyWarning):
        secret = hf.ckks.keygen(weak, insecure=True, backend=backend)
    values = np.random.default_rng(0).normal(size=512)
    total = secret.decrypt(secret.encrypt(values).sum())
    assert abs(total - coefficients(values, 1.0)[0] * 512) < 1e-4
    assert np.abs(secret.decrypt(secret.encrypt(values)) - values).max() < 1e-6


@pytest.mark.parametrize("way", ["owner", "public"])
def test_measured_noise_is_within_a_bit_of_the_stated(backend, way):
    secret = hf.ckks.keygen(depth=1, backend=backend)
    count = 64
    x = (secret if way == "owner" else secret.public).encrypt(
        np.zeros((count, secret.parameters.slots))
    )
    noise = secret.decrypt(x) * 2.0**secret.parameters.scale_bits
    measured = noise.std() / np.sqrt(secret.parameters.ring_degree / 2)
    assert x._batch.noise / 2 <= measured <= x._batch.noise * 2


def deviations(secret, x, exact):
    """Standard deviation of a coefficient's noise, ciphertext by ciphertext."""
    scale = secret.public.evaluator.scale(x._batch)
    return ((secret.decrypt(x) - exact) * scale).std(axis=1) / np.sqrt(secret.parameters.slots)


@pytest.mark.parametrize(
    ("depth", "count"),
    [(2, 8), (6, 4), pytest.param(2, 10_000, marks=pytest.mark.slow)],  # 6: hybrid digits
)
def test_noise_of_every_ciphertext_is_within_a_bit_of_the_stated(depth, count):
    """Fresh ones, sums, products, plain products and rotations."""
    secret, chunk = hf.ckks.keygen(depth=depth), min(count, 250)
    turning = secret.public_for(rotations=(1, 2))
    zeros = np.zeros((chunk, secret.parameters.slots))
    ones = secret.encrypt(zeros + 1.0, bound=1.0)
    for _ in range(count // chunk):
        owner = secret.encrypt(zeros, bound=1.0)
        public = turning.encrypt(zeros, bound=1.0)
        for x in (
            owner,
            public,
            owner + public,
            public * ones,
            public * ones * ones,
            public * np.ones(zeros.shape[1]),
            public.rotate(1),
            public.add_rotations([1, 2]),
        ):
            measured, stated = deviations(secret, x, 0.0), x._batch.noise
            assert measured.max() <= 2 * stated and measured.min() >= stated / 2


def residues(data, parts, n, q):
    size = (q.bit_length() + 7) // 8
    words = np.zeros((parts, n, 8), np.uint8)
    words[:, :, :size] = np.frombuffer(data, np.uint8).reshape(parts, n, size)
    return words.view("<u8").reshape(parts, n)


def conjugate_positions(n):
    """Where the value at the inverse of each root lies, in the order of docs/maths/ntt.md."""
    bits = n.bit_length() - 1
    order = [int(f"{i:0{bits}b}"[::-1], 2) for i in range(n)]  # exponent 2 order[i] + 1 at index i
    place = [(i & ~63) | ((i & 7) << 3) | (i >> 3 & 7) for i in range(n)]
    at = {2 * order[i] + 1: place[i] for i in range(n)}
    result = np.empty(n, np.int64)
    for exponent, position in at.items():
        result[position] = at[2 * n - exponent]
    return result


def recovered_key(secret, tensors, seen):
    """Whether two results give the key away (Li and Micciancio 2021, section 3).

    Real slots show m + m(1/X) = c0 + c0(1/X) + c1 s + c1(1/X) s(1/X): for two ciphertexts, two linear
    equations in s(w) and s(1/w) for each pair of roots.
    """
    public = secret.public
    q, n = public._context.primes[0], public.parameters.ring_degree
    turn = conjugate_positions(n)
    rows = []
    for x, values in zip(tensors, seen, strict=True):
        c0, c1 = residues(core.to_bytes(x._batch.core), 2, n, q).astype(object)
        shown = np.rint(2 * coefficients(values, 2.0**public.parameters.scale_bits))
        m = testing.ntt(np.array([int(v) % q for v in shown], np.uint64), q, public.backend)
        rows.append((c1, c1[turn], (m.astype(object) - c0 - c0[turn]) % q))
    (a, b, e), (c, d, f) = rows
    determinants = (a * d - b * c) % q
    inverses = np.array([pow(int(v), -1, q) for v in determinants], object)
    s = (e * d - b * f) * inverses % q
    found = testing.ntt(s.astype(np.uint64), q, public.backend, inverse=True).astype(np.int64)
    found[found == q - 1] = -1
    return bool(np.array_equal(found, np.frombuffer(secret._secret_payload(), np.int8)))


@pytest.mark.filterwarnings("ignore::heflow.PrecisionWarning")
def test_raw_results_give_the_key_away_and_shared_ones_do_not():
    weak = hf.ckks.Parameters(1024, (47,), (), 30, insecure=True)
    with pytest.warns(hf.InsecureKeyWarning):
        secret = hf.ckks.keygen(weak, insecure=True)
    rng = np.random.default_rng(1)
    tensors = [secret.public.encrypt(rng.normal(size=512)) for _ in range(2)]
    assert recovered_key(secret, tensors, [secret.decrypt(x) for x in tensors])
    assert not recovered_key(secret, tensors, [secret.decrypt_shared(x) for x in tensors])


def test_shared_results_are_honest(ckks_secret):
    a = np.random.default_rng(2).normal(size=1000)
    x = ckks_secret.public.encrypt(a)
    shared = ckks_secret.decrypt_shared(x)
    assert 1e-7 < np.abs(shared - a).max() < 0.01
    assert not np.array_equal(shared, ckks_secret.decrypt_shared(x))
    for bad in (0, -1, 2.5, True):
        with pytest.raises(hf.ParameterError):
            ckks_secret.decrypt_shared(x, queries=bad)


def test_copies_of_an_element_do_not_average_the_noise_away(ckks_secret):
    x = ckks_secret.public.encrypt([0.25, -1.5])
    shared = ckks_secret.decrypt_shared(np.broadcast_to(x, (500, 2)))
    assert (shared == shared[0]).all() and shared[0, 0] != shared[0, 1]
    again = ckks_secret.decrypt_shared(x[[0, 1, 0, 0]])
    assert again[0] == again[2] == again[3] != again[1]


@pytest.mark.filterwarnings("ignore::heflow.PrecisionWarning")
def test_every_ciphertext_is_a_query(ckks_secret):
    """Sixteen ciphertexts shown once are sixteen queries: four times the noise."""
    slots = ckks_secret.parameters.slots

    def spread(ciphertexts, queries):
        x = ckks_secret.encrypt(np.zeros((ciphertexts, slots)))
        return np.std(ckks_secret.decrypt_shared(x, queries=queries))

    assert spread(16, 1) == pytest.approx(spread(1, 16), rel=0.1)
    assert spread(16, 1) == pytest.approx(4 * spread(1, 1), rel=0.1)
    assert ckks_secret.decrypt_shared(ckks_secret.encrypt(np.zeros((0, 3)))).shape == (0, 3)
