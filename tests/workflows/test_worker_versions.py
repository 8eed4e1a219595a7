"""Versions of the worker stand side by side, and the one that is current works: also after a step back."""

import asyncio

import pytest
from temporalio.api.enums.v1 import RoutingConfigUpdateState
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.worker import Worker

import worker
from fulfillment.domain.assignment.commands import ProposeWindow
from fulfillment.domain.policy import Policy
from fulfillment.settings import AppEnv, Settings
from tests.skipping import SkippingServer
from tests.workflows.running import ADA, BOB, Run, Running, fresh_assignment, window
from tests.workflows.witness import Witness
from workflows.assignment import AssignmentWorkflow, Opened
from workflows.names import QUEUE, assignment_run

SETTLED = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_COMPLETED


async def make_current(client: Client, version: WorkerDeploymentVersion) -> None:
    """Have `version` do the work from now on, as `temporal worker deployment set-current-version` does.

    Its workers may not have asked for work yet, and the queues hear of it a little later.
    """
    wish = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=version.deployment_name, build_id=version.build_id
    )
    look = DescribeWorkerDeploymentRequest(
        namespace=client.namespace, deployment_name=version.deployment_name
    )
    async with asyncio.timeout(10):
        while True:
            try:
                await client.workflow_service.set_worker_deployment_current_version(wish)
                break
            except RPCError:
                await asyncio.sleep(0.05)
        while True:
            seen = await client.workflow_service.describe_worker_deployment(look)
            if seen.worker_deployment_info.routing_config_update_state == SETTLED:
                return
            await asyncio.sleep(0.05)


async def worked_by(run: Run) -> str:
    """Return the version that did the last step of `run`."""
    seen = await run.describe()
    return seen.raw_description.workflow_execution_info.versioning_info.deployment_version.build_id


async def test_a_run_goes_on_with_the_version_that_is_made_current_and_comes_back(
    skipping: SkippingServer, witness: Witness
) -> None:
    client, assignment = skipping.client, fresh_assignment()
    queue = f"{QUEUE}-{assignment.id}"
    one, two = (
        WorkerDeploymentVersion(deployment_name=f"fulfillment-{assignment.id}", build_id=build)
        for build in ("1", "2")
    )

    def working_as(version: WorkerDeploymentVersion) -> Worker:
        return worker.worker_for(
            client, queue, workflows=[AssignmentWorkflow], activities=witness.activities, version=version
        )

    workers: list[str] = []
    async with working_as(one), working_as(two):
        await make_current(client, one)
        handle = await client.start_workflow(
            AssignmentWorkflow.run,
            Opened(assignment=assignment, policy=Policy()),
            id=assignment_run(assignment.id),
            task_queue=queue,
        )
        run = Running(handle, skipping)
        for current, actor in ((one, ADA), (two, BOB), (one, ADA)):
            await make_current(client, current)
            await run.ask(
                AssignmentWorkflow.propose,
                ProposeWindow(actor=actor, window=window(), expected_version=len(workers)),
            )
            workers.append(await worked_by(handle))

    assert workers == ["1", "2", "1"]


def test_without_a_build_id_there_are_no_versions() -> None:
    plain = Settings(app_env=AppEnv.DEV, database_url="postgresql://127.0.0.1/fulfillment")

    assert worker.version_of(plain) is None


def test_the_environment_of_the_worker_controller_names_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_DEPLOYMENT_NAME", "shop/fulfillment")
    monkeypatch.setenv("TEMPORAL_WORKER_BUILD_ID", "0.6.0-a1b2")
    told = Settings(app_env=AppEnv.DEV, database_url="postgresql://127.0.0.1/fulfillment")

    version = worker.version_of(told)

    assert version == WorkerDeploymentVersion(deployment_name="shop/fulfillment", build_id="0.6.0-a1b2")
