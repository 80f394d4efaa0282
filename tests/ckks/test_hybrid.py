"""Several primes to a digit of key switching: the same numbers as with one."""

import heflow as hf
import numpy as np
import pytest

STEPS = [1, 5, -3]


@pytest.fixture(scope="module", params=[b.name for b in hf.backends() if b.available])
def secret(request):
    parameters = hf.ckks.Parameters(
        2048, (47, 40, 41, 40, 41, 40, 41), (47, 47, 47), 40, 20, insecure=True
    )
    return hf.ckks.keygen(parameters, backend=request.param)


@pytest.fixture(scope="module")
def public(secret):
    return secret.public_for(rotations=STEPS)


@pytest.fixture
def values():
    return np.random.default_rng(5).uniform(-1, 1, (2, 1024))


def test_products_at_every_level(secret, public, values):
    x, expected = public.encrypt(values), values.copy()
    for _ in range(public.parameters.depth):
        x, expected = x * public.encrypt(values), expected * values
        np.testing.assert_allclose(secret.decrypt(x), expected, atol=1e-6)
    with pytest.raises(hf.DepthError):
        x * x


def test_rotations_at_every_level(secret, public, values):
    x = public.encrypt(values)
    for _ in range(public.parameters.depth):
        x = x * 1.0
        for k in STEPS:
            np.testing.assert_allclose(
                secret.decrypt(x.rotate(k)), np.roll(values, -k, axis=1), atol=1e-6
            )


@pytest.mark.parametrize("steps", [[1], [5, 1], [-3, 1, 5]])
def test_rotations_added_at_once(secret, public, values, steps):
    x = public.encrypt(values) * 1.0
    expected = values + sum(np.roll(values, -k, axis=1) for k in steps)
    np.testing.assert_allclose(secret.decrypt(x.add_rotations(steps)), expected, atol=1e-6)


def test_rotations_added_with_one_digit_a_prime(ckks_secret):
    slots = ckks_secret.parameters.slots
    a = np.random.default_rng(6).uniform(-1, 1, slots)
    x = ckks_secret.public_for(rotations=[1, 2]).encrypt(a)
    expected = a + np.roll(a, -1) + np.roll(a, -2)
    np.testing.assert_allclose(ckks_secret.decrypt(x.add_rotations([1, 2])), expected, atol=1e-5)


def test_added_views_of_short_rows(secret, public):
    a = np.arange(12.0).reshape(3, 4) / 16
    x = public.encrypt(a)
    np.testing.assert_allclose(secret.decrypt(x.rotate(1)), np.roll(a, -1, axis=1), atol=1e-6)


def test_keys_travel(secret, public, values):
    again = hf.from_bytes(public.to_bytes(), insecure=True, backend=public.backend)
    x = again.encrypt(values)
    np.testing.assert_allclose(secret.decrypt(x * x), values**2, atol=1e-6)
    np.testing.assert_allclose(secret.decrypt(x.rotate(5)), np.roll(values, -5, axis=1), atol=1e-6)


@pytest.mark.parametrize("depth", [6, 12, 26])
def test_scales_stay_where_they_began(depth):
    """Squared at every level, a scale half a percent off would be gone after ten."""
    from heflow.ckks.public import ring_context

    parameters = hf.ckks.Parameters.for_depth(depth)
    primes = ring_context(parameters, "portable").primes[: len(parameters.prime_bits)]
    scale = 2.0**parameters.scale_bits
    for q in reversed(primes[parameters.base_primes :]):
        scale = scale * scale / q
        assert abs(scale / 2.0**parameters.scale_bits - 1) < 0.01
    assert len(set(primes)) == len(primes)
    assert parameters.security_bits == 128


def test_threads_share_ciphertexts_or_limbs_with_one_result():
    secret = hf.ckks.keygen(
        hf.ckks.Parameters(2048, (40, 30, 30), (40, 40), 30, insecure=True), insecure=True
    )
    public = secret.public_for(rotations=(1, 2))
    x = public.encrypt(np.random.default_rng(9).normal(size=(3, 1024)), bound=8.0)
    results = []
    for threads in (1, 2, 4):  # three ciphertexts: side by side, and one after the other
        with hf.threads(threads):
            made = (x * x, x.rotate(1), x.add_rotations([1, 2]))
            results.append([y.to_bytes(refresh=False) for y in made])
    assert results[0] == results[1] == results[2]
