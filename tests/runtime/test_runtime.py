"""What `runtime` says, and the package of another distribution beside ours."""

import subprocess
import sys
import time
from importlib import metadata

import heflow as hf
import pytest

runtime = sys.modules["heflow.runtime"]


def test_facts(capsys):
    facts = hf.runtime()
    assert facts["version"] == hf.__version__
    assert facts["threads"] >= 1
    assert facts["default_backend"] in facts["backends"]
    assert set(facts["self_test"].values()) == {"passed"}
    assert facts["randomness"].startswith("getrandom(2)") or sys.platform != "linux"
    assert hf.show_runtime() is None
    shown = capsys.readouterr().out
    assert all(key in shown for key in facts)


def test_an_unknown_default_backend_is_said(monkeypatch):
    monkeypatch.setenv("HEFLOW_BACKEND", "fpga")
    assert "fpga" in hf.runtime()["default_backend"]
    with pytest.raises(hf.BackendError, match="fpga"):
        hf.default_backend()


def test_name_clash(monkeypatch, tmp_path):
    assert runtime.name_clash() is None
    info = tmp_path / "heflow-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: heflow\nVersion: 9.9\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert metadata.version("heflow") == "9.9"
    assert "heflow 9.9" in runtime.name_clash()
    assert "heflow-core" in hf.runtime()["name_clash"]
    with pytest.warns(RuntimeWarning, match="heflow-core"):
        runtime.warn_about_name_clash()


def test_the_check_on_import_is_cheap():
    runtime.name_clash()
    best = min(_seconds(runtime.name_clash) for _ in range(10))
    assert best < 0.005


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


OPTIONAL = ["cryptography", "phe", "sklearn", "click", "rich", "tenseal", "matplotlib"]


def test_import_loads_nothing_optional():
    code = f"import sys, heflow; print([m for m in {OPTIONAL!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


SUBINTERPRETER = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
new = interpreters.create(*(["legacy"] if sys.version_info >= (3, 13) else []))
code = '''
import sys
sys.path[:0] = {path!r}
try:
    import heflow as hf
    secret = hf.paillier.keygen(2048)
    print(secret.decrypt(2 * secret.public.encrypt([1.5])), flush=True)
except ImportError as error:
    print(error, flush=True)
'''.format(path=sys.path)
interpreters.run_string(new, code)
"""


def test_a_subinterpreter_is_told_and_does_not_hang():
    """From CPython 3.13 on, which starts extensions in the main interpreter, it just works."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SUBINTERPRETER],
        capture_output=True,
        text=True,
        timeout=60,
    )
    expected = "[3.]" if sys.version_info >= (3, 13) else "main interpreter"
    assert expected in done.stdout, done.stderr
