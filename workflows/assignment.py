"""One assignment, from acceptance to paid, closed, or back in the queue."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.clocks import ClocksWanted, People
    from activities.ledger import AssignmentBatch, Ledger, RunRef
    from fulfillment.domain.assignment.commands import (
        AnswerIncident,
        ApprovePayout,
        AssignmentCommand,
        CancelAssignment,
        CheckIn,
        CompleteAssignment,
        ConfirmWindow,
        DeclineWindow,
        DenyPayout,
        ExtendDeadline,
        HoldAssignment,
        OpenAssignment,
        PassDeadline,
        ProposeWindow,
        RejectAssignment,
        ReportNoShow,
        ResolveIncident,
        ResubmitPayout,
        ResumeAssignment,
        SkipDeadline,
        WithdrawWindow,
    )
    from fulfillment.domain.assignment.deadlines import Deadline
    from fulfillment.domain.assignment.deciding import decide
    from fulfillment.domain.assignment.entries import Entry, entry
    from fulfillment.domain.assignment.events import Event, WindowConfirmed
    from fulfillment.domain.assignment.evolving import apply
    from fulfillment.domain.assignment.standing import Obligation, Standing, standing
    from fulfillment.domain.assignment.state import Assignment
    from fulfillment.domain.command import Source
    from fulfillment.domain.people import SYSTEM
    from fulfillment.domain.policy import NOT_KNOWN, Policy
    from fulfillment.domain.steps import Refusal

from workflows import search
from workflows.closing import ASSIGNMENT_CLOSED, closed
from workflows.guard import guarded
from workflows.memory import Remembered
from workflows.names import job_run
from workflows.paying import approved, settle, vouched
from workflows.provider_time import ProviderTime
from workflows.reports import Answer, details, written
from workflows.retries import UNTIL_IT_WORKS
from workflows.story import Story


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


SIGNALS: dict[str, type[AssignmentCommand]] = {
    "propose_schedule": ProposeWindow,
    "confirm_schedule": ConfirmWindow,
    "decline_schedule": DeclineWindow,
    "withdraw_schedule": WithdrawWindow,
    "reject_assignment": RejectAssignment,
    "cancel_assignment": CancelAssignment,
    "check_in": CheckIn,
    "complete_assignment": CompleteAssignment,
    "report_no_show": ReportNoShow,
    "answer_incident": AnswerIncident,
    "resolve_incident": ResolveIncident,
    "approve_payout": ApprovePayout,
    "deny_payout": DenyPayout,
    "resubmit_payout": ResubmitPayout,
    "hold": HoldAssignment,
    "resume": ResumeAssignment,
    "skip_deadline": SkipDeadline,
    "extend_deadline": ExtendDeadline,
}
"""What operations may type in as a signal, by the names of the updates."""


@workflow.defn(name="Assignment")
class AssignmentWorkflow(Story[AssignmentCommand, Entry, Answer]):
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

    # The story.

    @workflow.run
    async def run(self, _: Opened) -> Standing:
        self._start_helpers(
            self._set_doubtful_holds_right, self._pay_what_was_approved, self._read_the_clocks
        )
        while not self._is_over:
            await self._wait_for_the_clock()
            if self._wants_a_fresh_run and not self._is_over:
                await self._continue_in_a_fresh_run()
        # The job may hand the work to somebody else only once this assignment's end is on record.
        await workflow.wait_condition(lambda: self._books.are_written)
        await self._tell_the_job()
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
        return workflow.all_handlers_finished() and self._books.are_written and self._everybody_is_told

    async def _tell_the_job(self) -> None:
        """Report the end to the job, which counts it once; a job that is gone needs no report."""
        job = workflow.get_external_workflow_handle(job_run(self._assignment.job_id))
        try:
            await job.signal(ASSIGNMENT_CLOSED, closed(self._assignment))
        except ApplicationError:
            workflow.logger.warning("assignment.job_is_gone", extra={"job_id": self._assignment.job_id})

    # What people may ask: one update each, judged before it enters the history.

    @workflow.update(name="propose_schedule")
    @guarded
    async def propose(self, command: ProposeWindow) -> Answer:
        return await self._carry_out(command)

    @propose.validator
    def _may_propose(self, command: ProposeWindow) -> None:
        self._check(command)

    @workflow.update(name="confirm_schedule")
    @guarded
    async def confirm(self, command: ConfirmWindow) -> Answer:
        return await self._carry_out(command)

    @confirm.validator
    def _may_confirm(self, command: ConfirmWindow) -> None:
        self._check(command)

    @workflow.update(name="decline_schedule")
    @guarded
    async def decline(self, command: DeclineWindow) -> Answer:
        return await self._carry_out(command)

    @decline.validator
    def _may_decline(self, command: DeclineWindow) -> None:
        self._check(command)

    @workflow.update(name="withdraw_schedule")
    @guarded
    async def withdraw(self, command: WithdrawWindow) -> Answer:
        return await self._carry_out(command)

    @withdraw.validator
    def _may_withdraw(self, command: WithdrawWindow) -> None:
        self._check(command)

    @workflow.update(name="reject_assignment")
    @guarded
    async def reject(self, command: RejectAssignment) -> Answer:
        return await self._carry_out(command)

    @reject.validator
    def _may_reject(self, command: RejectAssignment) -> None:
        self._check(command)

    @workflow.update(name="cancel_assignment")
    @guarded
    async def cancel(self, command: CancelAssignment) -> Answer:
        return await self._carry_out(command)

    @cancel.validator
    def _may_cancel(self, command: CancelAssignment) -> None:
        self._check(command)

    @workflow.update(name="check_in")
    @guarded
    async def check_in(self, command: CheckIn) -> Answer:
        return await self._carry_out(command)

    @check_in.validator
    def _may_check_in(self, command: CheckIn) -> None:
        self._check(command)

    @workflow.update(name="complete_assignment")
    @guarded
    async def complete(self, command: CompleteAssignment) -> Answer:
        return await self._carry_out(command)

    @complete.validator
    def _may_complete(self, command: CompleteAssignment) -> None:
        self._check(command)

    @workflow.update(name="report_no_show")
    @guarded
    async def report_no_show(self, command: ReportNoShow) -> Answer:
        return await self._carry_out(command)

    @report_no_show.validator
    def _may_report(self, command: ReportNoShow) -> None:
        self._check(command)

    @workflow.update(name="answer_incident")
    @guarded
    async def answer_incident(self, command: AnswerIncident) -> Answer:
        return await self._carry_out(command)

    @answer_incident.validator
    def _may_answer(self, command: AnswerIncident) -> None:
        self._check(command)

    @workflow.update(name="resolve_incident")
    @guarded
    async def resolve_incident(self, command: ResolveIncident) -> Answer:
        return await self._carry_out(command)

    @resolve_incident.validator
    def _may_resolve(self, command: ResolveIncident) -> None:
        self._check(command)

    @workflow.update(name="approve_payout")
    @guarded
    async def approve(self, command: ApprovePayout) -> Answer:
        return await self._carry_out(command)

    @approve.validator
    def _may_approve(self, command: ApprovePayout) -> None:
        self._check(command)

    @workflow.update(name="deny_payout")
    @guarded
    async def deny(self, command: DenyPayout) -> Answer:
        return await self._carry_out(command)

    @deny.validator
    def _may_deny(self, command: DenyPayout) -> None:
        self._check(command)

    @workflow.update(name="resubmit_payout")
    @guarded
    async def resubmit(self, command: ResubmitPayout) -> Answer:
        return await self._carry_out(command)

    @resubmit.validator
    def _may_resubmit(self, command: ResubmitPayout) -> None:
        self._check(command)

    @workflow.update(name="hold")
    @guarded
    async def hold(self, command: HoldAssignment) -> Answer:
        return await self._carry_out(command)

    @hold.validator
    def _may_hold(self, command: HoldAssignment) -> None:
        self._check(command)

    @workflow.update(name="resume")
    @guarded
    async def resume(self, command: ResumeAssignment) -> Answer:
        return await self._carry_out(command)

    @resume.validator
    def _may_resume(self, command: ResumeAssignment) -> None:
        self._check(command)

    @workflow.update(name="skip_deadline")
    @guarded
    async def skip_deadline(self, command: SkipDeadline) -> Answer:
        return await self._carry_out(command)

    @skip_deadline.validator
    def _may_skip(self, command: SkipDeadline) -> None:
        self._check(command)

    @workflow.update(name="extend_deadline")
    @guarded
    async def extend_deadline(self, command: ExtendDeadline) -> Answer:
        return await self._carry_out(command)

    @extend_deadline.validator
    def _may_extend(self, command: ExtendDeadline) -> None:
        self._check(command)

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

    async def _pay_what_was_approved(self) -> None:
        await workflow.wait_condition(lambda: approved(self._assignment) is not None)
        released = approved(self._assignment)
        if released is None:
            return
        self._paying = True
        try:
            await self._carry_out(await settle(*released))
        finally:
            self._paying = False

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
