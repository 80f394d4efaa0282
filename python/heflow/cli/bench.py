"""``heflow bench``: ours beside its peers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

import heflow as hf

if TYPE_CHECKING:
    from ..bench import Report

_PATH = click.Path(path_type=Path, dir_okay=False)
_SUITES = ("paillier", "ckks", "federated", "small")


@click.command()
@click.option("--suite", type=click.Choice(_SUITES), default="paillier", show_default=True)
@click.option(
    "--compare",
    help="Peers, separated by commas; by default gmpy2 (paillier), or those installed (the other suites).",
)
@click.option("--bits", multiple=True, type=int, default=(2048, 3072), show_default=True)
@click.option(
    "--ring-degree", multiple=True, type=click.Choice(["8192", "16384"]), default=("8192", "16384")
)
@click.option("--clients", default=8, show_default=True, help="Clients of the federated suite.")
@click.option("--values", default=1_000_000, show_default=True, help="Values of one update.")
@click.option("--items", default=4096, show_default=True, help="Array length for ours (paillier).")
@click.option(
    "--elements", multiple=True, type=int, default=(1, 8, 100), help="Array lengths (small)."
)
@click.option("--small", is_flag=True, help="A smoke run: short sums, few rows, few values.")
@click.option("--json", "json_path", type=_PATH, help="Write all measurements.")
@click.option("--html", "html_path", type=_PATH, help="Write the tables as a page.")
@click.option("--markdown", "markdown_path", type=_PATH, help="Write the tables as Markdown.")
def bench(
    suite: str,
    compare: str | None,
    bits: tuple[int, ...],
    ring_degree: tuple[str, ...],
    clients: int,
    values: int,
    items: int,
    elements: tuple[int, ...],
    small: bool,
    json_path: Path | None,
    html_path: Path | None,
    markdown_path: Path | None,
) -> None:
    """Measure on one thread (some of ours on two as well); every result is checked. Keep the machine idle."""
    from ..bench import Report, installed

    report = Report("heflow " + " ".join(sys.argv[1:]), suite)
    console = Console(record=html_path is not None, width=150)
    default = "gmpy2" if suite == "paillier" else ",".join(installed(suite))
    peers = [name for name in (default if compare is None else compare).split(",") if name]
    values = min(values, 20_000) if small else values
    if suite == "paillier":
        _measure(report, console, suite, bits, peers, ours={"items": items, "small": small})
        report.notes += [_sizes(size) for size in bits]
    elif suite == "ckks":
        degrees = [int(n) for n in ring_degree]
        _measure(report, console, suite, degrees[:1] if small else degrees, peers)
    elif suite == "small":
        _measure(report, console, suite, elements[:1] if small else elements, peers)
    else:
        task = {"clients": clients, "values": values}
        _measure(report, console, suite, ("shared", "public"), peers, ours=task, theirs=task)
        _update_bytes(report, "tenseal" in peers, small)
    report.show(console)
    if json_path is not None:
        report.to_json(json_path)
    if html_path is not None:
        console.save_html(str(html_path))
    if markdown_path is not None:
        markdown_path.write_text(report.to_markdown())


def _measure(
    report: Report,
    console: Console,
    suite: str,
    sizes: Any,
    peers: list[str],
    ours: dict[str, Any] | None = None,
    theirs: dict[str, Any] | None = None,
) -> None:
    from ..bench import SUITES, cases, measure

    threaded = SUITES[suite].threaded + SUITES[suite].batches
    for size in sizes:
        for library in ["heflow", *peers]:
            keywords = (ours if library == "heflow" else theirs) or {}
            for case in cases(library, size, suite, **keywords):
                with hf.threads(1):
                    report.add(measure(case, 1))
                if library == "heflow" and case.operation in threaded:
                    with hf.threads(2):
                        report.add(measure(case, 2))
                console.print(f"{case.size} {case.library}: {case.operation}", style="dim")


def _update_bytes(report: Report, tenseal: bool, small: bool) -> None:
    from ..bench import load, update_bytes

    peer = load("tenseal", "federated").bytes_per_value if tenseal else None
    rows = [row.cells() for row in update_bytes.rows(peer, small)]
    report.add_table(
        "Bytes of an update, per value; in brackets over the bound", update_bytes.HEADER, rows
    )


def _sizes(bits: int) -> str:
    secret = hf.paillier.keygen(bits, insecure=bits < 2048)
    x = secret.encrypt(list(range(4096)))
    overhead = len(x.to_bytes()) - 4096 * bits // 4
    return (
        f"{bits} bits: {x.nbytes / 4096:.0f} bytes a ciphertext in memory; {bits // 4} bytes on the wire and "
        f"{overhead} bytes for the whole tensor"
    )
