"""Values that are read, changed and written back as one step, however many processes do so at the same time.

Part of a shared commit (`batch_writer`): the rows are locked when they are read and stay so until the commit, so no
change is built on a value that somebody replaces meanwhile. SQLite's one writer needs no lock for that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

from sqlalchemy import Select, Table, Update, and_, bindparam, or_, select, update

Row: TypeAlias = Mapping[str, object]
Key: TypeAlias = tuple[object, ...]


class Amendment:
    """Changes one column of stored rows; stands in a shared commit where a statement does.

    Its rows name a stored row by its primary key, say the time under the name of the column ``stamp``, and hold what
    ``change`` needs: (stored value, row) → new value. It must not raise, since a commit is shared by many. A row that
    is not stored changes nothing.
    """

    def __init__(self, table: Table, column: str, stamp: str, change: Callable[[object, Row], object]) -> None:
        self._table, self._column, self._stamp, self._change = table, table.c[column], table.c[stamp], change
        self._key = tuple(table.primary_key)
        self._selects: dict[int, Select[tuple[object, ...]]] = {}
        found = [part == bindparam(f"b_{part.name}") for part in self._key]
        changed = update(table).where(and_(*found))
        self.update: Update = changed.values({column: bindparam("b_value"), stamp: bindparam("b_stamp")})

    def keys(self, rows: Sequence[Row]) -> list[Key]:
        """The stored rows that these rows name, each once; in one order, so that two writers never wait for each other."""
        return sorted({self._key_of(row) for row in rows}, key=repr)

    def select(self, keys: Sequence[Key]) -> tuple[Select[tuple[object, ...]], Row]:
        """A statement that reads the key and the value of each stored row and locks it; and its parameters.

        The last key is repeated up to a power of two, so that few statements are ever made.
        """
        count = 1 << (len(keys) - 1).bit_length()
        padded = [*keys, *[keys[-1]] * (count - len(keys))]
        parameters = {
            f"k{number}_{column.name}": value
            for number, key in enumerate(padded)
            for column, value in zip(self._key, key, strict=True)
        }
        return self._select(count), parameters

    def updates(self, stored: Mapping[Key, object], rows: Sequence[Row]) -> list[Row]:
        """Parameters of ``update``: each row's change done in turn to the stored values."""
        values, stamps = dict(stored), dict[Key, object]()
        for row in rows:
            key = self._key_of(row)
            if key in values:
                values[key] = self._change(values[key], row)
                stamps[key] = row[self._stamp.name]
        return [self._update_row(key, values[key], stamps[key]) for key in sorted(stamps, key=repr)]

    def _key_of(self, row: Row) -> Key:
        return tuple(row[column.name] for column in self._key)

    def _update_row(self, key: Key, value: object, stamp: object) -> Row:
        named = {f"b_{column.name}": part for column, part in zip(self._key, key, strict=True)}
        return {**named, "b_value": value, "b_stamp": stamp}

    def _select(self, count: int) -> Select[tuple[object, ...]]:
        found = self._selects.get(count)
        if found is None:
            named = [
                and_(*(column == bindparam(f"k{number}_{column.name}") for column in self._key))
                for number in range(count)
            ]
            columns = select(*self._key, self._column).where(or_(*named)).order_by(*self._key).with_for_update()
            found = self._selects[count] = cast("Select[tuple[object, ...]]", columns)
        return found
