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


def test_a_key_is_not_overwritten(tmp_path):
    """With it everything that was encrypted under it would be gone."""
    key, pub = tmp_path / "s.key", tmp_path / "p.pub"
    make = ("keygen", key, pub, "--bits", 2048, "--passphrase", "open")
    assert run(*make).exit_code == 0
    before = key.read_bytes()
    for args in (make, ("keygen", tmp_path / "t.key", *make[2:])):
        refused = run(*args)
        assert refused.exit_code == 2 and "--force" in refused.output
    assert key.read_bytes() == before and not (tmp_path / "t.key").exists()
    assert run(*make, "--force").exit_code == 0 and key.read_bytes() != before


def test_files_that_hold_no_numbers(tmp_path):
    pub = tmp_path / "p.pub"
    hf.save(pub, hf.paillier.keygen(2048).public)
    (tmp_path / "header.csv").write_text("a,b\n1,2\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    np.save(tmp_path / "objects.npy", np.array([1, None], object), allow_pickle=True)
    np.savez(tmp_path / "several.npz", a=np.ones(2))
    (tmp_path / "short.npy").write_bytes((tmp_path / "objects.npy").read_bytes()[:20])
    for name in (
        "header.csv",
        "empty.csv",
        "ragged.csv",
        "objects.npy",
        "several.npz",
        "short.npy",
    ):
        done = run("encrypt", pub, tmp_path / name, tmp_path / "out")
        assert done.exit_code == 2 and name in done.output, done.output
        assert "Traceback" not in done.output and not (tmp_path / "out").exists()


def test_all_digits_of_all_values_are_printed(tmp_path):
    key, pub = tmp_path / "s.key", tmp_path / "p.pub"
    assert run("keygen", key, pub, "--bits", 2048, "--passphrase", "open").exit_code == 0
    values = np.append(np.zeros(1500), 1 + 2.0**-40)
    hf.save(tmp_path / "t", hf.load(pub).encrypt(values))
    shown = run("decrypt", key, tmp_path / "t", "--passphrase", "open").output
    assert "1.000000000000909" in shown and "..." not in shown
