"""Every table of the product on one metadata: what migrations compare with and fresh installs are made from.

Stands above the rooms that own the tables, since `apps` and `knowledge` don't know each other.
"""

from __future__ import annotations

from sqlalchemy import MetaData

from orrery.apps.catalog import tables as catalog
from orrery.apps.conversations import tables as conversations
from orrery.apps.files import tables as files
from orrery.apps.forms import tables as forms
from orrery.apps.inspector import tables as inspector
from orrery.apps.runs import tables as runs
from orrery.apps.tools import tables as workflow_tools
from orrery.apps.triggers import tables as triggers
from orrery.apps.workflows import tables as workflows
from orrery.database.orm import Table
from orrery.jobs import tables as jobs
from orrery.knowledge.datasets import tables as datasets
from orrery.knowledge.documents import tables as documents
from orrery.knowledge.index import tables as knowledge_index
from orrery.knowledge.upkeep import tables as knowledge_upkeep
from orrery.plugins.library import tables as plugins
from orrery.workspaces.accounts import tables as accounts
from orrery.workspaces.audit import tables as audit
from orrery.workspaces.members import tables as members
from orrery.workspaces.models import tables as models
from orrery.workspaces.tools import tables as tools

TABLE_MODULES = (
    accounts,
    members,
    models,
    tools,
    audit,
    catalog,
    workflows,
    workflow_tools,
    conversations,
    files,
    forms,
    runs,
    inspector,
    triggers,
    jobs,
    plugins,
    datasets,
    documents,
    knowledge_index,
    knowledge_upkeep,
)
"""Parents before children. Importing a module puts its tables on the shared metadata."""


def schema() -> MetaData:
    """The metadata of all tables."""
    return Table.metadata
