"""A running job, as the tests of workflows speak with it."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client, WorkflowHandle

from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.job.commands import AcceptOffer, PostJob
from fulfillment.domain.job.state import DispatchMode, Job, JobStatus
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor
from fulfillment.domain.policy import Policy
from tests.skipping import SkippingServer
from tests.workflows.running import ADA, Running
from workflows.job import JobAnswer, JobWorkflow
from workflows.names import assignment_run
from workflows.starting import posting as job_posting


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
        handle = self.server.client.get_workflow_handle(assignment_run(id), result_type=Standing)
        return Running(handle, self.server)

    async def accepted_offer(self, provider: Actor) -> Running:
        """Have the provider accept the offer they hold, and return the assignment."""
        offer = next(each for each in (await self.state()).open_offers if each.provider_id == provider.id)
        answer = await self.ask(JobWorkflow.accept_offer, AcceptOffer(actor=provider, offer_id=offer.id))
        assert answer.assignment is not None
        return self.assignment(answer.assignment.assignment.id)


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


Post = Callable[..., Awaitable[RunningJob]]
