"""Each word of DB_TYPE: the address, the options of its connections, and the statements that make its tables."""

from __future__ import annotations

import io

import pytest
from sqlalchemy.engine import make_url

from orrery.database.migrating.chain import Chain
from orrery.database.migrating.script_sql import DIALECTS, DialectName, write_sql
from orrery.database.opening import open_database, pool_options
from orrery.settings.groups.database import Database as DatabaseSettings
from orrery.settings.load import load_settings


def settings_of(**variables: str) -> DatabaseSettings:
    loaded = load_settings({**variables, "SECRET_KEY": "x" * 50}, shape="fleet", required_secrets=())
    return loaded.database


@pytest.mark.parametrize(
    ("kind", "user", "port", "driver", "login"),
    [
        ("postgresql", "postgres", "5432", "postgresql+asyncpg", "postgres"),
        ("mysql", "root", "3306", "mysql+asyncmy", "root"),
        # A user of these names the tenant; TiDB is DB_TYPE=mysql at its own port.
        ("oceanbase", "root@test", "2881", "mysql+asyncmy", "root%40test"),
        ("seekdb", "root", "2881", "mysql+asyncmy", "root"),
        ("mysql", "tenant.root", "4000", "mysql+asyncmy", "tenant.root"),
    ],
)
def test_the_address_of_each_kind(kind: str, user: str, port: str, driver: str, login: str) -> None:
    settings = settings_of(DB_TYPE=kind, DB_USERNAME=user, DB_PASSWORD="p@ss/w", DB_HOST="db", DB_PORT=port)
    assert settings.url() == f"{driver}://{login}:p%40ss%2Fw@db:{port}/dify"
    url = make_url(settings.url())
    assert (url.username, url.password) == (user, "p@ss/w")
    assert open_database(settings).dialect == driver.partition("+")[0]


def test_options_reach_the_connections() -> None:
    pool = pool_options(settings_of(DB_TYPE="mysql", DB_CHARSET="utf8mb4", SQLALCHEMY_POOL_SIZE="3"))
    assert (pool.size, pool.charset, pool.behind_pooler) == (3, "utf8mb4", False)
    extras = "options=-c search_path=own -c statement_timeout=5s"
    pool = pool_options(settings_of(DB_TYPE="postgresql", DB_EXTRAS=extras, ORRERY_DB_BEHIND_POOLER="true"))
    assert (dict(pool.settings), pool.behind_pooler) == ({"search_path": "own", "statement_timeout": "5s"}, True)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_kind_has_statements_forward_and_back(name: DialectName) -> None:
    chain = Chain.load()
    forward, back = io.StringIO(), io.StringIO()
    assert write_sql(forward, chain, name, start="base", goal="head") == len(chain.links)
    assert write_sql(back, chain, name, start="head", goal="base") == len(chain.links)
    assert forward.getvalue().count("\nCREATE TABLE ") > 40
    assert back.getvalue().count("DROP TABLE ") >= forward.getvalue().count("CREATE TABLE ") - 6 * len(chain.links)
    assert ("ascii_bin" in forward.getvalue()) == (name in {"mysql", "mariadb"})
    assert ("BEGIN" in forward.getvalue()) == (name in {"sqlite", "postgresql"})
    assert ("doubt_from" in forward.getvalue().split("CREATE TABLE accounts")[0]) == (
        name not in {"sqlite", "postgresql"}
    )
