"""Migration scripts, oldest first in ``versions``. One set serves SQLite, PostgreSQL and the MySQL family."""
