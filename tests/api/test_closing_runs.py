"""A run that closes while a command waits at its door: the command is told so, and not left in doubt."""

import asyncio

import pytest
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage
from temporalio.api.update.v1 import UpdateRef, WaitPolicy
from temporalio.api.workflowservice.v1 import PollWorkflowExecutionUpdateRequest
from temporalio.client import Client
from temporalio.service import RPCError

from api.engine import Engine
from api.errors import RunClosed
from tests.api.engines import started, step
from tests.api.tiny import NOBODY

ADMITTED = UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED


async def test_a_command_that_nobody_took_up_before_the_end_is_refused_as_late(tiny_engine: Engine) -> None:
    run = await started(tiny_engine.client, queue=NOBODY)
    waiting = asyncio.ensure_future(step(tiny_engine, run.id, id="k"))
    await _admitted(tiny_engine.client, run.id, update="k.0")

    await run.terminate()

    with pytest.raises(RunClosed):
        await waiting


async def _admitted(client: Client, run: str, *, update: str) -> None:
    """Return once the server holds the update, which no history shows yet."""
    wanted = PollWorkflowExecutionUpdateRequest(namespace=client.namespace)
    wanted.update_ref.CopyFrom(UpdateRef(update_id=update))
    wanted.update_ref.workflow_execution.workflow_id = run
    wanted.wait_policy.CopyFrom(WaitPolicy(lifecycle_stage=ADMITTED))
    async with asyncio.timeout(5):
        while True:
            try:
                await client.workflow_service.poll_workflow_execution_update(wanted)
            except RPCError:
                await asyncio.sleep(0.01)
            else:
                return
