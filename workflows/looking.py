"""What there is to be learnt at the payment provider about a payout that has ended, as news for its run."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.aftercare import Aftercare
    from activities.payments import PaymentsDoor, ShareWanted
    from fulfillment.domain.assignment.commands import RecordCard, RecordChargeback, RecordTransfer
    from fulfillment.domain.assignment.money_calls import PassOn
    from fulfillment.domain.assignment.state import Assignment
    from fulfillment.domain.command import Source
    from fulfillment.domain.people import SYSTEM

from workflows.names import PAYMENTS_QUEUE
from workflows.paying import AN_ATTEMPT, SIGN_OF_LIFE, WHEN_SEEN_TO
from workflows.retries import PATIENTLY


async def passed_on(share: PassOn, it: Assignment) -> RecordTransfer | None:
    """Transfer the provider's share, as soon as they have an account that takes it, unless it went back."""
    transfer_id: str | None = await workflow.execute_activity_method(
        PaymentsDoor.pass_on,
        ShareWanted(
            payout_id=it.id,
            provider_id=it.provider_id,
            amount=share.amount,
            charge_id=share.charge_id,
        ),
        task_queue=PAYMENTS_QUEUE,
        start_to_close_timeout=AN_ATTEMPT,
        heartbeat_timeout=SIGN_OF_LIFE,
        retry_policy=WHEN_SEEN_TO,
        summary="pass the provider's share on",
    )
    if transfer_id is None:
        return None
    return RecordTransfer(
        actor=SYSTEM,
        command_id=f"transfer/{it.id}",
        source=Source.CLOCK,
        transfer_id=transfer_id,
        amount=share.amount,
    )


async def what_is_left(it: Assignment, intent_id: str) -> RecordCard | None:
    """Look how much of the money is left, and return that if it is news."""
    seen = await workflow.execute_activity_method(
        PaymentsDoor.look_at_card,
        intent_id,
        task_queue=PAYMENTS_QUEUE,
        start_to_close_timeout=AN_ATTEMPT,
        heartbeat_timeout=SIGN_OF_LIFE,
        retry_policy=PATIENTLY,
        summary="look what is left of the money that was taken",
    )
    if it.card is None or seen.captured == it.card.captured:
        return None
    return RecordCard(
        actor=SYSTEM,
        command_id=f"card/{it.id}/{it.state_version}",
        source=Source.CLOCK,
        n=it.card.n,
        seen=seen,
    )


async def complaint(intent_id: str) -> RecordChargeback | None:
    """Look for a complaint to the customer's bank, and return how it stands."""
    case = await workflow.execute_activity_method(
        Aftercare.look_for_chargeback,
        intent_id,
        task_queue=PAYMENTS_QUEUE,
        start_to_close_timeout=AN_ATTEMPT,
        retry_policy=PATIENTLY,
        summary="look for a complaint at the payment provider",
    )
    if case is None:
        return None
    return RecordChargeback(
        actor=SYSTEM,
        command_id=f"chargeback/{case.id}/{case.status}",
        source=Source.CLOCK,
        chargeback_id=case.id,
        amount=case.amount,
        status=case.status,
        reason=case.reason,
        is_open=case.is_open,
        is_lost=case.is_lost,
        evidence_due=case.evidence_due,
    )
