"""A visit as it is written into the calendar of one side: what that side may know, and nothing else (I9)."""

from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.job.state import Job
from fulfillment.domain.people import Role
from fulfillment.domain.window import VisitWindow
from fulfillment.gateways.calendar import Mailbox, Visit, google_link, outlook_link, uid_of
from fulfillment.notifications.house import House
from fulfillment.store.directory import Person

NAMES = {Role.CUSTOMER: "the provider", Role.PROVIDER: "the customer"}
"""What the other side is called where nobody knows its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Whose calendar it is, and what the other side is called."""

    role: Role
    person: Person
    other: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    ics: str | None
    google: str | None
    outlook: str | None


def visit_of(
    assignment: Assignment,
    job: Job | None,
    side: Side,
    *,
    window: VisitWindow,
    sequence: int,
    stamp: datetime,
    house: House,
) -> Visit:
    """Return the visit in `window` as revision `sequence` of the entry in that side's calendar."""
    other = side.other or NAMES.get(side.role, "the other side")
    title = job.title if job else "Visit"
    url = house.page(side.role, job=assignment.job_id, assignment=assignment.id)
    return Visit(
        uid=uid_of(assignment.id, house.calendar_domain),
        sequence=sequence,
        start=window.start,
        end=window.end,
        summary=f"{title} ({other})",
        description=f"Your visit with {other}, arranged by {house.brand}.\n{url}",
        location=job.site_address if job else "",
        url=url,
        stamp=stamp,
        organizer=Mailbox(name=house.brand, address=house.sender.address),
        attendee=Mailbox(name=side.person.name, address=side.person.email or house.sender.address),
    )


def links_to(visit: Visit, *, assignment: str, timezone: str, house: House) -> Links:
    """Return the ways into a calendar that this house offers."""
    return Links(
        ics=house.file(assignment) if house.with_files else None,
        google=google_link(visit, timezone=timezone) if house.with_google_links else None,
        outlook=outlook_link(visit) if house.with_outlook_links else None,
    )
