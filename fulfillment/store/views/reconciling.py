"""Whose money is to be compared with the payment provider's account of it, and what the rows say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Result, Text, case, cast, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.money_moves import MoveKind
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.errors import DomainError
from fulfillment.store import wire
from fulfillment.store.tables import (
    IS_OPEN_PAYOUT,
    OPEN_HOLDS,
    AssignmentRow,
    CardHoldRow,
    Entity,
    MoneyMoveRow,
    OpsTaskRow,
    PayoutRow,
)
from fulfillment.store.views.paging import Query

Row = Mapping[str, Any]
STANDING = cast(AssignmentRow.standing, Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose money is looked at: what is open, what has moved since an instant, and what is a case by now."""

    since: datetime
    case_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that the tables have of one assignment's money, from one and the same moment.

    `standing` is None if what is there cannot be read as the assignment that the row is about. Rows are by
    the names of their columns, holds by their ids. `booked` is what was taken by the book of
    moves, in minor units; `cases` are the ids of the open cases about it.
    """

    id: str
    standing: Standing | None
    head: Row
    payout: Row | None = None
    holds: Mapping[str, Row] = field(default_factory=dict)
    booked: int = 0
    cases: frozenset[str] = frozenset()


async def size(session: AsyncSession, scope: Scope) -> int:
    """Return how many assignments are in the scope."""
    count: int | None = await session.scalar(select(func.count()).select_from(_ids(scope).subquery()))
    return count or 0


async def in_turn(session: AsyncSession, scope: Scope, *, after: str, limit: int) -> tuple[str, ...]:
    """Return ids of assignments in the scope, in their order, beginning after that one."""
    ids = _ids(scope).subquery()
    query = select(ids.c.id).where(ids.c.id > after).order_by(ids.c.id).limit(limit)
    return tuple((await session.scalars(query)).all())


async def kept(session: AsyncSession, ids: Sequence[str], scope: Scope) -> tuple[Kept, ...]:
    """Return what the tables have of these, all of it as of one moment; ids that are not there are left out.

    To be called in a session that has asked nothing yet.
    """
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    heads = await _rows(
        session, select(AssignmentRow.__table__, STANDING.label("text")), AssignmentRow.id, ids
    )
    payouts = await _rows(session, select(PayoutRow.__table__), PayoutRow.assignment_id, ids)
    holds = await _rows(session, select(CardHoldRow.__table__), CardHoldRow.assignment_id, ids)
    tasks = select(OpsTaskRow.id, OpsTaskRow.entity_id).where(
        OpsTaskRow.closed_at.is_(None),
        OpsTaskRow.entity == Entity.ASSIGNMENT,
        OpsTaskRow.type.in_(scope.case_types),
    )
    cases = await _rows(session, tasks, OpsTaskRow.entity_id, ids)
    booked = {row["assignment_id"]: int(row["sum"]) for row in await _booked(session, ids)}
    return tuple(
        Kept(
            id=head["id"],
            standing=_standing(head["id"], head["text"]),
            head=head,
            payout=next((row for row in payouts if row["assignment_id"] == head["id"]), None),
            holds={row["intent_id"]: row for row in holds if row["assignment_id"] == head["id"]},
            booked=booked.get(head["id"], 0),
            cases=frozenset(row["id"] for row in cases if row["entity_id"] == head["id"]),
        )
        for head in heads
        if head["text"] is not None
    )


def _standing(id: str, text: str) -> Standing | None:
    """Return what is written, unless somebody has changed it into something that it cannot be."""
    try:
        standing = wire.standing_from_json(text)
    except (ValueError, DomainError):
        return None
    return standing if standing.assignment.id == id else None


def _ids(scope: Scope) -> Query:
    tasks = select(OpsTaskRow.entity_id).where(
        OpsTaskRow.closed_at.is_(None),
        OpsTaskRow.entity == Entity.ASSIGNMENT,
        OpsTaskRow.type.in_(scope.case_types),
    )
    return select(
        union(
            select(CardHoldRow.assignment_id.label("id")).where(CardHoldRow.status.in_(OPEN_HOLDS)),
            select(PayoutRow.assignment_id).where(IS_OPEN_PAYOUT),
            select(MoneyMoveRow.assignment_id).where(MoneyMoveRow.at >= scope.since),
            tasks,
        ).subquery()
    )


async def _booked(session: AsyncSession, ids: Sequence[str]) -> list[Row]:
    """Return what was taken for each, less what was given back."""
    signed = case((MoneyMoveRow.kind == MoveKind.REFUNDED, -MoneyMoveRow.amount), else_=MoneyMoveRow.amount)
    query = (
        select(MoneyMoveRow.assignment_id, func.sum(signed).label("sum"))
        .where(MoneyMoveRow.kind.in_((MoveKind.CAPTURED, MoveKind.REFUNDED)))
        .where(MoneyMoveRow.assignment_id.in_(ids))
        .group_by(MoneyMoveRow.assignment_id)
    )
    return _by_name(await session.execute(query))


async def _rows(session: AsyncSession, query: Query, about: Any, ids: Sequence[str]) -> list[Row]:
    return _by_name(await session.execute(query.where(about.in_(ids)).order_by(about)))


def _by_name(found: Result[Any]) -> list[Row]:
    return [dict(row) for row in found.mappings()]
