"""``orrery doctor``: each part, how it is configured, whether it works, and what to do when it does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from orrery.cli.failing import failing_clearly


@click.command("doctor")
@click.option("--home", type=click.Path(path_type=Path), default=None, help="Folder for data. Default: ~/.orrery.")
def doctor(home: Path | None) -> None:
    """Check every part and say how to mend what is wrong. The exit code is 1 when something is."""
    with failing_clearly():
        # Lazy: the help of this command need not load the parts.
        from orrery.cli.examination import examine_here

        findings = asyncio.run(examine_here(home))
    for finding in findings:
        mark = "ok " if finding.problem is None else "BAD"
        click.echo(f"{mark}  {finding.part:<10} {finding.configured}")
        if finding.problem is not None:
            click.echo(f"     {finding.problem}")
            click.echo(f"     Mend: {finding.mend}")
    if any(finding.problem is not None for finding in findings):
        raise SystemExit(1)
