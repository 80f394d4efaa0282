"""Dependencies point down: read from the includes and the imports."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CSRC, PYTHON = ROOT / "csrc", ROOT / "python" / "heflow"

MAY_INCLUDE = {
    "base": set(),
    "threads": {"base"},
    "random": {"base"},
    "wire": {"base"},
    "bigint": {"base", "threads"},
    "paillier": {"base", "threads", "random", "wire", "bigint"},
    "ring": {"base", "threads"},
    "ckks": {"base", "threads", "random", "wire", "ring"},
    "bindings": {"base", "threads", "random", "wire", "bigint", "paillier", "ring", "ckks"},
}
ISA = {"portable", "avx2", "avx512ifma"}
ISA_MAY_INCLUDE = {
    "<cstdint>",
    "<cstddef>",
    "kernels.hpp",
    "base/bytes.hpp",
    "base/constant_time.hpp",
    "base/simd.hpp",
}

LEVELS = {
    "errors": 0,
    "files": 0,
    "whole": 0,
    "backend": 1,
    "threads": 1,
    "encoding": 1,
    "scheme": 2,
    "tensor": 3,
    "contexts": 4,
    "testing": 4,
    "paillier": 5,
    "ckks": 5,
    "powmod": 5,
    "storage": 6,
    "linear_model": 6,
    "federated": 7,
    "runtime": 7,
    "interop": 8,
    "cli": 8,
    "bench": 8,
    "__main__": 9,
}


def sources():
    return sorted([*CSRC.rglob("*.cpp"), *CSRC.rglob("*.hpp")])


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(CSRC)))
def test_cpp_includes(path):
    parts = path.relative_to(CSRC).parts
    isa = len(parts) == 3 and parts[1] in ISA
    for included in re.findall(r'^\s*#include\s+([<"][^>"]+[>"])', path.read_text(), re.M):
        if included.startswith("<"):
            assert not isa or included in ISA_MAY_INCLUDE, (
                f"{included} in an instruction-set folder"
            )
            assert parts[0] == "bindings" or "pybind11" not in included
            continue
        target = (path.parent / included.strip('"')).resolve().relative_to(CSRC)
        if isa:
            own = target.parts[:2] == parts[:2]
            assert own or target.name == "kernels.hpp" or str(target) in ISA_MAY_INCLUDE
        elif target.parts[0] != parts[0]:
            assert target.parts[0] in MAY_INCLUDE[parts[0]], f"{parts[0]} may not include {target}"
        else:
            assert not (len(target.parts) == 3 and target.parts[1] in ISA), (
                "only through kernels.hpp"
            )


def imported(path):
    """Names of the heflow modules that a file imports, type-checking blocks left out."""
    package = path.relative_to(PYTHON).parts[:-1]
    tree = ast.parse(path.read_text())
    skipped = {
        id(n)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for n in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            names = (
                [(*base, *node.module.split("."))]
                if node.module
                else [(*base, a.name) for a in node.names]
            )
            yield from names
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "heflow":
            yield ("heflow",)
        elif isinstance(node, ast.Import):
            yield from [("heflow",) for a in node.names if a.name.split(".")[0] == "heflow"]


@pytest.mark.parametrize(
    "path",
    sorted(p for p in PYTHON.rglob("*.py") if p != PYTHON / "__init__.py"),
    ids=lambda p: str(p.relative_to(PYTHON)),
)
def test_python_imports(path):
    own = path.relative_to(PYTHON).parts[0].removesuffix(".py")
    for name in imported(path):
        if name == ("heflow",):
            assert own in ("cli", "bench", "interop"), "only the outer layer uses the public names"
        elif name[0] == "_core":
            assert own != "tensor" and own != "encoding", "tensors never name the compiled module"
            assert (
                own not in ("paillier", "ckks")
                or len(name) == 1
                or name[1] in (own, "sums", "wire")
            )
        elif name[0] != own:
            assert LEVELS[name[0]] < LEVELS[own] or (own, name[0]) == ("cli", "bench"), (
                f"{own} imports {name[0]}"
            )


NAMES_SCHEMES = {  # the rooms of the learning layer where schemes meet: keys of a plan, parameters of a plan
    "federated/keys.py",
    "federated/plan.py",
    "linear_model/plan.py",
}


@pytest.mark.parametrize(
    "path",
    sorted(p for f in ("federated", "linear_model") for p in (PYTHON / f).rglob("*.py")),
    ids=lambda p: str(p.relative_to(PYTHON)),
)
def test_learning_code_names_no_scheme(path):
    """No import and no name of a scheme; texts for people may advise one."""
    if str(path.relative_to(PYTHON)) in NAMES_SCHEMES:
        return
    assert not [name for name in imported(path) if name[0] in ("paillier", "ckks")]
    for node in ast.walk(ast.parse(path.read_text())):
        named = (
            getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "arg", None)
        )
        assert named not in ("paillier", "ckks"), (path, named)
        compared = node.comparators if isinstance(node, ast.Compare) else []
        texts = [getattr(c, "value", None) for c in compared]
        assert not {"paillier", "ckks"} & {t for t in texts if isinstance(t, str)}, path


def test_schemes_are_not_named_above_the_boundary():
    for folder in ("tensor", "encoding"):
        for path in (PYTHON / folder).glob("*.py"):
            code = ast.dump(ast.parse(path.read_text()))
            assert "id='paillier'" not in code and "attr='paillier'" not in code, path
