"""What was and what comes: the timeline of an assignment, its audit, and the numbers of the dashboard."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.auth import allow
from api.errors import Missing
from api.reading import TheSession, TheTurn, expect_party
from api.schemas.base import Id
from api.schemas.history import AuditedShown, ComingShown, RemindedShown, TimelineShown
from api.schemas.lists import Page
from fulfillment.domain.people import Actor, Party, Role
from fulfillment.store.views import assignments, counts, history

router = APIRouter(tags=["history"])

Anybody = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN, Role.CUSTOMER, Role.PROVIDER))]
Staff = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN))]


@router.get("/assignments/{assignment_id}/timeline")
async def read_timeline(assignment_id: Id, actor: Anybody, session: TheSession) -> TimelineShown:
    """Show what is still to come, and every reminder so far with what became of it."""
    found = await assignments.assignment(session, assignment_id)
    if found is None:
        raise Missing
    expect_party(found.standing.assignment, actor)
    side = None if actor.is_staff else Party(actor.role.value)
    coming = [each for each in found.standing.coming if side in {None, each.to}]
    reminders = await history.reminders(session, assignment_id)
    own = [each for each in reminders if actor.is_staff or each.to.id == actor.id]
    return TimelineShown(
        coming=[ComingShown.of(each) for each in coming],
        reminders=[RemindedShown.of(each) for each in own],
        state_version=found.standing.assignment.state_version,
        projected_at=found.projected_at,
    )


@router.get("/assignments/{assignment_id}/audit")
async def read_audit(assignment_id: Id, _: Staff, session: TheSession, turn: TheTurn) -> Page[AuditedShown]:
    """List who did what and when, and what was refused, newest first."""
    if await assignments.version(session, assignment_id) is None:
        raise Missing
    found = await history.audit(session, assignment_id, turn)
    return Page(items=[AuditedShown.of(each) for each in found.items], next_cursor=found.next_cursor)


@router.get("/metrics/fulfillment")
async def read_figures(_: Staff, session: TheSession) -> dict[str, int]:
    """Count assignments by status, those overdue, and the jobs that look for a provider."""
    found = await counts.counts(session)
    return {name: getattr(found, name) for name in found.__slots__}
