"""What happens to a payout after its assignment has ended (M14, P18).

The provider's share leaves for their account, and the customer's bank may want the money back. The
assignment's own run is over by then, so this one is the only writer of what is left to say. It begins with
a share to be passed on, or with the first hint of a complaint, and ends when nothing is open.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.aftercare import Aftercare
    from activities.ledger import AssignmentBatch, Ledger, RunRef
    from activities.notices import Delivery, Notices
    from activities.payments import PaymentsDoor, ShareWanted
    from fulfillment.domain.assignment.card import CardSeen
    from fulfillment.domain.assignment.commands import RecordCard, RecordChargeback, RecordTransfer
    from fulfillment.domain.assignment.deciding import decide
    from fulfillment.domain.assignment.entries import entry
    from fulfillment.domain.assignment.events import Event
    from fulfillment.domain.assignment.evolving import apply
    from fulfillment.domain.assignment.money_calls import PassOn
    from fulfillment.domain.assignment.state import Assignment
    from fulfillment.domain.command import Source
    from fulfillment.domain.errors import DomainError
    from fulfillment.domain.people import SYSTEM
    from fulfillment.domain.policy import Policy
    from fulfillment.gateways.payments import Chargeback

from workflows.names import NOTIFICATIONS_QUEUE, PAYMENTS_QUEUE, aftercare_run
from workflows.paying import AN_ATTEMPT, SIGN_OF_LIFE, WHEN_SEEN_TO
from workflows.retries import PATIENTLY, UNTIL_IT_WORKS

LOOK_AGAIN = "look_again"
"""The signal, which starts the run if there is none."""
CLOSED = Policy()
"""Nothing is due any more once an assignment has ended, whatever its policy was."""

News = RecordCard | RecordChargeback | RecordTransfer


@workflow.defn(name="PayoutAftercare")
class PayoutAftercareWorkflow:
    def __init__(self) -> None:
        self._hints = 0
        self._seen = 0
        self._turn = asyncio.Lock()

    @workflow.run
    async def run(self, payout_id: str, share: PassOn | None = None) -> None:
        passing = asyncio.create_task(self._pass_on(payout_id, share))
        while self._seen < self._hints or not passing.done():
            await workflow.wait_condition(lambda: self._seen < self._hints or passing.done())
            if self._seen < self._hints:
                self._seen = self._hints
                await self._look(payout_id)
        await passing

    @workflow.signal(name=LOOK_AGAIN)
    def look_again(self) -> None:
        """Take note that something may have changed at the payment provider."""
        self._hints += 1

    async def _pass_on(self, payout_id: str, share: PassOn | None) -> None:
        """Transfer the provider's share, as soon as they have an account that takes it."""
        if share is None:
            return
        it = await self._read(payout_id)
        transfer_id: str | None = await workflow.execute_activity_method(
            PaymentsDoor.pass_on,
            ShareWanted(
                payout_id=payout_id,
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
            return
        await self._note(
            RecordTransfer(
                actor=SYSTEM,
                command_id=f"transfer/{payout_id}",
                source=Source.CLOCK,
                transfer_id=transfer_id,
                amount=share.amount,
            ),
            payout_id,
        )

    async def _look(self, payout_id: str) -> None:
        it = await self._read(payout_id)
        if it.card is None or it.card.intent_id is None:
            return
        seen = await workflow.execute_activity_method(
            PaymentsDoor.look_at_card,
            it.card.intent_id,
            task_queue=PAYMENTS_QUEUE,
            start_to_close_timeout=AN_ATTEMPT,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=PATIENTLY,
            summary="look what is left of the money that was taken",
        )
        if seen.captured != it.card.captured:
            await self._note(_seen(it, seen), payout_id)
        case = await workflow.execute_activity_method(
            Aftercare.look_for_chargeback,
            it.card.intent_id,
            task_queue=PAYMENTS_QUEUE,
            start_to_close_timeout=AN_ATTEMPT,
            retry_policy=PATIENTLY,
            summary="look for a complaint at the payment provider",
        )
        if case:
            await self._note(_told(case), payout_id)

    async def _note(self, news: News, payout_id: str) -> None:
        """Take the news in and write down what follows, if anything does; one at a time."""
        async with self._turn:
            it = await self._read(payout_id)
            try:
                events = decide(it, news, at=workflow.now(), policy=CLOSED)
            except DomainError as refusal:
                # What does not fit is no reason to stop looking (trap E2).
                workflow.logger.warning("aftercare.refused", extra={"why": str(refusal)})
                return
            if events:
                await self._write(it, news, events)

    async def _read(self, payout_id: str) -> Assignment:
        return await workflow.execute_activity_method(
            Aftercare.read_ended,
            payout_id,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=UNTIL_IT_WORKS,
            summary="read how the assignment has ended",
        )

    async def _write(self, before: Assignment, news: News, events: Sequence[Event]) -> None:
        info, at = workflow.info(), workflow.now()
        after = apply(before, events, policy=CLOSED)
        noted = entry(before, news, events, after, at=at, policy=CLOSED)
        await workflow.execute_activity_method(
            Ledger.project_assignment,
            AssignmentBatch(
                assignment_id=before.id,
                run=RunRef(workflow_id=info.workflow_id, run_id=info.run_id),
                entries=(noted,),
            ),
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=UNTIL_IT_WORKS,
            summary=f"{noted.step.number} {noted.step.command}",
        )
        if noted.notices:
            await workflow.execute_activity_method(
                Notices.deliver,
                Delivery(about=before.id),
                task_queue=NOTIFICATIONS_QUEUE,
                start_to_close_timeout=timedelta(minutes=1),
                heartbeat_timeout=timedelta(seconds=20),
                schedule_to_close_timeout=timedelta(hours=1),
                retry_policy=PATIENTLY,
                summary="deliver what waits in the outbox",
            )


async def begin_aftercare(payout_id: str, share: PassOn) -> None:
    """Start the aftercare of a payout whose share is owed; it goes on when the run that asks has ended."""
    await workflow.start_child_workflow(
        PayoutAftercareWorkflow.run,
        args=[payout_id, share],
        id=aftercare_run(payout_id),
        parent_close_policy=ParentClosePolicy.ABANDON,
        static_summary=f"pass {share.amount} on",
    )


def _seen(it: Assignment, seen: CardSeen) -> RecordCard:
    return RecordCard(
        actor=SYSTEM,
        command_id=f"card/{it.id}/{it.state_version}",
        source=Source.CLOCK,
        n=it.card.n if it.card else 0,
        seen=seen,
    )


def _told(case: Chargeback) -> RecordChargeback:
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
