"""The way money takes back: what an admin's word is worth, and what is noted of the provider's answer."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.aftercare import Aftercare, Ground
    from activities.payments import REFUSED, PaymentsDoor, RefundWanted
    from activities.vouchers import VoucherClaim
    from fulfillment.domain import vouchers
    from fulfillment.domain.assignment.money_calls import GiveBack
    from fulfillment.domain.assignment.refund_commands import RecordRefund, RefundPayout
    from fulfillment.domain.assignment.rulings import TRUSTED
    from fulfillment.domain.command import Source
    from fulfillment.domain.people import SYSTEM

from workflows.guard import transient
from workflows.names import PAYMENTS_QUEUE
from workflows.paying import AN_ATTEMPT, SIGN_OF_LIFE, is_sealed
from workflows.retries import PATIENTLY

SIGNALS: Mapping[str, type[RefundPayout]] = {"refund_payout": RefundPayout}
"""What operations may type in as a signal to the run that looks after a payout."""
A_CALLER_WAITS = timedelta(seconds=3)


async def ground(payout_id: str) -> Ground:
    """Return what a refund is decided on.

    Raises:
        ApplicationError: the assignment has not ended, or cannot be read right now; the caller tries again.
    """
    try:
        return await workflow.execute_activity_method(
            Aftercare.read_ground,
            payout_id,
            schedule_to_close_timeout=A_CALLER_WAITS,
            summary="read what there is to give back, and by which rules",
        )
    except ActivityError as failure:
        raise transient("the payout has not ended, or cannot be read right now") from failure


async def vouched_refund(command: RefundPayout, payout_id: str) -> RefundPayout:
    """Return `command`, believing that it came through the API only under the API's seal (S16).

    Raises:
        ApplicationError: the seal cannot be looked at right now; the caller tries again.
    """
    if command.source not in TRUSTED:
        return command
    claim = VoucherClaim(
        payout_id=payout_id,
        attempt=command.n or 0,
        amount=command.amount,
        admin_id=command.actor.id,
        voucher=command.voucher,
        purpose=vouchers.REFUND,
    )
    return command if await is_sealed(claim) else replace(command, source=Source.UPDATE)


async def given_back(call: GiveBack, payout_id: str) -> RecordRefund:
    """Have the money given back, however long that takes, and return what is to be noted of the answer."""
    noted: dict[str, Any] = {
        "actor": SYSTEM,
        "command_id": f"refund/{payout_id}/{call.n}",
        "source": Source.CLOCK,
        "n": call.n,
    }
    try:
        reference = await workflow.execute_activity_method(
            PaymentsDoor.give_back,
            RefundWanted(payout_id=payout_id, n=call.n, amount=call.amount, intent_id=call.intent_id),
            task_queue=PAYMENTS_QUEUE,
            start_to_close_timeout=AN_ATTEMPT,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=PATIENTLY,
            summary=f"give back refund {call.n}",
        )
    except ActivityError as failure:
        if isinstance(failure.cause, ApplicationError) and failure.cause.type == REFUSED:
            return RecordRefund(problem=str(failure.cause.details[0]), **noted)
        raise
    return RecordRefund(reference=reference, **noted)
