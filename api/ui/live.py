"""Pages that notice when something moves: a stream of server-sent events for what a page shows.

A page says what it shows, and at which version: `show(..., live=live.of(job=job, visit=visit))`. A list says
`live=live.of_list()`, made before it is read. The script of the page listens there, and fetches the page anew
when an event comes. An event says nothing but that something has changed, and to which version; what it is,
the page itself is asked, with all that it checks.
"""

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api.desk import TheDatabase
from api.errors import Missing
from api.reading import expect_party
from api.schemas.absences import AbsenceListed
from api.schemas.assignments import AssignmentShown
from api.schemas.jobs import JobShown
from api.ui import hub
from api.ui.counter import TheCounter
from api.ui.guards import signed_in
from api.ui.hub import Watch
from api.ui.places import STREAMS
from api.ui.visitor import Visitor
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.people import Role
from fulfillment.store.news import has_moved
from fulfillment.store.views import absences, assignments, jobs

router = APIRouter(include_in_schema=False)

RETRY = 3000
"""Milliseconds after which a browser comes back when a stream has ended."""
PULSE = 20.0
"""Seconds of silence after which something is said, or proxies would think it over."""
LONGEST = timedelta(minutes=2)
"""How long a stream lasts; whoever comes back has to be signed in still."""
STALE = timedelta(seconds=10)
"""A list of staff that is older is drawn anew when its page comes back."""
SLACK = timedelta(seconds=2)
"""By which something may be written before it can be read: the rest of its transaction."""

Anybody = Annotated[Visitor, Depends(signed_in())]
Watched = Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{1,64}\.\d{1,9}$")]
"""An id, and the version at which the page shows it."""


def of(
    *,
    job: JobShown | None = None,
    visit: AssignmentShown | None = None,
    absence: AbsenceListed | None = None,
) -> str:
    """Return where a page that shows these hears of their next steps."""
    shown = {"job": job, "visit": visit}
    named = {name: f"{it.id}.{it.state_version}" for name, it in shown.items() if it}
    if absence:
        named["absence"] = f"{absence.id}.{absences.version_of(absence.status, absence.counts)}"
    return f"{STREAMS}?{urlencode(named)}"


def of_list() -> str:
    """Return where a page hears of the next step of anything that its visitor's lists show."""
    return f"{STREAMS}?{urlencode({'since': (datetime.now(UTC) - SLACK).isoformat()})}"


@router.get(STREAMS)
async def listen(
    request: Request,
    visitor: Anybody,
    counter: TheCounter,
    database: TheDatabase,
    job: Watched | None = None,
    visit: Watched | None = None,
    absence: Watched | None = None,
    since: datetime | None = None,
) -> StreamingResponse:
    """Tell when something of what the page shows has moved.

    Raises:
        Missing: there is no such thing, or it is not theirs to see.
        TooManyRequests: they have too many pages open.
    """
    topics = {
        *([hub.job(_id(job))] if job else []),
        *([hub.visit(_id(visit))] if visit else []),
        *([hub.absence(_id(absence))] if absence else []),
        *([_lists_of(visitor)] if not (job or visit or absence) else []),
    }
    with ExitStack() as opened:
        # Watched before it is looked at, so that no step falls in between.
        watch = opened.enter_context(counter.hub.watching(visitor.id, topics))
        since = None if job or visit or absence else _last(request) or since
        await _look(database, visitor, watch, job=job, visit=visit, absence=absence, since=since)
        stream = _events(watch, opened.pop_all())
    return StreamingResponse(
        stream,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(watch: Watch, opened: ExitStack) -> AsyncIterator[str]:
    """Yield what the browser is told, until the stream has lasted long enough or we are about to stop."""
    with opened:
        yield f"retry: {RETRY}\n\n"
        ends = datetime.now(UTC) + LONGEST
        while not watch.is_over and datetime.now(UTC) < ends:
            news = await watch.news(seconds=PULSE)
            if news is not None:
                data = json.dumps({"version": news[0]})
                yield f"id: {datetime.now(UTC).isoformat()}\nevent: changed\ndata: {data}\n\n"
            elif not watch.is_over:
                yield ": still here\n\n"


async def _look(
    database: AsyncEngine,
    visitor: Visitor,
    watch: Watch,
    *,
    job: str | None,
    visit: str | None,
    absence: str | None,
    since: datetime | None,
) -> None:
    """Have the watch told what has moved since the page was drawn.

    Raises:
        Missing: there is no such thing, or it is not theirs to see.
    """
    async with AsyncSession(database) as session:
        if job:
            _compare(watch, job, await _job_version(session, visitor, _id(job)))
        if visit:
            _compare(watch, visit, await _visit_version(session, visitor, _id(visit)))
        if absence:
            _compare(watch, absence, await _absence_version(session, visitor, _id(absence)))
        if since and await _list_has_moved(session, visitor, since):
            watch.tell(None)


async def _job_version(session: AsyncSession, visitor: Visitor, id: str) -> int:
    found = await jobs.job(session, id)
    if found is None or not may_see(found.job, visitor.actor):
        raise Missing
    return found.job.state_version


async def _visit_version(session: AsyncSession, visitor: Visitor, id: str) -> int:
    found = await assignments.assignment(session, id)
    if found is None:
        raise Missing
    expect_party(found.standing.assignment, visitor.actor)
    return found.standing.assignment.state_version


async def _absence_version(session: AsyncSession, visitor: Visitor, id: str) -> int:
    found = await absences.absence(session, id)
    if found is None or not (visitor.actor.is_staff or found.provider_id == visitor.id):
        raise Missing
    return found.version


async def _list_has_moved(session: AsyncSession, visitor: Visitor, since: datetime) -> bool:
    """Return whether a list of theirs has moved; that of staff is drawn anew where it may have."""
    at = since if since.tzinfo else since.replace(tzinfo=UTC)
    match visitor.role:
        case Role.CUSTOMER:
            return await has_moved(session, customer_id=visitor.id, at=at)
        case Role.PROVIDER:
            return await has_moved(session, provider_id=visitor.id, at=at)
        case _:
            return at < datetime.now(UTC) - STALE


def _compare(watch: Watch, shown: str, version: int) -> None:
    if version > int(shown.rpartition(".")[2]):
        watch.tell(version)


def _lists_of(visitor: Visitor) -> str:
    match visitor.role:
        case Role.CUSTOMER:
            return hub.customer(visitor.id)
        case Role.PROVIDER:
            return hub.provider(visitor.id)
        case _:
            return hub.EVERYTHING


def _id(shown: str) -> str:
    return shown.rpartition(".")[0]


def _last(request: Request) -> datetime | None:
    """Return when the browser was last told something, as it says when it comes back."""
    try:
        return datetime.fromisoformat(request.headers.get("last-event-id", ""))
    except ValueError:
        return None
