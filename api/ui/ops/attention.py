"""Where operations begin: what needs somebody first, open tasks, and every assignment there is."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import assignments as api
from api import tasks as tasks_api
from api.desk import Desk, TheDesk
from api.negotiation import Form
from api.reading import TheSession, TheTurn
from api.schemas.assignments import AssignmentShown
from api.schemas.lists import Page
from api.schemas.tasks import TaskShown
from api.ui import live
from api.ui.ops import words
from api.ui.ops.asking import Asked, TheAsked
from api.ui.ops.lines import Line, lines_of, needing_lines
from api.ui.ops.staff import ADMIN, ASSIGNMENTS, JOBS, Staff, path_of
from api.ui.rendering import TheShow
from api.ui.visitor import Visitor
from api.ui.words import STATUSES
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.job.state import JobStatus
from fulfillment.store.views import attention, counts
from fulfillment.store.views.counts import Counts
from fulfillment.store.views.paging import Turn

router = APIRouter(prefix=ADMIN, include_in_schema=False)

FEW = 20
"""Lines of each list on one page; it has several."""

Cursor = Annotated[str | None, Query(max_length=400)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number that leads to what it counts."""

    n: int
    says: str
    path: str
    asks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """A page of what needs somebody."""

    lines: tuple[Line, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """Something that waits for a person, and the page of what it is about."""

    shown: TaskShown
    says: str
    path: str


@router.get("/assignments")
async def list_assignments(
    visitor: Staff,
    session: TheSession,
    desk: TheDesk,
    asked: TheAsked,
    show: TheShow,
    cursor: Cursor = None,
    first: Cursor = None,
) -> Response:
    """Show what needs somebody, who has waited longest first, and the list; `first` pages the former."""
    watched = live.of_list()
    found = await _found(visitor, desk, asked, cursor)
    needing = await _needing(visitor, session, desk, first) if asked.is_all else None
    tasks = await tasks_api.list_tasks(visitor.actor, session, Turn(limit=FEW)) if asked.is_all else None
    return show(
        "ops/assignments.html",
        status=422 if asked.fault else 200,
        live=watched,
        asked=asked,
        path=ASSIGNMENTS,
        csv=f"{ASSIGNMENTS}.csv?{asked.query}".rstrip("?"),
        counts=_counted(await counts.counts(session)),
        statuses=[("", "Any status"), *((each.value, STATUSES[Status][each].says) for each in Status)],
        needing=needing,
        tasks=[_task(each) for each in tasks.items] if tasks else [],
        more_tasks=bool(tasks and tasks.next_cursor),
        lines=await lines_of(session, found.items, role=visitor.role),
        next_cursor=found.next_cursor,
        is_first=first is None,
    )


@router.get("/assignments.csv")
async def export(visitor: Staff, desk: TheDesk, turn: TheTurn, asked: TheAsked) -> Response:
    """Return what is asked for as a file, all pages of it."""
    made = await api.list_assignments(visitor.actor, desk, turn, asked.filters, Form.CSV)
    if not isinstance(made, Response):
        raise TypeError("the list is no file")
    return made


@router.get("/tasks")
async def list_tasks(visitor: Staff, session: TheSession, turn: TheTurn, show: TheShow) -> Response:
    """List all that waits for a person, newest first."""
    watched = live.of_list()
    page = await tasks_api.list_tasks(visitor.actor, session, turn)
    return show(
        "ops/tasks.html",
        live=watched,
        path=f"{ADMIN}/tasks",
        tasks=[_task(each) for each in page.items],
        next_cursor=page.next_cursor,
    )


async def _found(visitor: Visitor, desk: Desk, asked: Asked, cursor: str | None) -> Page[AssignmentShown]:
    if asked.fault:
        return Page(items=[], next_cursor=None)
    return await api.listed(visitor.actor, desk, Turn(limit=FEW, cursor=cursor), asked.filters)


async def _needing(visitor: Visitor, session: AsyncSession, desk: Desk, cursor: str | None) -> Needed:
    page = await attention.needing(session, Turn(limit=FEW, cursor=cursor))
    view = desk.viewing(visitor.actor)
    pairs = [(each, view.assignment(each.standing, projected_at=each.projected_at)) for each in page.items]
    lines = await needing_lines(session, pairs, role=visitor.role)
    return Needed(lines=lines, next_cursor=page.next_cursor)


def _counted(found: Counts) -> tuple[Count, ...]:
    def of(status: Status, n: int) -> Count:
        return Count(n=n, says=STATUSES[Status][status].says, path=f"{ASSIGNMENTS}?status={status}")

    return (
        Count(n=found.reminder_overdue, says="Overdue", path=f"{ASSIGNMENTS}?overdue=yes", asks=True),
        Count(
            n=found.jobs_unfilled,
            says="Jobs that found nobody",
            path=f"{JOBS}?status={JobStatus.UNFILLED}",
            asks=True,
        ),
        of(Status.AWAITING_SCHEDULE, found.awaiting_schedule),
        of(Status.SCHEDULED, found.scheduled),
        of(Status.IN_PROGRESS, found.in_progress),
        of(Status.PAYOUT_PENDING, found.payout_pending),
    )


def _task(shown: TaskShown) -> TaskLine:
    return TaskLine(shown=shown, says=words.task(shown.type), path=path_of(shown.about, shown.about_id))
