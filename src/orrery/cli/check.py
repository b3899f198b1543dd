"""``orrery check``: what is wrong with an app file, without a server, a database or a call to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orrery.cli.failing import failing_clearly

if TYPE_CHECKING:
    from orrery.workflow.check import Finding


@click.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON array and nothing else.")
def check(file: Path, as_json: bool) -> None:
    """Find the faults of an app file without running it.

    Credentials of models are looked for in the environment, as `orrery run` does. The exit code is 1 when there are
    errors, and 0 when there are only warnings.
    """
    with failing_clearly():
        # Lazy: the help of this command need not load the engine.
        import msgspec

        from orrery.cli.checking import check_file

        findings = check_file(file)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())
    else:
        _print(findings)
    if any(finding.level == "error" for finding in findings):
        raise SystemExit(1)


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        name = f" ({finding.node_id})" if finding.title and finding.node_id else finding.node_id
        place = ": ".join(part for part in (f"{finding.title}{name}", finding.field) if part)
        click.echo(f"{finding.level:<7}  {place or 'app'}")
        click.echo(f"         {finding.message}")
        click.echo(f"         Mend: {finding.mend}")
    errors = sum(finding.level == "error" for finding in findings)
    counts = f"{_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}"
    click.echo(counts if findings else "Nothing found.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
