"""The book of money: what happened to that of one assignment, line by line."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.money_moves import MoveKind
from fulfillment.domain.money import Money
from fulfillment.store.tables import MoneyMoveRow

MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What happened to `amount` at step `number`; `decided_by` is the admin behind it, if one is."""

    number: int
    kind: MoveKind
    amount: Money | None
    at: datetime
    intent_id: str | None
    reference: str
    attempt: int | None
    decided_by: str | None
    request_id: str


async def booked(session: AsyncSession, assignment_id: str) -> tuple[Booked, ...]:
    """Return the lines about an assignment, the first first."""
    query = (
        select(
            MoneyMoveRow.state_version,
            MoneyMoveRow.kind,
            MoneyMoveRow.amount,
            MoneyMoveRow.currency,
            MoneyMoveRow.at,
            MoneyMoveRow.intent_id,
            MoneyMoveRow.reference,
            MoneyMoveRow.attempt,
            MoneyMoveRow.decided_by,
            MoneyMoveRow.request_id,
        )
        .where(MoneyMoveRow.assignment_id == assignment_id)
        .order_by(MoneyMoveRow.id)
        .limit(MOST_LINES)
    )
    return tuple(
        Booked(
            number=row.state_version,
            kind=MoveKind(row.kind),
            amount=_money(row.amount, row.currency),
            at=row.at,
            intent_id=row.intent_id,
            reference=row.reference,
            attempt=row.attempt,
            decided_by=row.decided_by,
            request_id=row.request_id,
        )
        for row in await session.execute(query)
    )


def _money(amount: int | None, currency: str | None) -> Money | None:
    return Money(amount=amount, currency=currency) if amount is not None and currency else None
