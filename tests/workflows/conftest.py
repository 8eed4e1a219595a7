"""A Temporal server that skips time, with one worker whose activities only witness what they are asked."""

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.service import RPCError

import worker
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.job.state import DispatchMode
from fulfillment.domain.policy import Policy
from tests.skipping import SkippingServer
from tests.workflows.absences import Notebook
from tests.workflows.bank import Bank
from tests.workflows.running import Running, Start, fresh_assignment
from tests.workflows.running_jobs import Post, RunningJob, posted_by, posting
from tests.workflows.witness import Witness
from workflows.absence import ProviderUnavailableWorkflow
from workflows.aftercare import PayoutAftercareWorkflow
from workflows.assignment import AssignmentWorkflow, Opened
from workflows.job import JobWorkflow
from workflows.names import NOTIFICATIONS_QUEUE, PAYMENTS_QUEUE, QUEUE, assignment_run, job_run


@pytest_asyncio.fixture(scope="session")
async def skipping() -> AsyncIterator[SkippingServer]:
    async with SkippingServer.started() as server:
        yield server


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def notebook(skipping: SkippingServer) -> Notebook:
    return Notebook(skipping.client)


@pytest_asyncio.fixture
async def working(
    skipping: SkippingServer, witness: Witness, bank: Bank, notebook: Notebook
) -> AsyncIterator[Client]:
    """Yield a client beside a worker whose activities are the witness's."""
    stories = worker.worker_for(
        skipping.client,
        QUEUE,
        workflows=[JobWorkflow, AssignmentWorkflow, PayoutAftercareWorkflow, ProviderUnavailableWorkflow],
        activities=[*witness.activities, *notebook.activities],
    )
    payments = worker.worker_for(
        skipping.client, PAYMENTS_QUEUE, activities=[witness.settle_payout, *bank.activities]
    )
    notices = worker.worker_for(skipping.client, NOTIFICATIONS_QUEUE, activities=[witness.deliver])
    async with stories, payments, notices:
        yield skipping.client
        await _end_all(skipping.client)


async def _end_all(client: Client) -> None:
    """End what still runs: the next test has a witness of its own on the same queues."""
    async for run in client.list_workflows('ExecutionStatus = "Running"'):
        with suppress(RPCError):
            await client.get_workflow_handle(run.id, run_id=run.run_id).terminate("the test is over")


@pytest_asyncio.fixture
async def start(working: Client, skipping: SkippingServer) -> Start:
    """Return a function that starts an assignment."""

    async def started(assignment: Assignment | None = None, *, policy: Policy | None = None) -> Running:
        opened = Opened(assignment=assignment or fresh_assignment(), policy=policy or Policy())
        handle = await working.start_workflow(
            AssignmentWorkflow.run,
            opened,
            id=assignment_run(opened.assignment.id),
            task_queue=QUEUE,
            execution_timeout=timedelta(days=400),
        )
        return Running(handle, skipping)

    return started


@pytest_asyncio.fixture
async def post(working: Client, skipping: SkippingServer) -> Post:
    """Return a function that posts a job."""

    async def posted(
        mode: DispatchMode = DispatchMode.AUTO, *, policy: Policy | None = None, **changes: Any
    ) -> RunningJob:
        id = uuid.uuid4().hex
        command = posting(id, mode=mode, **changes)
        await posted_by(working, command, policy=policy or Policy())
        handle = working.get_workflow_handle_for(JobWorkflow.run, job_run(id))
        return RunningJob(id, handle, skipping)

    return posted
