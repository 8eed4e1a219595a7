"""A running assignment, as the tests of workflows speak with it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from fulfillment.domain.assignment.commands import AssignmentCommand
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Assignment, Origin
from fulfillment.domain.command import Command
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor, Role
from fulfillment.domain.window import VisitWindow
from tests.skipping import SkippingServer
from tests.workflows.replaying import replay_strictly
from workflows.assignment import AssignmentWorkflow
from workflows.reports import Answer

ADA = Actor(id="ada", role=Role.CUSTOMER)
BOB = Actor(id="bob", role=Role.PROVIDER)
OLGA = Actor(id="olga", role=Role.OPS)
ROOT = Actor(id="root", role=Role.ADMIN)
RITA = Actor(id="rita", role=Role.ADMIN)

Run = WorkflowHandle[AssignmentWorkflow, Standing]
BEA = Actor(id="bea", role=Role.PROVIDER)


def fresh_assignment(**changes: Any) -> Assignment:
    """Return an assignment of Ada's job in Bob's hands, just accepted, with ids of its own."""
    now = datetime.now(UTC)
    fresh = Assignment(
        id=uuid.uuid4().hex,
        job_id=uuid.uuid4().hex,
        customer_id=ADA.id,
        provider_id=BOB.id,
        origin=Origin.QUOTE,
        price=Money(amount=12_500, currency="EUR"),
        site_timezone="Europe/Berlin",
        created_at=now,
        status_entered_at=now,
        turn_since=now,
    )
    return replace(fresh, **changes)


def window(*, days: float = 5, hours: float = 2) -> VisitWindow:
    start = datetime.now(UTC) + timedelta(days=days)
    return VisitWindow(start=start, end=start + timedelta(hours=hours))


@dataclass(frozen=True, slots=True)
class Running:
    """One running assignment: what tests say to it, and what it answers."""

    handle: Run
    server: SkippingServer

    async def ask(self, update: Any, command: AssignmentCommand) -> Answer:
        """Send `command` as the API does, under its own id, and again to a run that is just being renewed."""
        command = _named(command)
        async with asyncio.timeout(10):
            while True:
                try:
                    answer: Answer = await self.handle.execute_update(
                        update, command, id=f"{command.command_id}.0"
                    )
                except RPCError as error:
                    if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                        raise
                else:
                    return answer

    async def refusal(self, update: Any, command: AssignmentCommand) -> str:
        """Send `command` and return the name of the refusal it meets; fail if it is honoured."""
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await self.ask(update, command)
        assert isinstance(refused.value.cause, ApplicationError)
        return str(refused.value.cause.type)

    async def skip(self, **span: float) -> None:
        await self.server.skip(self.handle, timedelta(**span))

    async def standing(self) -> Standing:
        return await self.handle.query(AssignmentWorkflow.state)

    async def replayed(self) -> int:
        """Replay the history with today's code and return how many events it has."""
        history = await self.handle.fetch_history()
        await replay_strictly(history)
        return len(history.events)


Start = Callable[..., Awaitable[Running]]


def _named(command: Any) -> Any:
    named: Command = command
    return named if named.command_id else replace(named, command_id=uuid.uuid4().hex)
