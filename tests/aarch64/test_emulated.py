"""heflow's wheel for aarch64, run by an emulated Python: a part of this suite, and bytes exchanged with this machine."""

import subprocess
import sys

import pytest
from aarch64 import emulate

PART = (
    "journeys",
    "wire",
    "random",
    "ring/test_ntt.py",
    "encoding/test_words.py",
    "paillier/test_vectors.py",
    "ckks/test_tensors.py",
    "storage/test_kinds.py",
    "federated/test_sums.py::test_exact",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(emulate.MISSING), reason=f"needs {', '.join(emulate.MISSING)}"),
]


@pytest.fixture(scope="module")
def emulated(tmp_path_factory):
    """Call the emulated Python."""
    try:
        program = emulate.prepare(tmp_path_factory.mktemp("aarch64"))
    except emulate.MirrorError as error:
        pytest.skip(f"no network to Debian's mirror, where the Python comes from: {error}")

    def call(*arguments):
        done = emulate.run(program, *arguments, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout

    return call


def here(*arguments):
    subprocess.run([sys.executable, *arguments], check=True)


def test_doctor(emulated):
    assert "everything is in order" in emulated("-m", "heflow", "doctor")


def test_bytes_are_those_of_this_machine(emulated, tmp_path):
    script = emulate.ROOT / "tests/aarch64/exchange.py"
    for writer, reader, name in [(here, emulated, "here"), (emulated, here, "there")]:
        folder = tmp_path / name
        folder.mkdir()
        writer(script, "write", folder)
        reader(script, "check", folder)


def test_part_of_the_suite(emulated):
    assert " passed" in emulated(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{name}" for name in PART)
    )
