"""The contract's commands that do nothing here: each says why, and what to do instead."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from orrery.cli.failing import EXIT_FAILED

REASONS: Mapping[str, str] = {
    "vdb-migrate": "There is no older scheme of vectors to migrate from.",
    "add-qdrant-index": "Indexes of a vector store are made with its collection.",
    "convert-to-agent-apps": "Agents have been a mode of their own from the first version on; imported files are converted.",
    "fix-app-site-missing": "An app and its site are written in one transaction, so none is missing.",
    "migrate-data-for-plugin": "Providers have been named by plugin from the first version on.",
    "extract-plugins": "It served an upgrade from a version without plugins, of which there was none here.",
    "extract-unique-identifiers": "It served an upgrade from a version without plugins, of which there was none here.",
    "install-plugins": "It served an upgrade from a version without plugins, of which there was none here.",
    "install-rag-pipeline-plugins": "It served an upgrade from a version without plugins, of which there was none here.",
    "old-metadata-migration": "Metadata of documents has had its tables from the first version on.",
    "clear-free-plan-tenant-expired-logs": "There are no plans: use clean-workflow-runs and clean-expired-messages.",
    "archive-workflow-runs": "Runs are kept or deleted, never archived: use backup, then clean-workflow-runs.",
    "restore-workflow-runs": "Runs are never archived: restore a backup into an empty installation.",
    "delete-archived-workflow-runs": "Runs are never archived, so there is nothing to delete.",
    "cleanup-orphaned-draft-variables": "Variables of drafts go with their app; clear-orphaned-file-records finds their large values.",
    "setup-system-tool-oauth-client": "There are no OAuth clients of the whole system: credentials belong to workspaces.",
    "setup-system-trigger-oauth-client": "There are no OAuth clients of the whole system: credentials belong to workspaces.",
    "setup-datasource-oauth-client": "There are no OAuth clients of the whole system: credentials belong to workspaces.",
    "transform-datasource-credentials": "It served an upgrade from an older version, of which there was none here.",
    "upload-private-key-file-to-cloud-storage": "There are no private keys in storage; for all else use migrate-oss.",
    "upload-local-files-to-cloud-storage": "Use migrate-oss.",
}


def refusal(name: str) -> click.Command | None:
    """A command that says why it does nothing; None for a name that is no command of the contract either."""
    reason = REASONS.get(name)
    if reason is None:
        return None

    def refuse() -> None:
        click.echo(f"orrery: {name} does nothing here. {reason}", err=True)
        sys.exit(EXIT_FAILED)

    return click.Command(
        name,
        params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED, expose_value=False)],
        callback=refuse,
        help=reason,
        context_settings={"ignore_unknown_options": True},
    )
