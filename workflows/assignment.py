"""One assignment, from acceptance to paid, closed, or back in the queue."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.clocks import ClocksWanted, People
    from activities.ledger import AssignmentBatch, Ledger, RunRef
    from fulfillment.domain.assignment.commands import (
        ApprovePayout,
        AssignmentCommand,
        OpenAssignment,
        PassDeadline,
    )
    from fulfillment.domain.assignment.deadline import Deadline
    from fulfillment.domain.assignment.deciding import decide
    from fulfillment.domain.assignment.entries import Entry, entry
    from fulfillment.domain.assignment.events import Event, WindowConfirmed
    from fulfillment.domain.assignment.evolving import apply
    from fulfillment.domain.assignment.money_calls import MoneyCall, call_owed, share_owed
    from fulfillment.domain.assignment.standing import Obligation, Standing, standing
    from fulfillment.domain.assignment.state import Assignment
    from fulfillment.domain.command import Source
    from fulfillment.domain.people import SYSTEM
    from fulfillment.domain.policy import NOT_KNOWN, Policy
    from fulfillment.domain.steps import Refusal

from workflows import search
from workflows.aftercare import begin_aftercare
from workflows.assignment_requests import SIGNALS, AssignmentRequests
from workflows.causing import began_by
from workflows.closing import ASSIGNMENT_CLOSED, closed
from workflows.memory import Remembered
from workflows.names import job_run
from workflows.paying import answer_to, vouched
from workflows.provider_time import ProviderTime
from workflows.reports import Answer, details, written
from workflows.retries import UNTIL_IT_WORKS
from workflows.story import STUCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a run starts from: an assignment at step 0, or what the run before it carried over."""

    assignment: Assignment
    policy: Policy
    entries: tuple[Entry, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    remembered: tuple[Remembered, ...] = ()
    untold: bool = False
    claim: int = 0
    hold_in_doubt: bool = False


@workflow.defn(name="Assignment")
class AssignmentWorkflow(AssignmentRequests):
    @workflow.init
    def __init__(self, opened: Opened) -> None:
        super().__init__(
            entries=opened.entries,
            refusals=opened.refusals,
            remembered=opened.remembered,
            untold=opened.untold,
        )
        self._policy = opened.policy
        self._assignment = opened.assignment
        self._standing = standing(opened.assignment, opened.policy)
        self._soonest = self._standing.coming[0].due if self._standing.coming else None
        self._time = ProviderTime(claim=opened.claim, in_doubt=opened.hold_in_doubt)
        self._paying = False
        self._clocks_read_in = 0
        self._knows_the_clocks = opened.policy.quiet is None or opened.policy.clocks != NOT_KNOWN
        if not opened.assignment.state_version:
            # Before anything else: an update may arrive ahead of the first line of `run` (E11).
            opening = OpenAssignment(actor=SYSTEM, command_id=f"open/{self._id}", source=Source.CLOCK)
            self._settle(opening, self._decide(opening))
            self.cause = began_by(opening)

    # The story.

    @workflow.run
    async def run(self, _: Opened) -> Standing:
        self._start_helpers(self._set_doubtful_holds_right, self._move_money, self._read_the_clocks)
        while not self._is_over:
            await self._wait_for_the_clock()
            if self._wants_a_fresh_run and not self._is_over:
                await self._continue_in_a_fresh_run()
        # The job may hand the work to somebody else only once this assignment's end is on record.
        await workflow.wait_condition(lambda: self._books.are_written)
        await self._tell_the_job()
        await self._pass_the_share_on()
        await workflow.wait_condition(self._has_nothing_left_to_do)
        return self._standing

    async def _continue_in_a_fresh_run(self) -> None:
        """Hand everything over to a new run, once no caller waits for an answer of this one (E12)."""
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and not self._paying)
        if self._is_over:
            return
        entries, refusals = self._books.carried()
        workflow.continue_as_new(
            Opened(
                assignment=self._assignment,
                policy=self._policy,
                entries=entries,
                refusals=refusals,
                remembered=self._memory.carried(),
                untold=not self._everybody_is_told,
                claim=self._time.claim,
                hold_in_doubt=self._time.in_doubt,
            )
        )

    def _has_nothing_left_to_do(self) -> bool:
        told = workflow.all_handlers_finished() and self._books.are_written and self._everybody_is_told
        return told and self._money_call is None and not self._paying

    async def _tell_the_job(self) -> None:
        """Report the end to the job, which counts it once; a job that is gone needs no report."""
        job = workflow.get_external_workflow_handle(job_run(self._assignment.job_id))
        try:
            await job.signal(ASSIGNMENT_CLOSED, closed(self._assignment))
        except ApplicationError:
            workflow.logger.warning("assignment.job_is_gone", extra={"job_id": self._assignment.job_id})

    async def _pass_the_share_on(self) -> None:
        """Leave what the provider is owed by transfer to the aftercare: it may wait for an account."""
        share = share_owed(self._assignment, self._policy)
        while share:
            try:
                return await begin_aftercare(self._id, share)
            except WorkflowAlreadyStartedError:
                # Somebody looks after a complaint already; that takes a moment.
                await workflow.sleep(STUCK, summary="aftercare is busy; the share is passed on after it")
        return None

    # What operations type in, and what they ask.

    @workflow.signal(dynamic=True, description=f"A command typed by hand: {', '.join(SIGNALS)}")
    async def signalled(self, name: str, args: Sequence[RawValue]) -> None:
        """Take any of the commands above as a signal, typed in by operations."""
        await self._heard(name, args, SIGNALS)

    @workflow.query
    def state(self) -> Standing:
        return self._standing

    @workflow.query
    def obligation(self) -> Obligation | None:
        return self._standing.obligation

    @workflow.query
    def timeline(self) -> tuple[Deadline, ...]:
        """Return what is still to come, soonest first; what was is in the audit."""
        return self._standing.coming

    # How a request becomes a fact.

    @property
    def _id(self) -> str:
        return self._assignment.id

    @property
    def _is_over(self) -> bool:
        return self._assignment.is_closed

    def _decide(self, command: AssignmentCommand) -> Sequence[Event]:
        return decide(self._assignment, command, at=workflow.now(), policy=self._policy)

    def _enter(self, command: AssignmentCommand, events: Sequence[Event]) -> None:
        before = self._assignment
        self._assignment = apply(before, events, policy=self._policy)
        noted = entry(before, command, events, self._assignment, at=workflow.now(), policy=self._policy)
        self._standing = noted.standing
        self._soonest = noted.standing.coming[0].due if noted.standing.coming else None
        self._books.note(noted)
        workflow.set_current_details(details(self._standing))
        if changes := search.changes(before, self._assignment):
            workflow.upsert_search_attributes(changes)

    def _answer(self, command: AssignmentCommand, *, number: int | None = None) -> Answer:
        if number is not None:
            return Answer(standing=self._standing, number=number, call="")
        return Answer(standing=self._standing, number=self._assignment.state_version, call=command.call)

    def _snapshot(self) -> Standing:
        return self._standing

    def _number(self) -> int:
        return self._assignment.state_version

    def _due(self) -> list[AssignmentCommand]:
        now = workflow.now()
        return [
            PassDeadline(
                actor=SYSTEM,
                command_id=f"{self._id}/{deadline.id}/{deadline.due.isoformat()}",
                source=Source.CLOCK,
                deadline_id=deadline.id,
            )
            for deadline in self._standing.coming
            if deadline.due <= now
        ]

    def _alarm(self) -> str:
        return self._standing.coming[0].id if self._standing.coming else "nothing"

    # How we reach the world.

    async def _prepare(self, command: AssignmentCommand) -> AssignmentCommand:
        if isinstance(command, ApprovePayout):
            return await vouched(command, self._assignment)
        for event in self._decide(command):
            if isinstance(event, WindowConfirmed):
                await self._time.reserve(self._assignment, event.agreed.window)
        return command

    async def _set_doubtful_holds_right(self) -> None:
        await workflow.wait_condition(lambda: self._time.in_doubt and not self._turn.locked())
        await self._time.set_right(self._assignment)

    async def _read_the_clocks(self) -> None:
        """Learn by which clocks the two sides live, and plan by them; anew in each epoch, for people move.

        Where there are no quiet hours, nobody needs to know.
        """
        await workflow.wait_condition(lambda: self._policy.quiet is not None and self._clocks_are_old)
        epoch, it = self._assignment.epoch, self._assignment
        read = await workflow.execute_activity_method(
            People.read_clocks,
            ClocksWanted(
                customer_id=it.customer_id,
                provider_id=it.provider_id,
                site_timezone=it.site_timezone,
                at=workflow.now(),
            ),
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=UNTIL_IT_WORKS,
            summary="read by which clocks the two sides live",
        )
        self._clocks_read_in, self._knows_the_clocks = epoch, True
        if read != self._policy.clocks:
            self._policy = replace(self._policy, clocks=read)
            self._plan_anew()

    def _plan_anew(self) -> None:
        """Set the alarm by what is known now.

        A step of the clock that is not written yet is written so as well; nobody was answered by it.
        """
        self._standing = standing(self._assignment, self._policy)
        self._soonest = self._standing.coming[0].due if self._standing.coming else None
        self._books.amend_last(self._restated)
        workflow.set_current_details(details(self._standing))

    def _restated(self, last: Entry) -> Entry:
        return replace(last, standing=self._standing) if last.step.source is Source.CLOCK else last

    @property
    def _clocks_are_old(self) -> bool:
        anew = self._clocks_read_in != self._assignment.epoch
        return anew and (not self._knows_the_clocks or self._assignment.payout is None) and not self._is_over

    @property
    def _knows_enough_to_write(self) -> bool:
        return self._knows_the_clocks or self._is_over

    async def _move_money(self) -> None:
        """Ask the payment provider for whatever the state wants of it, one thing at a time."""
        await workflow.wait_condition(lambda: self._money_call is not None)
        call = self._money_call
        if call is None:
            return
        self._paying = True
        try:
            patience = self._policy.capture_patience
            await self._carry_out(await answer_to(call, self._assignment, patience=patience))
        finally:
            self._paying = False
        if self._money_call == call:
            # An answer that changes nothing must not make us ask in circles.
            await workflow.sleep(STUCK, summary="the payment provider's answer leads nowhere; asking again")

    @property
    def _money_call(self) -> MoneyCall | None:
        return call_owed(self._assignment)

    async def _write(self, entries: tuple[Entry, ...], refusals: tuple[Refusal, ...]) -> bool:
        info = workflow.info()
        batch = AssignmentBatch(
            assignment_id=self._id,
            run=RunRef(workflow_id=info.workflow_id, run_id=info.run_id),
            entries=entries,
            refusals=refusals,
            claim=self._time.claim,
        )
        await workflow.execute_activity_method(
            Ledger.project_assignment,
            batch,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=UNTIL_IT_WORKS,
            summary=written([each.step for each in entries]),
        )
        return any(each.notices or each.reminders for each in entries)
