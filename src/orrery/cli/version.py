"""``orrery version``."""

from __future__ import annotations

import os
import platform

import click

from orrery import __version__


@click.command("version")
def version() -> None:
    """Print the version, the commit it was built from, and the Python that runs it."""
    commit = os.environ.get("COMMIT_SHA", "")
    click.echo(f"orrery {__version__}{f' ({commit[:12]})' if commit else ''}, Python {platform.python_version()}")
