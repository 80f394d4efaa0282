"""Sizes of files, weak symbols, stubs, words that do not belong here, and what importing costs."""

import ast
import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
LONGER = {}  # path: reason


def tracked(*suffixes):
    folders = ("csrc", "python", "tests", "benchmarks", "examples")
    return sorted(p for f in folders for p in (ROOT / f).rglob("*") if p.suffix in suffixes)


def test_rooms_are_small():
    long = {
        str(p.relative_to(ROOT)): n
        for p in tracked(".py", ".cpp", ".hpp", ".pyi")
        if (n := len(p.read_text().splitlines())) > MOST_LINES
    }
    assert set(long) <= set(LONGER), long


def test_no_rooms_without_a_concept():
    names = {"utils", "helpers", "common", "misc"}
    found = [p for p in tracked(".py", ".cpp", ".hpp") if p.stem in names]
    assert [str(p.relative_to(ROOT)) for p in found] in ([], ["csrc/bindings/common.hpp"])


def test_nothing_is_left_undone():
    undone = re.compile(
        "|".join(["NotImplemented" + "Error", "TO" + "DO", "FIX" + "ME", "-march=" + "native"])
    )
    for path in [*tracked(".py", ".cpp", ".hpp"), ROOT / "CMakeLists.txt"]:
        assert not undone.search(path.read_text()), path


INSTRUCTION_SETS = {
    "avx2": ["-mavx2", "-mfma", "-mpclmul"],
    "avx512ifma": [
        "-mavx512f",
        "-mavx512dq",
        "-mavx512vl",
        "-mavx512bw",
        "-mavx512ifma",
        "-mavx512vbmi",
        "-mavx512vpopcntdq",
        "-mvpclmulqdq",
        "-mpclmul",
    ],
}


@pytest.mark.skipif(not shutil.which("g++") or not shutil.which("nm"), reason="needs g++ and nm")
@pytest.mark.parametrize("name", INSTRUCTION_SETS)
def test_instruction_set_objects_have_no_weak_symbols(name, tmp_path):
    """A weak symbol compiled with AVX2 or AVX-512 could be picked for the whole program."""
    if "x86_64" not in subprocess.run(["uname", "-m"], capture_output=True, text=True).stdout:
        return
    flags = [f"-DHEFLOW_HAVE_{name.upper()}", *INSTRUCTION_SETS[name], "-fno-exceptions"]
    build = ["g++", "-std=c++17", "-O1", "-fPIC", *flags, "-c"]
    for source in sorted((ROOT / "csrc").glob(f"*/{name}/*.cpp")):
        target = tmp_path / f"{source.stem}.o"
        subprocess.run([*build, source, "-o", target], check=True)
        symbols = subprocess.run(
            ["nm", "-C", target], capture_output=True, text=True, check=True
        ).stdout
        weak = [line for line in symbols.splitlines() if re.search(r" [WwVvu] ", line)]
        assert not weak, (source.name, weak)


STUBS = sorted((ROOT / "python/heflow/_core").glob("*.pyi"))


@pytest.mark.parametrize("stub", [s for s in STUBS if s.stem != "__init__"], ids=lambda s: s.stem)
def test_stubs_name_what_the_module_has(stub):
    core = importlib.import_module("heflow._core")
    module = getattr(core, stub.stem)
    declared = {
        n.name: n
        for n in ast.parse(stub.read_text()).body
        if isinstance(n, (ast.FunctionDef, ast.ClassDef))
    }
    assert set(declared) == {n for n in dir(module) if not n.startswith("_")}
    for name, node in declared.items():
        if isinstance(node, ast.ClassDef):
            members = {m.name for m in node.body if isinstance(m, ast.FunctionDef)}
            assert {m for m in members if not m.startswith("_")} == {
                m for m in dir(getattr(module, name)) if not m.startswith("_")
            }
        else:
            signature = getattr(module, name).__doc__.splitlines()[0]
            for argument in node.args.args:
                assert (
                    f"{argument.arg}:" in signature
                    or f"{argument.arg} " in signature
                    or "arg0" in signature
                ), (name, signature)


def test_every_submodule_has_a_stub():
    core = importlib.import_module("heflow._core")
    assert {n for n in dir(core) if not n.startswith("_")} == {s.stem for s in STUBS} - {"__init__"}


def test_public_names():
    import heflow as hf

    names = "paillier plain concatenate stack bucket_sum from_bytes save load inspect powmod backends default_backend BackendInfo num_threads set_num_threads threads show_runtime runtime"
    for name in names.split():
        assert hasattr(hf, name), name
    assert sorted(hf.__all__, key=str) == sorted(set(hf.__all__), key=str)
    assert all(hasattr(hf, n) for n in hf.__all__)
    for name in hf.__all__:
        assert getattr(hf, name).__doc__, name


def test_errors_derive_from_the_closest_builtin():
    import heflow as hf

    expected = {
        "ParameterError": ValueError, "ShapeError": ValueError, "KeyMismatchError": ValueError, "EncodingError": ValueError, "HeadroomError": OverflowError, "DepthError": hf.HeadroomError,
        "UnsupportedOperationError": TypeError, "FormatError": ValueError, "KeyFileError": ValueError, "BackendError": RuntimeError, "EntropyError": OSError, "EncodingRangeError": OverflowError,
    }  # fmt: skip
    for name, builtin in expected.items():
        assert issubclass(getattr(hf, name), (hf.HeflowError,)) and issubclass(
            getattr(hf, name), builtin
        ), name


def test_import_is_quick_and_lean():
    code = (
        "import numpy, time; t = time.process_time(); import heflow, sys; print(time.process_time() - t);"
        "print([m for m in ('phe', 'sklearn', 'tenseal', 'heu', 'rich', 'click', 'matplotlib', "
        "'paillier') if m in sys.modules])"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for _ in range(3)
    ]
    assert min(float(r[0]) for r in runs) < 0.2
    assert runs[0][1] == "[]"
