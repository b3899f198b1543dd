"""The migrations make the schema of the tables, on every engine, forward and back, and wait for each other."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from tests.support.databases import BACKENDS, sqlite_url, url_of

from orrery.database import Database
from orrery.database.migrate import HEAD, SchemaNotReady, migrate, require_current, schema_state
from orrery.database.migrating.record import OWN
from orrery.schema import schema

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": False})
    return [d for d in compare_metadata(context, schema()) if not any(name in str(d) for name in OWN)]


async def _step_by_step(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    # A database that has a version table is no fresh one: the scripts run.
    async with database.connection() as connection:
        await connection.execute(text("CREATE TABLE marker (id INTEGER PRIMARY KEY)"))
    await migrate(database, schema())


async def test_scripts_make_the_same_schema_as_the_tables(backend: str, tmp_path: Path) -> None:
    database = Database(url_of(backend, tmp_path))
    await _step_by_step(database)
    async with database.reader.connect() as connection:
        differences = await connection.run_sync(_differences)
    assert [d for d in differences if "marker" not in str(d)] == []
    assert (await schema_state(database)).revision == HEAD
    await database.close()


async def test_back_to_nothing_and_forward_again(backend: str, tmp_path: Path) -> None:
    database = Database(url_of(backend, tmp_path))
    assert await migrate(database, schema()) == "created"
    assert await migrate(database, schema()) == "current"
    assert await migrate(database, schema(), target="base") == "migrated"
    async with database.reader.connect() as connection:
        left = await connection.run_sync(lambda c: set(inspect(c).get_table_names()))
    assert left <= OWN
    with pytest.raises(SchemaNotReady, match="orrery migrate"):
        await require_current(database)
    await migrate(database, schema())
    await require_current(database)
    await database.close()


async def test_processes_that_start_together_make_one_schema(backend: str, tmp_path: Path) -> None:
    url = url_of(backend, tmp_path)
    script = (
        "import asyncio, sys\n"
        "from orrery.schema import schema\n"
        "from orrery.database import Database\n"
        "from orrery.database.migrate import migrate\n"
        "async def main():\n"
        "    database = Database(sys.argv[1])\n"
        "    print(await migrate(database, schema()))\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", script, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    results = [await asyncio.to_thread(process.communicate) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], results
    assert sorted(out.strip() for out, _ in results) == ["created", "current", "current"]


async def test_the_head_named_in_code_is_the_newest_script(backend: str, tmp_path: Path) -> None:
    if backend != "sqlite":
        pytest.skip("the scripts are the same for every engine")
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    import orrery.database.migrations as scripts

    config = Config()
    config.set_main_option("script_location", str(Path(scripts.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD
    assert sqlite_url(tmp_path).endswith("orrery.db")
