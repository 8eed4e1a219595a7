"""A letter: one message made up for one recipient, whatever channel it then goes by."""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.messages import CalendarMethod, Facts
from fulfillment.domain.people import Role
from fulfillment.domain.window import VisitWindow
from fulfillment.gateways.calendar import Visit, cancellation, invitation
from fulfillment.notifications.case import Case
from fulfillment.notifications.facts import facts_now
from fulfillment.notifications.house import House
from fulfillment.notifications.payload import (
    AssignmentTold,
    CalendarTold,
    JobTold,
    Payload,
    RecipientTold,
    ReminderTold,
)
from fulfillment.notifications.visits import Side, links_to, visit_of
from fulfillment.store import calendars
from fulfillment.store.calendars import Artifact
from fulfillment.store.directory import Person

SIDES = frozenset({Role.CUSTOMER, Role.PROVIDER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What becomes of the visit in the recipient's calendar: as data, and as the file that is sent."""

    visit: Visit
    method: CalendarMethod
    file: Artifact | None
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    case: Case
    payload: Payload
    entry: Entry | None = field(default=None, repr=False)


async def write(session: AsyncSession, case: Case, house: House, *, entry: bool = False) -> Letter:
    """Return the letter about `case` as things are now.

    With `entry` it changes what is in the recipient's calendar, if the event does; that file is made once,
    and kept.
    """
    changed = await _entry(session, case, house) if entry else None
    return Letter(case=case, payload=_payload(case, changed, house), entry=changed)


async def _entry(session: AsyncSession, case: Case, house: House) -> Entry | None:
    facts, person, assignment = case.owed.facts, case.person, case.assignment
    due = facts.calendar and case.owed.to.role in SIDES
    if not due or person is None or assignment is None or facts.window is None:
        return None
    visit = _visit(case, assignment, person, facts, facts.window, house)
    method = CalendarMethod(facts.calendar or CalendarMethod.REQUEST)
    return Entry(
        visit=visit,
        method=method,
        file=await _file(session, case, visit, method) if house.with_files else None,
        timezone=assignment.site_timezone,
    )


def _visit(
    case: Case, assignment: Assignment, person: Person, facts: Facts, window: VisitWindow, house: House
) -> Visit:
    return visit_of(
        assignment,
        case.job,
        Side(role=case.owed.to.role, person=person, other=case.other),
        window=window,
        sequence=facts.sequence or 0,
        stamp=case.owed.at,
        house=house,
    )


async def _file(session: AsyncSession, case: Case, visit: Visit, method: CalendarMethod) -> Artifact:
    make = cancellation if method is CalendarMethod.CANCEL else invitation
    made = Artifact(
        assignment_id=case.owed.about,
        role=case.owed.to.role,
        sequence=visit.sequence,
        uid=visit.uid,
        method=method,
        ics=make(visit),
    )
    return await calendars.keep_artifact(session, made)


def _payload(case: Case, entry: Entry | None, house: House) -> Payload:
    owed, assignment, job, facts = case.owed, case.assignment, case.job, facts_now(case)
    return Payload(
        id=owed.key,
        type=owed.event,
        occurred_at=owed.at,
        request_id=owed.request_id,
        recipient=RecipientTold(role=owed.to.role, id=owed.to.id),
        job=JobTold(id=case.job_id, status=job.status if job else None, title=job.title if job else None),
        assignment=AssignmentTold.of(assignment) if assignment else None,
        reminder=ReminderTold.model_validate(owed.reminder) if owed.reminder else None,
        calendar=_calendar(entry, owed.about, house) if entry else None,
        link=house.page(
            owed.to.role,
            job=case.job_id,
            assignment=assignment.id if assignment else None,
            version=facts.version,
        ),
        **Payload.facts(facts),
    )


def _calendar(entry: Entry, assignment: str, house: House) -> CalendarTold:
    links = links_to(entry.visit, assignment=assignment, timezone=entry.timezone, house=house)
    off = entry.method is CalendarMethod.CANCEL
    return CalendarTold(
        method=entry.method,
        sequence=entry.visit.sequence,
        ics_url=links.ics,
        # A link adds an event; nobody wants that of a visit that was called off.
        google_url=None if off else links.google,
        outlook_url=None if off else links.outlook,
    )
