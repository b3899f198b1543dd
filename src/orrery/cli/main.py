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
    "plugin-daemon": ("orrery.cli.plugin_daemon:plugin_daemon", "Start the plugin daemon of a fleet."),
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
_OPERATIONS = "orrery.cli.operations"
_BY_CONTRACT: Mapping[str, tuple[str, str]] = {
    "reset-password": (f"{_OPERATIONS}.people:reset_password", "Give an account a new password."),
    "reset-email": (f"{_OPERATIONS}.people:reset_email", "Give an account another mail address."),
    "create-tenant": (f"{_OPERATIONS}.people:create_tenant", "Make an account with a workspace."),
    "reset-encrypt-key-pair": (f"{_OPERATIONS}.people:reset_encrypt_key_pair", "Forget every stored credential."),
    "migrate-oss": (f"{_OPERATIONS}.migrate_oss:migrate_oss", "Copy files from a folder to another storage."),
    "file-usage": (f"{_OPERATIONS}.files:file_usage", "Show which rows name which files."),
    "clear-orphaned-file-records": (
        f"{_OPERATIONS}.files:clear_orphaned_file_records",
        "Delete rows of files that nothing names.",
    ),
    "remove-orphaned-files-on-storage": (
        f"{_OPERATIONS}.files:remove_orphaned_files_on_storage",
        "Delete objects that no row names.",
    ),
    "clean-workflow-runs": (f"{_OPERATIONS}.retention:clean_workflow_runs", "Delete finished runs of a time."),
    "clean-expired-messages": (f"{_OPERATIONS}.retention:clean_expired_messages", "Delete messages of a time."),
}
"""Commands under the names of the contract's own, for people and scripts that know those."""
_ALL = {**_COMMANDS, **_BY_CONTRACT}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_ALL)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = _ALL.get(cmd_name)
        if found is None:
            return import_module("orrery.cli.operations.not_here").refusal(cmd_name)
        module, _, name = found[0].partition(":")
        return cast("click.Command", getattr(import_module(module), name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])
        with formatter.section("For operators, by the contract's names"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _BY_CONTRACT.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
def main() -> None:
    """Build and run LLM applications: chatbots, agents, workflows and knowledge bases.

    Start with `orrery up`, then open the address that it prints.
    """
