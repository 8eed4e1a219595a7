"""May these workers be stopped? Not while new work goes to them or they have something in hand."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio import activity, workflow
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

import worker
from devstack.waiting import until
from ops import draining, fleet
from tests.journeys import front
from tests.journeys.town import Town, fresh
from tests.ops.conftest import Told, Type


@workflow.defn(versioning_behavior=VersioningBehavior.PINNED)
class Errand:
    @workflow.run
    async def run(self) -> int:
        """Have something done, and return at which attempt it was."""
        attempt: int = await workflow.execute_activity(
            "run_errand", start_to_close_timeout=timedelta(minutes=1), result_type=int
        )
        return attempt


@dataclass
class Feet:
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn
    async def run_errand(self) -> int:
        await self.may_end.wait()
        return activity.info().attempt


@dataclass(frozen=True, kw_only=True)
class Crew:
    """A worker of a version of its own, on a queue of its own."""

    client: Client
    name: str
    feet: Feet
    working: Worker

    @property
    def version(self) -> str:
        return f"{self.name}:1"

    async def make_current(self, build: str) -> None:
        """Have new work go to that build; to workers without a version, if it is empty."""
        wish = SetWorkerDeploymentCurrentVersionRequest(
            namespace=self.client.namespace,
            deployment_name=self.name,
            build_id=build,
            ignore_missing_task_queues=True,
        )

        async def is_done() -> bool:
            try:
                await self.client.workflow_service.set_worker_deployment_current_version(wish)
            except RPCError:
                return False
            return True

        await until(is_done, bool, f"{build or 'nobody'} to be current")

    async def in_hand(self, count: int) -> None:
        """Wait until the engine was told that the worker has so much in hand."""

        async def told() -> int:
            now = await fleet.look(self.client)
            return sum(each.in_hand for each in now.workers if each.version == self.version)

        await until(told, lambda known: known == count, f"{count} in hand")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def talkative(town: Town) -> Client:
    """A client whose workers say every second how they are."""
    runtime = Runtime(telemetry=TelemetryConfig(), worker_heartbeat_interval=timedelta(seconds=1))
    return await Client.connect(front.address_of(town.engine), runtime=runtime)


@pytest_asyncio.fixture
async def crew(talkative: Client) -> AsyncIterator[Crew]:
    name, feet = fresh("crew"), Feet()
    working = Worker(
        talkative,
        task_queue=name,
        identity=name,
        workflows=[Errand],
        activities=[feet.run_errand],
        workflow_runner=UnsandboxedWorkflowRunner(),
        graceful_shutdown_timeout=worker.DRAIN,
        deployment_config=WorkerDeploymentConfig(
            version=WorkerDeploymentVersion(deployment_name=name, build_id="1"), use_worker_versioning=True
        ),
    )
    started = Crew(client=talkative, name=name, feet=feet, working=working)
    async with working:
        await started.make_current("1")
        yield started
        feet.may_end.set()


@pytest.fixture
def drain(in_town: Type, monkeypatch: pytest.MonkeyPatch) -> Type:
    monkeypatch.setattr(draining, "EVERY", 0.05)
    monkeypatch.setattr(fleet, "SILENT", timedelta(seconds=3))

    async def it(*words: str) -> int:
        return await in_town("drain", *words)

    return it


async def test_a_version_is_drained_when_it_is_not_current_and_its_runs_have_ended(
    crew: Crew, drain: Type, told: Told
) -> None:
    run = await crew.client.start_workflow("Errand", id=crew.name, task_queue=crew.name)
    await crew.in_hand(1)

    current = await drain("--version", crew.version, "--timeout", "0")
    await crew.make_current("")
    busy = await drain("--version", crew.version, "--timeout", "0", "--json")
    said = told()[0]
    waiting = asyncio.create_task(drain("--version", crew.version, "--timeout", "15"))
    crew.feet.may_end.set()
    await run.result()
    drained = await waiting

    assert (current, busy, drained) == (1, 1, 0)
    assert (
        f"{crew.version} is not drained: it is current, so new work goes to it; open runs pinned to it: 1"
        in said
    )
    assert json.loads(said[said.index("\n") :])["left"] == {"why": "", "runs": 1, "inHand": 1}
    assert told()[0] == f"{crew.version} has nothing left to do.\n"


async def test_a_worker_that_is_told_to_stop_ends_what_it_has_in_hand_and_only_then_is_drained(
    crew: Crew, drain: Type, told: Told
) -> None:
    run = await crew.client.start_workflow("Errand", id=crew.name, task_queue=crew.name)
    await crew.in_hand(1)

    working = await drain("--worker", crew.name, "--timeout", "0")
    stopped = asyncio.create_task(crew.working.shutdown())
    await until(lambda: _is_stopping(crew), bool, "the engine to hear that it stops")
    stopping = await drain("--worker", crew.name, "--timeout", "0")
    crew.feet.may_end.set()
    await stopped

    assert (working, stopping) == (1, 1)
    assert told()[0].splitlines() == [
        f"{crew.name} is not drained: it was not told to stop, and takes new work; tasks in hand: 1.",
        f"{crew.name} is not drained: tasks in hand: 1.",
    ]
    assert await _attempts(run) == ([1], 1)
    assert await drain("--worker", crew.name, "--timeout", "15") == 0


async def test_without_a_name_it_shows_who_works_on_what(crew: Crew, drain: Type, told: Told) -> None:
    status = await drain()
    page, _ = told()
    assert await drain("--json") == status == 0

    shown = json.loads(told()[0])
    assert {each["name"] for each in shown["queues"]} == {"fulfillment", "payments", "notifications"}
    assert all(each["pollers"] > 0 for each in shown["queues"])
    assert {"name": crew.version, "status": "current", "pinned": 0} in shown["versions"]
    assert page.splitlines()[0].split() == ["QUEUE", "KIND", "POLLERS", "BACKLOG"]
    assert page.endswith("Every queue is polled.\n")


async def test_who_is_not_there_is_not_called_drained(drain: Type, told: Told) -> None:
    assert await drain("--version", "nobody:1") == 2
    assert await drain("--worker", "nobody") == 2

    version, one = told()[1].splitlines()
    assert version.startswith("--version: Temporal knows no version nobody:1; it knows ")
    assert one.startswith("--worker: nobody called nobody was heard of lately; there is ")


async def _attempts(run: WorkflowHandle[Any, Any]) -> tuple[list[int], int]:
    """Return at which attempts the errand was begun, and how often it was ended."""
    events = (await run.fetch_history()).events
    begun = [
        event.activity_task_started_event_attributes.attempt
        for event in events
        if event.HasField("activity_task_started_event_attributes")
    ]
    return begun, sum(event.HasField("activity_task_completed_event_attributes") for event in events)


async def _is_stopping(crew: Crew) -> bool:
    now = await fleet.look(crew.client)
    return any(each.is_stopping for each in now.workers if each.identity == crew.name)
