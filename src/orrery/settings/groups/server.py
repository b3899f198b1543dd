"""Where the process listens and how it presents itself."""

from __future__ import annotations

from typing import Annotated, Literal

from orrery.settings.declare import Env, Group


class Server(Group, frozen=True, kw_only=True):
    """Where the process listens and how it presents itself."""

    host: Annotated[str, Env("DIFY_BIND_ADDRESS", "address the server listens on")] = "0.0.0.0"  # noqa: S104 - a container listens on all its addresses; the embedded shape does not
    port: Annotated[
        int, Env("DIFY_PORT", "port the server listens on; 0 picks a free one", at_least=0, at_most=65535)
    ] = 5001
    workers: Annotated[
        int,
        Env(
            "SERVER_WORKER_AMOUNT",
            "API processes that share the port, each with connections and metrics of its own",
            at_least=1,
        ),
    ] = 1
    mode: Annotated[
        Literal["", "api", "worker", "beat", "migration", "job", "sandbox", "ssrf_proxy", "plugin_daemon"],
        Env("MODE", "role of this process when no command is given"),
    ] = ""
    edition: Annotated[Literal["SELF_HOSTED", "CLOUD"], Env("EDITION", "issuer written into access tokens")] = (
        "SELF_HOSTED"
    )
    deploy_env: Annotated[
        str, Env("DEPLOY_ENV", "environment tag: X-Env header, traces; TESTING shows a label in the console")
    ] = "PRODUCTION"
    application_name: Annotated[str, Env("APPLICATION_NAME", "service name in logs and traces")] = "orrery"
    commit: Annotated[str, Env("COMMIT_SHA", "commit of the build, shown by the version command")] = ""
    debug: Annotated[bool, Env("DEBUG", "verbose application logging")] = False
    migration_enabled: Annotated[
        bool, Env("MIGRATION_ENABLED", "bring the database up to date before a role starts")
    ] = True
    compression: Annotated[bool, Env("API_COMPRESSION_ENABLED", "pack whole answers with gzip; streams never are")] = (
        False
    )
    trust_forwarded: Annotated[
        bool, Env("RESPECT_XFORWARD_HEADERS_ENABLED", "trust X-Forwarded-* headers of one proxy in front")
    ] = False
    openapi_ui: Annotated[
        bool, Env("SWAGGER_UI_ENABLED", "show the description of the APIs to anybody, at /v1/docs and its like")
    ] = False
    openapi_path: Annotated[
        str, Env("SWAGGER_UI_PATH", "path of that page below /console/api, /api, /files and /triggers")
    ] = "/swagger-ui.html"
