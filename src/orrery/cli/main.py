"""The ``orrery`` command. Each sub-command's module is imported only when it is called, so that help is quick."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

import click

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "up": ("orrery.cli.serve:up", "Start everything in one process."),
    "api": ("orrery.cli.serve:api", "Start the API server of a fleet."),
    "worker": ("orrery.cli.worker:worker", "Run background jobs of a fleet."),
    "beat": ("orrery.cli.beat:beat", "Fire the schedules of a fleet."),
    "sandbox": ("orrery.cli.sandbox:sandbox", "Start the sandbox service of a fleet."),
    "ssrf-proxy": ("orrery.cli.ssrf_proxy:ssrf_proxy", "Start the forward proxy of a fleet."),
    "migrate": ("orrery.cli.migrate:migrate_command", "Bring the database to this version's schema."),
    "run": ("orrery.cli.run:run", "Run an app file without a server."),
    "check": ("orrery.cli.check:check", "Find the faults of an app file without running it."),
    "backup": ("orrery.cli.operations.backup:backup_command", "Write database, files and secrets to one file."),
    "restore": ("orrery.cli.operations.backup:restore_command", "Bring a backup back into an empty installation."),
    "move": ("orrery.cli.operations.move:move_command", "Copy a whole database to another engine."),
    "doctor": ("orrery.cli.doctor:doctor", "Check every part and say how to mend what is wrong."),
    "role": ("orrery.cli.stack_role:role", "Take the role that MODE names; what containers start."),
    "stack": ("orrery.cli.stack:stack", "Write the files of an installation: Compose, Kubernetes, .env."),
    "version": ("orrery.cli.version:version", "Print the version."),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = _COMMANDS.get(cmd_name)
        if found is None:
            return None
        module, _, name = found[0].partition(":")
        return cast("click.Command", getattr(import_module(module), name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
def main() -> None:
    """Build and run LLM applications: chatbots, agents, workflows and knowledge bases.

    Start with `orrery up`, then open the address that it prints.
    """
