"""What the engine knows about our workers and of runs that cannot go on."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from workflows.names import NOTIFICATIONS_QUEUE, PAYMENTS_QUEUE, QUEUE

LATELY = timedelta(minutes=2)
"""A worker asks anew every minute when there is nothing to do; the engine remembers it for five."""
ANSWER = timedelta(seconds=2)
WORK = {
    (QUEUE, "workflow"): TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    (QUEUE, "activity"): TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    (PAYMENTS_QUEUE, "activity"): TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    (NOTIFICATIONS_QUEUE, "activity"): TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}
PROBLEMS = {"failed": "category=WorkflowTaskFailed", "timed_out": "category=WorkflowTaskTimedOut"}
"""What the engine writes on a run whose workflow task has not succeeded for several times on end."""


class EngineWatch:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def pollers(self) -> Mapping[tuple[str, str], int]:
        """Return how many workers have lately asked for work, by queue and kind of work.

        Raises:
            RPCError: the engine does not answer.
        """
        counts = await asyncio.gather(*(self._asking(queue, WORK[queue, kind]) for queue, kind in WORK))
        return dict(zip(WORK, counts, strict=True))

    async def in_trouble(self) -> Mapping[str, int]:
        """Return how many runs cannot go on, by what happens to their workflow tasks.

        Raises:
            RPCError: the engine does not answer, or is older than that it could say.
        """
        counts = await asyncio.gather(*(self._with(problem) for problem in PROBLEMS.values()))
        return dict(zip(PROBLEMS, counts, strict=True))

    async def _asking(self, queue: str, kind: "TaskQueueType.ValueType") -> int:
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
        )
        answer = await self._client.workflow_service.describe_task_queue(request, timeout=ANSWER)
        since = datetime.now(UTC) - LATELY
        return sum(poller.last_access_time.ToDatetime(tzinfo=UTC) > since for poller in answer.pollers)

    async def _with(self, problem: str) -> int:
        query = f'ExecutionStatus = "Running" AND TemporalReportedProblems = "{problem}"'
        return (await self._client.count_workflows(query, rpc_timeout=ANSWER)).count
