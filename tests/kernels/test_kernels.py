"""The portable kernels without Python, on this machine and on an emulated aarch64, against stored results."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests/vectors/kernels.txt"
CSRC = ROOT / "csrc"
KERNELS = [
    p
    for pattern in ("base/*", "random/*", "wire/*", "ring/*", "*/portable/*", "bigint/[mn]*")
    for p in CSRC.glob(f"{pattern}.cpp")
    if not p.stem.startswith("modexp") and p.parent.name not in ("avx2", "avx512ifma")
]
LIBRARY = [
    p
    for p in CSRC.rglob("*.cpp")
    if p.parent.name not in ("bindings", "avx2", "avx512ifma")
]  # fmt: skip
DRIVER = sorted((ROOT / "tests/kernels").glob("*.cpp"))
AARCH64 = "aarch64-linux-gnu-g++"
QEMU = next((q for q in ("qemu-aarch64-static", "qemu-aarch64") if shutil.which(q)), None)


def build(folder, sources, compiler, *flags):
    """Compile sources and the driver; warnings are errors. Returns the program."""

    def compile_one(source):
        target = folder / ("-".join(source.relative_to(ROOT).parts) + ".o")
        command = [
            compiler,
            "-std=c++17",
            "-ffp-contract=off",
            "-Wall",
            "-Wextra",
            "-Werror",
            *flags,
            "-c",
            source,
        ]
        done = subprocess.run([*command, "-o", target], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return target

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        objects = list(pool.map(compile_one, [*sources, *DRIVER]))
    program = folder / "check_kernels"
    subprocess.run([compiler, *flags, *objects, "-o", program, "-pthread"], check=True)
    return program


def run(*command):
    done = subprocess.run([*command, VECTORS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_stored_results_are_those_of_the_oracle():
    sys.path.insert(0, str(ROOT / "tests/vectors"))
    import make_kernels

    assert make_kernels.make() == VECTORS.read_text()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")
def test_without_undefined_behaviour(tmp_path):
    """And a wrong result is noticed."""
    program = build(
        tmp_path, KERNELS, "g++", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover"
    )
    assert "right, 0 wrong" in run(program)
    changed = tmp_path / "changed.txt"
    changed.write_text(VECTORS.read_text().replace("ring/47/1024/forward ", "ring/47/1024/other "))
    done = subprocess.run([program, changed], capture_output=True, text=True)
    assert done.returncode == 1 and "WRONG ring/47/1024/forward\n" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("clang++"), reason="needs clang++")
def test_compiled_by_clang(tmp_path):
    assert "right, 0 wrong" in run(build(tmp_path, KERNELS, "clang++", "-O2"))


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which(AARCH64) or not QEMU, reason=f"needs {AARCH64} and qemu-user")
@pytest.mark.parametrize("level", ["-O2", "-O3"])
def test_on_emulated_aarch64(tmp_path, level):
    """GCC 12 at -O2 drops calls without the flag that CMakeLists.txt gives."""
    flags = level, "-fno-delete-null-pointer-checks", "-static"
    assert "right, 0 wrong" in run(QEMU, build(tmp_path, LIBRARY, AARCH64, *flags))
