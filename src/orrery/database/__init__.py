"""The metadata database: engine, transactions, portable columns, group commits, migrations.

SQLite, PostgreSQL and the MySQL family with one set of tables. Knows no product noun: those declare their tables on
`Table` in their own rooms.
"""

from orrery.database.engine import Database
from orrery.database.group_commit import GroupCommit
from orrery.database.ids import new_id
from orrery.database.orm import Table

__all__ = ["Database", "GroupCommit", "Table", "new_id"]
