"""``orrery sandbox``: the sandbox as a service of its own."""

from __future__ import annotations

import sys

import click


@click.command("sandbox")
def sandbox() -> None:
    """Start the sandbox service on port 8194, configured by /conf/config.yaml and the environment.

    Needs a key in SANDBOX_API_KEY; the well-known default is refused.
    """
    # Lazy: the help of this command need not load the service.
    from orrery.sandbox.role import main

    sys.exit(main([]))
