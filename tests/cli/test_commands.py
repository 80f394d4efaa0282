"""The command line, as a person runs it."""

import json

import heflow as hf
import numpy as np
import pytest
from click.testing import CliRunner
from heflow.cli import cli

pytestmark = pytest.mark.filterwarnings("ignore")


def run(*args, **kwargs):
    return CliRunner().invoke(cli, [str(a) for a in args], **kwargs)


def test_version():
    assert run("--version").output.split()[-1] == hf.__version__


def test_files_end_to_end(tmp_path):
    key, pub = tmp_path / "s.key", tmp_path / "p.pub"
    assert run("keygen", key, pub, "--bits", 2048, "--passphrase", "open").exit_code == 0
    np.save(tmp_path / "a.npy", np.array([1.5, -2.0]))
    (tmp_path / "b.csv").write_text("10,20\n")
    for name, source in (("a", "a.npy"), ("b", "b.csv")):
        done = run("encrypt", pub, tmp_path / source, tmp_path / name)
        assert done.exit_code == 0 and "EncryptedTensor" in done.output
    assert run("add", pub, tmp_path / "a", tmp_path / "b", tmp_path / "sum").exit_code == 0
    shown = run("decrypt", key, tmp_path / "sum", "--passphrase", "open")
    assert shown.output.split() == ["[11.5", "18.", "]"]
    assert (
        run(
            "decrypt",
            key,
            tmp_path / "sum",
            "--passphrase",
            "open",
            "--output",
            tmp_path / "out.npy",
        ).exit_code
        == 0
    )
    assert np.load(tmp_path / "out.npy").tolist() == [11.5, 18.0]
    facts = json.loads(run("inspect", tmp_path / "sum").output)
    assert facts["kind"] == "tensor" and facts["shape"] == [2]
    wrong = run("decrypt", key, tmp_path / "sum", "--passphrase", "shut")
    assert (
        wrong.exit_code == 2
        and "passphrase is wrong" in wrong.output
        and "Traceback" not in wrong.output
    )


def test_doctor():
    assert run("doctor").exit_code == 0
    assert json.loads(run("doctor", "--json").output)["self_test"]


def test_demo():
    done = run("demo", "--rounds", 3, "--bits", 512, "--insecure", "--hospitals", 3)
    assert done.exit_code == 0, done.output
    for words in (
        "3 hospitals",
        "plaintext",
        "encrypted",
        "largest difference",
        "bytes sent",
        "backend",
        "threads",
    ):
        assert words in done.output


def test_bench_runs_and_asserts(tmp_path):
    done = run(
        "bench",
        "--small",
        "--items",
        512,
        "--bits",
        512,
        "--compare",
        "gmpy2",
        "--json",
        tmp_path / "o.json",
        "--html",
        tmp_path / "o.html",
        "--markdown",
        tmp_path / "o.md",
    )
    assert done.exit_code == 0, done.output
    measured = json.loads((tmp_path / "o.json").read_text())["measurements"]
    assert len({m["operation"] for m in measured if m["library"] == "heflow"}) == 12
    assert (
        "powmod" in (tmp_path / "o.md").read_text() and (tmp_path / "o.html").stat().st_size > 1000
    )
    refused = run("bench", "--compare", "abacus", "--small", "--bits", 512)
    assert refused.exit_code != 0 and "unknown library" in refused.output


def test_a_wrong_measurement_is_an_error():
    from heflow.bench import Case, measure

    def check(result):
        assert result == 4

    measure(Case("sum", "heflow", "512 bits", 1, lambda: 4, check), 1, runs=1)
    with pytest.raises(AssertionError):
        measure(Case("sum", "heflow", "512 bits", 1, lambda: 5, check), 1, runs=1)
    assert hf.num_threads() >= 1
