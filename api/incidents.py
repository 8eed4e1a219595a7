"""Incidents of an assignment: somebody did not come, says what happened, and operations resolve it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.auth import allow
from api.commanding import TheCommands
from api.desk import TheViewing
from api.schemas.assignments import AssignmentShown
from api.schemas.base import Id
from api.schemas.incidents import IncidentAnswerSent, NoShowSent, ResolutionSent
from fulfillment.domain.assignment.commands import AnswerIncident, ReportNoShow, ResolveIncident
from fulfillment.domain.people import Actor, Party, Role

router = APIRouter(prefix="/assignments/{assignment_id}", tags=["incidents"])

Anybody = Annotated[Actor, Depends(allow(Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN))]
Staff = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN))]


@router.post("/no-show")
async def report_no_show(
    assignment_id: Id,
    actor: Anybody,
    commands: TheCommands,
    viewing: TheViewing,
    body: NoShowSent | None = None,
) -> AssignmentShown:
    """Report that the other side did not come to the visit; it is asked to answer."""
    said = body or NoShowSent()
    command = ReportNoShow(
        **commands.envelope(actor, assignment_id),
        who=Party(said.who) if said.who else None,
        note=said.note or "",
    )
    return viewing(actor).assignment(await commands.of_assignment("report_no_show", assignment_id, command))


@router.post("/incident/answer")
async def answer_incident(
    assignment_id: Id, body: IncidentAnswerSent, actor: Anybody, commands: TheCommands, viewing: TheViewing
) -> AssignmentShown:
    """Say what happened, as the accused side; staff pass on what it told them."""
    command = AnswerIncident(**commands.envelope(actor, assignment_id), statement=body.statement)
    return viewing(actor).assignment(await commands.of_assignment("answer_incident", assignment_id, command))


@router.post("/incident/resolve")
async def resolve_incident(
    assignment_id: Id, body: ResolutionSent, actor: Staff, commands: TheCommands, viewing: TheViewing
) -> AssignmentShown:
    """Say whose fault it was: another provider comes, a call-out fee is owed, or a new window is agreed."""
    command = ResolveIncident(
        **commands.envelope(actor, assignment_id),
        verdict=body.verdict,
        reason=body.reason,
        amount=body.amount.value() if body.amount else None,
    )
    return viewing(actor).assignment(await commands.of_assignment("resolve_incident", assignment_id, command))
