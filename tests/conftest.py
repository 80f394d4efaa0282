"""Fixtures for all tests: backends, thread counts, small keys."""

import os

import heflow as hf
import pytest
from small_keys import small_key


def pytest_report_header(config):
    missing = [f"{b.name} ({b.reason})" for b in hf.backends() if not b.available]
    return f"heflow backends: {', '.join(BACKENDS)}; not run here: {', '.join(missing) or 'none'}"


# A forced backend is tested alone.
FORCED = os.environ.get("HEFLOW_BACKEND")
BACKENDS = [b.name for b in hf.backends() if b.available and FORCED in (None, b.name)]


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.fixture(params=[1, 2, 4])
def thread_count(request):
    with hf.threads(request.param):
        yield request.param


_KEYS = {}


@pytest.fixture
def secret(backend):
    """A small Paillier key for each backend: protects nothing, and is quick."""
    if backend not in _KEYS:
        _KEYS[backend] = small_key(backend)
    return _KEYS[backend]


_CKKS_KEYS = {}


@pytest.fixture
def ckks_secret(backend):
    """A CKKS key of depth 2 for each backend."""
    if backend not in _CKKS_KEYS:
        _CKKS_KEYS[backend] = hf.ckks.keygen(depth=2, backend=backend)
    return _CKKS_KEYS[backend]


@pytest.fixture
def public(secret):
    return secret.public


@pytest.fixture(scope="session")
def other_secret():
    return small_key(BACKENDS[-1])


@pytest.fixture(scope="session")
def secret_2048():
    return hf.paillier.keygen(2048)
