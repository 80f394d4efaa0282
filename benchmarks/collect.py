"""Run every suite on every backend and write RESULTS.md: python benchmarks/collect.py, on an idle machine."""

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
NAMES = {"avx512ifma": "AVX512-IFMA", "avx2": "AVX2", "portable": "portable"}
# Of each suite: options for the best backend, and for the others.
SUITES = {
    "paillier": (
        ["--compare", "gmpy2,phe,sf-heu,pypaillier"],
        ["--compare", "gmpy2,phe", "--bits", "2048", "--items", "512"],
    ),
    "ckks": (
        ["--compare", "tenseal,seal"],
        ["--compare", "tenseal,seal", "--ring-degree", "8192"],
    ),
    "federated": (["--compare", "tenseal"], ["--compare", ""]),
    "small": (
        ["--compare", "gmpy2,phe,sf-heu,tenseal"],
        ["--compare", "gmpy2,tenseal", "--elements", "1", "--elements", "100"],
    ),
}
# Built from source for this CPU family and called from C++, measured apart on the same kind of machine; us.
NATIVE = {
    "paillier": (
        "IPCL 2.0 with AVX512-IFMA, batches of 64, 2048 bits",
        "2048 bits",
        {"encrypt, public key": 1423, "decrypt": 611, "x 32-bit": 99.3},
    ),
    "ckks": (
        "SEAL 4.4 with Intel HEXL, N=8192, three data primes",
        "N=8192, 3 data primes",
        {
            "encrypt, public key": 1310,
            "encrypt, owner": 1096,
            "decrypt": 630,
            "ct x ct": 985,
            "rotate": 822,
            "add": 16.7,
        },
    ),
}


def run(suite, backend, options):
    """Return the tables and the measurements of one suite on one backend."""
    with tempfile.TemporaryDirectory() as folder:
        tables, figures = Path(folder) / "tables.md", Path(folder) / "figures.json"
        command = [sys.executable, "-m", "heflow", "bench", "--suite", suite, *options]
        subprocess.run(
            [*command, "--markdown", str(tables), "--json", str(figures)],
            check=True,
            env={**os.environ, "HEFLOW_BACKEND": backend},
        )
        shown = f"HEFLOW_BACKEND={backend} heflow bench --suite {suite} {shlex.join(options)}"
        body = tables.read_text().split("\n", 1)[1]  # its first line is the command
        return [f"`{shown}`", body], json.loads(figures.read_text())["measurements"]


def native(suite, measurements):
    """Return ours beside the fastest native build."""
    title, size, peers = NATIVE[suite]
    ours = {
        m["operation"]: m["median"]
        for m in measurements
        if (m["library"], m["size"], m["threads"]) == ("heflow", size, 1)
    }
    lines = [f"#### Beside the fastest native build: {title}", ""]
    lines += ["| operation | native, us | heflow through Python, us | ratio |", "|---|---|---|---|"]
    lines += [f"| {k} | {v:g} | {ours[k]:.3g} | {v / ours[k]:.2f}x |" for k, v in peers.items()]
    return [*lines, ""]


def main():
    import heflow as hf

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", choices=SUITES, action="append")
    parser.add_argument("--backend", choices=NAMES, action="append")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    args = parser.parse_args()
    here = [b.name for b in hf.backends() if b.available]
    best = next(b for b in NAMES if b in here)
    backends = [b for b in args.backend or NAMES if b in here]
    lines = [
        "# Results",
        "",
        f"Made by `python benchmarks/collect.py` on an otherwise idle {hf.runtime()['cpu']}, "
        f"{os.cpu_count()} cores, {platform.system()}. One core unless stated; each figure is the median of at "
        "least three runs through the Python API, each result asserted; peers ran beside, on one thread.",
        "",
    ]
    for backend in backends:
        for suite in args.suite or SUITES:
            options = SUITES[suite][backend != best]
            tables, measurements = run(suite, backend, options)
            lines += [f"## {suite}, {NAMES[backend]}", "", *tables]
            if backend == "avx512ifma" and suite in NATIVE:
                lines += native(suite, measurements)
    args.output.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
