"""The story of a job: it finds a provider, loses one, finds another, and outlives its own runs."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

import workflows.story
from fulfillment.domain.assignment.commands import ProposeWindow, RejectAssignment
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.job.commands import AcceptQuote, CancelJob, SubmitQuote
from fulfillment.domain.job.state import DispatchMode, JobStatus, OfferStatus
from fulfillment.domain.money import Money
from tests.waiting import until
from tests.workflows.replaying import replay_strictly
from tests.workflows.running import ADA, BEA, BOB, window
from tests.workflows.running_jobs import Post, posted_by, posting
from tests.workflows.witness import Witness
from workflows.assignment import AssignmentWorkflow
from workflows.job import JobWorkflow


async def test_offers_go_to_the_candidates_and_the_first_to_accept_has_the_job(
    post: Post, witness: Witness
) -> None:
    witness.candidates = ("bob", "bea")
    job = await post()
    await job.until(JobStatus.OFFERING)

    assignment = await job.accepted_offer(BOB)

    state = await job.state()
    assert state.status is JobStatus.ACCEPTED
    assert {each.provider_id: each.status for each in state.offers} == {
        "bob": OfferStatus.ACCEPTED,
        "bea": OfferStatus.FILLED,
    }
    assert (await assignment.standing()).assignment.state_version == 1


async def test_an_accepted_quote_brings_its_window_along(post: Post) -> None:
    job = await post(DispatchMode.QUOTES)
    await job.until(JobStatus.QUOTING)
    price = Money(amount=15_000, currency="EUR")
    await job.ask(
        JobWorkflow.submit_quote, SubmitQuote(actor=BOB, quote_id="q", price=price, window=window())
    )

    answer = await job.ask(JobWorkflow.accept_quote, AcceptQuote(actor=ADA, quote_id="q", version=1))

    assert answer.assignment is not None
    opened = answer.assignment.assignment
    assert opened.price == price
    assert opened.open_proposal is not None
    assert opened.open_proposal.version == 1
    assert (await job.assignment(opened.id).standing()).assignment == opened


async def test_a_rejection_requeues_once_and_somebody_else_gets_the_job(post: Post, witness: Witness) -> None:
    witness.candidates = ("bob", "bea")
    job = await post()
    await job.until(JobStatus.OFFERING)
    assignment = await job.accepted_offer(BOB)

    await assignment.ask(AssignmentWorkflow.reject, RejectAssignment(actor=BOB, reason_code="sick"))
    await assignment.handle.result()
    state = await job.until(JobStatus.OFFERING)

    assert [each.provider_id for each in state.requeues] == ["bob"]
    assert [each.provider_id for each in state.open_offers] == ["bea"]
    second = await job.accepted_offer(BEA)
    assert second.handle.id != assignment.handle.id


async def test_the_news_of_an_end_counts_once(post: Post, witness: Witness) -> None:
    witness.candidates = ("bob", "bea")
    job = await post()
    await job.until(JobStatus.OFFERING)
    assignment = await job.accepted_offer(BOB)
    await assignment.ask(AssignmentWorkflow.reject, RejectAssignment(actor=BOB, reason_code="sick"))
    await assignment.handle.result()
    await job.until(JobStatus.OFFERING)
    second = await job.accepted_offer(BEA)

    history = await assignment.handle.fetch_history()
    told = next(
        event.signal_external_workflow_execution_initiated_event_attributes
        for event in history.events
        if event.HasField("signal_external_workflow_execution_initiated_event_attributes")
    )
    echo = await job.server.client.data_converter.decode(list(told.input.payloads))
    await job.handle.signal("assignment_closed", echo[0])

    state = await job.state()
    assert (state.status, len(state.requeues)) == (JobStatus.ACCEPTED, 1)
    assert (await second.standing()).assignment.status is Status.AWAITING_SCHEDULE


async def test_e17_an_assignment_outlives_the_runs_of_its_job(
    post: Post, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows.story, "COMMANDS_PER_RUN", 3)
    witness.candidates = ("bob", "bea")
    job = await post(DispatchMode.BOTH)
    await job.until(JobStatus.OFFERING)
    first_run = (await job.handle.describe()).run_id
    assignment = await job.accepted_offer(BOB)
    async with asyncio.timeout(10):
        while (await job.handle.describe()).run_id == first_run:
            await job.state()

    await assignment.ask(AssignmentWorkflow.reject, RejectAssignment(actor=BOB, reason_code="sick"))
    state = await job.until(JobStatus.OFFERING)

    assert (await assignment.handle.result()).assignment.status is Status.REJECTED
    assert [each.from_assignment for each in state.requeues] == [
        assignment.handle.id.removeprefix("assignment-")
    ]


async def test_nobody_to_ask_hands_the_job_to_operations(post: Post, witness: Witness) -> None:
    job = await post()

    state = await job.until(JobStatus.UNFILLED)

    assert state.offers == ()
    await until(lambda: witness.job_entries[-1].job.status is JobStatus.UNFILLED)
    assert [str(each.to) for each in witness.job_entries[-1].notices] == ["customer:ada", "ops:ops"]


async def test_a_matcher_that_breaks_for_good_is_asked_again_once_it_is_mended(
    post: Post, witness: Witness
) -> None:
    witness.candidates, witness.matcher_is_broken = ("bob",), True
    job = await post()
    await job.server.skip(job.handle, timedelta(minutes=3))
    witness.matcher_is_broken = False

    await job.server.skip(job.handle, timedelta(minutes=2))

    assert (await job.state()).status is JobStatus.OFFERING


async def test_cancelling_a_job_in_a_providers_hands_asks_the_assignment(
    post: Post, witness: Witness
) -> None:
    witness.candidates = ("bob",)
    job = await post()
    await job.until(JobStatus.OFFERING)
    assignment = await job.accepted_offer(BOB)

    await job.ask(JobWorkflow.cancel, CancelJob(actor=ADA, reason="sold the house"))

    assert (await assignment.handle.result()).assignment.status is Status.CANCELLED
    assert (await job.handle.result()).status is JobStatus.CANCELLED


async def test_a_job_that_nobody_wants_expires(post: Post) -> None:
    job = await post(DispatchMode.QUOTES)
    await job.until(JobStatus.QUOTING)

    await job.server.skip(job.handle, timedelta(days=61))

    assert (await job.handle.result()).status is JobStatus.EXPIRED


async def test_posting_twice_under_one_id_makes_one_job(working: Client) -> None:
    command = posting(uuid.uuid4().hex, mode=DispatchMode.QUOTES, call="first")
    first = await posted_by(working, command)

    again = posting(command.job_id, mode=DispatchMode.QUOTES, call="second")
    second = await posted_by(working, again)

    assert (first.call, second.call, second.job.id) == ("first", "", first.job.id)


async def test_posting_something_else_under_the_same_id_is_refused(working: Client) -> None:
    command = posting(uuid.uuid4().hex, mode=DispatchMode.QUOTES)
    await posted_by(working, command)
    other = posting(command.job_id, mode=DispatchMode.QUOTES, title="Paint the fence")

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await posted_by(working, other)

    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "IdempotencyMismatch"


async def test_a_job_that_breaks_a_rule_never_begins(working: Client, witness: Witness) -> None:
    command = posting(uuid.uuid4().hex, title="")

    with pytest.raises(WorkflowUpdateFailedError):
        await posted_by(working, command)

    assert witness.job_entries == []


async def test_the_history_of_a_job_replays(post: Post, witness: Witness) -> None:
    witness.candidates = ("bob", "bea")
    job = await post(DispatchMode.BOTH)
    await job.until(JobStatus.OFFERING)
    assignment = await job.accepted_offer(BOB)
    command = ProposeWindow(actor=BOB, window=window(), expected_version=0)
    await assignment.ask(AssignmentWorkflow.propose, command)
    await job.ask(JobWorkflow.cancel, CancelJob(actor=ADA, reason="sold the house"))
    await job.handle.result()

    history = await job.handle.fetch_history()

    assert await replay_strictly(history) == 3
