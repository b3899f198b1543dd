"""Settings of a configuration server: the protocols, their place in the chain, and the server's absence."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import pytest
from tests.support.config_servers import ApolloServer, ConfigServer, NacosServer

from orrery.settings.errors import SettingsError
from orrery.settings.groups.remote import Remote
from orrery.settings.load import load_settings
from orrery.settings.remote.opening import open_remote, remote_source, watch_in_background
from orrery.settings.remote.properties import read_properties
from orrery.settings.remote.protocol import RemoteSettings, RemoteSettingsError
from orrery.settings.sources import Source

S = TypeVar("S", bound=ConfigServer)
PROPERTIES = "# a comment\nDB_HOST = db.inside\nMAIL_FROM: a\\u00e9 b\nSECRET_KEY=one\\\n   two\n"


@pytest.fixture
def keep() -> Iterator[list[ConfigServer]]:
    servers: list[ConfigServer] = []
    yield servers
    for server in servers:
        server.close()


def opened(remote: Remote) -> RemoteSettings:
    found = open_remote(remote)
    assert found is not None
    return found


def apollo(server: ApolloServer, secret: str = "") -> Remote:
    return Remote(source="apollo", apollo_app="orrery", apollo_url=f"http://{server.address}/", apollo_secret=secret)


def nacos(server: NacosServer, **more: str) -> Remote:
    return Remote(
        source="nacos", nacos_server=server.address, nacos_data_id="orrery.properties", nacos_group="team", **more
    )


@pytest.mark.parametrize("secret", ["", "s3cret"])
def test_apollo_gives_its_configurations(keep: list[ConfigServer], secret: str) -> None:
    server = ApolloServer({"DB_HOST": "db.inside"}, secret)
    keep.append(server)
    assert opened(apollo(server, secret)).fetch() == {"DB_HOST": "db.inside"}
    if secret:
        with pytest.raises(RemoteSettingsError, match="401"):
            opened(apollo(server, "wrong")).fetch()


@pytest.mark.parametrize("guard", ["none", "login", "keys"])
def test_nacos_gives_its_properties(keep: list[ConfigServer], guard: str) -> None:
    server = NacosServer(
        PROPERTIES,
        login=("nacos", "pw") if guard == "login" else None,
        keys=("ak", "sk") if guard == "keys" else None,
    )
    keep.append(server)
    given = {
        "none": {},
        "login": {"nacos_user": "nacos", "nacos_password": "pw"},
        "keys": {"nacos_access_key": "ak", "nacos_secret_key": "sk", "nacos_namespace": "space"},
    }
    remote = opened(nacos(server, **given[guard]))
    assert remote.fetch() == {"DB_HOST": "db.inside", "MAIL_FROM": "aé b", "SECRET_KEY": "onetwo"}
    if guard != "none":
        with pytest.raises(RemoteSettingsError, match="403"):
            opened(nacos(server)).fetch()
    if guard == "login":
        remote.fetch()
        assert sum("login" in path for path in server.requests) == 1


def test_the_server_comes_after_the_environment_and_before_the_file(keep: list[ConfigServer], tmp_path: Path) -> None:
    server = ApolloServer({"DB_HOST": "remote", "db_username": "remote", "DB_DATABASE": "remote"})
    keep.append(server)
    (tmp_path / ".env").write_text(
        f"REMOTE_SETTINGS_SOURCE_NAME=apollo\nAPOLLO_APP_ID=orrery\nAPOLLO_CONFIG_URL=http://{server.address}\n"
        "DB_USERNAME=file\nDB_PORT=7\n"
    )
    (tmp_path / "orrery.toml").write_text(
        'DB_PORT = 8\nDEBUG = true\nCELERY_QUEUES = ["mail", "dataset"]\n[other]\nx = 1'
    )

    def ask(remote: Remote) -> Source:
        return remote_source(opened(remote), tmp_path / "copies")

    settings = load_settings(
        {"DB_HOST": "environment"},
        home=tmp_path / "home",
        dotenv=tmp_path / ".env",
        toml=tmp_path / "orrery.toml",
        remote=ask,
    )
    database = settings.database
    assert (database.host, database.username, database.database) == ("environment", "remote", "remote")
    assert (database.port, settings.server.debug, settings.jobs.queues) == (7, True, ("mail", "dataset"))


def test_while_the_server_is_away_its_last_settings_count(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = ApolloServer({"DB_HOST": "remembered"})
    remote = opened(apollo(server))
    try:
        remote_source(remote, tmp_path)
    finally:
        server.close()
    (copy,) = tmp_path.iterdir()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert remote_source(remote, tmp_path).values == {"DB_HOST": "remembered"}
    assert "does not answer" in caplog.text
    copy.unlink()
    with pytest.raises(SettingsError, match=r"REMOTE_SETTINGS_SOURCE_NAME: Apollo application: .* Start it"):
        remote_source(remote, tmp_path)


def test_what_apollo_needs_is_named() -> None:
    with pytest.raises(SettingsError, match="APOLLO_CONFIG_URL: is empty"):
        open_remote(Remote(source="apollo", apollo_app="orrery"))
    assert open_remote(Remote()) is None


def test_a_change_is_told_by_name_and_never_by_value(keep: list[ConfigServer], lines: SimpleQueue[str]) -> None:
    apollo_server, nacos_server = ApolloServer({"A": "1", "B": "2"}), NacosServer("C=3\n")
    keep += [apollo_server, nacos_server]
    ends: list[threading.Event] = []
    for server, remote in ((apollo_server, apollo(apollo_server)), (nacos_server, nacos(nacos_server))):
        opening = opened(remote)
        ends.append(watch_in_background(opening, opening.fetch()))
        assert server.polling.wait(60)
    apollo_server.change(B="hidden", D="hidden")
    nacos_server.change("C=hidden\n")
    told = {lines.get(timeout=60), lines.get(timeout=60)}
    for end in ends:
        end.set()
    assert told == {
        "Apollo application: changed, restart to use it: B, D",
        "Nacos team/orrery.properties: changed, restart to use it: C",
    }


@pytest.fixture
def lines() -> Iterator[SimpleQueue[str]]:
    """What the watching threads say."""
    said: SimpleQueue[str] = SimpleQueue()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.put(record.getMessage())

    log, ear = logging.getLogger("orrery.settings.remote.opening"), Ear()
    log.addHandler(ear)
    yield said
    log.removeHandler(ear)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=1\nb:2\nc 3\n", {"a": "1", "b": "2", "c": "3"}),
        ("! no\n  # no\n\n  key\\ with\\=signs = v = w \n", {"key with=signs": "v = w "}),
        ("long=a,\\\n  b,\\\n  c\nend", {"long": "a,b,c", "end": ""}),
        ("path=C\\:\\\\x\\ty\r\nlast=\\u4e2d", {"path": "C:\\x\ty", "last": "中"}),
        ("same=1\nsame=2", {"same": "2"}),
    ],
)
def test_properties_are_read_as_java_does(text: str, values: dict[str, str]) -> None:
    assert read_properties(text) == values
