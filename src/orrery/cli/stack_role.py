"""``orrery role``: what a container starts. MODE chooses, as in the contract's images."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import click

from orrery.cli.exit_codes import EXIT_CONFIGURATION
from orrery.deploy.roles import ROLES, Mode, mode_of

_USAGE = 1
_CONTRACT_COMMANDS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("upgrade-db",): ("migrate",),
    ("db", "upgrade"): ("migrate",),
}
"""Commands of the contract's containers, and ours that do the same."""


@click.command("role", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def role(words: tuple[str, ...]) -> None:
    """Take the role that MODE names: api (also when empty), worker, beat, migration, sandbox, ssrf_proxy, plugin_daemon, or job with a command."""
    text = os.environ.get("MODE", "")
    mode = mode_of(text)
    if mode is None:
        _refuse(f"MODE={text} is no role. Roles are: {', '.join(Mode)}.")
    elif mode is Mode.JOB:
        _hand_over(_job(words))
    else:
        _hand_over((ROLES[mode].command or "",))


def _job(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words:
        click.echo("orrery: MODE=job runs one command and ends, but none was given.", err=True)
        click.echo("  mend: give it as arguments of the container, for example: upgrade-db", err=True)
        sys.exit(_USAGE)
    for known, ours in _CONTRACT_COMMANDS.items():
        if words[: len(known)] == known:
            return (*ours, *words[len(known) :])
    return words


def _hand_over(words: tuple[str, ...]) -> None:
    # Lazy: the table of commands holds this one.
    from orrery.cli.main import main

    main.main(args=list(words), prog_name="orrery")


def _refuse(text: str) -> None:
    click.echo(f"orrery: {text}", err=True)
    sys.exit(EXIT_CONFIGURATION)
