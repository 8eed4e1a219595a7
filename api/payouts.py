"""Payouts: admins rule on them, providers answer a denial."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from api.auth import allow
from api.commanding import TheCommands
from api.desk import Desk, TheDesk, TheViewing
from api.reading import MinVersion, TheSession, TheTurn, once_at
from api.schemas.base import Id
from api.schemas.lists import Page
from api.schemas.payouts import (
    ApprovalSent,
    DenialSent,
    DisputeResolutionSent,
    PayoutShown,
    RefundSent,
    ResubmissionSent,
    RetrySent,
)
from api.schemas.values import MoneySent
from fulfillment.domain import vouchers
from fulfillment.domain.assignment.commands import (
    ApprovePayout,
    DenyPayout,
    Reauthorise,
    ResolveDispute,
    ResubmitPayout,
    RetryCapture,
)
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.refund_commands import RefundPayout
from fulfillment.domain.people import Actor, Role
from fulfillment.store.views import payouts

router = APIRouter(tags=["payouts"])

Admin = Annotated[Actor, Depends(allow(Role.ADMIN))]
Provider = Annotated[Actor, Depends(allow(Role.PROVIDER, Role.OPS, Role.ADMIN))]
AllPending = Literal["payout_pending"]


@router.get("/admin/payouts")
async def list_payouts(
    actor: Admin,
    session: TheSession,
    viewing: TheViewing,
    turn: TheTurn,
    status: Annotated[
        PayoutStatus | AllPending | None,
        Query(description="`payout_pending` lists all that are not over, money at risk first."),
    ] = None,
) -> Page[PayoutShown]:
    """List payouts: those that wait for somebody, money at risk first, or those of a status, newest first."""
    if status == "payout_pending" or status is None:
        found = await payouts.pending(session, turn)
    else:
        found = await payouts.payouts(session, turn, status=PayoutStatus(status))
    shown = [viewing(actor).payout(each.standing, projected_at=each.projected_at) for each in found.items]
    return Page(items=shown, next_cursor=found.next_cursor)


@router.get("/admin/payouts/{payout_id}")
async def read_payout(
    payout_id: Id, actor: Admin, session: TheSession, viewing: TheViewing, min_version: MinVersion = None
) -> PayoutShown:
    """Show a payout and every word that was said on it."""
    found = await once_at(
        lambda: payouts.payout(session, payout_id),
        version_of=lambda it: it.standing.assignment.state_version,
        least=min_version,
    )
    return viewing(actor).payout(found.standing, projected_at=found.projected_at)


@router.post("/admin/payouts/{payout_id}/approve")
async def approve(
    payout_id: Id,
    body: ApprovalSent,
    actor: Admin,
    commands: TheCommands,
    viewing: TheViewing,
    desk: TheDesk,
) -> PayoutShown:
    """Release a payout; a large one takes two admins. `reason` is the reference of money settled by hand."""
    amount, currency = _amount(body.amount)
    command = ApprovePayout(
        **commands.envelope(actor, payout_id),
        attempt=body.attempt,
        amount=amount,
        currency=currency,
        reason=body.reason or "",
        voucher=_voucher(desk, payout_id, body.attempt, amount, actor),
    )
    return viewing(actor).payout(await commands.of_assignment("approve_payout", payout_id, command))


@router.post("/admin/payouts/{payout_id}/deny")
async def deny(
    payout_id: Id, body: DenialSent, actor: Admin, commands: TheCommands, viewing: TheViewing
) -> PayoutShown:
    """Refuse a payout; unless that is final, the provider may resubmit with evidence."""
    command = DenyPayout(
        **commands.envelope(actor, payout_id),
        attempt=body.attempt,
        reason_code=body.reason_code,
        note=body.note,
        final=body.final,
    )
    return viewing(actor).payout(await commands.of_assignment("deny_payout", payout_id, command))


@router.post("/admin/payouts/{payout_id}/retry-capture")
async def retry_capture(
    payout_id: Id, actor: Admin, commands: TheCommands, viewing: TheViewing, body: RetrySent | None = None
) -> PayoutShown:
    """Try once more to take approved money from the card; what was taken meanwhile is not taken twice."""
    reason = body.reason if body else None
    command = RetryCapture(**commands.envelope(actor, payout_id), reason=reason or "")
    return viewing(actor).payout(await commands.of_assignment("retry_capture", payout_id, command))


@router.post("/admin/payouts/{payout_id}/reauthorise")
async def reauthorise(
    payout_id: Id, actor: Admin, commands: TheCommands, viewing: TheViewing, body: RetrySent | None = None
) -> PayoutShown:
    """Hold the money anew, on the card that the customer has on file by now; an approval is kept."""
    reason = body.reason if body else None
    command = Reauthorise(**commands.envelope(actor, payout_id), reason=reason or "")
    return viewing(actor).payout(await commands.of_assignment("reauthorise", payout_id, command))


@router.post("/admin/payouts/{payout_id}/resolve-dispute")
async def resolve_dispute(
    payout_id: Id, body: DisputeResolutionSent, actor: Admin, commands: TheCommands, viewing: TheViewing
) -> PayoutShown:
    """Settle what the customer complains of: the payout is ruled on anew, over less, or closed."""
    amount, currency = _amount(body.amount)
    command = ResolveDispute(
        **commands.envelope(actor, payout_id),
        outcome=body.outcome,
        reason=body.reason,
        amount=amount,
        currency=currency,
    )
    return viewing(actor).payout(await commands.of_assignment("resolve_dispute", payout_id, command))


@router.post("/admin/payouts/{payout_id}/refund")
async def refund(
    payout_id: Id,
    body: RefundSent,
    actor: Admin,
    commands: TheCommands,
    viewing: TheViewing,
    desk: TheDesk,
) -> PayoutShown:
    """Give money that was taken back to the customer's card, once the assignment has ended.

    The answer says that it is decided (`asked`), or waits for a second admin (`first_mark`); the money
    follows, and `refunds` say what became of it. What was passed on to the provider stays with them.
    """
    amount, currency = _amount(body.amount)
    command = RefundPayout(
        **commands.envelope(actor, payout_id),
        amount=amount,
        currency=currency or body.currency,
        reason=body.reason,
        n=body.n,
        voucher=_voucher(desk, payout_id, body.n or 0, amount, actor, purpose=vouchers.REFUND),
    )
    return viewing(actor).payout(await commands.of_ended_payout("refund_payout", payout_id, command))


@router.post("/payouts/{payout_id}/resubmit")
async def resubmit(
    payout_id: Id, body: ResubmissionSent, actor: Provider, commands: TheCommands, viewing: TheViewing
) -> PayoutShown:
    """Answer a denial with evidence, as a new attempt."""
    amount, currency = _amount(body.amount)
    command = ResubmitPayout(
        **commands.envelope(actor, payout_id),
        evidence=tuple(body.evidence),
        amount=amount,
        currency=currency,
    )
    return viewing(actor).payout(await commands.of_assignment("resubmit_payout", payout_id, command))


def _amount(said: MoneySent | int | None) -> tuple[int | None, str | None]:
    """Return amount and currency, of what may be said with or without the latter."""
    return (said.amount, said.currency) if isinstance(said, MoneySent) else (said, None)


def _voucher(
    desk: Desk,
    payout_id: str,
    attempt: int,
    amount: int | None,
    admin: Actor,
    *,
    purpose: str = vouchers.APPROVAL,
) -> str:
    """Return the API's word that this admin asks for this; workers judge it by the clock on the wall."""
    return vouchers.seal(
        desk.approval_key,
        payout_id=payout_id,
        attempt=attempt,
        amount=amount,
        admin_id=admin.id,
        expires_at=datetime.now(UTC) + vouchers.LIFETIME,
        purpose=purpose,
    )
