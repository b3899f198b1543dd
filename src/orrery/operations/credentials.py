"""Forgetting every credential that was sealed under the master key, for when that key is lost or known to others."""

from __future__ import annotations

from sqlalchemy import MetaData, delete, func, select

from orrery.database.engine import Database

SEALED_TABLES = (
    "provider_credentials",
    "provider_model_credentials",
    "tool_builtin_providers",
    "tool_api_providers",
    "tool_mcp_providers",
)
"""Rows that are of no use without what was sealed in them."""


async def count_credentials(database: Database, metadata: MetaData) -> dict[str, int]:
    """Rows by table."""
    found: dict[str, int] = {}
    async with database.read() as session:
        for name in SEALED_TABLES:
            query = select(func.count()).select_from(metadata.tables[name])
            found[name] = await session.scalar(query) or 0
    return found


async def forget_credentials(database: Database, metadata: MetaData) -> None:
    """Deletes those rows, all at once."""
    async with database.connection() as connection:
        for name in SEALED_TABLES:
            await connection.execute(delete(metadata.tables[name]))
