"""One job, from posting until a provider has been paid for it, or it ends without."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.ledger import JobBatch, Ledger, RunRef
    from activities.matching import Matching
    from fulfillment.domain.assignment.commands import OpenAssignment
    from fulfillment.domain.assignment.deciding import decide
    from fulfillment.domain.assignment.evolving import apply
    from fulfillment.domain.assignment.standing import Standing, standing
    from fulfillment.domain.assignment.state import Assignment, Status
    from fulfillment.domain.command import Source
    from fulfillment.domain.errors import DomainError
    from fulfillment.domain.job.commands import (
        AcceptOffer,
        AcceptQuote,
        AssignProvider,
        CancelJob,
        DeclineOffer,
        ExtendJob,
        JobCommand,
        NoteAssignmentClosed,
        OpenWave,
        PassJobDeadline,
        PostJob,
        ReadmitProvider,
        SubmitQuote,
        WidenDispatch,
        WithdrawQuote,
    )
    from fulfillment.domain.job.deadlines import JobDeadline, job_deadlines
    from fulfillment.domain.job.deciding import decide_job
    from fulfillment.domain.job.dispatching import CandidateSearch, wants_candidates
    from fulfillment.domain.job.entries import JobEntry, job_entry
    from fulfillment.domain.job.events import AssignmentMade, CancelForwarded, JobEvent
    from fulfillment.domain.job.evolving import apply_job
    from fulfillment.domain.job.posting import expect_postable, post
    from fulfillment.domain.job.state import Job
    from fulfillment.domain.people import SYSTEM
    from fulfillment.domain.policy import Policy
    from fulfillment.domain.steps import Refusal
    from fulfillment.gateways.matching import Search

from workflows import search
from workflows.assignment import AssignmentWorkflow, Opened
from workflows.causing import began_by
from workflows.closing import ASSIGNMENT_CLOSED, AssignmentClosed
from workflows.guard import guarded, refused
from workflows.memory import Remembered
from workflows.names import TASK_TIMEOUT, assignment_run
from workflows.reports import job_details, written
from workflows.retries import PATIENTLY, UNTIL_IT_WORKS
from workflows.story import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a run hands to the next: the job, and all that is still under way."""

    job: Job
    entries: tuple[JobEntry, ...]
    refusals: tuple[Refusal, ...]
    remembered: tuple[Remembered, ...]
    untold: bool
    to_start: Assignment | None
    to_forward: CancelForwarded | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What a run starts from: the command that posts the job, and what an earlier run carried over."""

    command: PostJob
    policy: Policy
    carried: Carried | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAnswer:
    """How the job stands after a command, which step it was, and which call carried it out.

    `assignment` is set when the command put the job into a provider's hands.
    """

    job: Job
    number: int
    call: str
    assignment: Standing | None = None


SIGNALS: dict[str, type[JobCommand]] = {
    "submit_quote": SubmitQuote,
    "withdraw_quote": WithdrawQuote,
    "accept_quote": AcceptQuote,
    "accept_offer": AcceptOffer,
    "decline_offer": DeclineOffer,
    "cancel_job": CancelJob,
    "extend_job": ExtendJob,
    "widen_dispatch": WidenDispatch,
    "assign_provider": AssignProvider,
    "readmit_provider": ReadmitProvider,
}
"""What operations may type in as a signal, by the names of the updates."""


@workflow.defn(name="Job")
class JobWorkflow(Story[JobCommand, JobEntry, JobAnswer]):
    @workflow.init
    def __init__(self, posted: Posted) -> None:
        carried = posted.carried
        super().__init__(
            entries=carried.entries if carried else (),
            refusals=carried.refusals if carried else (),
            remembered=carried.remembered if carried else (),
            untold=carried.untold if carried else False,
        )
        self._policy = posted.policy
        self._posting = posted.command
        self._unfit: DomainError | None = None
        self._made: Standing | None = None
        self._to_start = carried.to_start if carried else None
        self._to_forward = carried.to_forward if carried else None
        self._job = carried.job if carried else self._begin()
        self._coming = job_deadlines(self._job, self._policy)
        self._soonest = self._coming[0].due if self._coming else None

    def _begin(self) -> Job:
        """Return the job at its first step; one that nobody could work on is refused by `run` and `post`."""
        self.cause = began_by(self._posting)
        at = workflow.now()
        try:
            expect_postable(self._posting, at=at, policy=self._policy)
        except DomainError as refusal:
            self._unfit = refusal
        posted = post(self._posting, at=at, policy=self._policy)
        job = apply_job(posted.job, (posted,), policy=self._policy)
        self._books.note(job_entry("", self._posting, (posted,), job, at=at))
        self._memory.remember(self._posting, number=job.state_version)
        return job

    # The story.

    @workflow.run
    async def run(self, _: Posted) -> Job:
        if self._unfit:
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise refused(self._unfit)
        self._start_helpers(self._start_assignments, self._forward_cancels, self._look_for_candidates)
        while not self._is_over:
            await self._wait_for_the_clock()
            if self._wants_a_fresh_run and not self._is_over:
                await self._continue_in_a_fresh_run()
        await workflow.wait_condition(self._has_nothing_left_to_do)
        return self._job

    async def _continue_in_a_fresh_run(self) -> None:
        """Hand everything over to a new run, once no caller waits for an answer of this one (E12)."""
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._is_over:
            return
        entries, refusals = self._books.carried()
        carried = Carried(
            job=self._job,
            entries=entries,
            refusals=refusals,
            remembered=self._memory.carried(),
            untold=not self._everybody_is_told,
            to_start=self._to_start,
            to_forward=self._to_forward,
        )
        workflow.continue_as_new(Posted(command=self._posting, policy=self._policy, carried=carried))

    def _has_nothing_left_to_do(self) -> bool:
        return workflow.all_handlers_finished() and self._books.are_written and self._everybody_is_told

    # What people may ask: one update each, judged before it enters the history.

    @workflow.update(name="post_job")
    @guarded
    async def post(self, command: PostJob) -> JobAnswer:
        """Answer the posting that started this run; a repeat is answered alike."""
        if self._unfit:
            raise refused(self._unfit)
        try:
            known = self._memory.recall(command)
        except DomainError as refusal:
            raise refused(refusal, snapshot=self._job) from refusal
        first = known is not None and command.call == self._posting.call
        return JobAnswer(job=self._job, number=1, call=command.call if first else "")

    @workflow.update(name="submit_quote")
    @guarded
    async def submit_quote(self, command: SubmitQuote) -> JobAnswer:
        return await self._carry_out(command)

    @submit_quote.validator
    def _may_submit_quote(self, command: SubmitQuote) -> None:
        self._check(command)

    @workflow.update(name="withdraw_quote")
    @guarded
    async def withdraw_quote(self, command: WithdrawQuote) -> JobAnswer:
        return await self._carry_out(command)

    @withdraw_quote.validator
    def _may_withdraw_quote(self, command: WithdrawQuote) -> None:
        self._check(command)

    @workflow.update(name="accept_quote")
    @guarded
    async def accept_quote(self, command: AcceptQuote) -> JobAnswer:
        return await self._hand_over(command)

    @accept_quote.validator
    def _may_accept_quote(self, command: AcceptQuote) -> None:
        self._check(command)

    @workflow.update(name="accept_offer")
    @guarded
    async def accept_offer(self, command: AcceptOffer) -> JobAnswer:
        return await self._hand_over(command)

    @accept_offer.validator
    def _may_accept_offer(self, command: AcceptOffer) -> None:
        self._check(command)

    @workflow.update(name="decline_offer")
    @guarded
    async def decline_offer(self, command: DeclineOffer) -> JobAnswer:
        return await self._carry_out(command)

    @decline_offer.validator
    def _may_decline_offer(self, command: DeclineOffer) -> None:
        self._check(command)

    @workflow.update(name="cancel_job")
    @guarded
    async def cancel(self, command: CancelJob) -> JobAnswer:
        return await self._carry_out(command)

    @cancel.validator
    def _may_cancel(self, command: CancelJob) -> None:
        self._check(command)

    @workflow.update(name="extend_job")
    @guarded
    async def extend(self, command: ExtendJob) -> JobAnswer:
        return await self._carry_out(command)

    @extend.validator
    def _may_extend(self, command: ExtendJob) -> None:
        self._check(command)

    @workflow.update(name="widen_dispatch")
    @guarded
    async def widen(self, command: WidenDispatch) -> JobAnswer:
        return await self._carry_out(command)

    @widen.validator
    def _may_widen(self, command: WidenDispatch) -> None:
        self._check(command)

    @workflow.update(name="assign_provider")
    @guarded
    async def assign(self, command: AssignProvider) -> JobAnswer:
        return await self._hand_over(command)

    @assign.validator
    def _may_assign(self, command: AssignProvider) -> None:
        self._check(command)

    @workflow.update(name="readmit_provider")
    @guarded
    async def readmit(self, command: ReadmitProvider) -> JobAnswer:
        return await self._carry_out(command)

    @readmit.validator
    def _may_readmit(self, command: ReadmitProvider) -> None:
        self._check(command)

    @workflow.signal(name=ASSIGNMENT_CLOSED)
    async def assignment_closed(self, news: AssignmentClosed) -> None:
        """Hear how an assignment of this job ended; the same news twice counts once (E17)."""
        command = NoteAssignmentClosed(
            actor=SYSTEM,
            command_id=f"closed/{news.assignment_id}",
            source=Source.CLOCK,
            assignment_id=news.assignment_id,
            outcome=Status(news.outcome),
            at=news.at,
            reason=news.reason,
            keep_job=news.keep_job,
            late=news.late,
            window=news.window,
        )
        async with self._turn:
            if not self._memory.recall(command):
                self._settle(command, self._decide(command))

    @workflow.signal(dynamic=True, description=f"A command typed by hand: {', '.join(SIGNALS)}")
    async def signalled(self, name: str, args: Sequence[RawValue]) -> None:
        """Take any of the commands above as a signal, typed in by operations."""
        await self._heard(name, args, SIGNALS)

    @workflow.query
    def state(self) -> Job:
        return self._job

    @workflow.query
    def timeline(self) -> tuple[JobDeadline, ...]:
        """Return what is still to come, soonest first; what was is in the audit."""
        return self._coming

    # How a request becomes a fact.

    @property
    def _id(self) -> str:
        return self._job.id

    @property
    def _is_over(self) -> bool:
        return self._job.is_ended

    def _decide(self, command: JobCommand) -> Sequence[JobEvent]:
        return decide_job(self._job, command, at=workflow.now(), policy=self._policy)

    def _enter(self, command: JobCommand, events: Sequence[JobEvent]) -> None:
        before = self._job
        self._job = apply_job(before, events, policy=self._policy)
        self._coming = job_deadlines(self._job, self._policy)
        self._soonest = self._coming[0].due if self._coming else None
        self._books.note(job_entry(before.status, command, events, self._job, at=workflow.now()))
        for event in events:
            if isinstance(event, AssignmentMade):
                self._to_start = event.assignment
            if isinstance(event, CancelForwarded):
                self._to_forward = event
        workflow.set_current_details(job_details(self._job, self._coming))
        if before.status != self._job.status:
            workflow.upsert_search_attributes([search.STATUS.value_set(self._job.status)])

    async def _hand_over(self, command: JobCommand) -> JobAnswer:
        """Carry out an acceptance, and answer once the assignment's own story has begun."""
        answer = await self._carry_out(command)
        await workflow.wait_condition(lambda: self._to_start is None)
        return answer

    def _answer(self, command: JobCommand, *, number: int | None = None) -> JobAnswer:
        if number is not None:
            return JobAnswer(job=self._job, number=number, call="")
        made = opened(self._to_start, self._policy) if self._to_start else None
        return JobAnswer(job=self._job, number=self._job.state_version, call=command.call, assignment=made)

    def _snapshot(self) -> Job:
        return self._job

    def _number(self) -> int:
        return self._job.state_version

    def _due(self) -> list[JobCommand]:
        now = workflow.now()
        return [
            PassJobDeadline(
                actor=SYSTEM,
                command_id=f"{self._id}/{deadline.id}/{deadline.due.isoformat()}",
                source=Source.CLOCK,
                deadline_id=deadline.id,
            )
            for deadline in self._coming
            if deadline.due <= now
        ]

    def _alarm(self) -> str:
        return self._coming[0].id if self._coming else "nothing"

    # How we reach the world.

    async def _start_assignments(self) -> None:
        """Begin the story of an assignment that was made; it outlives any run of this one (E17)."""
        await workflow.wait_condition(lambda: self._to_start is not None)
        assignment = self._to_start
        if assignment is None:
            return
        try:
            await workflow.start_child_workflow(
                AssignmentWorkflow.run,
                Opened(assignment=assignment, policy=self._policy),
                id=assignment_run(assignment.id),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                task_timeout=TASK_TIMEOUT,
                search_attributes=search.identity(assignment),
                static_summary=f"assignment of job {self._job.id}",
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("job.assignment_runs_already", extra={"assignment_id": assignment.id})
        self._to_start = None

    async def _forward_cancels(self) -> None:
        """Ask the assignment to cancel; its guards decide, and its audit shows what they said (J15)."""
        await workflow.wait_condition(lambda: self._to_forward is not None)
        forward = self._to_forward
        if forward is None:
            return
        payload = {
            f"{forward.actor.role}_id": forward.actor.id,
            "reason": forward.reason,
            "command_id": f"forwarded/{self._id}/{forward.at.isoformat()}",
        }
        run = workflow.get_external_workflow_handle(assignment_run(forward.assignment_id))
        try:
            await run.signal("cancel_assignment", payload)
        except ApplicationError:
            workflow.logger.warning("job.assignment_is_gone", extra={"assignment_id": forward.assignment_id})
        self._to_forward = None

    async def _look_for_candidates(self) -> None:
        """Ask the matching door who could take the job, whenever the next wave waits for that."""
        await workflow.wait_condition(lambda: self._sought is not None)
        sought = self._sought
        if sought is None:
            return
        candidates = await workflow.execute_activity_method(
            Matching.find_candidates,
            Search(job_id=self._id, category=sought.category, limit=sought.count, excluded=sought.barred),
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=PATIENTLY,
            summary=f"find candidates for wave {sought.wave} of round {sought.round}",
        )
        await self._carry_out(
            OpenWave(
                actor=SYSTEM,
                command_id=f"wave/{self._id}/{sought.round}/{sought.wave}",
                source=Source.CLOCK,
                round=sought.round,
                wave=sought.wave,
                candidates=candidates,
            )
        )

    @property
    def _sought(self) -> CandidateSearch | None:
        return wants_candidates(self._job, self._policy)

    async def _write(self, entries: tuple[JobEntry, ...], refusals: tuple[Refusal, ...]) -> bool:
        info = workflow.info()
        batch = JobBatch(
            job_id=self._id,
            run=RunRef(workflow_id=info.workflow_id, run_id=info.run_id),
            entries=entries,
            refusals=refusals,
        )
        await workflow.execute_activity_method(
            Ledger.project_job,
            batch,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=UNTIL_IT_WORKS,
            summary=written([each.step for each in entries]),
        )
        # Releases up to 0.4.0 told the chosen provider from here, and their runs go on delivering at that
        # step; today the assignment tells them, and there may be nothing to deliver.
        chosen = AssignmentMade.__name__
        return any(each.notices or each.reminders or chosen in each.step.events for each in entries)


def opened(assignment: Assignment, policy: Policy) -> Standing:
    """Return how `assignment` stands after its own first step, which its run is about to take."""
    opening = OpenAssignment(actor=SYSTEM)
    events = decide(assignment, opening, at=assignment.created_at, policy=policy)
    return standing(apply(assignment, events, policy=policy), policy)
