"""Absences of providers as they are written down: begun, gone through one assignment at a time, ended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.absence.commands import EndAbsence, ReportAbsence
from fulfillment.domain.absence.results import AbsenceStatus, Affected, Outcome, Result
from fulfillment.domain.command import fingerprint
from fulfillment.store.tables import AbsenceResultRow, AbsenceRow


async def begin(session: AsyncSession, report: ReportAbsence, *, at: datetime) -> bool:
    """Write down that a provider is absent, and return whether that is new; a repeat changes nothing."""
    row = insert(AbsenceRow).values(
        id=report.absence_id,
        provider_id=report.provider_id,
        since=report.since,
        until=report.until,
        reason=report.reason,
        reason_code=report.reason_code,
        status=AbsenceStatus.RUNNING,
        reported_by=report.actor.id,
        reporter_role=report.actor.role,
        reported_at=at,
        command_id=report.command_id,
        fingerprint=fingerprint(report),
        request_id=report.request_id,
    )
    begun = await session.scalar(row.on_conflict_do_nothing().returning(AbsenceRow.id))
    return begun is not None


async def touch(session: AsyncSession, absence_id: str, affected: Sequence[Affected]) -> None:
    """Write down whom an absence touches, in their turn, after those that it is known to touch."""
    last = await session.scalar(
        select(func.max(AbsenceResultRow.place)).where(AbsenceResultRow.absence_id == absence_id)
    )
    lines = [_waiting(absence_id, each, place=n) for n, each in enumerate(affected, start=(last or 0) + 1)]
    if lines:
        await session.execute(insert(AbsenceResultRow).values(lines).on_conflict_do_nothing())


async def settle(session: AsyncSession, absence_id: str, results: Sequence[Result]) -> None:
    """Write down what became of these assignments."""
    for each in results:
        this = (AbsenceResultRow.absence_id == absence_id) & (
            AbsenceResultRow.assignment_id == each.assignment_id
        )
        await session.execute(
            update(AbsenceResultRow)
            .where(this)
            .values(
                outcome=each.outcome,
                did=each.did,
                command_id=each.command_id or None,
                state_version=each.number,
                code=each.code or None,
                detail=each.detail or None,
                settled_at=each.at,
            )
        )


async def done(session: AsyncSession, absence_id: str, *, at: datetime) -> None:
    """Note that all its assignments were gone through; one that was ended stays so."""
    this = (AbsenceRow.id == absence_id) & AbsenceRow.done_at.is_(None) & AbsenceRow.ended_at.is_(None)
    await session.execute(update(AbsenceRow).where(this).values(status=AbsenceStatus.DONE, done_at=at))


async def end(session: AsyncSession, command: EndAbsence, *, at: datetime) -> None:
    """Note that an absence was ended before its time; the first time counts."""
    this = (AbsenceRow.id == command.absence_id) & AbsenceRow.ended_at.is_(None)
    await session.execute(
        update(AbsenceRow)
        .where(this)
        .values(
            status=AbsenceStatus.ENDED,
            ended_at=at,
            ended_by=command.actor.id,
            end_reason=command.reason,
            end_command_id=command.command_id,
            end_fingerprint=fingerprint(command),
            end_request_id=command.request_id,
        )
    )


def _waiting(absence_id: str, affected: Affected, *, place: int) -> dict[str, object]:
    wanted = affected.wanted
    return {
        "absence_id": absence_id,
        "assignment_id": affected.assignment_id,
        "place": place,
        "job_id": affected.job_id,
        "customer_id": affected.customer_id,
        "status": affected.status,
        "what": wanted.what,
        "window_start": wanted.window.start,
        "window_end": wanted.window.end,
        "version": wanted.version,
        "why": wanted.why,
        "late": affected.late,
        "outcome": Outcome.WAITING,
    }
