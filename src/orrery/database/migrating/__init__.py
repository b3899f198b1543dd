"""How a schema goes from one revision to another: the scripts in order, the lock, what is written down meanwhile.

Each script is one step and one transaction. MariaDB and MySQL have no transactions around such statements: there the
record says which revisions are in doubt while a step runs, and a step in doubt is done again, statement by statement,
leaving out what is there. `orrery.database.migrate` is the door.
"""
