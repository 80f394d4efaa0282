"""Tables of measurements: on the terminal, as JSON, HTML and Markdown."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

import heflow as hf

from .case import Measurement
from .suites import SUITES

__all__ = ["Report"]

Table = tuple[str, list[str], list[list[str]]]


class Report:
    """Collects measurements of one run and compares ours with the best peer."""

    def __init__(self, command: str, suite: str = "paillier") -> None:
        self.command = command
        self.suite = SUITES[suite]
        self.measurements: list[Measurement] = []
        self.more: list[Table] = []
        self.notes: list[str] = list(self.suite.notes)

    def add(self, measurement: Measurement) -> None:
        """Add one measurement."""
        self.measurements.append(measurement)

    def add_table(self, title: str, header: list[str], rows: list[list[str]]) -> None:
        """Add a table that is not of measurements."""
        self.more.append((title, header, rows))

    def rows(self, size: str) -> list[list[str]]:
        """Return operation, ours, best peer, ratio, both errors if there are any, and the other peers."""
        single = [m for m in self.measurements if m.size == size and m.threads == 1]
        rows = []
        for operation in dict.fromkeys(m.operation for m in single):
            if operation in self.suite.batches:
                continue
            ours = next(
                (m for m in single if m.operation == operation and m.library == "heflow"), None
            )
            peers = sorted(
                (m for m in single if m.operation == operation and m.library != "heflow"),
                key=lambda m: m.median,
            )
            best = peers[0] if peers else None
            errors = [_error(ours), _error(best)] if self._approximate() else []
            rows.append(
                [
                    operation,
                    _figure(ours, 3),
                    f"{best.library} {_figure(best, 4)}" if best else "-",
                    f"{best.median / ours.median:.1f}x" if ours and best else "-",
                    *errors,
                    ", ".join(f"{m.library} {_figure(m, 4)}" for m in peers[1:]) or "-",
                ]
            )
        return rows

    def thread_rows(self) -> list[list[str]]:
        """Return the gain of more threads over one."""
        ours = [m for m in self.measurements if m.library == "heflow"]
        one = {(m.operation, m.size): m for m in ours if m.threads == 1}
        return [
            [
                m.operation,
                m.size,
                f"{m.threads}",
                f"{m.median:.3g}",
                f"{one[m.operation, m.size].median / m.median:.2f}x",
            ]
            for m in ours
            if m.threads > 1 and (m.operation, m.size) in one
        ]

    def tables(self) -> list[Table]:
        """Return title, header and rows of every table."""
        unit = self.suite.unit
        errors = ["our error", "its error"] if self._approximate() else []
        header = [
            "operation",
            f"heflow, {unit}",
            f"best peer, {unit}",
            "ratio",
            *errors,
            f"other peers, {unit}",
        ]
        tables = [
            (self.suite.title.format(size=size), header, self.rows(size))
            for size in dict.fromkeys(m.size for m in self.measurements)
        ]
        threads = self.thread_rows()
        if threads:
            tables.append(
                ("Threads", ["operation", "size", "threads", f"{unit} per item", "gain"], threads)
            )
        return tables + self.more

    def _approximate(self) -> bool:
        return any(m.error is not None for m in self.measurements)

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
            table = RichTable(title=title)
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


def _figure(measurement: Measurement | None, digits: int) -> str:
    if measurement is None:
        return "-"
    if measurement.unit == "bytes" and measurement.median >= 1000:
        return f"{measurement.median:,.0f} B"
    figure = f"{measurement.median:.{digits}g}"
    return f"{figure} B" if measurement.unit == "bytes" else figure


def _error(measurement: Measurement | None) -> str:
    return "-" if measurement is None or measurement.error is None else f"{measurement.error:.1e}"
