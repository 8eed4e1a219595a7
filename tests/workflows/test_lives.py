"""Whole lives, one for each path through the two stories; a release records them (docs/testing.md)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

import workflows.story
from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    ApprovePayout,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    ConfirmWindow,
    DeclineWindow,
    DenyPayout,
    ExtendDeadline,
    HoldAssignment,
    ProposeWindow,
    RejectAssignment,
    ReportNoShow,
    ResolveIncident,
    ResubmitPayout,
    ResumeAssignment,
    SkipDeadline,
    WithdrawWindow,
)
from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.clocks import Clock, Clocks, Offset, QuietHours
from fulfillment.domain.job.commands import (
    AcceptQuote,
    AssignProvider,
    CancelJob,
    DeclineOffer,
    ExtendJob,
    ReadmitProvider,
    SubmitQuote,
    WidenDispatch,
    WithdrawQuote,
)
from fulfillment.domain.job.state import DispatchMode, JobStatus
from fulfillment.domain.money import Money
from fulfillment.domain.policy import Policy
from tests.waiting import until
from tests.workflows.replaying import HISTORIES, keep, recorded, replay_strictly
from tests.workflows.running import ADA, BEA, BOB, OLGA, ROOT, Start, fresh_assignment, window
from tests.workflows.running_jobs import Post
from tests.workflows.witness import Witness
from workflows.assignment import AssignmentWorkflow as Workflow
from workflows.assignment_requests import SIGNALS as ASSIGNMENT_SIGNALS
from workflows.job import SIGNALS as JOB_SIGNALS
from workflows.job import JobWorkflow
from workflows.reports import Answer

UPDATES = (*ASSIGNMENT_SIGNALS, *JOB_SIGNALS, "post_job")
PRICE = Money(amount=15_000, currency="EUR")


async def test_agreed_after_a_no_and_a_withdrawal_then_denied_and_paid(start: Start) -> None:
    running = await start()
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0))
    await running.ask(Workflow.decline, DeclineWindow(actor=ADA, version=1, reason="too early"))
    await running.ask(
        Workflow.propose, ProposeWindow(actor=ADA, window=window(days=6), expected_version=2, note="better")
    )
    await running.ask(Workflow.withdraw, WithdrawWindow(actor=ADA, version=3))
    await running.ask(Workflow.propose, ProposeWindow(actor=ADA, window=window(days=7), expected_version=4))
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(days=8), expected_version=5))
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=6))
    await running.skip(days=8)
    await running.ask(Workflow.check_in, CheckIn(actor=BOB))
    await running.ask(Workflow.complete, CompleteAssignment(actor=BOB, evidence=("photo",)))
    denial = DenyPayout(actor=ROOT, attempt=1, reason_code="evidence_missing", note="show the pump")
    await running.ask(Workflow.deny, denial)
    await running.ask(Workflow.resubmit, ResubmitPayout(actor=BOB, evidence=("photo of the pump",)))
    await running.ask(Workflow.approve, ApprovePayout(actor=ROOT, attempt=2, reason="bank 1"))

    standing = await running.handle.result()

    assert standing.assignment.status is Status.PAID
    await keep("denied-and-paid", running.handle)


async def test_patience_runs_out_is_held_skipped_and_extended_and_the_customer_cancels(start: Start) -> None:
    assignment = fresh_assignment()
    running = await start(assignment)
    first, second, *_ = (await running.standing()).coming
    await running.ask(Workflow.skip_deadline, SkipDeadline(actor=OLGA, deadline_id=first.id, reason="known"))
    extension = ExtendDeadline(
        actor=OLGA, deadline_id=second.id, to=second.due + timedelta(hours=1), reason="an hour more"
    )
    await running.ask(Workflow.extend_deadline, extension)
    until = assignment.created_at + timedelta(days=3)
    await running.ask(Workflow.hold, HoldAssignment(actor=OLGA, until=until, reason="holiday"))
    await running.ask(Workflow.resume, ResumeAssignment(actor=OLGA))
    await running.skip(days=3)
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(days=9), expected_version=0))
    await running.skip(days=2)
    await running.ask(Workflow.cancel, CancelAssignment(actor=ADA, reason="it works again"))

    standing = await running.handle.result()

    assert standing.assignment.status is Status.CANCELLED
    await keep("held-expired-and-cancelled", running.handle)


async def test_a_denial_nobody_answers_closes_unpaid(start: Start) -> None:
    running = await start()
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0))
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))
    await running.ask(Workflow.complete, CompleteAssignment(actor=OLGA))
    denial = DenyPayout(actor=ROOT, attempt=1, reason_code="not_done", note="nobody came")
    await running.ask(Workflow.deny, denial)

    await running.skip(days=8)
    standing = await running.handle.result()

    assert standing.assignment.status is Status.CLOSED_UNPAID
    await keep("closed-unpaid", running.handle)


async def test_neither_comes_to_a_visit_and_the_next_time_the_customer_does_not(start: Start) -> None:
    running = await start(policy=Policy(no_show_suspected_after=timedelta(minutes=30), call_out_fee=4_000))
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0))
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))
    await running.skip(days=5, minutes=31)
    await running.ask(Workflow.report_no_show, ReportNoShow(actor=ADA, note="waited for an hour"))
    await running.ask(Workflow.answer_incident, AnswerIncident(actor=BOB, statement="the street was closed"))
    burst = ResolveIncident(actor=OLGA, verdict=IncidentVerdict.NEITHER, reason="a burst main")
    await running.ask(Workflow.resolve_incident, burst)
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(days=8), expected_version=3))
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=4))
    await running.skip(days=3)
    await running.ask(Workflow.check_in, CheckIn(actor=BOB))
    await running.ask(Workflow.report_no_show, ReportNoShow(actor=BOB))
    await running.skip(hours=3)
    away = ResolveIncident(actor=OLGA, verdict=IncidentVerdict.CUSTOMER_FAULT, reason="she forgot")
    await running.ask(Workflow.resolve_incident, away)
    await running.ask(Workflow.approve, ApprovePayout(actor=ROOT, attempt=1, reason="bank 3"))

    standing = await running.handle.result()

    assert standing.assignment.status is Status.PAID
    assert standing.assignment.payout is not None
    assert standing.assignment.payout.amount == Money(amount=4_000, currency="EUR")
    await keep("no-show-twice-and-paid", running.handle)


async def test_signals_good_and_bad_and_a_run_renewed(
    start: Start, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows.story, "COMMANDS_PER_RUN", 6)
    running = await start()
    await running.handle.signal("approve_payout", {"admin_id": "root", "attempt": 1})
    await running.handle.signal("nonsense")
    for version in range(8):
        command = ProposeWindow(actor=BOB, window=window(days=5 + version), expected_version=version)
        await running.ask(Workflow.propose, command)
    await running.handle.signal("reject_assignment", {"provider_id": "bob", "reason_code": "equipment"})

    standing = await running.handle.result()

    assert standing.assignment.status is Status.REJECTED
    monkeypatch.undo()
    await keep("renewed-and-rejected", running.handle)


async def test_a_busy_provider_and_a_database_away(start: Start, witness: Witness) -> None:
    running = await start()
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0))
    witness.provider_is_busy = True
    await running.refusal(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))
    witness.provider_is_busy = False
    witness.database_is_up.clear()
    await running.refusal(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))
    witness.database_is_up.set()
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))
    await running.ask(Workflow.reject, RejectAssignment(actor=BOB, reason_code="conflict"))

    await running.handle.result()

    await keep("busy-and-in-doubt", running.handle)


async def test_a_job_that_loses_two_providers_and_is_helped_by_operations(
    post: Post, witness: Witness
) -> None:
    witness.candidates = ("bob", "bea")
    job = await post(DispatchMode.BOTH)
    state = await job.until(JobStatus.OFFERING)
    declined = next(each for each in state.open_offers if each.provider_id == "bea")
    await job.ask(
        JobWorkflow.decline_offer, DeclineOffer(actor=BEA, offer_id=declined.id, reason_code="too_far")
    )
    first = await job.accepted_offer(BOB)
    await first.ask(Workflow.reject, RejectAssignment(actor=BOB, reason_code="sick"))
    await first.handle.result()
    await job.until(JobStatus.OFFERING)
    second = await job.accepted_offer(BEA)
    await second.ask(Workflow.reject, RejectAssignment(actor=BEA, reason_code="location"))
    await second.handle.result()
    await job.until(JobStatus.QUOTING, JobStatus.UNFILLED)
    await job.server.skip(job.handle, timedelta(days=3))
    await job.until(JobStatus.UNFILLED)
    await job.ask(JobWorkflow.readmit, ReadmitProvider(actor=OLGA, provider_id="bob", reason="well again"))
    await job.ask(JobWorkflow.extend, ExtendJob(actor=OLGA, hours=48, reason="the customer waits"))
    await job.ask(JobWorkflow.cancel, CancelJob(actor=ADA, reason="found somebody myself"))

    assert (await job.handle.result()).status is JobStatus.CANCELLED
    await keep("job-lost-twice-and-cancelled", job.handle)


async def test_a_job_of_quotes_widened_and_given_by_hand(post: Post, witness: Witness) -> None:
    job = await post(DispatchMode.QUOTES)
    await job.until(JobStatus.QUOTING)
    await job.ask(JobWorkflow.submit_quote, SubmitQuote(actor=BOB, quote_id="q1", price=PRICE))
    await job.ask(JobWorkflow.withdraw_quote, WithdrawQuote(actor=BOB, quote_id="q1"))
    await job.server.skip(job.handle, timedelta(days=3))
    await job.until(JobStatus.UNFILLED)
    await job.ask(JobWorkflow.widen, WidenDispatch(actor=OLGA, reason="ask everybody", wave_size=5))
    await job.until(JobStatus.QUOTING)
    await job.ask(JobWorkflow.submit_quote, SubmitQuote(actor=BEA, quote_id="q2", price=PRICE))
    answer = await job.ask(JobWorkflow.accept_quote, AcceptQuote(actor=ADA, quote_id="q2", version=1))
    assert answer.assignment is not None
    running = job.assignment(answer.assignment.assignment.id)
    await running.ask(Workflow.propose, ProposeWindow(actor=BEA, window=window(), expected_version=0))
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))
    await running.ask(Workflow.complete, CompleteAssignment(actor=OLGA))
    await running.ask(Workflow.approve, ApprovePayout(actor=ROOT, attempt=1, reason="bank 2"))

    assert (await job.handle.result()).status is JobStatus.COMPLETED
    await keep("job-quoted-and-completed", job.handle)


async def test_a_job_nobody_could_take_is_given_to_a_provider_by_name(post: Post, witness: Witness) -> None:
    job = await post(DispatchMode.AUTO)
    await job.until(JobStatus.UNFILLED)
    command = AssignProvider(actor=OLGA, provider_id="bea", amount=PRICE, reason="agreed by phone")
    answer = await job.ask(JobWorkflow.assign, command)
    assert answer.assignment is not None

    await job.ask(JobWorkflow.cancel, CancelJob(actor=ADA, reason="sold the house"))

    assert (await job.handle.result()).status is JobStatus.CANCELLED
    await keep("job-assigned-and-cancelled", job.handle)


async def test_quiet_hours_are_kept_by_each_sides_own_clock(start: Start, witness: Witness) -> None:
    now = datetime.now(UTC)
    witness.clocks = Clocks(customer=the_clock(now, noon_at=now), provider=the_clock(now, noon_at=now))
    night = QuietHours(start=time(21), end=time(8))
    running = await start(policy=replace(Policy(), quiet=night))
    id = (await running.standing()).assignment.id

    # It is noon there: half of the patience is used up at midnight, all of it at noon.
    await running.skip(hours=19.9)
    assert witness.reminders(id) == []
    await running.skip(hours=4.2)
    await until(lambda: len(witness.reminders(id)) == len(["at eight", "at noon"]))

    reminder = witness.entries[-2].reminders[0]
    assert (reminder.due - now).total_seconds() == pytest.approx(20 * 3600, abs=60)
    await running.ask(Workflow.cancel, CancelAssignment(actor=ADA, reason="it works again"))
    await running.handle.result()
    assert len(witness.clocks_read) == 1
    await keep("quiet-night-and-cancelled", running.handle)


def the_clock(now: datetime, *, noon_at: datetime) -> Clock:
    """Return a clock by which it is noon at that instant."""
    noon = noon_at.replace(hour=12, minute=0, second=0, microsecond=0)
    return Clock(zone="Test/Noon", offsets=(Offset(since=now - timedelta(days=1), ahead=noon - noon_at),))


class TestRecordedHistories:
    @pytest.mark.parametrize("name", sorted(recorded()))
    async def test_replay_with_the_same_answers(self, name: str) -> None:
        assert await replay_strictly(recorded()[name]) >= 0

    def test_there_is_one_for_every_command(self) -> None:
        text = "".join(path.read_text() for path in HISTORIES.glob("*/*.json"))

        asked = set(re.findall(r'"(?:name|signalName)": "(\w+)"', text))

        assert set(UPDATES) - asked == set()

    async def test_a_changed_rule_is_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        history = next(each for name, each in recorded().items() if name.endswith("denied-and-paid"))

        def one_too_many(**said: Any) -> Answer:
            return Answer(**{**said, "number": said["number"] + 1})

        monkeypatch.setattr("workflows.assignment.Answer", one_too_many)

        with pytest.raises(AssertionError):
            await replay_strictly(history)
