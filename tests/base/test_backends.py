"""Backends: listed, forced, never silently replaced."""

import os
import subprocess
import sys
from pathlib import Path

import heflow as hf
import pytest
from heflow._core import testing as core

ROOT = Path(__file__).parents[2]
AVAILABLE = [b.name for b in hf.backends() if b.available]


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_listing():
    infos = hf.backends()
    assert infos[0].name == "portable" and infos[0].available
    assert all(b.available or b.reason for b in infos)
    assert hf.default_backend() in AVAILABLE


@pytest.mark.parametrize("name", ["portable", "avx2", "avx512ifma"])
def test_forcing_by_environment(name):
    done = run(
        "import heflow as hf; print(hf.paillier.keygen(512, insecure=True).public.backend)",
        HEFLOW_BACKEND=name,
        PYTHONWARNINGS="ignore",
    )
    if name in AVAILABLE:
        assert done.stdout.strip() == name
    else:
        assert "BackendError" in done.stderr and "not available" in done.stderr


def test_unknown_names_fail():
    with pytest.raises(hf.BackendError, match="'portable'"):
        hf.paillier.keygen(backend="sse2")
    done = run("import heflow as hf; hf.paillier.keygen()", HEFLOW_BACKEND="fast")
    assert "BackendError" in done.stderr and "unknown backend 'fast'" in done.stderr


def test_runtime(capsys):
    facts = hf.runtime()
    assert set(facts["self_test"].values()) == {"passed"}
    assert facts["randomness"].startswith("get")
    hf.show_runtime()
    assert "self_test" in capsys.readouterr().out


def test_results_come_from_the_pool(secret):
    x = secret.public.encrypt(list(range(200)))
    del x
    assert core.pooled_bytes() > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", AVAILABLE)
def test_whole_suite_with_a_backend_forced(name):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--ignore=tests/house", "tests"],
        env={**os.environ, "HEFLOW_BACKEND": name},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
