"""Where a setting of a running server comes from: ``orrery up`` with every source at once, each hiding the next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from tests.support.config_servers import ApolloServer, ConfigServer, NacosServer
from tests.support.server import running

ORIGIN = "https://console.example"
CHAIN = (
    ("environment", "DEPLOY_ENV"),
    ("remote", "SWAGGER_UI_ENABLED"),
    ("dotenv", "SWAGGER_UI_PATH"),
    ("secret files", "API_COMPRESSION_ENABLED"),
    ("toml", "CONSOLE_CORS_ALLOW_ORIGINS"),
)
"""The variable whose first source is the named one; all sources after it say something else."""
RIGHT = {
    "DEPLOY_ENV": "right",
    "SWAGGER_UI_ENABLED": "true",
    "SWAGGER_UI_PATH": "/right",
    "API_COMPRESSION_ENABLED": "true",
    "CONSOLE_CORS_ALLOW_ORIGINS": ORIGIN,
}
WRONG = {
    "DEPLOY_ENV": "wrong",
    "SWAGGER_UI_ENABLED": "false",
    "SWAGGER_UI_PATH": "/wrong",
    "API_COMPRESSION_ENABLED": "false",
    "CONSOLE_CORS_ALLOW_ORIGINS": "https://wrong.example",
    "DIFY_PORT": "1",
}


def said_by(source: str) -> dict[str, str]:
    """What a source says: the truth for its own variable, lies for those that an earlier source has."""
    names = [name for _, name in CHAIN]
    own = next(name for where, name in CHAIN if where == source)
    lies = ("DIFY_PORT", *names[: names.index(own)])
    return {own: RIGHT[own], **{name: WRONG[name] for name in lies}}


def remote_server(kind: str) -> tuple[ConfigServer, Mapping[str, str]]:
    """A configuration server, and the variables that name it."""
    values = said_by("remote")
    if kind == "apollo":
        apollo = ApolloServer(values)
        return apollo, {"APOLLO_APP_ID": "orrery", "APOLLO_CONFIG_URL": f"http://{apollo.address}"}
    nacos = NacosServer("".join(f"{name}={value}\n" for name, value in values.items()))
    return nacos, {
        "DIFY_ENV_NACOS_SERVER_ADDR": nacos.address,
        "DIFY_ENV_NACOS_DATA_ID": "orrery.properties",
        "DIFY_ENV_NACOS_GROUP": "team",
    }


@pytest.mark.parametrize("kind", ["apollo", "nacos"])
def test_each_source_hides_those_after_it(tmp_path: Path, kind: str) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in said_by("dotenv").items()))
    (tmp_path / "secrets").mkdir()
    for name, value in said_by("secret files").items():
        (tmp_path / "secrets" / name).write_text(value + "\n")
    toml = [f'{name} = "{value}"\n' for name, value in said_by("toml").items()]
    (tmp_path / "orrery.toml").write_text("".join(toml))
    remote, named = remote_server(kind)
    environment = {
        **said_by("environment"),
        **named,
        "REMOTE_SETTINGS_SOURCE_NAME": kind,
        "ORRERY_SECRETS_DIR": str(tmp_path / "secrets"),
    }
    try:
        # The port is an argument: that it answers there at all shows that arguments come first.
        with running(tmp_path / "home", environment=environment) as server:
            answer = httpx.get(
                f"{server.url}/api/right", headers={"Accept-Encoding": "gzip"}, trust_env=False, timeout=60
            )
            preflight = httpx.options(
                f"{server.url}/console/api/ping",
                headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"},
                trust_env=False,
                timeout=60,
            )
    finally:
        remote.close()
    assert answer.headers["x-env"] == "right"
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
