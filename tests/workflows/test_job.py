"""The story of a job: it finds a provider, loses one, finds another, and outlives its own runs."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

import workflows.story
from fulfillment.domain.assignment import Status
from fulfillment.domain.commands import ProposeWindow, RejectAssignment
from fulfillment.domain.job import DispatchMode, Job, JobStatus, OfferStatus
from fulfillment.domain.job_commands import (
    AcceptOffer,
    AcceptQuote,
    CancelJob,
    PostJob,
    SubmitQuote,
)
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor, Role
from fulfillment.domain.policy import Policy
from tests.skipping import SkippingServer
from tests.waiting import until
from tests.workflows.conftest import ADA, BOB, Running, replayer, window
from tests.workflows.witness import Witness
from workflows.assignment import AssignmentWorkflow
from workflows.job import JobAnswer, JobWorkflow
from workflows.names import assignment_run, job_run
from workflows.starting import posting as job_posting

BEA = Actor(id="bea", role=Role.PROVIDER)


@dataclass(frozen=True, slots=True)
class RunningJob:
    id: str
    handle: WorkflowHandle[JobWorkflow, Job]
    server: SkippingServer

    async def ask(self, update: Any, command: Any) -> JobAnswer:
        answer: JobAnswer = await self.handle.execute_update(update, command, id=uuid.uuid4().hex)
        return answer

    async def state(self) -> Job:
        return await self.handle.query(JobWorkflow.state)

    async def until(self, *statuses: JobStatus) -> Job:
        """Return the job once it has one of `statuses`."""
        job = await self.state()
        while job.status not in statuses:
            job = await self.state()
        return job

    def assignment(self, id: str) -> Running:
        handle = self.server.client.get_workflow_handle_for(AssignmentWorkflow.run, assignment_run(id))
        return Running(handle, self.server)

    async def accepted_offer(self, provider: Actor) -> Running:
        """Have the provider accept the offer they hold, and return the assignment."""
        offer = next(each for each in (await self.state()).open_offers if each.provider_id == provider.id)
        answer = await self.ask(JobWorkflow.accept_offer, AcceptOffer(actor=provider, offer_id=offer.id))
        assert answer.assignment is not None
        return self.assignment(answer.assignment.assignment.id)


Post = Callable[..., Awaitable[RunningJob]]


@pytest_asyncio.fixture
async def post(working: Client, skipping: SkippingServer) -> Post:
    async def posted(
        mode: DispatchMode = DispatchMode.AUTO, *, policy: Policy | None = None, **changes: Any
    ) -> RunningJob:
        id = uuid.uuid4().hex
        command = posting(id, mode=mode, **changes)
        await posted_by(working, command, policy=policy or Policy())
        handle = working.get_workflow_handle_for(JobWorkflow.run, job_run(id))
        return RunningJob(id, handle, skipping)

    return posted


def posting(id: str, *, mode: DispatchMode = DispatchMode.AUTO, **changes: Any) -> PostJob:
    return PostJob(
        **{
            "actor": ADA,
            "command_id": f"post-{id}",
            "job_id": id,
            "title": "Mend the boiler",
            "site_timezone": "Europe/Berlin",
            "price_cap": Money(amount=20_000, currency="EUR"),
            "dispatch_mode": mode,
            **changes,
        }
    )


async def posted_by(client: Client, command: PostJob, *, policy: Policy | None = None) -> JobAnswer:
    """Post the job as the API does, in one request that starts its story or finds it."""
    answer: JobAnswer = await client.execute_update_with_start_workflow(
        "post_job",
        command,
        start_workflow_operation=job_posting(command, policy or Policy()),
        result_type=JobAnswer,
    )
    return answer


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

    assert (await replayer().replay_workflow(history)).replay_failure is None
