"""The plugin runtime and its keys."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Plugins(Group, frozen=True, kw_only=True):
    """The plugin runtime and its keys."""

    daemon_url: Annotated[
        str, Env("PLUGIN_DAEMON_URL", "address of the plugin daemon, which makes its keys necessary; empty is none")
    ] = ""
    daemon_key: Annotated[str, Env("PLUGIN_DAEMON_KEY", "key sent to the plugin daemon", secret=True)] = ""
    callback_key: Annotated[
        str,
        Env(
            "INNER_API_KEY_FOR_PLUGIN",
            "key the plugin daemon presents on its calls back",
            secret=True,
            aliases=("PLUGIN_DIFY_INNER_API_KEY",),
        ),
    ] = ""
    max_package_bytes: Annotated[int, Env("PLUGIN_MAX_PACKAGE_SIZE", "largest plugin package, bytes", at_least=1)] = (
        52428800
    )
    verify_signatures: Annotated[bool, Env("FORCE_VERIFYING_SIGNATURE", "refuse plugins without a valid signature")] = (
        True
    )
