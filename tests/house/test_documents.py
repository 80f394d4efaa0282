"""Documents tell the truth: their code runs and prints what they show."""

import contextlib
import io
import re
from pathlib import Path

import gmpy2
import heflow as hf
import pytest

ROOT = Path(__file__).parents[2]


def blocks(path, language="python"):
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(), re.M | re.S)


def blum_prime(bits, seed):
    """Any prime that is 3 modulo 4: it protects nothing."""
    p = gmpy2.next_prime((1 << bits) - (seed << (bits - 8)))
    while p % 4 != 3:
        p = gmpy2.next_prime(p)
    return int(p)


def test_readme_prints_what_it_shows():
    text = (ROOT / "README.md").read_text()
    code = blocks(ROOT / "README.md")[0]
    shown = re.search(r"```python\n.*?```\n+```\n(.*?)```", text, re.S).group(1)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    assert out.getvalue() == shown
    assert (
        len(
            [
                line
                for line in code.splitlines()
                if line and not line.startswith(("import", "print"))
            ]
        )
        <= 10
    )


def test_readme_names_the_two_commands():
    text = (ROOT / "README.md").read_text()
    ci = (ROOT / ".ci/run").read_text()
    for command in ('pip install ".[demo]" && heflow demo', 'pip install ".[test]" && pytest'):
        assert command in text
        assert command.replace("pip install", "pip install -q") in ci
    assert "heflow-core" in text[:200]


def test_the_tutorial_runs():
    scope = {}
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for block in blocks(ROOT / "docs/tutorials/first-steps.md"):
            exec(block, scope)
    printed = out.getvalue()
    assert (
        "shape=(2, 3)" in printed
        and printed.count("UnsupportedOperationError") == 3
        and "EncodingError" in printed
    )


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/how-to/*.md")), ids=lambda p: p.stem)
def test_how_to_runs(path, tmp_path, monkeypatch):
    if "flwr" in path.read_text():
        pytest.importorskip("flwr", reason="Flower is not installed: pip install flwr")
    monkeypatch.chdir(tmp_path)
    p, q = (blum_prime(1024, seed) for seed in (1, 2))
    secret = hf.paillier.secret_from_primes(p, q)
    x = secret.public.encrypt([3, 4])
    ints = x.to_ciphertext_ints()
    scope = {"hf": hf, "secret": secret, "x": x, "p": p, "q": q, "n": p * q, "ints": ints}
    with contextlib.redirect_stdout(io.StringIO()):
        for block in blocks(path):
            exec(block, scope)


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "csrc/README.md"]),
    ids=lambda p: p.name,
)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), target
