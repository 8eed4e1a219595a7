"""Commands to the engine, and questions: always answered in time, and honestly.

What the engine's library raises, and when, was measured; `api/outcomes.py` holds the table.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.errors import ApiError, Internal, RunClosed, RunMissing, Unavailable
from api.gate import Gate
from api.outcomes import Tries
from api.problems import code_of
from fulfillment.domain.errors import DomainError
from fulfillment.telemetry import COMMANDS
from workflows.names import QUEUE, TASK_TIMEOUT

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")

BUDGET = 4.5
"""Seconds for a command, waiting at the gate and repeats included."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.8
RECONNECT = 0.5
LONGEST_ID = 200
"""Characters of a run's id. Ours are far shorter; the engine calls a longer one an error, not missing."""


class Engine:
    """The way to the workflows. It may be opened before the engine is there: it connects when it can."""

    def __init__(
        self, connect: Callable[[], Awaitable[Client]], *, gate: Gate | None = None, budget: float = BUDGET
    ) -> None:
        self._connect = connect
        self._gate = Gate() if gate is None else gate
        self._budget = budget
        self._client: Client | None = None
        self._connecting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._connecting = asyncio.create_task(self._keep_connecting())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            with suppress(asyncio.CancelledError):
                await self._connecting

    async def _keep_connecting(self) -> None:
        while self._client is None:
            try:
                async with asyncio.timeout(5):
                    self._client = await self._connect()
            except (RuntimeError, RPCError, TimeoutError) as error:
                log.warning("engine.connection.failed", reason=type(error).__name__)
                await asyncio.sleep(RECONNECT)

    @property
    def client(self) -> Client:
        """The connection.

        Raises:
            Unavailable: there has been none yet.
        """
        if self._client is None:
            raise Unavailable
        return self._client

    async def ask(
        self, workflow_id: str, update: str, command: object, *, command_id: str, result_type: type[T]
    ) -> T:
        """Put `command` to the run as the update of that name, and return its answer.

        The same `command_id` brings the same answer and no second effect, however often it is asked.

        Raises:
            DomainError: the rules refuse; a snapshot may come along (`problems.snapshot_of`).
            RunMissing, RunClosed: there is no such run, or it has ended.
            TooManyRequests: too many wait for the same run.
            Unavailable: nothing has happened, and now nothing can.
            OutcomeUnknown: it may have happened.
        """
        if len(workflow_id) > LONGEST_ID:
            raise RunMissing

        async def send(id: str) -> T:
            handle = self.client.get_workflow_handle(workflow_id)
            answer: T = await handle.execute_update(update, command, id=id, result_type=result_type)
            return answer

        return await self._insist(send, target=workflow_id, name=update, command_id=command_id)

    async def ask_new(
        self,
        start: Callable[[], WithStartWorkflowOperation[Any, Any]],
        update: str,
        command: object,
        *,
        workflow_id: str,
        command_id: str,
        result_type: type[T],
    ) -> T:
        """Start the run of `workflow_id` unless it runs, and put `command` to it, in one request.

        `start` makes the operation afresh for each try, since the library lets each be used only once.

        Raises: what `ask` raises; RunClosed also when the id may not be used again.
        """

        async def send(id: str) -> T:
            operation = start()
            started = asyncio.ensure_future(operation.workflow_handle())
            started.add_done_callback(_look_at)
            answer: T = await self.client.execute_update_with_start_workflow(
                update, command, start_workflow_operation=operation, id=id, result_type=result_type
            )
            return answer

        return await self._insist(send, target=workflow_id, name=update, command_id=command_id)

    async def tell(self, workflow_id: str, signal: str, said: Mapping[str, str]) -> None:
        """Send a signal to a run that is under way; nobody waits for what comes of it.

        Raises:
            RunMissing: there is none, or it has ended.
            Unavailable: the engine cannot be reached.
        """
        try:
            async with asyncio.timeout(self._budget):
                await self.client.get_workflow_handle(workflow_id).signal(signal, dict(said))
        except RPCError as error:
            raise (RunMissing if error.status is RPCStatusCode.NOT_FOUND else Unavailable) from None
        except TimeoutError:
            raise Unavailable from None

    async def wake(self, workflow: str, argument: str, *, workflow_id: str, signal: str) -> None:
        """Send a signal to a run, and start it with `argument` if there is none.

        Raises:
            Unavailable: the engine cannot be reached.
        """
        try:
            async with asyncio.timeout(self._budget):
                await self.client.start_workflow(
                    workflow,
                    argument,
                    id=workflow_id,
                    task_queue=QUEUE,
                    task_timeout=TASK_TIMEOUT,
                    start_signal=signal,
                )
        except (RPCError, TimeoutError):
            raise Unavailable from None

    async def look(self, workflow_id: str, query: str, *, result_type: type[T]) -> T:
        """Return the live run's own answer to `query`. It takes a worker; lists and pages do not ask this.

        Raises:
            RunMissing: there is no such run.
            Unavailable: no worker answers.
        """
        if len(workflow_id) > LONGEST_ID:
            raise RunMissing
        tries = Tries()
        try:
            async with asyncio.timeout(self._budget):
                handle = self.client.get_workflow_handle(workflow_id)
                answer: T = await handle.query(query, result_type=result_type)
                return answer
        except RPCError as error:
            tries.unanswered(error)
            raise Unavailable from None
        except TimeoutError:
            raise Unavailable from None
        except WorkflowQueryFailedError as error:
            log.exception("engine.query.failed", query=query)
            raise Internal from error

    async def _insist(
        self, send: Callable[[str], Awaitable[T]], *, target: str, name: str, command_id: str
    ) -> T:
        tries = Tries()
        try:
            async with asyncio.timeout(self._budget), self._gate.turn(target):
                answer = await _repeat(send, tries, command_id)
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            verdict = tries.verdict()
            _count(name, target=target, outcome=verdict.code.lower())
            raise verdict from None
        except (DomainError, ApiError) as refusal:
            code = code_of(type(refusal)) if isinstance(refusal, DomainError) else refusal.code
            _count(name, target=target, outcome=code.lower())
            raise
        _count(name, target=target, outcome="ok")
        return answer


async def _repeat(send: Callable[[str], Awaitable[T]], tries: Tries, command_id: str) -> T:
    """Send until there is an answer, or a failure that another try would not change."""
    pause = FIRST_PAUSE
    while True:
        tries.begin()
        try:
            return await send(f"{command_id}.{tries.number}")
        except WorkflowUpdateFailedError as error:
            tries.failed(error)
        except WorkflowAlreadyStartedError:
            raise RunClosed from None
        except RPCError as error:
            tries.unanswered(error)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _count(command: str, *, target: str, outcome: str) -> None:
    """Count what became of a command, and log it: the line that leads from a request to its run."""
    COMMANDS.labels(command=command, outcome=outcome).inc()
    log.info("engine.command.answered", command=command, workflow_id=target, outcome=outcome)


def _look_at(started: "asyncio.Future[Any]") -> None:
    """Look at why a run was not started; else asyncio reports it as overlooked, beside our own answer."""
    if not started.cancelled():
        started.exception()
