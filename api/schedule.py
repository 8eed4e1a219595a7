"""Agreeing on a visit: both sides propose windows, the other side confirms or declines."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import allow
from api.commanding import Commands, TheCommands
from api.desk import Desk, TheDesk, TheViewing
from api.errors import Missing
from api.problems import with_snapshot
from api.schemas.assignments import AnswerSent, AssignmentShown, ConfirmationSent, ProposalSent
from api.schemas.base import Id
from api.versions import IfMatch, seen
from fulfillment.domain.assignment.commands import ConfirmWindow, DeclineWindow, ProposeWindow, WithdrawWindow
from fulfillment.domain.errors import NoLiveAssignment
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.job.state import Job
from fulfillment.domain.people import Actor, Party, Role
from fulfillment.store.views import assignments, jobs
from workflows.names import job_run

router = APIRouter(tags=["schedule"])

CustomersSide = Annotated[Actor, Depends(allow(Role.CUSTOMER, Role.OPS, Role.ADMIN))]
ProvidersSide = Annotated[Actor, Depends(allow(Role.PROVIDER, Role.OPS, Role.ADMIN))]
EitherSide = Annotated[Actor, Depends(allow(Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN))]


@router.post("/assignments/{assignment_id}/schedule")
async def propose(
    assignment_id: Id,
    body: ProposalSent,
    actor: ProvidersSide,
    commands: TheCommands,
    viewing: TheViewing,
    if_match: IfMatch,
) -> AssignmentShown:
    """Propose a visit window as the provider, or counter the customer's proposal."""
    command = _proposal(body, commands, _for(Party.PROVIDER, actor), assignment_id, if_match)
    return viewing(actor).assignment(await commands.of_assignment("propose_schedule", assignment_id, command))


@router.post("/jobs/{job_id}/schedule")
async def propose_for_job(
    job_id: Id,
    body: ProposalSent,
    actor: CustomersSide,
    commands: TheCommands,
    viewing: TheViewing,
    desk: TheDesk,
    if_match: IfMatch,
) -> AssignmentShown:
    """Propose a visit window as the customer, to whichever provider has the job."""
    assignment_id = await live_assignment(desk, job_id, actor)
    command = _proposal(body, commands, _for(Party.CUSTOMER, actor), assignment_id, if_match)
    return viewing(actor).assignment(await commands.of_assignment("propose_schedule", assignment_id, command))


@router.post("/assignments/{assignment_id}/schedule/confirm")
async def confirm(
    assignment_id: Id,
    body: ConfirmationSent,
    actor: EitherSide,
    commands: TheCommands,
    viewing: TheViewing,
    if_match: IfMatch,
) -> AssignmentShown:
    """Confirm the window the other side proposed; operations force it, with a reason."""
    command = ConfirmWindow(
        **commands.envelope(actor, assignment_id),
        version=seen("version", body.version, if_match),
        force=body.force,
        reason=body.reason or "",
    )
    return viewing(actor).assignment(await commands.of_assignment("confirm_schedule", assignment_id, command))


@router.post("/assignments/{assignment_id}/schedule/decline")
async def decline(
    assignment_id: Id,
    body: AnswerSent,
    actor: EitherSide,
    commands: TheCommands,
    viewing: TheViewing,
    if_match: IfMatch,
) -> AssignmentShown:
    """Decline the other side's proposal; whoever declines proposes next."""
    command = DeclineWindow(
        **commands.envelope(actor, assignment_id),
        version=seen("version", body.version, if_match),
        reason=body.reason or "",
    )
    return viewing(actor).assignment(await commands.of_assignment("decline_schedule", assignment_id, command))


@router.post("/assignments/{assignment_id}/schedule/withdraw")
async def withdraw(
    assignment_id: Id,
    body: AnswerSent,
    actor: EitherSide,
    commands: TheCommands,
    viewing: TheViewing,
    if_match: IfMatch,
) -> AssignmentShown:
    """Take one's own proposal back."""
    command = WithdrawWindow(
        **commands.envelope(actor, assignment_id),
        version=seen("version", body.version, if_match),
        reason=body.reason or "",
    )
    return viewing(actor).assignment(
        await commands.of_assignment("withdraw_schedule", assignment_id, command)
    )


def _proposal(
    body: ProposalSent, commands: Commands, actor: Actor, assignment_id: str, if_match: int | None
) -> ProposeWindow:
    return ProposeWindow(
        **commands.envelope(actor, assignment_id),
        window=body.value(),
        expected_version=seen("expectedVersion", body.expected_version, if_match),
        note=body.note or "",
        timezone=body.timezone,
    )


def _for(party: Party, actor: Actor) -> Actor:
    """Return the actor, staff speaking in the name of that side."""
    return replace(actor, on_behalf_of=party) if actor.is_staff else actor


async def live_assignment(desk: Desk, job_id: str, actor: Actor) -> str:
    """Return the assignment the job is in.

    The read model may be a moment behind, or away; then the job's own run is asked.

    Raises:
        Missing: there is no such job of this customer.
        NoLiveAssignment: nobody has the job at present.
    """
    try:
        async with AsyncSession(desk.database) as session:
            listed = await jobs.job(session, job_id)
            live = await assignments.live_of_job(session, job_id)
    except OperationalError:
        listed, live = None, None
    if listed and live and may_see(listed.job, actor):
        return live
    job = listed.job if listed and listed.job.is_ended else await _as_it_runs(desk, job_id)
    if not may_see(job, actor):
        raise Missing
    if job.live is None:
        refusal = NoLiveAssignment("no provider has this job at present; there is nobody to agree with")
        raise with_snapshot(refusal, desk.viewing(actor).job(job))
    return job.live.assignment_id


async def _as_it_runs(desk: Desk, job_id: str) -> Job:
    return await desk.engine.look(job_run(job_id), "state", result_type=Job)
