"""Backends: listed, forced, never silently replaced."""

import os
import platform
import shutil
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


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="needs Linux")
def test_features_agree_with_the_kernel():
    """Linux lists what the CPU has and the system saves, under names nearly the same."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    flags = {f.replace("_", "") for line in lines if line.startswith("flags") for f in line.split()}
    for b in hf.backends():
        wanted = {{"pclmul": "pclmulqdq"}.get(f, f) for f in b.features}
        if flags and "not built" not in b.reason:
            assert b.available == (wanted <= flags), b


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
@pytest.mark.parametrize("name", [n for n in AVAILABLE if n != hf.default_backend()])
def test_whole_suite_with_a_backend_forced(name):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--ignore=tests/house", "tests"],
        env={**os.environ, "HEFLOW_BACKEND": name},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]


EMULATED = """
import heflow as hf
print(hf.default_backend(), *(b.reason for b in hf.backends()), sep="|")
secret = hf.paillier.keygen(512, insecure=True)
x = hf.from_bytes(secret.public.encrypt([1, -2, 3]).to_bytes(), secret.public)
assert secret.decrypt_integers(x + x * 4).tolist() == [5, -10, 15]
secret = hf.ckks.keygen(depth=1)
y = hf.from_bytes(secret.public.encrypt([0.5] * 8).to_bytes(), secret.public)
assert abs(secret.decrypt(y * y) - 0.25).max() < 1e-5
facts = hf.runtime()
assert set(facts["self_test"].values()) == {"passed"}
assert all(use.startswith(hf.default_backend() + " (") for use in facts["uses"].values())
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("qemu-x86_64"), reason="needs qemu-x86_64")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="emulates with this machine's Python")
@pytest.mark.parametrize(("model", "backend"), [("Nehalem", "portable"), ("Haswell", "avx2")])
def test_other_processors_meet_no_illegal_instruction(model, backend):
    environment = {k: v for k, v in os.environ.items() if k != "HEFLOW_BACKEND"}
    done = subprocess.run(
        ["qemu-x86_64", "-cpu", model, sys.executable, "-W", "ignore", "-c", EMULATED],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    chosen, *reasons = done.stdout.strip().split("|")
    assert chosen == backend and reasons[0] == "" and "avx512ifma" in reasons[2]
    assert ("fma" in reasons[1]) == (backend == "portable")
