"""A provider's absence: what it touches is seen to once, and it lasts to its end or somebody's word."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.absences import Absences, Begun, News, Order, Turn
    from fulfillment.domain.absence.commands import EndAbsence, ReportAbsence
    from fulfillment.domain.absence.consequences import Consequence, What
    from fulfillment.domain.absence.results import AbsenceStatus, Affected, Outcome, Result
    from fulfillment.domain.command import Command, fingerprint
    from fulfillment.domain.errors import IdempotencyMismatch

from workflows.causing import began_by, caused_by
from workflows.guard import guarded, refused
from workflows.retries import UNTIL_IT_WORKS

AN_ATTEMPT = timedelta(seconds=10)
SIGN_OF_LIFE = timedelta(seconds=8)
PATIENCE = timedelta(seconds=30)
"""So long the others wait for one assignment that does not answer; then it is put behind them."""
SOON = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=5))
MOST_LOOKS = 3
"""An assignment that moves on each time it is looked at is refused in the end."""
ROUNDS = 12
FIRST_PAUSE = timedelta(minutes=1)
"""Doubled from round to round: the last of them is more than a day after the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceAnswer:
    """Whom an absence touches, and which call has begun it or ended it.

    A `call` other than one's own means that the command had been carried out before.
    """

    affected: tuple[Affected, ...]
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceProgress:
    """How an absence gets on, as its run says."""

    status: AbsenceStatus
    affected: tuple[Affected, ...]
    results: tuple[Result, ...]


@workflow.defn(name="ProviderUnavailable")
class ProviderUnavailableWorkflow:
    @workflow.init
    def __init__(self, report: ReportAbsence) -> None:
        self._report = report
        self._reported_at = workflow.now()
        self._first: tuple[Affected, ...] | None = None
        self._affected: tuple[Affected, ...] = ()
        self._results: dict[str, Result] = {}
        self._ending: EndAbsence | None = None
        self._status = AbsenceStatus.RUNNING
        self._is_over = False
        self.cause = began_by(report)

    # The story.

    @workflow.run
    async def run(self, _: ReportAbsence) -> AbsenceProgress:
        self._affected = await self._look()
        self._first = tuple(each for each in self._affected if not each.late)
        await self._go_through()
        # What was agreed just before, and written down too late for the first look.
        self._affected = await self._look()
        await self._go_through()
        await self._become(AbsenceStatus.ENDED if self._ending else AbsenceStatus.DONE)
        await self._wait_for_the_end()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.progress()

    async def _go_through(self) -> None:
        """See to all that is not settled, in their turn; whoever cannot be reached has another, later."""
        left = [each.assignment_id for each in self._affected if each.assignment_id not in self._results]
        for n in range(ROUNDS):
            if n:
                await self._pause(FIRST_PAUSE * 2 ** (n - 1))
            left = [id for id in left if not await self._is_seen_to(id)]
            if not left or self._ending:
                break
        why = "the absence was ended before its turn came" if self._ending else "its run never answered"
        outcome = Outcome.SPARED if self._ending else Outcome.UNREACHED
        for id in left:
            await self._settle(Result(assignment_id=id, outcome=outcome, at=workflow.now(), detail=why))

    async def _is_seen_to(self, assignment_id: str) -> bool:
        """See to one assignment, and return whether that is done: not if it cannot be reached now."""
        if self._ending:
            return False
        try:
            result = await self._tried(assignment_id)
        except ActivityError as failure:
            if is_cancelled_exception(failure):
                raise
            workflow.logger.warning("absence.unreached", extra={"assignment_id": assignment_id})
            return False
        await self._settle(result)
        return True

    async def _tried(self, assignment_id: str) -> Result:
        """Do what an assignment, as it stands now, calls for; look again if it moves on in between."""
        for _ in range(MOST_LOOKS):
            wanted = await self._considered(assignment_id)
            if wanted is None or wanted.what is What.LEAVE:
                return self._left(assignment_id, wanted)
            result = await self._carried_out(assignment_id, wanted)
            if not result.is_out_of_step:
                break
        return result

    def _left(self, assignment_id: str, wanted: Consequence | None) -> Result:
        return Result(
            assignment_id=assignment_id,
            outcome=Outcome.LEFT if wanted else Outcome.UNTOUCHED,
            at=workflow.now(),
            detail=wanted.why if wanted else "nothing of it is in that time any more",
        )

    async def _wait_for_the_end(self) -> None:
        """Let the absence last; once it is ended, write that down, and who said so."""
        await self._pause(self._report.until - workflow.now())
        self._is_over = self._ending is None
        if self._ending:
            await self._become(AbsenceStatus.ENDED)

    async def _pause(self, length: timedelta) -> None:
        """Let time pass, unless somebody ends the absence."""
        if length <= timedelta():
            return
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._ending is not None, timeout=length, timeout_summary="absent"
            )

    # What people may ask.

    @workflow.update(name="report_absence")
    @guarded
    async def report(self, command: ReportAbsence) -> AbsenceAnswer:
        """Return whom the absence touches, as it was found at first."""
        _expect_the_same(command, self._report)
        await workflow.wait_condition(lambda: self._first is not None)
        return AbsenceAnswer(affected=self._first or (), call=self._report.call)

    @workflow.update(name="end_absence")
    @guarded
    async def end(self, command: EndAbsence) -> AbsenceAnswer:
        """End the absence before its time; one that has ended, by itself or not, stays as it is."""
        if self._is_over:
            return AbsenceAnswer(affected=self._affected, call=command.call)
        if self._ending is None:
            self._ending = command
            self.cause = caused_by(command)
        is_this = command.command_id == self._ending.command_id
        if is_this:
            _expect_the_same(command, self._ending)
        await workflow.wait_condition(lambda: self._status is AbsenceStatus.ENDED)
        return AbsenceAnswer(affected=self._affected, call=(self._ending if is_this else command).call)

    @workflow.query(name="progress")
    def progress(self) -> AbsenceProgress:
        return AbsenceProgress(
            status=self._status, affected=self._affected, results=tuple(self._results.values())
        )

    # How we reach the world.

    async def _look(self) -> tuple[Affected, ...]:
        return await workflow.execute_activity_method(
            Absences.begin,
            Begun(report=self._report, at=self._reported_at),
            start_to_close_timeout=AN_ATTEMPT,
            retry_policy=UNTIL_IT_WORKS,
            summary="write the absence down, and look whom it touches",
        )

    async def _considered(self, assignment_id: str) -> Consequence | None:
        return await workflow.execute_activity_method(
            Absences.consider,
            Turn(report=self._report, reported_at=self._reported_at, assignment_id=assignment_id),
            start_to_close_timeout=AN_ATTEMPT,
            schedule_to_close_timeout=PATIENCE,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=SOON,
            summary=f"look at {assignment_id}",
        )

    async def _carried_out(self, assignment_id: str, wanted: Consequence) -> Result:
        return await workflow.execute_activity_method(
            Absences.carry_out,
            Order(report=self._report, assignment_id=assignment_id, wanted=wanted, at=workflow.now()),
            start_to_close_timeout=AN_ATTEMPT,
            schedule_to_close_timeout=PATIENCE,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=SOON,
            summary=f"{wanted.what} {assignment_id}",
        )

    async def _settle(self, result: Result) -> None:
        self._results[result.assignment_id] = result
        await self._note(News(absence_id=self._report.absence_id, at=workflow.now(), results=(result,)))

    async def _become(self, status: AbsenceStatus) -> None:
        if self._status is status:
            return
        news = News(
            absence_id=self._report.absence_id,
            at=workflow.now(),
            status=status,
            ending=self._ending if status is AbsenceStatus.ENDED else None,
        )
        await self._note(news)
        self._status = status
        workflow.set_current_details(self._in_words())

    async def _note(self, news: News) -> None:
        await workflow.execute_activity_method(
            Absences.note,
            news,
            start_to_close_timeout=AN_ATTEMPT,
            retry_policy=UNTIL_IT_WORKS,
            summary="write down how the absence gets on",
        )
        workflow.set_current_details(self._in_words())

    def _in_words(self) -> str:
        span = self._report.span
        lines = [f"**{self._status}**: away {span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M} UTC"]
        lines.append(f"{len(self._results)} of {len(self._affected)} assignments are seen to")
        lines += [f"- `{each.assignment_id}`: {each.outcome} {each.code}" for each in self._results.values()]
        return "\n\n".join(lines)


def _expect_the_same(command: Command, known: Command) -> None:
    """Refuse another request under the same key."""
    if fingerprint(command) != fingerprint(known):
        mismatch = "this Idempotency-Key was used for another request; take a new one"
        raise refused(IdempotencyMismatch(mismatch))
