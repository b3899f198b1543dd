"""Every table of the product on one metadata: what migrations compare with and fresh installs are made from."""

from __future__ import annotations

from sqlalchemy import MetaData

import orrery.apps.catalog.tables
import orrery.apps.conversations.tables
import orrery.apps.files.tables
import orrery.apps.runs.tables
import orrery.apps.workflows.tables
import orrery.jobs.tables
import orrery.workspaces.accounts.tables
import orrery.workspaces.audit.tables
import orrery.workspaces.members.tables
import orrery.workspaces.models.tables  # noqa: F401  (each import puts its tables on the shared metadata)
from orrery.database.orm import Table


def schema() -> MetaData:
    """The metadata of all tables."""
    return Table.metadata
