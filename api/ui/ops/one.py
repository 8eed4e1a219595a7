"""The page of one assignment: how it stands, what can be done about it, what was and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import assignments as api
from api import history
from api import jobs as jobs_api
from api.desk import Desk, TheDesk
from api.errors import Missing
from api.reading import TheSession
from api.schemas.assignments import AssignmentShown
from api.schemas.history import AuditedShown, TimelineShown
from api.schemas.jobs import JobShown
from api.schemas.values import WindowShown
from api.ui import live
from api.ui.ops.doable import Deeds, control_of, deeds_of
from api.ui.ops.staff import ASSIGNMENTS, JOBS, PAYOUTS, Staff, absences_of
from api.ui.ops.story import Deed, Story, deed_of, story_of
from api.ui.ops.words import REJECTIONS, VERDICTS, turn_of, what_comes
from api.ui.people import UNNAMED
from api.ui.rendering import Show, TheShow
from api.ui.sheets import UNTOUCHED, Sheet
from api.ui.visitor import Visitor
from api.ui.words import Turn
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.people import Party, Role
from fulfillment.store import directory
from fulfillment.store.directory import Person
from fulfillment.store.views import assignments
from fulfillment.store.views.paging import Turn as Leaf

LATEST = Leaf(limit=10)
"""Lines of the audit on the page itself; the rest has a page of its own."""
WAYS_OUT = frozenset({"hold", "resume", "dispute", "reject", "cancel"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A party: what we call them, and the page of when they are away, for a provider."""

    id: str
    name: str
    timezone: str | None
    away: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What happens if nobody does anything: `says` it, at the moment `at`."""

    at: datetime
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An assignment with all that belongs to it; `moved_on` says that a link was older.

    `payout` is where an admin rules on it, nothing for others.
    """

    shown: AssignmentShown
    job: JobShown | None
    customer: Side
    provider: Side
    turn: Turn | None
    next: Next | None
    deeds: Deeds
    story: Story
    moved_on: bool
    payout: str

    @property
    def forms(self) -> frozenset[str]:
        """The ids of the forms that are drawn."""
        return self.deeds | self.story.forms

    @property
    def has_ways_out(self) -> bool:
        """Whether there is something to do beside what belongs to the visit or an incident."""
        return bool(self.deeds & WAYS_OUT)

    @property
    def title(self) -> str:
        return self.job.title if self.job else "A job that is not written down yet"

    @property
    def agreed(self) -> WindowShown | None:
        start, end = self.shown.scheduled_start, self.shown.scheduled_end
        return WindowShown(start=start, end=end) if start and end else None

    @property
    def path(self) -> str:
        return f"{ASSIGNMENTS}/{self.shown.id}"

    @property
    def job_path(self) -> str:
        return f"{JOBS}/{self.shown.job_id}"

    def called(self, party: Party) -> str:
        """Return how a side is called at the beginning of a sentence."""
        sides = {Party.CUSTOMER: self.customer.name, Party.PROVIDER: self.provider.name}
        name = sides.get(party, "our team")
        return name.capitalize() if name in {*UNNAMED.values(), "our team"} else name


class CasePage:
    """Draws the page of an assignment for staff."""

    def __init__(self, visitor: Visitor, session: AsyncSession, desk: Desk, show: Show) -> None:
        self._visitor = visitor
        self._session = session
        self._desk = desk
        self._show = show

    async def __call__(
        self,
        id: str,
        *,
        since: int | None = None,
        seen: int | None = None,
        sheet: Sheet = UNTOUCHED,
        status: int = 200,
    ) -> Response:
        """Return the page, once the assignment is at the version that somebody knows of."""
        session, actor = self._session, self._visitor.actor
        shown = await api.read_assignment(id, actor, session, self._desk.viewing, Response(), since)
        case = await self._case(shown, seen=seen)
        audit = await history.read_audit(id, actor, session, LATEST)
        return self._show(
            "ops/assignment.html",
            status=status,
            live=live.of(visit=case.shown),
            case=case,
            audit=await deeds_in(session, audit.items),
            more_audit=audit.next_cursor is not None,
            sheet=sheet,
            stray=sheet.stray(case.forms),
            rejections=list(REJECTIONS.items()),
            verdicts=list(VERDICTS.items()),
        )

    async def _case(self, shown: AssignmentShown, *, seen: int | None) -> Case:
        session, actor, policy = self._session, self._visitor.actor, self._desk.policy
        found = await assignments.assignment(session, shown.id)
        if found is None:
            raise Missing
        it, timeline = found.standing.assignment, await history.read_timeline(shown.id, actor, session)
        now = _now(timeline)
        people = await directory.find_all(session, it.customer_id, it.provider_id)
        customer = _side(people, it.customer_id, Party.CUSTOMER)
        provider = _side(people, it.provider_id, Party.PROVIDER)
        control = {
            each.id: control_of(it, each, actor, at=now, policy=policy) for each in found.standing.coming
        }
        return Case(
            shown=shown,
            job=await self._job(it.job_id),
            customer=customer,
            provider=provider,
            turn=turn_of(
                shown.obligation,
                role=self._visitor.role,
                names={Party.CUSTOMER: customer.name, Party.PROVIDER: provider.name},
            ),
            next=_next(found.standing),
            deeds=deeds_of(it, actor, at=now, policy=policy),
            story=story_of(timeline, control),
            moved_on=seen is not None and seen < it.schedule_version,
            payout=f"{PAYOUTS}/{it.id}" if it.payout and self._visitor.role is Role.ADMIN else "",
        )

    async def _job(self, id: str) -> JobShown | None:
        try:
            return await jobs_api.read_job(id, self._visitor.actor, self._session, self._desk.viewing)
        except Missing:
            return None


async def _page_of(visitor: Staff, session: TheSession, desk: TheDesk, show: TheShow) -> CasePage:
    return CasePage(visitor, session, desk, show)


TheCase = Annotated[CasePage, Depends(_page_of)]


async def deeds_in(session: AsyncSession, audit: list[AuditedShown]) -> list[Deed]:
    """Return lines of the audit, in words, with the names of those who have one."""
    people = await directory.find_all(session, *{each.actor_id for each in audit})
    called = {id: person.name for id, person in people.items()}
    return [deed_of(each, called) for each in audit]


def _now(timeline: TimelineShown) -> datetime:
    """Return what time it is for the run: one whose time was skipped, as in dev, is ahead of our clock."""
    return max(datetime.now(UTC), *(each.at for each in timeline.steps[:1]))


def _side(people: Mapping[str, Person], id: str, party: Party) -> Side:
    known = people.get(id)
    return Side(
        id=id,
        name=known.name if known else UNNAMED[party],
        timezone=known.timezone if known else None,
        away=absences_of(id) if party is Party.PROVIDER else "",
    )


def _next(standing: Standing) -> Next | None:
    first = standing.next
    return Next(at=first.due, says=what_comes(first.kind, first.n, first.to)) if first else None
