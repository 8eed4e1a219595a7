"""Finding assignments by what somebody has in hand: an id or its beginning, a name, words of the job's title.

Words are those that Postgres's own full-text search sees, and each may be cut short at its end. Whatever is
found, in whichever way, comes newest first, and each way reads an index.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from fulfillment.store.tables import WORDS_OF_NAME, WORDS_OF_TITLE, AssignmentRow, JobRow, PersonRow
from fulfillment.store.views.assignments import ALL, Listed, Wanted, conditions, line, lines, place
from fulfillment.store.views.paging import FIRST, Page, Turn, newest_first, page

ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
BEYOND = "~"
"""It comes after every letter that an id can have."""
LEAST_BEGINNING = 6
"""Letters that the beginning of an id has; with fewer, many a word would be one."""
MOST_OF_A_BEGINNING = 100
MOST_PEOPLE = 10
MOST_WORDS = 8

Way = ColumnElement[bool]


async def search(
    session: AsyncSession, sought: str, wanted: Wanted = ALL, turn: Turn = FIRST
) -> Page[Listed]:
    """Return a page of the assignments that `sought` may mean, of those that are `wanted`, newest first.

    Of people with that name the ten count that were registered last, and of ids with that beginning a
    hundred; who looks for more has to say more.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    words = _words(sought)
    named = await _named(session, words)
    ways = (*_by_id(sought), *_by_person([sought, *named]), *_by_title(words))
    every = union_all(*(_newest(way, wanted, turn).subquery().select() for way in ways)).subquery()
    # What was found in several ways is found once.
    order = (every.c.created_at.desc(), every.c.id.desc())
    found = select(every).distinct().order_by(*order).limit(turn.limit + 1).subquery()
    query = lines().join(found, found.c.id == AssignmentRow.id)
    query = query.order_by(found.c.created_at.desc(), found.c.id.desc())
    return await page(session, query, turn, line=line, place=place)


def _newest(way: Way, wanted: Wanted, turn: Turn) -> Select[*tuple[Any, ...]]:
    at, id = AssignmentRow.created_at, AssignmentRow.id
    query = select(at, id).where(way, AssignmentRow.standing.is_not(None), *conditions(wanted))
    return newest_first(query, turn, at=at, id=id)


def _by_id(sought: str) -> Iterator[Way]:
    if not ID.fullmatch(sought):
        return
    for column in (AssignmentRow.id, AssignmentRow.job_id):
        if len(sought) < LEAST_BEGINNING:
            yield column == sought
        else:
            yield AssignmentRow.id.in_(_beginning(column, sought))


def _beginning(column: InstrumentedAttribute[str], sought: str) -> Select[str]:
    """Return the ids of assignments whose `column` begins like that, byte by byte as the index has it."""
    begins = column.bool_op("~>=~")(sought) & column.bool_op("~<~")(sought + BEYOND)
    return select(AssignmentRow.id).where(begins).limit(MOST_OF_A_BEGINNING)


def _by_person(ids: Sequence[str]) -> Iterator[Way]:
    for id in ids:
        yield AssignmentRow.customer_id == id
        yield AssignmentRow.provider_id == id


def _by_title(words: ColumnElement[Any]) -> Iterator[Way]:
    yield AssignmentRow.job_id.in_(select(JobRow.id).where(WORDS_OF_TITLE.bool_op("@@")(words)))


async def _named(session: AsyncSession, words: ColumnElement[Any]) -> Sequence[str]:
    query = select(PersonRow.id).where(WORDS_OF_NAME.bool_op("@@")(words))
    query = query.order_by(PersonRow.created_at.desc(), PersonRow.id.desc()).limit(MOST_PEOPLE)
    return (await session.scalars(query)).all()


def _words(sought: str) -> ColumnElement[Any]:
    """Return the question for texts that have all these words, or words that begin like them.

    Each is quoted, so that nothing in it is taken for an operator, and taken apart as the texts were.
    """
    quoted = (
        "'" + word.replace("\\", "\\\\").replace("'", "''") + "':*" for word in sought.split()[:MOST_WORDS]
    )
    return func.to_tsquery(literal_column("'simple'::regconfig"), literal(" & ".join(quoted)))
