"""How an assignment is paid for, as its customer sees it: the hold on the card, a second try, a dispute."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.auth import allow
from api.commanding import TheCommands
from api.desk import TheDesk, TheViewing
from api.errors import Missing
from api.reading import TheSession
from api.schemas.assignments import AssignmentShown
from api.schemas.base import Id
from api.schemas.payment import PaymentShown
from api.schemas.payouts import DisputeSent, RetrySent
from api.wallet import answer_of
from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.commands import OpenDispute, Reauthorise
from fulfillment.domain.assignment.parties import side_of
from fulfillment.domain.people import Actor, Role
from fulfillment.store.views import assignments

router = APIRouter(prefix="/assignments/{assignment_id}", tags=["payments"])

Payer = Annotated[Actor, Depends(allow(Role.CUSTOMER, Role.OPS, Role.ADMIN))]


@router.get("/payment")
async def read_payment(assignment_id: Id, actor: Payer, session: TheSession, desk: TheDesk) -> PaymentShown:
    """Show how the money for a visit stands; 404 while no card has been asked for it.

    Where the customer has to act, such as to confirm it with their bank, they get the secret that Stripe's
    own form takes.
    """
    known = await assignments.assignment(session, assignment_id)
    if known is None:
        raise Missing
    it = known.standing.assignment
    side_of(it, actor)
    if it.card is None:
        raise Missing
    acts = it.card.status is CardStatus.NEEDS_CUSTOMER and actor.role is Role.CUSTOMER
    secret = None
    if acts and it.card.intent_id and desk.wallet:
        secret = await answer_of(desk.wallet.client_secret(it.card.intent_id))
    return PaymentShown.of_card(it.card, client_secret=secret)


@router.post("/payment/retry")
async def retry_payment(
    assignment_id: Id, actor: Payer, commands: TheCommands, viewing: TheViewing, body: RetrySent | None = None
) -> AssignmentShown:
    """Try the card on file again, after a decline, or with another one."""
    reason = body.reason if body else None
    command = Reauthorise(**commands.envelope(actor, assignment_id), reason=reason or "")
    return viewing(actor).assignment(await commands.of_assignment("reauthorise", assignment_id, command))


@router.post("/dispute")
async def open_dispute(
    assignment_id: Id, body: DisputeSent, actor: Payer, commands: TheCommands, viewing: TheViewing
) -> AssignmentShown:
    """Say that something is wrong with the work; the payout waits until an admin has settled that."""
    command = OpenDispute(**commands.envelope(actor, assignment_id), reason=body.reason)
    return viewing(actor).assignment(await commands.of_assignment("open_dispute", assignment_id, command))
