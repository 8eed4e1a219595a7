"""Reading for a route: from Postgres, as far along as the caller needs it, and only what is theirs to see."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from api.desk import TheDatabase
from api.errors import Missing
from fulfillment.domain.assignment.parties import side_of
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.errors import NotAParty
from fulfillment.domain.people import Actor
from fulfillment.store.views.paging import Turn

T = TypeVar("T")

LONGEST_WAIT = 2.0
"""Seconds that a reader who knows of a newer version is willing to wait for it."""
MOMENT = 1.0
"""Seconds that somebody who has just made something waits for it to be written down."""
PAUSE = 0.02


async def _session_of(database: TheDatabase) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(database) as session:
        yield session


async def _turn_of(
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=400, description="`nextCursor` of the last page.")] = None,
) -> Turn:
    return Turn(limit=limit, cursor=cursor)


TheSession = Annotated[AsyncSession, Depends(_session_of)]
TheTurn = Annotated[Turn, Depends(_turn_of)]
MinVersion = Annotated[
    int | None,
    Query(
        alias="minVersion",
        ge=1,
        le=2**31 - 1,
        description="Wait up to 2 s until the read model has this `stateVersion`.",
    ),
]


async def once_at(
    look: Callable[[], Awaitable[T | None]], *, version_of: Callable[[T], int], least: int | None
) -> T:
    """Return what `look` finds, once it is at version `least`; after 2 s, as it is.

    Raises:
        Missing: there is no such thing, or not yet.
    """
    found = await look()
    if least is not None:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + LONGEST_WAIT
        while (found is None or version_of(found) < least) and loop.time() < give_up:
            await asyncio.sleep(PAUSE)
            found = await look()
    if found is None:
        raise Missing
    return found


async def written(
    session: AsyncSession, version_of: Callable[[AsyncSession], Awaitable[int | None]], *, least: int
) -> None:
    """Wait a moment for the read model to have what was just made, so that its maker finds it there.

    A database that is away or behind keeps nobody waiting for long: what was made is made.
    """
    loop = asyncio.get_running_loop()
    give_up = loop.time() + MOMENT
    with suppress(SQLAlchemyError):
        while (await version_of(session) or 0) < least and loop.time() < give_up:
            await session.rollback()
            await asyncio.sleep(PAUSE)


def expect_party(assignment: Assignment, actor: Actor) -> None:
    """Let parties and staff through.

    Raises:
        Missing: for everybody else it does not exist.
    """
    try:
        side_of(assignment, actor)
    except NotAParty:
        raise Missing from None
