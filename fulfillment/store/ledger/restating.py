"""Writing rows once more as they were, where somebody has changed them by hand: the same step, no new one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Assignment
from fulfillment.store.ledger import assignments, money, payouts, sql
from fulfillment.store.ledger.assignments import _head
from fulfillment.store.ledger.payouts import _payout
from fulfillment.store.tables import OPEN_HOLDS, AssignmentRow, CardHoldRow, Entity, HoldStatus

Row = Mapping[str, Any]

SAME_STEP = "it.state_version = excluded.state_version"
HELD_AS_KNOWN = sql.newest(
    "card_hold",
    """intent_id, assignment_id, status, amount, currency, captured_amount, charge_id, capture_before,
    state_version""",
    rows="card_holds",
    key="intent_id",
    newer="it.state_version <= excluded.state_version",
)
"""Unlike the projection it may take a value back to nothing."""


def again(statement: str) -> str:
    """Return the upsert `statement`, which takes newer rows only, for the very step that is there."""
    upsert, _, fence = statement.rpartition(" WHERE ")
    if fence.strip() != "it.state_version < excluded.state_version":
        raise AssertionError(f"not a statement that takes newer rows only: {fence}")
    return f"{upsert} WHERE {SAME_STEP}"


RESTATED = sql.together(
    head=again(assignments.HEAD), payouts=again(payouts.PAYOUTS), card_holds=HELD_AS_KNOWN
)
REPLANNED = frozenset({"standing", "next_reminder_at"})
"""Columns of the head that a run may know better without having taken a step: it has read the clocks anew."""


def differing(
    standing: Standing, *, head: Row, payout: Row | None, holds: Mapping[str, Row]
) -> tuple[str, ...]:
    """Return the columns, by table and name, that do not say what `standing` would write into them."""
    return tuple(_differing(standing, head, payout, holds))


async def take_turn(session: AsyncSession, assignment_id: str) -> None:
    """Wait for the turn to write about an assignment, and keep it to the end of the transaction."""
    await sql.take_turns(session, f"{Entity.ASSIGNMENT}/{assignment_id}")


async def restate(session: AsyncSession, standing: Standing) -> bool:
    """Write head, payout and hold as `standing` has them, and return whether they are of that step still.

    A repeat changes nothing. Once the run has written another step, nothing is written here.
    """
    return standing.assignment.id in await restate_all(session, [standing])


async def restate_all(session: AsyncSession, standings: Sequence[Standing]) -> frozenset[str]:
    """Do as `restate` does with several assignments at once, and return the ids of those written."""
    by_id = {each.assignment.id: each for each in standings}
    # In one order, or two who restate the same ones could wait for each other.
    await sql.take_turns(session, *(f"{Entity.ASSIGNMENT}/{id}" for id in sorted(by_id)))
    known = select(AssignmentRow.id, AssignmentRow.state_version).where(AssignmentRow.id.in_(by_id))
    there = (await session.execute(known)).all()
    current = [by_id[id] for id, number in there if number == by_id[id].assignment.state_version]
    if current:
        await session.execute(RESTATED, _rows(current))
    return frozenset(each.assignment.id for each in current)


async def hold_is_over(session: AsyncSession, intent_id: str) -> None:
    """Write of a hold that is gone that it is, if it counts as open; a repeat changes nothing."""
    there = (CardHoldRow.intent_id == intent_id) & CardHoldRow.status.in_(OPEN_HOLDS)
    await session.execute(update(CardHoldRow).where(there).values(status=HoldStatus.RELEASED))


def _rows(standings: Sequence[Standing]) -> dict[str, str]:
    return {
        "head": sql.rows(*map(_head, standings)),
        "payouts": sql.rows(
            *(_payout(each, each.assignment.payout) for each in standings if each.assignment.payout)
        ),
        "card_holds": sql.rows(*(row for each in standings for row in _holds(each.assignment))),
    }


def _differing(standing: Standing, head: Row, payout: Row | None, holds: Mapping[str, Row]) -> Iterator[str]:
    it = standing.assignment
    wanted = {name: value for name, value in _head(standing).items() if name not in REPLANNED}
    yield from _unlike("assignment", wanted, head)
    if it.payout:
        yield from _unlike("payout", _payout(standing, it.payout), payout or {})
    for row in _holds(it):
        yield from _unlike("card_hold", row, holds.get(row["intent_id"], {}))


def _unlike(table: str, wanted: Row, there: Row) -> Iterator[str]:
    yield from (f"{table}.{name}" for name in sql.unlike(wanted, there))


def _holds(it: Assignment) -> list[dict[str, Any]]:
    """Return the row of the card's own hold; of one that is let go, only the payment provider knows."""
    card = it.card
    if card is None or card.intent_id is None or card.status not in money.STATUSES:
        return []
    return [
        {
            "intent_id": card.intent_id,
            "assignment_id": it.id,
            "status": money.STATUSES[card.status],
            "amount": card.amount.amount,
            "currency": card.amount.currency,
            "captured_amount": card.captured and card.captured.amount,
            "charge_id": card.charge_id or None,
            "capture_before": card.capture_before,
            "state_version": it.state_version,
        }
    ]
