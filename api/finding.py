"""Which assignments a reader asks for: the filters of the list, and what staff search by."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from sqlalchemy.ext.asyncio import AsyncSession

from api.schemas.base import Id, SentInstant
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.people import STAFF, Actor, Role
from fulfillment.store.views import assignments
from fulfillment.store.views.assignments import Listed, Wanted
from fulfillment.store.views.paging import Page, Turn
from fulfillment.store.views.search import search


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the query says; a filter is a parameter."""

    status: Status | None = None
    reminder_overdue: Annotated[bool | None, Query(alias="reminderOverdue")] = None
    job_id: Annotated[Id | None, Query(alias="jobId")] = None
    since: Annotated[SentInstant | None, Query(alias="from", description="Of the agreed start.")] = None
    until: Annotated[SentInstant | None, Query(alias="to", description="Of the agreed start.")] = None
    q: Annotated[
        str | None,
        Query(
            min_length=2,
            max_length=100,
            description="For staff: the id of an assignment, job or person, six letters or more that an id"
            " begins with, a person's name, or words of the job's title.",
        ),
    ] = None

    def wanted(self, actor: Actor) -> Wanted:
        """Return what `actor` may have of it: one's own, or for staff all."""
        return Wanted(
            customer_id=actor.id if actor.role is Role.CUSTOMER else None,
            provider_id=actor.id if actor.role is Role.PROVIDER else None,
            job_id=self.job_id,
            status=self.status,
            reminder_overdue=self.reminder_overdue,
            since=self.since,
            until=self.until,
        )


TheFilters = Annotated[Filters, Depends(Filters)]


async def found(session: AsyncSession, filters: Filters, actor: Actor, turn: Turn) -> Page[Listed]:
    """Return a page of what is asked for, newest first.

    Raises:
        RoleForbidden: somebody other than staff searches; names and titles would tell them of others.
        ValueInvalid: the cursor is none of ours.
    """
    wanted = filters.wanted(actor)
    sought = (filters.q or "").strip()
    if not sought:
        return await assignments.assignments(session, wanted, turn)
    actor.expect(*STAFF)
    return await search(session, sought, wanted, turn)
