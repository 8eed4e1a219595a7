"""What was and what comes: the timeline of an assignment, and its audit."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import allow
from api.errors import Missing
from api.reading import TheSession, TheTurn, expect_party
from api.schemas.base import Id
from api.schemas.history import (
    AuditedShown,
    ComingShown,
    MessageShown,
    RemindedShown,
    StepShown,
    TimelineShown,
)
from api.schemas.lists import Page
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.messages import Recipient
from fulfillment.domain.people import Actor, Party, Role
from fulfillment.store import directory
from fulfillment.store.views import assignments, history, trail

router = APIRouter(tags=["history"])

Anybody = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN, Role.CUSTOMER, Role.PROVIDER))]
Staff = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN))]


@router.get("/assignments/{assignment_id}/timeline")
async def read_timeline(assignment_id: Id, actor: Anybody, session: TheSession) -> TimelineShown:
    """Show what is still to come and why then, and what was sent, or not, and why."""
    found = await assignments.assignment(session, assignment_id)
    if found is None:
        raise Missing
    it = found.standing.assignment
    expect_party(it, actor)
    side = None if actor.is_staff else Party(actor.role.value)
    to = None if actor.is_staff else Recipient(role=actor.role, id=actor.id)
    zones = await _zones(session, it)
    reminders = await history.reminders(session, assignment_id, to=to)
    notices = await trail.notices(session, assignment_id, to=to)
    tried = await trail.attempts(
        session, [*(each.key for each in reminders), *(each.key for each in notices)]
    )
    return TimelineShown(
        coming=[
            ComingShown.of(each, it, zone=zones.get(each.to))
            for each in found.standing.coming
            if side in {None, each.to}
        ],
        reminders=[RemindedShown.of(each, tried.get(each.key, ())) for each in reminders],
        messages=[MessageShown.of(each, tried.get(each.key, ())) for each in notices],
        steps=[StepShown.of(each) for each in await trail.steps(session, assignment_id)],
        state_version=it.state_version,
        projected_at=found.projected_at,
    )


async def _zones(session: AsyncSession, assignment: Assignment) -> Mapping[Party, str]:
    """Return where both sides live: who is not in the directory is taken to live where the work is."""
    ids = {Party.CUSTOMER: assignment.customer_id, Party.PROVIDER: assignment.provider_id}
    people = await directory.find_all(session, *ids.values())
    return {
        party: people[id].timezone if id in people else assignment.site_timezone for party, id in ids.items()
    }


@router.get("/assignments/{assignment_id}/audit")
async def read_audit(assignment_id: Id, _: Staff, session: TheSession, turn: TheTurn) -> Page[AuditedShown]:
    """List who did what and when, and what was refused, newest first."""
    if await assignments.version(session, assignment_id) is None:
        raise Missing
    found = await history.audit(session, assignment_id, turn)
    return Page(items=[AuditedShown.of(each) for each in found.items], next_cursor=found.next_cursor)
