"""The provider's time: taken before a window is confirmed, narrowed to what was agreed when that is recorded.

Two things keep it right. The database refuses two holds of a provider that overlap. And `claim`, a number
that an assignment's workflow draws anew for every attempt and after it, keeps out whoever comes late: a
reservation that was given up, a worker that was frozen.
"""

from dataclasses import dataclass
from typing import Any

from psycopg.errors import ExclusionViolation
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.window import VisitWindow
from fulfillment.store.ledger import sql

TALKING = frozenset({Status.AWAITING_SCHEDULE, Status.SCHEDULED})
HOLDING = frozenset({Status.SCHEDULED, Status.IN_PROGRESS})

COLUMNS = "assignment_id, provider_id, spans, version, state_version, claim"

# While the two sides are still talking, only a step of the schedule younger than the hold narrows it: a
# batch from before a confirmation, written after it, would else set the new window free for a moment.
NARROW = sql.newest(
    "provider_hold",
    COLUMNS,
    rows="hold",
    key="assignment_id",
    newer="""it.claim <= excluded.claim AND it.state_version < excluded.state_version
        AND (it.version < excluded.version OR NOT :talking)""",
)
SQL = {"hold": NARROW}

TAKE = sql.newest(
    "provider_hold",
    COLUMNS,
    rows="hold",
    key="assignment_id",
    newer="it.claim < excluded.claim",
    change={"state_version": "it.state_version"},
)
TAKEN = text(f"""
    WITH taken AS ({TAKE} RETURNING claim)
    SELECT claim FROM taken
    UNION ALL SELECT claim FROM provider_hold WHERE assignment_id = :id AND NOT EXISTS (SELECT FROM taken)
""")  # noqa: S608 - every name in it is ours


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
    if await _take(session, taking, wanted, agreed) != taking.claim:
        raise Overtaken


async def settle(session: AsyncSession, taking: Taking, *, agreed: VisitWindow | None) -> None:
    """Set a hold of unknown fate to what is `agreed`; where a younger claim is written, nothing happens.

    Raises:
        Busy: another assignment took that time, which only a hold that was lost would allow.
    """
    await _take(session, taking, agreed)


def turn(provider_id: str) -> str:
    """Return the name under which writers of one provider's holds queue up.

    Each would otherwise wait for the other's row, to know whether the two overlap, until the server calls
    it a deadlock.
    """
    return f"provider/{provider_id}"


def narrowed(it: Assignment, *, claim: int) -> dict[str, Any]:
    """Return the hold as what the assignment has agreed; `claim` is the last that its workflow drew.

    Claim 0 means that it never reserved anything, so there is nothing to write.
    """
    taking = Taking(assignment_id=it.id, provider_id=it.provider_id, version=it.schedule_version, claim=claim)
    agreed = it.agreed.window if it.agreed and it.status in HOLDING else None
    held = [_row(taking, agreed) | {"state_version": it.state_version}] if claim else []
    return {"hold": sql.rows(*held), "talking": it.status in TALKING}


async def _take(session: AsyncSession, taking: Taking, *windows: VisitWindow | None) -> int:
    """Write the hold unless a younger claim is there, and return the claim that is there now."""
    await sql.take_turns(session, turn(taking.provider_id))
    hold = sql.rows(_row(taking, *windows))
    try:
        taken = await session.execute(TAKEN, {"hold": hold, "id": taking.assignment_id})
    except IntegrityError as error:
        if isinstance(error.orig, ExclusionViolation):
            raise Busy from None
        raise
    claim: int = taken.scalar_one()
    return claim


def _row(taking: Taking, *windows: VisitWindow | None) -> dict[str, Any]:
    """Return the row in which `windows` are taken, half-open; without any it holds nothing."""
    spans = (f"[{window.start.isoformat()},{window.end.isoformat()})" for window in windows if window)
    return {
        "assignment_id": taking.assignment_id,
        "provider_id": taking.provider_id,
        "spans": f"{{{','.join(spans)}}}",
        "version": taking.version,
        "state_version": 0,
        "claim": taking.claim,
    }
