"""The worker's SDK says what the page about metrics says it does."""

import uuid
from datetime import timedelta

import httpx2
from temporalio import activity, workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api import connection
from devstack import ports
from tests.alerts.test_metrics import of_the_sdk
from tests.skipping import SkippingServer

stumbled: list[str] = []


@activity.defn(name="nod")
async def nod() -> None:
    """Do nothing; it is counted all the same."""


@workflow.defn(name="Stumbling")
class StumblingWorkflow:
    """Its first task fails, as one does whose code has a bug; the next one does not."""

    @workflow.run
    async def run(self) -> None:
        if not stumbled:
            stumbled.append(workflow.info().run_id)
            raise RuntimeError("a bug")
        await workflow.execute_activity(nod, start_to_close_timeout=timedelta(seconds=10))


async def test_what_is_documented_is_scraped(skipping: SkippingServer) -> None:
    at = f"{ports.LOOPBACK}:{ports.free()}"
    stumbled.clear()
    address = connection.Address(host=skipping.client.service_client.config.target_host)
    client = await connection.connect(address, runtime=connection.runtime(metrics_at=at), retry=None)
    queue = f"counted-{uuid.uuid4().hex}"
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[StumblingWorkflow],
        activities=[nod],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )

    async with worker, httpx2.AsyncClient() as http:
        await client.execute_workflow(StumblingWorkflow.run, id=queue, task_queue=queue)
        scraped = (await http.get(f"http://{at}/metrics")).text

    documented = of_the_sdk()
    assert documented
    assert [name for name in documented if f"\n{name}" not in scraped] == []
