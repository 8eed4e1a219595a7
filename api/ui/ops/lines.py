"""Assignments as lines of a list: what it is about, who is in it, whose turn it is, why it needs somebody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from api.schemas.assignments import AssignmentShown
from api.ui.ops.words import NEEDS, turn_of
from api.ui.people import UNNAMED, names
from api.ui.words import Badge, Turn
from fulfillment.domain.people import Party, Role
from fulfillment.store.views import jobs
from fulfillment.store.views.attention import Needing

NO_TITLE = "A job that is not written down yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An assignment in a list; `reasons` say why it needs somebody, and since when it does."""

    shown: AssignmentShown
    title: str
    customer: str
    provider: str
    turn: Turn | None
    reasons: tuple[Badge, ...] = ()
    since: datetime | None = None


async def lines_of(
    session: AsyncSession, shown: Iterable[AssignmentShown], *, role: Role
) -> tuple[Line, ...]:
    """Return these assignments as lines, in their order."""
    listed = list(shown)
    known = await jobs.some(session, {each.job_id for each in listed})
    titles = {id: found.job.title for id, found in known.items()}
    called = await _called(session, listed)
    return tuple(_line(each, titles.get(each.job_id), called, role) for each in listed)


async def needing_lines(
    session: AsyncSession, found: Iterable[tuple[Needing, AssignmentShown]], *, role: Role
) -> tuple[Line, ...]:
    """Return assignments that need somebody as lines, with all their reasons."""
    pairs = list(found)
    called = await _called(session, [shown for _, shown in pairs])
    return tuple(
        _line(
            shown,
            needing.job_title,
            called,
            role,
            reasons=tuple(NEEDS[reason] for reason in needing.reasons),
            since=needing.since,
        )
        for needing, shown in pairs
    )


async def _called(session: AsyncSession, listed: Iterable[AssignmentShown]) -> Mapping[str, str]:
    return await names(session, [id for each in listed for id in (each.customer_id, each.provider_id)])


def _line(
    shown: AssignmentShown,
    title: str | None,
    called: Mapping[str, str],
    role: Role,
    *,
    reasons: tuple[Badge, ...] = (),
    since: datetime | None = None,
) -> Line:
    sides = {
        Party.CUSTOMER: called.get(shown.customer_id, UNNAMED[Party.CUSTOMER]),
        Party.PROVIDER: called.get(shown.provider_id, UNNAMED[Party.PROVIDER]),
    }
    return Line(
        shown=shown,
        title=title or NO_TITLE,
        customer=sides[Party.CUSTOMER],
        provider=sides[Party.PROVIDER],
        turn=turn_of(shown.obligation, role=role, names=sides),
        reasons=reasons,
        since=since,
    )
