"""How an absence is begun and ended: asked of its run once for each key, and answered alike when repeated."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from api.commanding import Commands, TheCommands
from api.desk import TheEngine
from api.engine import Engine
from api.errors import RunClosed, RunMissing, Unavailable
from api.reading import TheSession
from fulfillment.domain.absence.commands import EndAbsence, ReportAbsence, expect_endable, expect_reportable
from fulfillment.domain.absence.results import Affected
from fulfillment.domain.command import Command, fingerprint
from fulfillment.domain.errors import IdempotencyMismatch
from fulfillment.store.views import absences
from workflows.absence import AbsenceAnswer
from workflows.names import absence_run
from workflows.starting import reporting


class AbsenceCommands:
    """Carries out what is asked of an absence, in one request."""

    def __init__(self, session: AsyncSession, engine: Engine, commands: Commands) -> None:
        self._session = session
        self._engine = engine
        self._commands = commands

    async def previewed(self, command: ReportAbsence) -> tuple[Affected, ...]:
        """Return whom the absence would touch if it were reported now; nothing is done.

        Raises:
            ValueInvalid, ReasonRequired: nobody could have such an absence.
            IdempotencyMismatch: under this key one was reported before.
        """
        at = datetime.now(UTC)
        expect_reportable(command, at=at)
        if await absences.absence(self._session, command.absence_id):
            raise _mismatch()
        return await absences.affected(self._session, command.provider_id, command.span, reported_at=at)

    async def reported(self, command: ReportAbsence) -> tuple[Affected, ...]:
        """Begin the absence, and return whom it touches; a repeat finds the one that it began.

        Raises:
            DomainError, ApiError: why not.
        """
        if known := await self._known(command):
            return known
        expect_reportable(command, at=datetime.now(UTC))
        await self._session.rollback()  # so that no connection is kept while the run is asked
        try:
            answer = await self._engine.ask_new(
                partial(reporting, command),
                "report_absence",
                command,
                workflow_id=absence_run(command.absence_id),
                command_id=_update_id(command),
                result_type=AbsenceAnswer,
            )
        except RunClosed:
            # The run of this very key is over, so what it found is written down.
            if known := await self._known(command):
                return known
            raise Unavailable from None
        self._commands.is_repeat(command, answer.call)
        return answer.affected

    async def ended(self, command: EndAbsence) -> None:
        """End an absence that is there; one that is over stays as it is.

        Raises:
            DomainError, ApiError: why not.
        """
        expect_endable(command)
        if await self._was_ended_by(command):
            return
        try:
            answer = await self._engine.ask(
                absence_run(command.absence_id),
                "end_absence",
                command,
                command_id=_update_id(command),
                result_type=AbsenceAnswer,
            )
        except (RunClosed, RunMissing):
            await self._was_ended_by(command)
            return
        self._commands.is_repeat(command, answer.call)

    async def _known(self, command: ReportAbsence) -> tuple[Affected, ...] | None:
        """Return whom the absence of this key touched at first, if it has been written down."""
        reported = await absences.absence(self._session, command.absence_id)
        if reported is None:
            return None
        _expect_same(command, reported.fingerprint)
        self._commands.is_repeat(command, call="")
        touched = await absences.touched_by(self._session, command.absence_id)
        return tuple(each.affected for each in touched if not each.affected.late)

    async def _was_ended_by(self, command: EndAbsence) -> bool:
        """Tell whether it was this very command that ended the absence, and let the answer say so."""
        reported = await absences.absence(self._session, command.absence_id)
        await self._session.rollback()
        ending = reported.ending if reported else None
        if ending is None or ending.command_id != command.command_id:
            return False
        _expect_same(command, ending.fingerprint)
        return self._commands.is_repeat(command, call="")


async def _absences_of(session: TheSession, engine: TheEngine, commands: TheCommands) -> AbsenceCommands:
    return AbsenceCommands(session, engine, commands)


TheAbsences = Annotated[AbsenceCommands, Depends(_absences_of)]


def _update_id(command: Command) -> str:
    """Return the update's id; another body under the same key has to reach the run, to be refused there."""
    return f"{command.command_id}.{fingerprint(command)[:8]}"


def _expect_same(command: Command, known: str) -> None:
    if fingerprint(command) != known:
        raise _mismatch()


def _mismatch() -> IdempotencyMismatch:
    return IdempotencyMismatch("this Idempotency-Key was used for another request; take a new one")
