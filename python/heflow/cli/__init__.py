"""The command line: ``heflow ...``."""

from __future__ import annotations

from typing import Any

import click

import heflow as hf

from . import bench, demo, doctor, files

__all__ = ["cli", "main"]


class _Group(click.Group):
    """Shows heflow's errors as messages: they say what to do, so no traceback is needed."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (hf.HeflowError, FileNotFoundError, PermissionError) as error:
            click.echo(f"heflow: {error}", err=True)
            ctx.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(hf.__version__)
def cli() -> None:
    """Homomorphic encryption for federated learning."""


cli.add_command(demo.demo)
cli.add_command(doctor.doctor)
cli.add_command(bench.bench)
for _command in (files.keygen, files.encrypt, files.decrypt, files.add, files.inspect):
    cli.add_command(_command)


def main() -> None:
    """Entry point of the ``heflow`` command."""
    cli()
