"""What happens to a payout after its assignment has ended (M14, P18).

The provider's share leaves for their account, admins give money back, and the customer's bank may want it
back. The assignment's own run is over by then, so this one is the only writer of what is left to say. It
begins with a share to be passed on, with a refund, or with the first hint of a complaint, and ends when
nothing is open.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.aftercare import Aftercare
    from activities.cause import Cause
    from activities.ledger import AssignmentBatch, Ledger, RunRef
    from activities.notices import Delivery, Notices
    from fulfillment.domain.assignment.commands import RecordCard, RecordChargeback, RecordTransfer
    from fulfillment.domain.assignment.deciding import decide
    from fulfillment.domain.assignment.entries import Entry, entry
    from fulfillment.domain.assignment.events import Event
    from fulfillment.domain.assignment.evolving import apply
    from fulfillment.domain.assignment.money_calls import PassOn, refund_owed
    from fulfillment.domain.assignment.refund_commands import RecordRefund, RefundPayout
    from fulfillment.domain.assignment.standing import standing
    from fulfillment.domain.assignment.state import Assignment
    from fulfillment.domain.errors import DomainError
    from fulfillment.domain.policy import Policy
    from fulfillment.domain.steps import Refusal

from workflows.causing import caused_by
from workflows.guard import guarded, refused
from workflows.hearing import refusal_of, told
from workflows.looking import complaint, passed_on, what_is_left
from workflows.names import NOTIFICATIONS_QUEUE, aftercare_run
from workflows.refunding import SIGNALS, given_back, ground, vouched_refund
from workflows.reports import Answer, written
from workflows.retries import PATIENTLY, UNTIL_IT_WORKS
from workflows.story import STUCK

LOOK_AGAIN = "look_again"
"""The signal, which starts the run if there is none."""
CLOSED = Policy()
"""Nothing is due any more once an assignment has ended, whatever its policy was."""

News = RecordCard | RecordChargeback | RecordTransfer | RecordRefund


@workflow.defn(name="PayoutAftercare")
class PayoutAftercareWorkflow:
    @workflow.init
    def __init__(self, payout_id: str, share: PassOn | None = None) -> None:
        # An update may arrive ahead of the first line of `run` (E11).
        self._payout_id = payout_id
        self._share = share
        self._hints = 0
        self._seen = 0
        self._untold = False
        self._turn = asyncio.Lock()
        self.cause: Cause | None = None

    # The story.

    @workflow.run
    async def run(self, _payout_id: str, _share: PassOn | None = None) -> None:
        passing = asyncio.create_task(self._pass_on())

        def nothing_is_open() -> bool:
            return passing.done() and workflow.all_handlers_finished()

        while self._is_wanted or not nothing_is_open():
            await workflow.wait_condition(lambda: self._is_wanted or nothing_is_open())
            if self._untold:
                self._untold = False
                await self._tell()
            if self._seen < self._hints:
                self._seen = self._hints
                await self._see_to_it()
        await passing

    @property
    def _is_wanted(self) -> bool:
        return self._seen < self._hints or self._untold

    async def _see_to_it(self) -> None:
        """Give back what is decided to be given back, then look at what is left.

        In this order, and one after the other: so what a look finds missing was given back by somebody else.
        """
        it = await self._read()
        while call := refund_owed(it):
            await self._note(await given_back(call, it.id))
            it = await self._read()
            if refund_owed(it) == call:
                # An answer that changes nothing must not make us ask in circles.
                await workflow.sleep(STUCK, summary="the answer about a refund leads nowhere; asking again")
        await self._look(it)

    async def _look(self, it: Assignment) -> None:
        if it.card is None or it.card.intent_id is None:
            return
        if left := await what_is_left(it, it.card.intent_id):
            await self._note(left)
        if case := await complaint(it.card.intent_id):
            await self._note(case)

    async def _pass_on(self) -> None:
        if self._share is None:
            return
        if gone := await passed_on(self._share, await self._read()):
            await self._note(gone)

    # What people may ask, and who else speaks up.

    @workflow.signal(name=LOOK_AGAIN)
    def look_again(self) -> None:
        """Take note that something may have changed at the payment provider."""
        self._hints += 1

    @workflow.update(name="refund_payout")
    @guarded
    async def refund(self, command: RefundPayout) -> Answer:
        """Decide on a refund, and answer once the decision is written down; the money follows."""
        return await self._decide(command)

    @workflow.signal(dynamic=True, description=f"A command typed by hand: {', '.join(SIGNALS)}")
    async def signalled(self, name: str, args: Sequence[RawValue]) -> None:
        """Take a command as a signal, typed in by operations; what is wrong with it is noted (E1, E3)."""
        command_id = str(workflow.uuid4())
        try:
            await self._decide(told(name, args, SIGNALS, command_id=command_id))
        except Exception as error:  # noqa: BLE001 - an exception in a signal handler would stop the whole run
            if not isinstance(error, DomainError | ApplicationError):
                workflow.logger.exception("signal.failed", extra={"signal": name})
            await self._project(refusals=(refusal_of(name, args, error, command_id=command_id),))

    # How a request becomes a fact.

    async def _decide(self, command: RefundPayout) -> Answer:
        """Judge a refund by what is written down, and write the decision; a repeat is answered alike."""
        async with self._turn:
            self.cause = caused_by(command)
            stands = await ground(self._payout_id)
            it = stands.assignment
            ready = await vouched_refund(command, self._payout_id)
            try:
                events = decide(it, ready, at=workflow.now(), policy=stands.policy)
            except DomainError as refusal:
                raise refused(refusal, snapshot=standing(it, CLOSED)) from refusal
            if not events:
                return Answer(standing=standing(it, CLOSED), number=it.state_version, call="")
            noted = _noted(it, ready, events)
            await self._project(entries=(noted,))
        self._untold = self._untold or bool(noted.notices)
        self._hints += refund_owed(noted.standing.assignment) is not None
        return Answer(standing=noted.standing, number=noted.step.number, call=command.call)

    async def _note(self, news: News) -> None:
        """Take the news in and write down what follows, if anything does; one at a time."""
        async with self._turn:
            it = await self._read()
            try:
                events = decide(it, news, at=workflow.now(), policy=CLOSED)
            except DomainError as refusal:
                # What does not fit is no reason to stop looking (trap E2).
                workflow.logger.warning("aftercare.refused", extra={"why": str(refusal)})
                return
            if not events:
                return
            noted = _noted(it, news, events)
            await self._project(entries=(noted,))
            if noted.notices:
                await self._tell()

    # How we reach the world.

    async def _read(self) -> Assignment:
        return await workflow.execute_activity_method(
            Aftercare.read_ended,
            self._payout_id,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=UNTIL_IT_WORKS,
            summary="read how the assignment has ended",
        )

    async def _project(self, *, entries: tuple[Entry, ...] = (), refusals: tuple[Refusal, ...] = ()) -> None:
        info = workflow.info()
        await workflow.execute_activity_method(
            Ledger.project_assignment,
            AssignmentBatch(
                assignment_id=self._payout_id,
                run=RunRef(workflow_id=info.workflow_id, run_id=info.run_id),
                entries=entries,
                refusals=refusals,
            ),
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=UNTIL_IT_WORKS,
            summary=written([each.step for each in entries]),
        )

    async def _tell(self) -> None:
        await workflow.execute_activity_method(
            Notices.deliver,
            Delivery(about=self._payout_id),
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


def _noted(before: Assignment, command: News | RefundPayout, events: Sequence[Event]) -> Entry:
    after = apply(before, events, policy=CLOSED)
    return entry(before, command, events, after, at=workflow.now(), policy=CLOSED)
