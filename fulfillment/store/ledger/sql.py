"""How the ledger writes: rows go over as JSON, and all tables of a batch are written by one statement.

The database takes the JSON apart by the names of its own columns. A batch then costs one round trip and
one prepared plan, however many rows it has.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import to_json
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

TURNS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(CAST(:names AS text[])) name"
)


def once(table: str, columns: str, *, rows: str) -> str:
    """Return the INSERT of the rows in the parameter `rows`; one that is there already stays as it is."""
    return f"""
        INSERT INTO {table} ({columns}) SELECT {columns} FROM {taken_apart(table, rows=rows)}
        ON CONFLICT DO NOTHING
    """  # noqa: S608 - every name in it is ours


def newest(
    table: str,
    columns: str,
    *,
    rows: str,
    key: str,
    newer: str,
    read: Mapping[str, str] | None = None,
    change: Mapping[str, str] | None = None,
) -> str:
    """Return the upsert of the rows in the parameter `rows`, where the one that is there is older.

    `newer` says when that is, of `it` (the row that is there) and `excluded` (the one that comes). `read`
    says what some columns of a row that `came` are taken for, `change` what others become instead.
    """
    names = columns.replace(",", " ").split()
    taken = ", ".join((read or {}).get(name, f"came.{name}") for name in names)
    becoming = {name: f"excluded.{name}" for name in names} | dict(change or {})
    sets = ", ".join(f"{name} = {value}" for name, value in becoming.items())
    return f"""
        INSERT INTO {table} AS it ({columns}) SELECT {taken} FROM {taken_apart(table, rows=rows)} AS came
        ON CONFLICT ({key}) DO UPDATE SET {sets} WHERE {newer}
    """  # noqa: S608 - every name in it is ours


def taken_apart(table: str, *, rows: str) -> str:
    """Return the parameter `rows` as a row source with the columns of `table`."""
    return f"jsonb_populate_recordset(CAST(NULL AS {table}), CAST(:{rows} AS jsonb))"


def together(result: str = "SELECT", **parts: str) -> TextClause:
    """Return one statement that carries out all `parts`, each under its name, and gives `result`."""
    named = ", ".join(f"{name} AS ({part})" for name, part in parts.items())
    return text(f"WITH {named} {result}")


def rows(*given: Mapping[str, Any]) -> str:
    """Return rows as the JSON that the statements above take."""
    return to_json(given).decode()


def unlike(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """Yield the columns of a row that do not say what is wanted of them; all, if there is no row."""
    for name, value in wanted.items():
        like = list(value) if isinstance(value, tuple) else value
        if name not in there or there[name] != like:
            yield name


async def take_turns(session: AsyncSession, *names: str) -> None:
    """Wait until no other transaction has any of these `names`, and keep them to the end of this one."""
    await session.execute(TURNS, {"names": list(names)})
