"""The way an approved payout takes to the payments door and back."""

from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentsDoor
    from activities.vouchers import VoucherClaim, Vouchers
    from fulfillment.domain.assignment.commands import ApprovePayout, RecordSettlement
    from fulfillment.domain.assignment.payout import Decision, Payout, PayoutStatus
    from fulfillment.domain.assignment.rulings import TRUSTED
    from fulfillment.domain.assignment.state import Assignment
    from fulfillment.domain.command import Source
    from fulfillment.domain.people import SYSTEM
    from fulfillment.gateways.payments import ApprovedPayout

from workflows.guard import transient
from workflows.names import PAYMENTS_QUEUE
from workflows.retries import PATIENTLY


async def vouched(command: ApprovePayout, assignment: Assignment) -> ApprovePayout:
    """Return `command`, believing that an approval came through the API only under the API's seal (S16).

    Raises:
        ApplicationError: the seal cannot be looked at right now; the caller tries again.
    """
    payout = assignment.payout
    if payout is None or command.source not in TRUSTED:
        return command
    claim = VoucherClaim(
        payout_id=payout.id,
        attempt=command.attempt,
        amount=command.amount,
        admin_id=command.actor.id,
        voucher=command.voucher,
    )
    try:
        holds = await workflow.execute_activity_method(
            Vouchers.verify_voucher,
            claim,
            schedule_to_close_timeout=timedelta(seconds=3),
            summary="look at the API's seal on the approval",
        )
    except ActivityError as failure:
        raise transient("the approval cannot be verified right now") from failure
    return command if holds else replace(command, source=Source.UPDATE)


def approved(assignment: Assignment) -> tuple[Payout, Decision] | None:
    """Return the payout that waits to be settled, with the ruling that released it."""
    payout = assignment.payout
    if payout and payout.status is PayoutStatus.APPROVED and payout.ruling:
        return payout, payout.ruling
    return None


async def settle(payout: Payout, ruling: Decision) -> RecordSettlement:
    """Have an approved payout settled, and return what is to be noted about it."""
    settlement = await workflow.execute_activity_method(
        PaymentsDoor.settle_payout,
        ApprovedPayout(
            payout_id=payout.id,
            attempt=payout.attempt,
            amount=ruling.amount,
            approved_by=ruling.by,
            reference=ruling.reason,
        ),
        task_queue=PAYMENTS_QUEUE,
        start_to_close_timeout=timedelta(seconds=30),
        retry_policy=PATIENTLY,
        summary=f"settle attempt {payout.attempt}",
    )
    return RecordSettlement(
        actor=SYSTEM,
        command_id=f"settle/{payout.id}/{payout.attempt}",
        source=Source.CLOCK,
        attempt=payout.attempt,
        status=settlement.status,
        reference=settlement.reference,
    )
