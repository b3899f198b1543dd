"""Running one step on a connection: the script, then where the schema is by then, in one transaction."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from orrery.database.columns import without_ascii
from orrery.database.migrating import inventory, record
from orrery.database.migrating.chain import Chain, Step
from orrery.database.migrating.errors import MigrationFailed
from orrery.database.migrating.lock import FAMILY, is_contention
from orrery.database.migrating.record import BASE, Doubt, Standing

_SHOWN = 200


def is_fresh(standing: Standing) -> bool:
    """Whether there is nothing: then the tables are made at once, without the scripts."""
    return standing.revision == BASE and not standing.tables and standing.doubt is None


def creates_again(standing: Standing, head: str) -> bool:
    """Whether the making of all tables was broken off; only where it is no single transaction."""
    return standing.revision == BASE and standing.doubt == Doubt(BASE, head)


def create(connection: Connection, metadata: MetaData, standing: Standing, head: str, serves_from: str) -> None:
    """Makes every table and index that is not there yet, at revision ``head``. Commits."""
    if connection.dialect.name in FAMILY:
        record.write_doubt(connection, standing, Doubt(BASE, head))
        connection.commit()
        _learn_collations(connection)
        _compare_exactly(connection)
    try:
        if standing.doubt is None:
            metadata.create_all(connection)
        else:
            _create_missing(connection, metadata)
        record.write_done(connection, head, serves_from, None)
        connection.commit()
    except DBAPIError as error:
        if _passes(error):
            raise
        raise _failure(error, f"making the tables of revision {head}") from error


def run(connection: Connection, chain: Chain, step: Step, standing: Standing) -> None:
    """Runs a script forward or back. Commits. Raises `MigrationFailed`, and `DBAPIError` for a lock or a lost server."""
    # Lazy: only what really migrates pays for the library.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    context = MigrationContext.configure(connection)
    if connection.dialect.name in FAMILY:
        if standing.doubt is None:
            low, high = (step.goal, step.origin) if step.back else (step.origin, step.goal)
            record.write_doubt(connection, standing, Doubt(low, high))
            connection.commit()
        _learn_collations(connection)
        if step.origin == BASE:
            _compare_exactly(connection)
        if step.again:
            from orrery.database.migrating.repeatable import RepeatableStatements

            context.impl = RepeatableStatements(context.dialect, connection, False, False, None, {})
    try:
        with Operations.context(context):
            (step.link.script.downgrade if step.back else step.link.script.upgrade)()
        record.write_done(connection, step.goal, chain.serves_from(step.goal), step.doubt)
        connection.commit()
    except DBAPIError as error:
        if _passes(error):
            raise
        raise _failure(error, str(step)) from error


def _passes(error: DBAPIError) -> bool:
    """Whether waiting or another connection may help."""
    return is_contention(error) or error.connection_invalidated


def _failure(error: DBAPIError, what: str) -> MigrationFailed:
    statement = " ".join((error.statement or "").split())[:_SHOWN]
    reason = str(error.orig).partition("\n")[0]
    return MigrationFailed(
        f"The migration failed at {what}.\n  Statement: {statement}\n  The database says: {reason}\n"
        "  Nothing starts on this schema until it is mended; then `orrery migrate` goes on from here."
    )


def _create_missing(connection: Connection, metadata: MetaData) -> None:
    """As ``create_all``, which takes the indexes of a table that is there for made."""
    there = inventory.tables(connection)
    for table in metadata.sorted_tables:
        if table.name not in there:
            table.create(connection)
            continue
        made = inventory.indexes(connection, table.name)
        for index in table.indexes:
            if index.name not in made:
                index.create(connection)


def _learn_collations(connection: Connection) -> None:
    """Relatives of these servers know fewer: ids take the one that all of them have."""
    if connection.execute(text("SHOW COLLATION LIKE 'ascii_bin'")).first() is None:
        without_ascii(connection.dialect)


def _compare_exactly(connection: Connection) -> None:
    """Makes texts of new tables differ by case and by blanks at their end, as on the other engines.

    By default this family holds "Ann", "ann" and "ann " for the same: two end users would be one.
    """
    statement = "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE "
    try:
        connection.execute(text(statement + exact_collation(connection)))
    except DBAPIError:
        # Relatives of these servers know fewer collations; this one they all know.
        connection.execute(text(statement + "utf8mb4_bin"))


def exact_collation(connection: Connection) -> str:
    """The collation that compares characters as they are, by the kind of server and its version."""
    if getattr(connection.dialect, "is_mariadb", False):
        return "utf8mb4_nopad_bin"
    version = connection.dialect.server_version_info or (0,)
    return "utf8mb4_0900_bin" if version >= (8, 0, 17) else "utf8mb4_bin"
