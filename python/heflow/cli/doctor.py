"""``heflow doctor``: what runs here, and what is wrong with it."""

from __future__ import annotations

import json

import click

import heflow as hf


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what runs here and why; exit 1 if something is wrong."""
    facts = hf.runtime()
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        hf.show_runtime()
    problems = [f"self-test of {k}: {v}" for k, v in facts["self_test"].items() if v != "passed"]
    problems += [facts["name_clash"]] if facts["name_clash"] else []
    problems += (
        [facts["default_backend"]] if str(facts["default_backend"]).startswith("none") else []
    )
    for problem in problems:
        click.echo(f"PROBLEM: {problem}", err=True)
    if problems:
        ctx.exit(1)
    if not as_json:
        click.echo("everything is in order")
