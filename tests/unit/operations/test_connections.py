"""What the processes of a fleet may open together, against what their database gives."""

from __future__ import annotations

import re

import msgspec
import pytest

from orrery.database.limits import ConnectionLimit
from orrery.database.opening import open_database
from orrery.deploy.render.cluster.translation import configuration, members, words
from orrery.deploy.topology.model import DEFAULTS
from orrery.operations.connections import Budget, budget, demands_of, read_budget
from orrery.settings.groups.database import Database as DatabaseSettings
from orrery.settings.load import Settings, load_settings

POSTGRES = ConnectionLimit(100, 3)


def settings_with(**database: object) -> Settings:
    return msgspec.structs.replace(
        Settings(),
        database=msgspec.structs.replace(DatabaseSettings(), **database),  # type: ignore[arg-type]  # fields by name
    )


def fits(found: Budget) -> bool:
    return found.wanted <= found.limit.usable


def test_the_stack_as_it_comes_fits_the_database_as_it_comes() -> None:
    """With the contract's own numbers: 30 and 10 for each process, 100 for the server."""
    limit = ConnectionLimit(int(DEFAULTS["POSTGRES_MAX_CONNECTIONS"]), 3)
    found = budget(settings_with(), limit)
    assert found.problem is None
    assert [(one.role, one.total) for one in found.demands][:3] == [("api", 40), ("worker", 40), ("beat", 4)]
    assert "of 97: 1 api x 40, 1 worker x 40, 1 beat x 4" in str(found)


def test_a_cluster_fits_its_database_at_its_largest() -> None:
    """As the manifests have it, with every process that the autoscalers may start."""
    config = configuration()
    service = next(one for one in members() if one.name == "db_postgres")
    allowed = [word for word in words(service.command, service.environment) if word.startswith("max_connections=")]
    limit = ConnectionLimit(int(allowed[0].partition("=")[2]), 3)
    loaded = load_settings({**config, "SECRET_KEY": "x" * 50}, shape="fleet", required_secrets=())
    found = budget(loaded, limit)
    assert {one.role: one.processes for one in found.demands} == {
        "api": 10, "worker": 10, "beat": 2, "plugin_daemon": 1,
    }  # fmt: skip
    assert found.problem is None
    assert found.wanted > 100


def test_replicas_and_processes_of_each_are_counted() -> None:
    settings = settings_with(fleet_apis=3, fleet_workers=2, fleet_beats=2, pool_size=5, pool_overflow=1)
    several = msgspec.structs.replace(settings, server=msgspec.structs.replace(settings.server, workers=4))
    assert {one.role: (one.processes, one.each) for one in demands_of(several)} == {
        "api": (12, 6),
        "worker": (2, 6),
        "beat": (2, 4),
        "plugin_daemon": (0, 6),
    }


def test_a_worker_has_a_connection_for_each_of_its_places() -> None:
    settings = settings_with(pool_size=2, pool_overflow=0)
    crowded = msgspec.structs.replace(settings, jobs=msgspec.structs.replace(settings.jobs, concurrency=16))
    assert {one.role: one.each for one in demands_of(crowded)}["worker"] == 16


@pytest.mark.parametrize("fleet", [(2, 2), (10, 10), (1, 4)])
def test_the_mend_mends(fleet: tuple[int, int]) -> None:
    apis, workers = fleet
    found = budget(settings_with(fleet_apis=apis, fleet_workers=workers), POSTGRES)
    assert (
        found.problem == f"The processes of this fleet may open {found.wanted} connections, the database gives them 97."
    )
    told = re.search(r"be (\d+) together.*\(POSTGRES_MAX_CONNECTIONS\) above (\d+)", found.mend)
    assert told is not None
    smaller = settings_with(fleet_apis=apis, fleet_workers=workers, pool_size=int(told[1]), pool_overflow=0)
    if int(told[1]) >= 4:
        assert fits(budget(smaller, POSTGRES))
    raised = ConnectionLimit(int(told[2]), 3)
    assert fits(budget(settings_with(fleet_apis=apis, fleet_workers=workers), raised))


def test_a_pooler_shares_out_and_wants_its_setting() -> None:
    limit = ConnectionLimit(100, 3, pooler=True)
    many = {"fleet_apis": 50, "fleet_workers": 50}
    unsaid = budget(settings_with(**many), limit)
    assert unsaid.mend == "Set ORRERY_DB_BEHIND_POOLER=true."
    assert budget(settings_with(**many, behind_pooler=True), limit).problem is None


async def test_a_file_counts_no_connections() -> None:
    database = open_database(settings_with(type="sqlite").database)
    assert await read_budget(database, settings_with(type="sqlite")) is None
    await database.close()


def test_a_role_may_have_fewer_than_the_settings_allow() -> None:
    database = open_database(settings_with(type="postgresql").database, most=4)
    assert (database.pool().size, database.pool().overflow) == (4, -4)
