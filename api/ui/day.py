"""A provider's day: its visits in their order, the time between them, and where two want the same hour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api.desk import Desk, TheDesk
from api.errors import FieldError, InvalidParameter
from api.reading import TheSession
from api.schemas.jobs import JobShown
from api.ui import live
from api.ui.moments import DAYS, MONTHS, Clock
from api.ui.people import names
from api.ui.rendering import TheShow
from api.ui.visitor import Visitor
from api.ui.visits import Visit, visit_of
from api.ui.work import Provider
from fulfillment.domain.absence.results import AbsenceStatus
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.people import Party
from fulfillment.domain.window import VisitWindow
from fulfillment.store.views import absences, visits
from fulfillment.store.views.absences import Reported
from fulfillment.store.views.paging import Turn
from fulfillment.store.views.visits import Planned

PATH = "/ui/day"
A_WEEK = 7
LATEST = Turn(limit=20)
FIRST, LAST = date(2020, 1, 1), date(2099, 12, 20)
WORTH_SAYING = timedelta(minutes=15)
"""A shorter time between two visits is no gap that anybody could use."""

router = APIRouter(prefix=PATH, include_in_schema=False)

On = Annotated[date | None, Query(description="The day by the reader's clock; today if not said.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A visit of the day, agreed or only `proposed`; `clashes` are those that want some of the same time.

    `gap` is the time that is free before it, if it is worth saying.
    """

    visit: Visit
    job: JobShown | None
    window: VisitWindow
    proposed: bool
    clashes: tuple[str, ...] = ()
    gap: timedelta | None = None

    @property
    def title(self) -> str:
        return self.job.title if self.job else "A job you gave back"


@dataclass(frozen=True, slots=True, kw_only=True)
class StripDay:
    """A day of the week strip."""

    on: date
    name: str
    date: str
    count: int
    is_shown: bool
    is_today: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days as `clock` counts them."""

    clock: Clock

    @property
    def today(self) -> date:
        return self.clock.now.astimezone(self.clock.place.zone).date()

    def span(self, first: date, days: int = 1) -> VisitWindow:
        """Return from the midnight before `first` to the one after the last of `days`."""
        return VisitWindow(start=self._midnight(first), end=self._midnight(first + timedelta(days=days)))

    def _midnight(self, on: date) -> datetime:
        return datetime.combine(on, time.min, tzinfo=self.clock.place.zone).astimezone(UTC)


@router.get("")
async def read_day(
    visitor: Provider, session: TheSession, desk: TheDesk, show: TheShow, on: On = None
) -> Response:
    """Show a day, and the week that it lies in."""
    watched, calendar = live.of_list(), Calendar(clock=show.clock)
    day = on or calendar.today
    if not FIRST <= day <= LAST:
        raise InvalidParameter(errors=(FieldError(field="on", message="There is no such day here."),))
    monday = day - timedelta(days=day.weekday())
    week = await _entries(session, desk, visitor, calendar.span(monday, A_WEEK))
    entries = laid_out(each for each in week if each.window.overlaps(calendar.span(day)))
    return show(
        "day/one.html",
        away=await _away(session, visitor.id, calendar.span(day)),
        live=watched,
        entries=entries,
        day=calendar.span(day).start,
        is_today=day == calendar.today,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        strip=_strip(week, monday, shown=day, calendar=calendar),
        last_week=monday - timedelta(days=A_WEEK),
        next_week=monday + timedelta(days=A_WEEK),
        path=PATH,
    )


def laid_out(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries by their beginning, with what each clashes with and the time free before it."""
    ordered = sorted(entries, key=lambda each: (each.window.start, each.window.end, each.proposed))
    return [_placed(each, ordered[:place], ordered) for place, each in enumerate(ordered)]


def _placed(entry: Entry, before: Sequence[Entry], all_of_them: Sequence[Entry]) -> Entry:
    id = entry.visit.shown.id
    others = (each for each in all_of_them if each.visit.shown.id != id)
    clashes = (each for each in others if each.window.overlaps(entry.window))
    until = max((each.window.end for each in before), default=None)
    free = entry.window.start - until if until else timedelta()
    return Entry(
        visit=entry.visit,
        job=entry.job,
        window=entry.window,
        proposed=entry.proposed,
        clashes=tuple(each.title for each in clashes),
        gap=free if free >= WORTH_SAYING else None,
    )


async def _entries(session: AsyncSession, desk: Desk, visitor: Visitor, span: VisitWindow) -> list[Entry]:
    """Return what is agreed in `span`, and what somebody has proposed for it."""
    agreed = await visits.between(session, visitor.id, span)
    proposed = await visits.proposed(session, visitor.id)
    customers = {each.standing.assignment.customer_id for each in (*agreed, *proposed)}
    called = await names(session, customers)

    def entry(planned: Planned, window: VisitWindow, *, is_proposed: bool) -> Entry:
        look, job = desk.viewing(visitor.actor), planned.job
        shown = look.assignment(planned.standing)
        return Entry(
            visit=visit_of(shown, reader=Party.PROVIDER, names=called),
            job=look.job(job) if job and may_see(job, visitor.actor) else None,
            window=window,
            proposed=is_proposed,
        )

    return [
        *(
            entry(each, known.window, is_proposed=False)
            for each in agreed
            if (known := each.standing.assignment.agreed)
        ),
        *(
            entry(each, asked.window, is_proposed=True)
            for each in proposed
            if (asked := each.standing.assignment.open_proposal) and asked.window.overlaps(span)
        ),
    ]


async def _away(session: AsyncSession, provider_id: str, span: VisitWindow) -> Reported | None:
    """Return an absence that reaches into `span`, if one of the latest does."""
    found = await absences.absences(session, provider_id, LATEST)
    on = (each for each in found.items if each.status is not AbsenceStatus.ENDED)
    return next((each for each in on if each.span.overlaps(span)), None)


def _strip(week: Sequence[Entry], monday: date, *, shown: date, calendar: Calendar) -> list[StripDay]:
    days = (monday + timedelta(days=n) for n in range(A_WEEK))
    return [
        StripDay(
            on=day,
            name=DAYS[day.weekday()],
            date=f"{day.day} {MONTHS[day.month - 1]}",
            count=sum(each.window.overlaps(calendar.span(day)) for each in week),
            is_shown=day == shown,
            is_today=day == calendar.today,
        )
        for day in days
    ]
