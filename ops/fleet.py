"""Our workers as the engine knows them: who polls what, of which version they are, what they have in hand."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import TaskQueueType, WorkerDeploymentVersionStatus, WorkerStatus
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkerDeploymentRequest,
    ListWorkerDeploymentsRequest,
    ListWorkersRequest,
)
from temporalio.client import Client

from api.connection import SIGN_OF_LIFE
from workflows.watching import WORK, EngineWatch

SILENT = 3 * SIGN_OF_LIFE
"""Who has not been heard of for so long is gone: it was killed, or had ended before its next word."""
ANSWER = SIGN_OF_LIFE


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process at one queue. `in_hand` is what it had begun and not ended when it was last heard of."""

    identity: str
    queue: str
    version: str
    is_stopping: bool
    in_hand: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of our workers, as `deployment:build`, and the open runs that only it may go on with."""

    name: str
    status: str
    pinned: int

    @property
    def takes_new_work(self) -> bool:
        return self.status in {"current", "ramping"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Who has lately asked for work of a kind, and how much of it waits for somebody."""

    name: str
    kind: str
    pollers: int
    backlog: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    queues: tuple[Queue, ...]
    versions: tuple[Version, ...]
    workers: tuple[Worker, ...]


async def look(client: Client) -> Fleet:
    """Return how things stand.

    Raises:
        RPCError: the engine does not answer, or is older than that it could say.
    """
    queues, versions, workers = await asyncio.gather(_queues(client), _versions(client), _workers(client))
    return Fleet(queues=queues, versions=versions, workers=workers)


async def _queues(client: Client) -> tuple[Queue, ...]:
    pollers = await EngineWatch(client).pollers()
    backlogs = await asyncio.gather(*(_backlog(client, queue, WORK[queue, kind]) for queue, kind in WORK))
    return tuple(
        Queue(name=queue, kind=kind, pollers=pollers[queue, kind], backlog=backlog)
        for (queue, kind), backlog in zip(WORK, backlogs, strict=True)
    )


async def _backlog(client: Client, queue: str, kind: "TaskQueueType.ValueType") -> int:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind, report_stats=True
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=ANSWER)
    return answer.stats.approximate_backlog_count


async def _versions(client: Client) -> tuple[Version, ...]:
    found = []
    async for info in _deployments(client):
        for each in info.version_summaries:
            name = f"{info.name}:{each.deployment_version.build_id}"
            status = WorkerDeploymentVersionStatus.Name(each.status)
            found.append(
                Version(
                    name=name,
                    status=status.removeprefix("WORKER_DEPLOYMENT_VERSION_STATUS_").lower(),
                    pinned=await _pinned(client, name),
                )
            )
    return tuple(found)


async def _deployments(client: Client) -> AsyncIterator[WorkerDeploymentInfo]:
    service, token = client.workflow_service, b""
    while True:
        request = ListWorkerDeploymentsRequest(namespace=client.namespace, next_page_token=token)
        page = await service.list_worker_deployments(request, timeout=ANSWER)
        for each in page.worker_deployments:
            asked = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=each.name)
            yield (await service.describe_worker_deployment(asked, timeout=ANSWER)).worker_deployment_info
        token = page.next_page_token
        if not token:
            return


async def _pinned(client: Client, version: str) -> int:
    query = (
        f'TemporalWorkerDeploymentVersion = "{version}" AND TemporalWorkflowVersioningBehavior = "Pinned"'
        ' AND ExecutionStatus = "Running"'
    )
    return (await client.count_workflows(query, rpc_timeout=ANSWER)).count


async def _workers(client: Client) -> tuple[Worker, ...]:
    """Return those that were heard of lately; each process says every few seconds how it is."""
    found, token, since = [], b"", datetime.now(UTC) - SILENT
    while True:
        request = ListWorkersRequest(namespace=client.namespace, next_page_token=token)
        page = await client.workflow_service.list_workers(request, timeout=ANSWER)
        for each in page.workers_info:
            told = each.worker_heartbeat
            if told.heartbeat_time.ToDatetime(tzinfo=UTC) < since:
                continue
            slots = (
                told.workflow_task_slots_info,
                told.activity_task_slots_info,
                told.local_activity_slots_info,
            )
            version = told.deployment_version
            found.append(
                Worker(
                    identity=told.worker_identity,
                    queue=told.task_queue,
                    version=f"{version.deployment_name}:{version.build_id}"
                    if version.deployment_name
                    else "",
                    is_stopping=told.status != WorkerStatus.WORKER_STATUS_RUNNING,
                    in_hand=sum(kind.current_used_slots for kind in slots),
                )
            )
        token = page.next_page_token
        if not token:
            return tuple(sorted(found, key=lambda worker: (worker.identity, worker.queue)))
