"""Real engines for tests, and the tiny workflow in them: started, asked, and asked again."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api.connection import Address, connect
from api.engine import Engine
from api.errors import OutcomeUnknown, Unavailable
from devstack import ports
from devstack.engine import EmbeddedTemporal
from tests.api.tiny import QUEUE, Answer, Step, Tiny


def temporal(root: Path) -> EmbeddedTemporal:
    return EmbeddedTemporal(
        root / "temporal.db",
        port=ports.free(),
        ui_port=ports.free(),
        search_attributes={},
        log=root / "temporal.log",
    )


@asynccontextmanager
async def opened(address: str, **settings: Any) -> AsyncIterator[Engine]:
    """Open the way to the engine at `address`, and wait until it is there."""
    async with Engine(partial(connect, Address(host=address)), **settings) as engine:
        await connected(engine)
        yield engine


async def connected(engine: Engine) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                assert engine.client
            except Unavailable:
                await asyncio.sleep(0.02)
            else:
                return


def working(client: Client, *, queue: str = QUEUE) -> Worker:
    return Worker(client, task_queue=queue, workflows=[Tiny], workflow_runner=UnsandboxedWorkflowRunner())


async def started(client: Client, *, not_yet: int = 0, queue: str = QUEUE) -> WorkflowHandle[Any, Any]:
    return await client.start_workflow("Tiny", not_yet, id=f"tiny-{uuid.uuid4().hex}", task_queue=queue)


async def step(engine: Engine, run: str, *, id: str | None = None, **command: Any) -> Answer:
    return await engine.ask(
        run, "step", Step(**command), command_id=id or uuid.uuid4().hex, result_type=Answer
    )


def starting(id: str, queue: str = QUEUE) -> WithStartWorkflowOperation[Any, Any]:
    return WithStartWorkflowOperation(
        "Tiny",
        0,
        id=id,
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
    )


async def step_new(engine: Engine, run: str, *, id: str = "k", queue: str = QUEUE, **command: Any) -> Answer:
    return await engine.ask_new(
        partial(starting, run, queue),
        "step",
        Step(**command),
        workflow_id=run,
        command_id=id,
        result_type=Answer,
    )


async def again(ask: Any, *args: Any, **command: Any) -> Any:
    """Ask until the engine is well: a server that has just come up owns its shards a little later."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await ask(*args, id="k", **command)
            except (Unavailable, OutcomeUnknown):
                await asyncio.sleep(0.1)
