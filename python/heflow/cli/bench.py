"""``heflow bench``: ours beside its peers."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

import heflow as hf

_PATH = click.Path(path_type=Path, dir_okay=False)
_THREADED = ("encrypt, public key", "decrypt", "64 x 512 int32 matrix, per MAC")


@click.command()
@click.option("--suite", type=click.Choice(["paillier"]), default="paillier", show_default=True)
@click.option("--compare", default="gmpy2", show_default=True, help="Peers, separated by commas.")
@click.option("--bits", multiple=True, type=int, default=(2048, 3072), show_default=True)
@click.option("--items", default=4096, show_default=True, help="Array length for ours.")
@click.option("--small", is_flag=True, help="A smoke run: short sums, few rows.")
@click.option("--json", "json_path", type=_PATH, help="Write all measurements.")
@click.option("--html", "html_path", type=_PATH, help="Write the tables as a page.")
@click.option("--markdown", "markdown_path", type=_PATH, help="Write the tables as Markdown.")
def bench(
    suite: str,
    compare: str,
    bits: tuple[int, ...],
    items: int,
    small: bool,
    json_path: Path | None,
    html_path: Path | None,
    markdown_path: Path | None,
) -> None:
    """Measure on one thread, then ours on two; every result is checked. Keep the machine idle."""
    from ..bench import Report, cases, measure

    report = Report("heflow " + " ".join(sys.argv[1:]))
    console = Console(record=html_path is not None, width=150)
    peers = [name for name in compare.split(",") if name]
    for size in bits:
        for library in ["heflow", *peers]:
            sizes = {"items": items, "small": small} if library == "heflow" else {}
            for case in cases(library, size, **sizes):
                with hf.threads(1):
                    report.add(measure(case, 1))
                if library == "heflow" and case.operation in _THREADED:
                    with hf.threads(2):
                        report.add(measure(case, 2))
                console.print(f"{case.bits} {case.library}: {case.operation}", style="dim")
        report.notes.append(_sizes(size))
    report.show(console)
    if json_path is not None:
        report.to_json(json_path)
    if html_path is not None:
        console.save_html(str(html_path))
    if markdown_path is not None:
        markdown_path.write_text(report.to_markdown())


def _sizes(bits: int) -> str:
    secret = hf.paillier.keygen(bits, insecure=bits < 2048)
    x = secret.encrypt(list(range(4096)))
    overhead = len(x.to_bytes()) - 4096 * bits // 4
    return (
        f"{bits} bits: {x.nbytes / 4096:.0f} bytes a ciphertext in memory; {bits // 4} bytes on the wire and "
        f"{overhead} bytes for the whole tensor"
    )
