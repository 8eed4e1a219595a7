"""The provider's time: taken before a window is confirmed, narrowed to what was agreed when that is recorded.

Two things keep it right. The database refuses two holds of a provider that overlap. And `claim`, a number
that an assignment's workflow draws anew for every attempt and after it, keeps out whoever comes late: a
reservation that was given up, a worker that was frozen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.errors import ExclusionViolation
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment import Assignment, Status
from fulfillment.domain.window import VisitWindow
from fulfillment.store.tables import HoldRow

TALKING = frozenset({Status.AWAITING_SCHEDULE, Status.SCHEDULED})
HOLDING = frozenset({Status.SCHEDULED, Status.IN_PROGRESS})


class Busy(Exception):
    """The provider's time is taken by another assignment."""


class Overtaken(Exception):
    """A younger claim has been written; whoever sent this one has given it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Whose time is taken by which assignment, as of which version of its schedule, under which claim."""

    assignment_id: str
    provider_id: str
    version: int
    claim: int


async def reserve(
    session: AsyncSession, taking: Taking, *, wanted: VisitWindow, agreed: VisitWindow | None
) -> None:
    """Take the provider's time for `wanted`, and keep what is `agreed`; repeating it changes nothing.

    Raises:
        Busy: another assignment of the provider holds part of it.
        Overtaken: the hold carries a younger claim.
    """
    await _write_younger(session, taking, wanted, agreed)
    written = select(HoldRow.claim).where(HoldRow.assignment_id == taking.assignment_id)
    if await session.scalar(written) != taking.claim:
        raise Overtaken


async def settle(session: AsyncSession, taking: Taking, *, agreed: VisitWindow | None) -> None:
    """Set a hold of unknown fate to what is `agreed`; where a younger claim is written, nothing happens.

    Raises:
        Busy: another assignment took that time, which only a hold that was lost would allow.
    """
    await _write_younger(session, taking, agreed)


async def narrow(session: AsyncSession, assignment: Assignment, *, claim: int) -> None:
    """Let the hold be what `assignment` has agreed; `claim` is the last that its workflow drew.

    Claim 0 means that it never reserved anything, so there is nothing to write. While the two sides are
    still talking, only a step of the schedule younger than the hold narrows it: a batch from before a
    confirmation, written after it, would else set the new window free for a moment.
    """
    if not claim:
        return
    taking = Taking(
        assignment_id=assignment.id,
        provider_id=assignment.provider_id,
        version=assignment.schedule_version,
        claim=claim,
    )
    agreed = assignment.agreed.window if assignment.agreed and assignment.status in HOLDING else None
    newer = (HoldRow.claim <= claim) & (HoldRow.state_version < assignment.state_version)
    if assignment.status in TALKING:
        newer &= HoldRow.version < assignment.schedule_version
    reflected = {**_row(taking, agreed), "state_version": assignment.state_version}
    await _write(session, reflected, where=newer)


async def _write_younger(session: AsyncSession, taking: Taking, *windows: VisitWindow | None) -> None:
    row = _row(taking, *windows)
    try:
        await _write(session, row, where=HoldRow.claim < taking.claim)
    except IntegrityError as error:
        if isinstance(error.orig, ExclusionViolation):
            raise Busy from None
        raise


async def _write(session: AsyncSession, row: Mapping[str, Any], *, where: ColumnElement[bool]) -> None:
    # Writers of one provider's holds queue up. Each would otherwise wait for the other's row, to know
    # whether the two overlap, until the server calls it a deadlock.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(row["provider_id"], 0))))
    statement = insert(HoldRow).values({"state_version": 0, **row})
    key = HoldRow.assignment_id
    await session.execute(statement.on_conflict_do_update(index_elements=[key], set_=row, where=where))


def _row(taking: Taking, *windows: VisitWindow | None) -> dict[str, Any]:
    """Return the row in which `windows` are taken, half-open; without any it holds nothing."""
    spans: list[Range[datetime]] = [Range(window.start, window.end) for window in windows if window]
    return {
        "assignment_id": taking.assignment_id,
        "provider_id": taking.provider_id,
        "spans": spans,
        "version": taking.version,
        "claim": taking.claim,
    }
