"""Assignments: reading them, and what the parties and operations do with them once a visit is agreed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import csv_export
from api.auth import allow
from api.commanding import TheCommands
from api.csv_columns import ASSIGNMENTS
from api.desk import Desk, TheDesk, TheEngine, TheViewing
from api.finding import Filters, TheFilters, found
from api.negotiation import ALSO_CSV, Form, TheForm
from api.reading import MinVersion, TheSession, TheTurn, expect_party, once_at
from api.schemas.assignments import (
    AssignmentShown,
    CancellationSent,
    CheckInSent,
    CompletionSent,
    ExtensionSent,
    HoldSent,
    RejectionSent,
    ResumptionSent,
    SkipSent,
)
from api.schemas.base import Id
from api.schemas.lists import Page
from fulfillment.domain.assignment.commands import (
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    ExtendDeadline,
    HoldAssignment,
    RejectAssignment,
    ResumeAssignment,
    SkipDeadline,
)
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.people import STAFF, Actor, Role
from fulfillment.store.views import assignments
from fulfillment.store.views.paging import Turn
from workflows.names import assignment_run

router = APIRouter(prefix="/assignments", tags=["assignments"])

Anybody = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN, Role.CUSTOMER, Role.PROVIDER))]
Party = Annotated[Actor, Depends(allow(Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN))]
Provider = Annotated[Actor, Depends(allow(Role.PROVIDER, Role.OPS, Role.ADMIN))]
Customer = Annotated[Actor, Depends(allow(Role.CUSTOMER, Role.OPS, Role.ADMIN))]
Staff = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN))]


# Reading.


@router.get("", response_model=Page[AssignmentShown], responses=ALSO_CSV)
async def list_assignments(
    actor: Anybody, desk: TheDesk, turn: TheTurn, filters: TheFilters, form: TheForm
) -> Page[AssignmentShown] | Response:
    """List assignments, newest first: one's own, or for staff all, which they may search and export.

    As CSV all pages follow one another, up to 10 000 rows; `limit` means nothing there.
    """

    async def read(turn: Turn) -> Page[AssignmentShown]:
        return await listed(actor, desk, turn, filters)

    if form is Form.CSV:
        actor.expect(*STAFF)
        return await csv_export.streamed("assignments", ASSIGNMENTS, read, cursor=turn.cursor)
    return await read(turn)


async def listed(actor: Actor, desk: Desk, turn: Turn, filters: Filters) -> Page[AssignmentShown]:
    """Return a page of the list; it has a session of its own, so that whoever reads slowly keeps none."""
    async with AsyncSession(desk.database) as session:
        page = await found(session, filters, actor, turn)
    view = desk.viewing(actor)
    shown = [view.assignment(each.standing, projected_at=each.projected_at) for each in page.items]
    return Page(items=shown, next_cursor=page.next_cursor)


@router.get("/{assignment_id}")
async def read_assignment(
    assignment_id: Id,
    actor: Anybody,
    session: TheSession,
    viewing: TheViewing,
    response: Response,
    min_version: MinVersion = None,
) -> AssignmentShown:
    """Show an assignment as it has been written down; the ETag is its schedule version."""
    found = await once_at(
        lambda: assignments.assignment(session, assignment_id),
        version_of=lambda it: it.standing.assignment.state_version,
        least=min_version,
    )
    expect_party(found.standing.assignment, actor)
    response.headers["ETag"] = f'"{found.standing.assignment.schedule_version}"'
    return viewing(actor).assignment(found.standing, projected_at=found.projected_at)


@router.get("/{assignment_id}/state")
async def ask_the_run(
    assignment_id: Id, actor: Anybody, engine: TheEngine, viewing: TheViewing
) -> AssignmentShown:
    """Show what the live run itself says; 503 when no worker answers."""
    standing = await engine.look(assignment_run(assignment_id), "state", result_type=Standing)
    expect_party(standing.assignment, actor)
    return viewing(actor).assignment(standing)


# The visit, and the ways out of it.


@router.post("/{assignment_id}/reject")
async def reject(
    assignment_id: Id, body: RejectionSent, actor: Provider, commands: TheCommands, viewing: TheViewing
) -> AssignmentShown:
    """Give the assignment back; the job looks for another provider."""
    command = RejectAssignment(
        **commands.envelope(actor, assignment_id), reason_code=body.reason_code, note=body.note or ""
    )
    return viewing(actor).assignment(
        await commands.of_assignment("reject_assignment", assignment_id, command)
    )


@router.post("/{assignment_id}/cancel")
async def cancel(
    assignment_id: Id, body: CancellationSent, actor: Customer, commands: TheCommands, viewing: TheViewing
) -> AssignmentShown:
    """Call the visit off; with `keepJob` the job looks for another provider."""
    command = CancelAssignment(
        **commands.envelope(actor, assignment_id), reason=body.reason, keep_job=body.keep_job
    )
    return viewing(actor).assignment(
        await commands.of_assignment("cancel_assignment", assignment_id, command)
    )


@router.post("/{assignment_id}/check-in")
async def check_in(
    assignment_id: Id,
    actor: Provider,
    commands: TheCommands,
    viewing: TheViewing,
    _: CheckInSent | None = None,
) -> AssignmentShown:
    """Begin the visit."""
    command = CheckIn(**commands.envelope(actor, assignment_id))
    return viewing(actor).assignment(await commands.of_assignment("check_in", assignment_id, command))


@router.post("/{assignment_id}/complete")
async def complete(
    assignment_id: Id,
    actor: Provider,
    commands: TheCommands,
    viewing: TheViewing,
    body: CompletionSent | None = None,
) -> AssignmentShown:
    """Report the work as done and ask for the payout."""
    said = body or CompletionSent()
    command = CompleteAssignment(
        **commands.envelope(actor, assignment_id),
        evidence=tuple(said.evidence),
        final_amount=said.final_amount.value() if said.final_amount else None,
    )
    return viewing(actor).assignment(
        await commands.of_assignment("complete_assignment", assignment_id, command)
    )


# Control over time.


@router.post("/{assignment_id}/hold")
async def hold(
    assignment_id: Id, body: HoldSent, actor: Party, commands: TheCommands, viewing: TheViewing
) -> AssignmentShown:
    """Stop the clock of patience until an instant; a side may do so once in each stage."""
    command = HoldAssignment(**commands.envelope(actor, assignment_id), until=body.until, reason=body.reason)
    return viewing(actor).assignment(await commands.of_assignment("hold", assignment_id, command))


@router.post("/{assignment_id}/resume")
async def resume(
    assignment_id: Id,
    actor: Party,
    commands: TheCommands,
    viewing: TheViewing,
    body: ResumptionSent | None = None,
) -> AssignmentShown:
    """Let the clock run again."""
    reason = (body.reason if body else None) or ""
    command = ResumeAssignment(**commands.envelope(actor, assignment_id), reason=reason)
    return viewing(actor).assignment(await commands.of_assignment("resume", assignment_id, command))


@router.post("/{assignment_id}/deadlines/{deadline_id:path}/skip")
async def skip_deadline(
    assignment_id: Id,
    deadline_id: str,
    body: SkipSent,
    actor: Staff,
    commands: TheCommands,
    viewing: TheViewing,
) -> AssignmentShown:
    """Take one coming deadline off the list; the timeline names them."""
    command = SkipDeadline(
        **commands.envelope(actor, f"{assignment_id}/{deadline_id}"),
        deadline_id=deadline_id,
        reason=body.reason,
    )
    return viewing(actor).assignment(await commands.of_assignment("skip_deadline", assignment_id, command))


@router.post("/{assignment_id}/deadlines/{deadline_id:path}/extend")
async def extend_deadline(
    assignment_id: Id,
    deadline_id: str,
    body: ExtensionSent,
    actor: Staff,
    commands: TheCommands,
    viewing: TheViewing,
) -> AssignmentShown:
    """Move one coming deadline."""
    command = ExtendDeadline(
        **commands.envelope(actor, f"{assignment_id}/{deadline_id}"),
        deadline_id=deadline_id,
        to=body.to,
        reason=body.reason,
    )
    return viewing(actor).assignment(await commands.of_assignment("extend_deadline", assignment_id, command))
