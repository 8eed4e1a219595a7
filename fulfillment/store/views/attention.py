"""Assignments that need a person: somebody is overdue, did not come, waits for money, or has an open case.

Each stands in the list once, by the first of its reasons in the order of `Reason`, and since then; who has
waited longest comes first. Each reason has an index of its own, and none looks at what needs nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.deadline import DeadlineKind
from fulfillment.domain.assignment.standing import Standing
from fulfillment.store import wire
from fulfillment.store.tables import IS_LIVE, IS_OPEN_ABOUT_ASSIGNMENT, IS_STUCK_PAYOUT, MISSED_AT
from fulfillment.store.views.lateness import GRACE
from fulfillment.store.views.paging import FIRST, Line, Page, Turn, instant, name, read, unknown, written


class Reason(StrEnum):
    """Why an assignment needs a person. A hold that outlasts its end says that the run does not wake."""

    REMINDER_OVERDUE = "reminder_overdue"
    INCIDENT = "incident"
    STUCK_MONEY = "stuck_money"
    CASE = "case"
    HOLD_OUTLASTED = "hold_outlasted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needing:
    """An assignment, all `reasons` why it needs somebody, `since` when, and the types of its open `cases`."""

    standing: Standing
    job_title: str | None
    reasons: tuple[Reason, ...]
    since: datetime
    cases: tuple[str, ...]
    projected_at: datetime


CASES = f"FROM ops_task WHERE entity_id = it.id AND {IS_OPEN_ABOUT_ASSIGNMENT.text}"
# The column keeps the end of the last hold; that it is still to come says that it has not ended.
ON_HOLD = f"""it.standing->'coming' @> '[{{"kind": "{DeadlineKind.HOLD_END}"}}]'"""
HAS: Mapping[Reason, str] = {
    Reason.REMINDER_OVERDUE: "it.reminder_overdue",
    Reason.INCIDENT: "it.incident IS NOT NULL",
    Reason.STUCK_MONEY: f"EXISTS (SELECT FROM payout WHERE assignment_id = it.id AND {IS_STUCK_PAYOUT.text})",
    Reason.CASE: f"EXISTS (SELECT {CASES})",
    Reason.HOLD_OUTLASTED: f"(it.{IS_LIVE.text} AND it.hold_until < now() - {GRACE.text} AND {ON_HOLD})",
}
# Of several cases of one assignment the oldest counts.
OLDEST_CASE = f"""{IS_OPEN_ABOUT_ASSIGNMENT.text} AND NOT EXISTS (
    SELECT {CASES} AND (ops_task.created_at, ops_task.id) < (task.created_at, task.id)
)"""
SOURCES: Mapping[Reason, tuple[str, str, str]] = {
    Reason.REMINDER_OVERDUE: (
        "reminder_overdue_at",
        "id",
        f"assignment it WHERE {HAS[Reason.REMINDER_OVERDUE]}",
    ),
    Reason.INCIDENT: (MISSED_AT.name, "id", f"assignment it WHERE {HAS[Reason.INCIDENT]}"),
    Reason.STUCK_MONEY: (
        "submitted_at",
        "assignment_id",
        f"payout JOIN assignment it ON it.id = assignment_id WHERE {IS_STUCK_PAYOUT.text}",
    ),
    Reason.CASE: (
        "task.created_at",
        "task.entity_id",
        f"ops_task task JOIN assignment it ON it.id = task.entity_id WHERE {OLDEST_CASE}",
    ),
    Reason.HOLD_OUTLASTED: ("hold_until", "id", f"assignment it WHERE {HAS[Reason.HOLD_OUTLASTED]}"),
}
"""Since when, whose id, and where from: what stands in the list by each reason, before it is sorted."""


def _branch(reason: Reason) -> str:
    """Return the question for what stands in the list by `reason`: it has that one, and none before it."""
    since, id, source = SOURCES[reason]
    before = "".join(f" AND NOT {HAS[each]}" for each in list(Reason)[: list(Reason).index(reason)])
    return f"""(
        SELECT {since} AS since, {id} AS id FROM {source} AND it.standing IS NOT NULL{before}
        AND ({since}, {id}) > (CAST(:since AS timestamptz), CAST(:id AS text))
        ORDER BY {since}, {id} LIMIT :lines
    )"""  # noqa: S608 - every name in it is ours


QUERY = text(f"""
    SELECT CAST(it.standing AS text) AS standing, it.projected_at, job.title, first.since,
        ARRAY(SELECT DISTINCT type {CASES} ORDER BY type) AS cases,
        {", ".join(f"{condition} AS {reason}" for reason, condition in HAS.items())}
    FROM (
        SELECT since, id FROM ({" UNION ALL ".join(map(_branch, Reason))}) AS found
        ORDER BY since, id LIMIT :lines
    ) AS first
    JOIN assignment it ON it.id = first.id
    LEFT JOIN job ON job.id = it.job_id
    ORDER BY first.since, first.id
""")  # noqa: S608 - as above


async def needing(session: AsyncSession, turn: Turn = FIRST) -> Page[Needing]:
    """Return a page of the assignments that need a person, who has waited longest first.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    since, id = _after(turn.cursor) if turn.cursor else ("-infinity", "")
    rows = (await session.execute(QUERY, {"since": since, "id": id, "lines": turn.limit + 1})).all()
    items = tuple(map(_line, rows[: turn.limit]))
    more = len(rows) > turn.limit
    place = (items[-1].since, items[-1].standing.assignment.id) if more else None
    return Page(items=items, next_cursor=written(place) if place else None)


def _line(row: Line) -> Needing:
    return Needing(
        standing=wire.standing_from_json(row.standing),
        job_title=row.title,
        reasons=tuple(reason for reason in Reason if getattr(row, reason)),
        since=row.since,
        cases=tuple(row.cases),
        projected_at=row.projected_at,
    )


def _after(cursor: str) -> tuple[str, str]:
    match read(cursor):
        case [since, id]:
            return instant(since).isoformat(), name(id)
        case _:
            raise unknown()
