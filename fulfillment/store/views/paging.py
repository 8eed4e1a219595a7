"""Lists that grow while they are read: each page begins after the last line of the one before."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from fulfillment.domain.errors import ValueInvalid

LONGEST_PAGE = 100
LONGEST_CURSOR = 400
BIGGEST = 2**63 - 1

L = TypeVar("L")
Query = Select[*tuple[Any, ...]]
Line = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[L]):
    """Lines of a list, and the cursor of the page after it; None when there is none."""

    items: tuple[L, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Which page is wanted: `limit` lines after `cursor`, or from the beginning.

    Raises:
        ValueInvalid: the limit is not 1 to 100.
    """

    cursor: str | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= LONGEST_PAGE:
            raise ValueInvalid(f"limit: it takes 1 to {LONGEST_PAGE}")


FIRST = Turn()


def newest_first(
    query: Query, turn: Turn, *, at: InstrumentedAttribute[datetime], id: InstrumentedAttribute[str]
) -> Query:
    """Return `query` for the page that is wanted, newest first, with one line too many to look ahead.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    if turn.cursor:
        last_at, last_id = _place(turn.cursor)
        query = query.where(tuple_(at, id) < tuple_(literal(last_at), literal(last_id)))
    return query.order_by(at.desc(), id.desc()).limit(turn.limit + 1)


async def page(
    session: AsyncSession,
    query: Query,
    turn: Turn,
    *,
    line: Callable[[Line], L],
    place: Callable[[L], Sequence[Any]],
) -> Page[L]:
    """Return the page that `query` reads; `place` says where in the order a line stands."""
    rows = (await session.execute(query)).all()
    items = tuple(line(row) for row in rows[: turn.limit])
    more = len(rows) > turn.limit
    return Page(items=items, next_cursor=written(place(items[-1])) if more else None)


def written(place: Sequence[Any]) -> str:
    """Return a place in a list as a cursor: opaque to clients, plain to us."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in place]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def read(cursor: str) -> list[Any]:
    """Return the values in `cursor`; nothing is said yet about what they are.

    Raises:
        ValueInvalid: it is none of ours.
    """
    if len(cursor) > LONGEST_CURSOR:
        raise unknown()
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        raise unknown() from None
    if not isinstance(values, list):
        raise unknown()
    return values


def instant(value: object) -> datetime:
    """Return the instant a cursor holds.

    Raises:
        ValueInvalid: it holds none.
    """
    try:
        at = datetime.fromisoformat(name(value))
    except ValueError:
        raise unknown() from None
    if at.tzinfo is None:
        raise unknown()
    return at


def name(value: object) -> str:
    """Return the id a cursor holds.

    Raises:
        ValueInvalid: it holds none, or something no id of ours consists of.
    """
    if not isinstance(value, str) or not value.isprintable():
        raise unknown()
    return value


def number(value: object) -> int:
    """Return the number a cursor holds, of eight bytes at most.

    Raises:
        ValueInvalid: it holds none.
    """
    if type(value) is not int or abs(value) > BIGGEST:  # a bool is an int to `isinstance`
        raise unknown()
    return value


def unknown() -> ValueInvalid:
    return ValueInvalid("cursor: it is not one of ours; leave it out to begin with the first page")


def _place(cursor: str) -> tuple[datetime, str]:
    match read(cursor):
        case [at, id]:
            return instant(at), name(id)
        case _:
            raise unknown()
