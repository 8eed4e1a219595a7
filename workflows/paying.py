"""The way money takes: what the state asks of the payment provider, and what is noted of its answer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, assert_never

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.payments import REFUSED, HoldWanted, MoneyWanted, PaymentsDoor
    from activities.vouchers import VoucherClaim, Vouchers
    from fulfillment.domain.assignment.commands import (
        ApprovePayout,
        AssignmentCommand,
        RecordCard,
        RecordRefusal,
        RecordRelease,
        RecordSettlement,
        RecordSilence,
    )
    from fulfillment.domain.assignment.money_calls import (
        LetHoldGo,
        LookAtCard,
        MoneyCall,
        PlaceHold,
        SettleByHand,
        TakeMoney,
    )
    from fulfillment.domain.assignment.rulings import TRUSTED
    from fulfillment.domain.assignment.state import Assignment
    from fulfillment.domain.command import Source
    from fulfillment.domain.people import SYSTEM
    from fulfillment.gateways.payments import ApprovedPayout, Release

from workflows.guard import transient
from workflows.names import PAYMENTS_QUEUE
from workflows.retries import PATIENTLY

AN_ATTEMPT = timedelta(seconds=45)
SIGN_OF_LIFE = timedelta(seconds=8)
"""A worker that says nothing for this long has died, and somebody else looks what became of the money."""
SOON_AGAIN = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=15))
"""For a capture: admins wait for it, and its patience is short."""
WHEN_SEEN_TO = RetryPolicy(
    initial_interval=timedelta(seconds=5), backoff_coefficient=3, maximum_interval=timedelta(hours=1)
)
"""For what waits until somebody has set up an account."""


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
    return command if await is_sealed(claim) else replace(command, source=Source.UPDATE)


async def is_sealed(claim: VoucherClaim) -> bool:
    """Return whether the API's seal covers what is claimed.

    Raises:
        ApplicationError: that cannot be looked at right now; the caller tries again.
    """
    try:
        return await workflow.execute_activity_method(
            Vouchers.verify_voucher,
            claim,
            schedule_to_close_timeout=timedelta(seconds=3),
            summary="look at the API's seal on the approval",
        )
    except ActivityError as failure:
        raise transient("the approval cannot be verified right now") from failure


async def answer_to(call: MoneyCall, assignment: Assignment, *, patience: timedelta) -> AssignmentCommand:
    """Make one call to the payment provider and return what is to be noted of its answer.

    A capture that nobody answers within `patience` is noted as unknown; every other call is made until it
    is answered.

    Raises:
        ActivityError: it was refused for good where only people can mend that.
    """
    match call:
        case TakeMoney():
            return await _take(call, assignment, patience=patience)
        case LookAtCard():
            seen = await workflow.execute_activity_method(
                PaymentsDoor.look_at_card,
                call.intent_id,
                summary=f"look at hold {call.n}",
                **_patiently(),
            )
            return RecordCard(n=call.n, seen=seen, **_noted(assignment, f"card/{call.n}"))
        case PlaceHold():
            seen = await workflow.execute_activity_method(
                PaymentsDoor.place_hold,
                HoldWanted(
                    assignment_id=assignment.id,
                    customer_id=assignment.customer_id,
                    n=call.n,
                    amount=call.amount,
                ),
                summary=f"place hold {call.n}",
                **_patiently(),
            )
            return RecordCard(n=call.n, seen=seen, **_noted(assignment, f"card/{call.n}"))
        case LetHoldGo():
            seen = await workflow.execute_activity_method(
                PaymentsDoor.let_hold_go,
                Release(assignment_id=assignment.id, intent_id=call.intent_id),
                summary="let a hold go",
                **_patiently(),
            )
            return RecordRelease(
                intent_id=call.intent_id, seen=seen, **_noted(assignment, f"release/{call.intent_id}")
            )
        case SettleByHand():
            return await _settle(call)
        case _:
            assert_never(call)


async def _take(call: TakeMoney, assignment: Assignment, *, patience: timedelta) -> AssignmentCommand:
    asked: dict[str, Any] = {"attempt": call.attempt, "tries": call.tries}
    noted = _noted(assignment, f"capture/{call.attempt}/{call.tries}")
    try:
        seen = await workflow.execute_activity_method(
            PaymentsDoor.take_money,
            MoneyWanted(payout_id=assignment.id, amount=call.amount, intent_id=call.intent_id, **asked),
            task_queue=PAYMENTS_QUEUE,
            start_to_close_timeout=AN_ATTEMPT,
            heartbeat_timeout=SIGN_OF_LIFE,
            schedule_to_close_timeout=patience,
            retry_policy=SOON_AGAIN,
            summary=f"capture attempt {call.attempt}, try {call.tries}",
        )
    except ActivityError as failure:
        if isinstance(failure.cause, ApplicationError) and failure.cause.type == REFUSED:
            return RecordRefusal(code=str(failure.cause.details[0]), **asked, **noted)
        return RecordSilence(**asked, **noted)
    n = assignment.card.n if assignment.card else 0
    return RecordCard(n=n, seen=seen, **noted)


async def _settle(call: SettleByHand) -> RecordSettlement:
    payout, approval = call.payout, call.approval
    settlement = await workflow.execute_activity_method(
        PaymentsDoor.settle_payout,
        ApprovedPayout(
            payout_id=payout.id,
            attempt=payout.attempt,
            amount=approval.amount,
            approved_by=approval.by,
            reference=approval.reason,
        ),
        task_queue=PAYMENTS_QUEUE,
        start_to_close_timeout=AN_ATTEMPT,
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


def _patiently() -> dict[str, Any]:
    return {
        "task_queue": PAYMENTS_QUEUE,
        "start_to_close_timeout": AN_ATTEMPT,
        "heartbeat_timeout": SIGN_OF_LIFE,
        "retry_policy": PATIENTLY,
    }


def _noted(assignment: Assignment, about: str) -> dict[str, Any]:
    """Return the envelope of an answer; the step before it tells it from earlier answers of the same kind."""
    return {
        "actor": SYSTEM,
        "command_id": f"{about}/{assignment.id}/{assignment.state_version}",
        "source": Source.CLOCK,
    }
