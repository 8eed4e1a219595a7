"""Holds on customers' cards, by the payment provider's id for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.state import CLOSED
from fulfillment.store.tables import OPEN_HOLDS, AssignmentRow, CardHoldRow, HoldStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHold:
    """A hold as it is written down; `is_over` says that its assignment has ended."""

    intent_id: str
    assignment_id: str
    status: HoldStatus
    is_over: bool
    capture_before: datetime | None = None


async def hold(session: AsyncSession, intent_id: str) -> KnownHold | None:
    """Return the hold of that id, if we have heard of it."""
    query = select(
        CardHoldRow.intent_id,
        CardHoldRow.assignment_id,
        CardHoldRow.status,
        CardHoldRow.capture_before,
        AssignmentRow.status.in_(CLOSED).label("is_over"),
    ).join(AssignmentRow, AssignmentRow.id == CardHoldRow.assignment_id)
    row = (await session.execute(query.where(CardHoldRow.intent_id == intent_id))).one_or_none()
    if row is None:
        return None
    return KnownHold(**{**row._mapping, "status": HoldStatus(row.status)})  # noqa: SLF001 - SQLAlchemy's public name


async def open_holds(session: AsyncSession, *, after: tuple[str, str], limit: int) -> Sequence[KnownHold]:
    """Return holds that money still sits on, by assignment and id, beginning after that pair."""
    query = (
        select(
            CardHoldRow.intent_id,
            CardHoldRow.assignment_id,
            CardHoldRow.status,
            CardHoldRow.capture_before,
            AssignmentRow.status.in_(CLOSED).label("is_over"),
        )
        .join(AssignmentRow, AssignmentRow.id == CardHoldRow.assignment_id)
        .where(CardHoldRow.status.in_(OPEN_HOLDS))
        .where(
            (CardHoldRow.assignment_id > after[0])
            | ((CardHoldRow.assignment_id == after[0]) & (CardHoldRow.intent_id > after[1]))
        )
        .order_by(CardHoldRow.assignment_id, CardHoldRow.intent_id)
        .limit(limit)
    )
    rows = await session.execute(query)
    return [KnownHold(**{**row._mapping, "status": HoldStatus(row.status)}) for row in rows]  # noqa: SLF001
