"""Many rows into one table, by a statement that is compiled once.

For an insert of many rows SQLAlchemy builds the parameters of each row anew, which costs more than
the database's own work on it. Here the statement and what turns a value into the database's form
are made once for each kind of database; the values are the same.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

Convert = Callable[[Any], Any]
Row = dict[str, Any]


class Inserts:
    """Inserts into some columns of a table; the others keep their defaults."""

    def __init__(self, table: Table, names: Sequence[str]) -> None:
        self._table, self._names = table, tuple(names)
        self._made: dict[str, tuple[str, bool, list[tuple[str, Convert | None]]]] = {}

    def add(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert rows that each have a value for every column."""
        if not rows:
            return
        text, positional, columns = self._statement(connection.dialect)
        if positional:
            values: Any = [
                tuple(row[name] if to is None else to(row[name]) for name, to in columns)
                for row in rows
            ]
        else:
            values = [
                {name: row[name] if to is None else to(row[name]) for name, to in columns}
                for row in rows
            ]
        connection.exec_driver_sql(text, values)

    def _statement(self, dialect: Dialect) -> tuple[str, bool, list[tuple[str, Convert | None]]]:
        made = self._made.get(dialect.driver)
        if made is None:
            statement = insert(self._table).inline()  # nobody asks for the new rows' numbers
            compiled = statement.compile(dialect=dialect, column_keys=list(self._names))
            order = list(getattr(compiled, "positiontup", None) or self._names)
            columns = [(name, self._convert(name, dialect)) for name in order]
            made = str(compiled), dialect.positional, columns
            self._made[dialect.driver] = made
        return made

    def _convert(self, name: str, dialect: Dialect) -> Convert | None:
        return self._table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
