"""``orrery ssrf-proxy``: the forward proxy of a fleet, instead of squid."""

from __future__ import annotations

import sys

import click


@click.command("ssrf-proxy")
def ssrf_proxy() -> None:
    """Start the forward proxy on port 3128 and the way in to the sandbox on port 8194, as the environment says.

    Private destinations are refused unless SSRF_PROXY_ALLOW_PRIVATE_IPS or SSRF_PROXY_ALLOW_PRIVATE_DOMAINS lists them.
    """
    # Lazy: the help of this command need not load the service.
    from orrery.egress.proxy.role import main

    sys.exit(main([]))
