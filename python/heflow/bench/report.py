"""Tables of measurements: on the terminal, as JSON, HTML and Markdown."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import heflow as hf

from .case import Measurement

__all__ = ["Report"]


class Report:
    """Collects measurements of one run and compares ours with the best peer."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.measurements: list[Measurement] = []
        self.notes: list[str] = []

    def add(self, measurement: Measurement) -> None:
        """Add one measurement."""
        self.measurements.append(measurement)

    def rows(self, bits: int) -> list[list[str]]:
        """Return operation, ours, best peer, ratio, and the other peers."""
        single = [m for m in self.measurements if m.bits == bits and m.threads == 1]
        rows = []
        for operation in dict.fromkeys(m.operation for m in single):
            ours = next(
                (m for m in single if m.operation == operation and m.library == "heflow"), None
            )
            peers = sorted(
                (m for m in single if m.operation == operation and m.library != "heflow"),
                key=lambda m: m.median,
            )
            best = peers[0] if peers else None
            rows.append(
                [
                    operation,
                    f"{ours.median:.3g}" if ours else "-",
                    f"{best.library} {best.median:.4g}" if best else "-",
                    f"{best.median / ours.median:.1f}x" if ours and best else "-",
                    ", ".join(f"{m.library} {m.median:.4g}" for m in peers[1:]) or "-",
                ]
            )
        return rows

    def thread_rows(self) -> list[list[str]]:
        """Return the gain of more threads over one."""
        ours = [m for m in self.measurements if m.library == "heflow"]
        one = {(m.operation, m.bits): m for m in ours if m.threads == 1}
        return [
            [
                m.operation,
                str(m.bits),
                f"{m.threads}",
                f"{m.median:.3g}",
                f"{one[m.operation, m.bits].median / m.median:.2f}x",
            ]
            for m in ours
            if m.threads > 1 and (m.operation, m.bits) in one
        ]

    def tables(self) -> list[tuple[str, list[str], list[list[str]]]]:
        """Return title, header and rows of every table."""
        header = ["operation", "heflow, us", "best peer, us", "ratio", "other peers, us"]
        tables = [
            (f"Paillier, {bits} bits, one thread, median us per item", header, self.rows(bits))
            for bits in sorted({m.bits for m in self.measurements})
        ]
        threads = self.thread_rows()
        if threads:
            tables.append(
                ("Threads", ["operation", "bits", "threads", "us per item", "gain"], threads)
            )
        return tables

    def environment(self) -> dict[str, Any]:
        """Return what the figures depend on."""
        facts = hf.runtime()
        return {
            k: facts[k]
            for k in (
                "version",
                "cpu",
                "compiler",
                "default_backend",
                "python",
                "numpy",
                "platform",
            )
        }

    def show(self, console: Console) -> None:
        """Print all tables."""
        for title, header, rows in self.tables():
            table = Table(title=title)
            for i, column in enumerate(header):
                table.add_column(column, justify="right" if i in (1, 3) else "left")
            for row in rows:
                table.add_row(*row)
            console.print(table)
        for note in self.notes:
            console.print(note)

    def to_json(self, path: Path) -> None:
        """Write every measurement."""
        path.write_text(
            json.dumps(
                {
                    "command": self.command,
                    "environment": self.environment(),
                    "measurements": [asdict(m) for m in self.measurements],
                    "notes": self.notes,
                },
                indent=1,
            )
        )

    def to_markdown(self) -> str:
        """Return the tables as Markdown."""
        parts = [f"`{self.command}`", "", *(f"- {k}: {v}" for k, v in self.environment().items())]
        for title, header, rows in self.tables():
            parts += [
                "",
                f"### {title}",
                "",
                "| " + " | ".join(header) + " |",
                "|" + "---|" * len(header),
            ]
            parts += ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join(parts + [""] + [f"- {n}" for n in self.notes]) + "\n"
