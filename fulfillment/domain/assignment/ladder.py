"""Patience, as three deadlines: a nudge at half of it, overdue at all of it, escalation at twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from fulfillment.domain.assignment.deadline import LEVELS, Deadline, DeadlineKind
from fulfillment.domain.assignment.moving import put_off
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.people import Party


def ladder(
    assignment: Assignment,
    kind: DeadlineKind,
    *,
    since: datetime,
    patience: timedelta,
    to: Party,
    basis: str,
    latest: datetime | None = None,
) -> Iterator[Deadline]:
    for level, share in LEVELS:
        due = put_off(assignment, since + patience * share, since=since)
        if latest and level <= len(LEVELS) - 1:
            due = min(due, latest)
        yield Deadline(id=f"{kind}_l{level}/{basis}/{to}", kind=kind, due=due, to=to, basis=basis, n=level)
