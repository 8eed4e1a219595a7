"""What an absence has done to assignments: looked at, asked of their runs, written down."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.alive import alive
from fulfillment.domain.absence.commands import EndAbsence, ReportAbsence
from fulfillment.domain.absence.consequences import Consequence, What, command_of, consequence
from fulfillment.domain.absence.results import AbsenceStatus, Affected, Outcome, Result
from fulfillment.domain.assignment.commands import AssignmentCommand
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.errors import AssignmentClosed
from fulfillment.store import absences
from fulfillment.store import news as channel
from fulfillment.store.tables import Entity
from fulfillment.store.tasks import Task, open_task
from fulfillment.store.views import absences as views
from fulfillment.store.views import assignments, history

log: FilteringBoundLogger = structlog.get_logger(__name__)

UPDATES = {
    What.REJECT: "reject_assignment",
    What.WITHDRAW: "withdraw_schedule",
    What.DECLINE: "decline_schedule",
}
"""By which update of an assignment's run each is asked for."""
UNREACHED = "absence_unreached"
"""The type of the task about an assignment that never answered."""
NOT_NOW = "NotNow"
"""The type of a failure that another try may cure."""


class Refused(Exception):
    """A run has refused a command: `code` is the name of the refusal."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Gone(Exception):
    """There is no run of that assignment, or it has ended."""


class AssignmentRuns(Protocol):
    """The runs of assignments, for somebody who asks something of them.

    All of it raises what the engine raises when it, or a worker, cannot be reached.
    """

    async def state(self, assignment_id: str) -> Standing | None:
        """Return how its run says that it stands; None if no run goes on."""

    async def ask(self, assignment_id: str, update: str, command: AssignmentCommand) -> int:
        """Have its run carry out `command`, once for each id of it, and return the step that it became.

        Raises:
            Refused: the rules say no.
            Gone: there is no run to ask.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An absence, and when it was reported."""

    report: ReportAbsence
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The assignment whose turn it is, in an absence that was reported at that moment."""

    report: ReportAbsence
    reported_at: datetime
    assignment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done about one assignment because of an absence."""

    report: ReportAbsence
    assignment_id: str
    wanted: Consequence
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """How an absence has got on: results that are new, and its status where that has changed."""

    absence_id: str
    at: datetime
    results: tuple[Result, ...] = ()
    status: AbsenceStatus = AbsenceStatus.RUNNING
    ending: EndAbsence | None = None


class Absences:
    def __init__(self, sessions: async_sessionmaker[AsyncSession], runs: AssignmentRuns) -> None:
        self._sessions = sessions
        self._runs = runs

    @activity.defn(name="begin_absence")
    async def begin(self, begun: Begun) -> tuple[Affected, ...]:
        """Write down an absence, and return all whom it touches, in their turn.

        A repeat returns the same, and after them whoever was written down too late for the first look.
        """
        report = begun.report
        async with self._sessions.begin() as session:
            found = await views.affected(session, report.provider_id, report.span, reported_at=begun.at)
            is_new = await absences.begin(session, report, at=begun.at)
            new = [replace(each, late=not is_new) for each in found]
            await absences.touch(session, report.absence_id, new)
            return tuple(each.affected for each in await views.touched_by(session, report.absence_id))

    @activity.defn(name="consider_absence")
    async def consider(self, turn: Turn) -> Consequence | None:
        """Return what is to be done about an assignment as it stands now; it changes nothing."""
        async with alive():
            standing = await self._runs.state(turn.assignment_id)
        it = standing.assignment if standing else await self._ended(turn.assignment_id)
        return consequence(it, turn.report.span, reported_at=turn.reported_at)

    @activity.defn(name="carry_out_absence")
    async def carry_out(self, order: Order) -> Result:
        """Ask an assignment's run for what is wanted, and return what came of it.

        The command has the same id each time, so a repeat finds what it did before. A refusal is a
        result; whoever cannot be asked now is asked again.
        """
        command = command_of(order.report, order.assignment_id, order.wanted)
        try:
            async with alive():
                number = await self._runs.ask(order.assignment_id, UPDATES[order.wanted.what], command)
        except Refused as refusal:
            return _refused(order, command, code=refusal.code, detail=str(refusal))
        except Gone:
            return await self._after_its_end(order, command)
        return _done(order, command, number=number)

    @activity.defn(name="note_absence")
    async def note(self, news: News) -> None:
        """Write down how an absence has got on; a repeat writes the same.

        About an assignment that never answered, operations are asked.
        """
        async with self._sessions.begin() as session:
            await absences.settle(session, news.absence_id, news.results)
            for each in news.results:
                if each.outcome is Outcome.UNREACHED:
                    await open_task(session, _task(news.absence_id, each))
            if news.ending:
                await absences.end(session, news.ending, at=news.at)
            if news.status is AbsenceStatus.DONE:
                await absences.done(session, news.absence_id, at=news.at)
            reported = await views.absence(session, news.absence_id)
        if reported:
            await channel.tell(
                self._sessions, channel.Moved(absence_id=reported.id, version=reported.version)
            )
        for each in news.results:
            log.info(
                "absence.settled",
                absence_id=news.absence_id,
                assignment_id=each.assignment_id,
                outcome=each.outcome,
                code=each.code,
            )

    async def _after_its_end(self, order: Order, command: AssignmentCommand) -> Result:
        """Say what came of a command whose run is over: it may be this very command that ended it."""
        await self._ended(order.assignment_id)
        async with self._sessions() as session:
            old = await history.outcome(session, command.command_id)
        if old:
            return _done(order, command, number=old.number)
        return _refused(
            order, command, code=AssignmentClosed.__name__, detail="the assignment has ended meanwhile"
        )

    async def _ended(self, assignment_id: str) -> Assignment:
        """Return an assignment whose run is over.

        Raises:
            ApplicationError: the rows say that it goes on, so they lag behind, or its run is missing.
        """
        async with self._sessions() as session:
            known = await assignments.assignment(session, assignment_id)
        if known is None or not known.standing.assignment.is_closed:
            raise ApplicationError("its run is not to be found, and no end is written down", type=NOT_NOW)
        return known.standing.assignment


def _done(order: Order, command: AssignmentCommand, *, number: int) -> Result:
    return Result(
        assignment_id=order.assignment_id,
        outcome=Outcome.DONE,
        at=order.at,
        did=order.wanted.what,
        command_id=command.command_id,
        number=number,
        detail=order.wanted.why,
    )


def _refused(order: Order, command: AssignmentCommand, *, code: str, detail: str) -> Result:
    return Result(
        assignment_id=order.assignment_id,
        outcome=Outcome.REFUSED,
        at=order.at,
        did=order.wanted.what,
        command_id=command.command_id,
        code=code,
        detail=detail,
    )


def _task(absence_id: str, result: Result) -> Task:
    return Task(
        id=f"{UNREACHED}/{absence_id}/{result.assignment_id}",
        type=UNREACHED,
        entity=Entity.ASSIGNMENT,
        entity_id=result.assignment_id,
        detail="The provider is away then, and its run did not answer: see why, and give it back by hand.",
    )
