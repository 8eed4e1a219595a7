"""Asking the engine, from an activity, whether a run is there."""

from typing import Protocol

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode


class Runs(Protocol):
    async def is_running(self, id: str) -> bool:
        """Return whether the run of that id goes on, in whichever of its continuations."""


class EngineRuns:
    """The runs of the engine that a worker is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def is_running(self, id: str) -> bool:
        try:
            described = await self._client.get_workflow_handle(id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return described.status is WorkflowExecutionStatus.RUNNING
