"""Absences in the tests of workflows: a notebook in place of the tables, and real runs that are asked."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import async_sessionmaker
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError

from activities.absences import Absences, Begun, News, Order, Turn
from fulfillment.domain.absence.commands import EndAbsence, ReportAbsence
from fulfillment.domain.absence.consequences import Consequence
from fulfillment.domain.absence.results import AbsenceStatus, Affected, Outcome, soonest_first, touched
from tests.workflows.running import BOB, OLGA, Running
from workflows.absence import AbsenceAnswer, AbsenceProgress, ProviderUnavailableWorkflow
from workflows.asking import EngineAssignments
from workflows.starting import reporting

Absence = WorkflowHandle[ProviderUnavailableWorkflow, AbsenceProgress]


async def nothing(_: Order) -> None:
    """Let nothing happen in between."""


class Notebook:
    """Knows assignments by name, and asks their real runs; a test says what comes in between.

    `late` are written down only by the second look; `deaf` do not answer until they are taken out;
    `stale` are looked at as they were before; `before` happens ahead of each command. Of those in `lost`
    the first answer never arrives.
    """

    def __init__(self, client: Client) -> None:
        self._runs = EngineAssignments(client)
        self._real = Absences(async_sessionmaker(), self._runs)
        self.known: list[str] = []
        self.late: list[str] = []
        self.deaf: set[str] = set()
        self.lost: set[str] = set()
        self.stale: dict[str, Consequence] = {}
        self.before: Callable[[Order], Awaitable[None]] = nothing
        self.affected: dict[str, Affected] = {}
        self.news: list[News] = []
        self.orders: list[Order] = []

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.begin, self.consider, self.carry_out, self.note]

    @property
    def statuses(self) -> list[AbsenceStatus]:
        """What the absence became, in turn."""
        return [each.status for each in self.news if not each.results]

    @property
    def outcomes(self) -> dict[str, tuple[Outcome, str]]:
        """What became of each assignment, and the refusal it met."""
        return {it.assignment_id: (it.outcome, it.code) for each in self.news for it in each.results}

    @activity.defn(name="begin_absence")
    async def begin(self, begun: Begun) -> tuple[Affected, ...]:
        is_first = not self.affected
        for id in self.known if is_first else [*self.known, *self.late]:
            standing = await self._runs.state(id)
            found = (
                touched(standing.assignment, begun.report.span, reported_at=begun.at) if standing else None
            )
            if found:
                self.affected.setdefault(id, replace(found, late=not is_first))
        return soonest_first(list(self.affected.values()))

    @activity.defn(name="consider_absence")
    async def consider(self, turn: Turn) -> Consequence | None:
        if turn.assignment_id in self.deaf:
            raise ApplicationError("it does not answer", non_retryable=True)
        return self.stale.get(turn.assignment_id) or await self._real.consider(turn)

    @activity.defn(name="carry_out_absence")
    async def carry_out(self, order: Order) -> Any:
        self.orders.append(order)
        await self.before(order)
        result = await self._real.carry_out(order)
        if order.assignment_id in self.lost:
            self.lost.discard(order.assignment_id)
            raise ConnectionError("the answer was lost on its way")
        return result

    @activity.defn(name="note_absence")
    async def note(self, news: News) -> None:
        self.news.append(news)


def away(*, days: float = 3, lasting: float = 4, **changes: Any) -> ReportAbsence:
    """Return a report by operations that Bob is ill, from in `days` days on."""
    since = datetime.now(UTC) + timedelta(days=days)
    id = uuid.uuid4().hex
    report = ReportAbsence(
        actor=OLGA,
        command_id=f"report-{id}",
        call=uuid.uuid4().hex,
        absence_id=id,
        provider_id=BOB.id,
        since=since,
        until=since + timedelta(days=lasting),
        reason="Flu",
        reason_code="sick",
    )
    return replace(report, **changes)


async def reported(client: Client, report: ReportAbsence) -> AbsenceAnswer:
    """Report it as the API does, in one request that starts its story or finds it."""
    answer: AbsenceAnswer = await client.execute_update_with_start_workflow(
        "report_absence",
        report,
        start_workflow_operation=reporting(report),
        id=uuid.uuid4().hex,
        result_type=AbsenceAnswer,
    )
    return answer


async def ended(run: Absence, report: ReportAbsence, *, reason: str = "a mistake", id: str = "") -> str:
    """End it before its time, and return the call that did it."""
    command = EndAbsence(
        actor=BOB,
        command_id=id or uuid.uuid4().hex,
        call=uuid.uuid4().hex,
        absence_id=report.absence_id,
        reason=reason,
    )
    answer: AbsenceAnswer = await run.execute_update("end_absence", command, result_type=AbsenceAnswer)
    return "this" if answer.call == command.call else answer.call


async def ids(*runs: Running) -> list[str]:
    return [(await each.standing()).assignment.id for each in runs]


async def heard(run: Absence, *, updates: int) -> None:
    """Return once the run has taken that many updates up, answered or not."""

    async def taken_up() -> int:
        history = await run.fetch_history()
        return sum(
            event.HasField("workflow_execution_update_accepted_event_attributes") for event in history.events
        )

    async with asyncio.timeout(20):
        while await taken_up() < updates:
            await asyncio.sleep(0.02)


async def waited(happened: asyncio.Event) -> None:
    """Return once it has happened; fail if it never does."""
    async with asyncio.timeout(20):
        await happened.wait()
