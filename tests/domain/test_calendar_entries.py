"""One entry in each calendar, whose revisions rise until it is taken out again (traps I1, I4)."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from fulfillment.domain.assignment.calendar import calendar_revision
from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CancelAssignment,
    RejectAssignment,
    ReportNoShow,
    ResolveIncident,
)
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.entries import entry
from fulfillment.domain.assignment.evolving import apply
from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.messages import CalendarMethod
from fulfillment.domain.people import Role
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    FRESH,
    HOUR,
    LATER,
    NEXT_WEEK,
    NOON,
    OLGA,
    POLICY,
    confirms,
    proposes,
    visit,
)

REQUEST, CANCEL = CalendarMethod.REQUEST, CalendarMethod.CANCEL
Revision = tuple[CalendarMethod, int]
Lines = Sequence[tuple[AssignmentCommand, datetime]]

AGREED: Lines = [(proposes(BOB, NEXT_WEEK, seeing=0), NOON), (confirms(ADA, 1), NOON)]
MOVED: Lines = [(proposes(ADA, LATER, seeing=2), NOON), (confirms(BOB, 3), NOON)]
REJECTED: Lines = [(RejectAssignment(actor=BOB, reason_code="sick"), NOON + DAY)]
CANCELLED: Lines = [(CancelAssignment(actor=ADA, reason="it works again"), NOON + DAY)]
CAME_TO_NOTHING: Lines = [
    (ReportNoShow(actor=ADA), NEXT_WEEK.start + HOUR),
    (
        ResolveIncident(actor=OLGA, verdict=IncidentVerdict.NEITHER, reason="a strike"),
        NEXT_WEEK.start + 2 * HOUR,
    ),
]
AGAIN: Lines = [
    (proposes(BOB, visit(NOON + 20 * DAY), seeing=3), NEXT_WEEK.start + 3 * HOUR),
    (confirms(ADA, 4), NEXT_WEEK.start + 3 * HOUR),
]


def revisions(*parts: Lines) -> dict[Role, list[Revision]]:
    """Return what each side's calendar is sent, when these lines are spoken one after the other."""
    it: Assignment = FRESH
    told: dict[Role, list[Revision]] = {Role.CUSTOMER: [], Role.PROVIDER: []}
    for command, at in [line for part in parts for line in part]:
        events = decide(it, command, at=at, policy=POLICY)
        after = apply(it, events, policy=POLICY)
        left = entry(it, command, events, after, at=at, policy=POLICY)
        for notice in left.notices:
            if notice.facts.calendar and notice.facts.sequence is not None and notice.to.role in told:
                told[notice.to.role].append((notice.facts.calendar, notice.facts.sequence))
        it = after
    return told


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param([AGREED], [(REQUEST, 0)], id="agreed"),
        pytest.param([AGREED, MOVED], [(REQUEST, 0), (REQUEST, 1)], id="moved"),
        pytest.param([AGREED, REJECTED], [(REQUEST, 0), (CANCEL, 1)], id="rejected"),
        pytest.param([AGREED, MOVED, CANCELLED], [(REQUEST, 0), (REQUEST, 1), (CANCEL, 2)], id="cancelled"),
        pytest.param(
            [AGREED, CAME_TO_NOTHING, AGAIN],
            [(REQUEST, 0), (CANCEL, 1), (REQUEST, 2)],
            id="came to nothing and agreed again",
        ),
        pytest.param([REJECTED], [], id="rejected before anything was agreed"),
    ],
)
def test_both_calendars_are_sent_the_same_revisions(
    story: Sequence[Lines], expected: Sequence[Revision]
) -> None:
    assert revisions(*story) == {Role.CUSTOMER: expected, Role.PROVIDER: expected}


def test_without_an_agreement_there_is_no_entry() -> None:
    assert calendar_revision(FRESH) is None
