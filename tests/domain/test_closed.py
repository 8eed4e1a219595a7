"""A23: whatever is asked of an assignment that has ended, the answer is that it has."""

from dataclasses import replace

import pytest

from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    AssignmentCommand,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    ExtendDeadline,
    HoldAssignment,
    PassDeadline,
    RejectAssignment,
    ReportNoShow,
    ResolveIncident,
    ResumeAssignment,
    SkipDeadline,
)
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.state import CLOSED, Assignment, Status
from fulfillment.domain.errors import AlreadyDecided, AssignmentClosed, NotAParty
from fulfillment.domain.people import SYSTEM
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    DENIED_AT,
    DONE,
    EVE,
    FRESH,
    LATER,
    MOVING,
    NOON,
    OLGA,
    PAID,
    POLICY,
    ROOT,
    after,
    approves,
    confirms,
    deciding,
    declines,
    denies,
    forces,
    holds,
    proposes,
    resubmits,
    settles,
    withdraws,
)

ENDED = {
    Status.PAID: PAID,
    Status.CLOSED_UNPAID: after(DONE, denies(ROOT, final=True), at=DENIED_AT),
    Status.REJECTED: after(MOVING, RejectAssignment(actor=BOB, reason_code="sick")),
    Status.CANCELLED: after(MOVING, CancelAssignment(actor=ADA, reason="sold the house")),
}

ANYTHING: list[AssignmentCommand] = [
    proposes(ADA, LATER, seeing=2),
    confirms(ADA, 1),
    confirms(BOB, 3),
    forces(OLGA, 3),
    declines(BOB, 3),
    withdraws(ADA, 3),
    CheckIn(actor=BOB),
    CompleteAssignment(actor=BOB),
    RejectAssignment(actor=BOB, reason_code="sick"),
    CancelAssignment(actor=ADA, reason="again"),
    CancelAssignment(actor=OLGA, reason="again"),
    ReportNoShow(actor=ADA),
    AnswerIncident(actor=BOB, statement="I was there"),
    ResolveIncident(actor=OLGA, verdict=IncidentVerdict.NEITHER, reason="heard both"),
    resubmits(BOB),
    settles(),
    HoldAssignment(actor=OLGA, until=DENIED_AT + DAY, reason="holiday"),
    ResumeAssignment(actor=OLGA),
    SkipDeadline(actor=OLGA, deadline_id="start_check/v1", reason="no need"),
    ExtendDeadline(actor=OLGA, deadline_id="start_check/v1", to=DENIED_AT + DAY, reason="no need"),
]


def test_each_end_there_is_is_tried_here() -> None:
    assert set(ENDED) == CLOSED
    assert all(it.status is status for status, it in ENDED.items())


@pytest.mark.parametrize("it", ENDED.values(), ids=ENDED)
@pytest.mark.parametrize("command", ANYTHING, ids=lambda each: f"{type(each).__name__} by {each.actor.id}")
def test_nothing_more_can_happen(it: Assignment, command: AssignmentCommand) -> None:
    with pytest.raises(AssignmentClosed, match=it.status):
        deciding(it, command, at=DENIED_AT)


@pytest.mark.parametrize("it", ENDED.values(), ids=ENDED)
def test_nothing_is_left_to_the_clock(it: Assignment) -> None:
    assert deadlines(it, POLICY) == ()
    assert deciding(it, PassDeadline(actor=SYSTEM, deadline_id="start_check/v1"), at=DENIED_AT) == ()


@pytest.mark.parametrize("it", ENDED.values(), ids=ENDED)
def test_a_stranger_is_told_that_there_is_no_such_thing(it: Assignment) -> None:
    with pytest.raises(NotAParty):
        deciding(it, proposes(EVE, LATER, seeing=0), at=DENIED_AT)


@pytest.mark.parametrize("status", [Status.REJECTED, Status.CANCELLED])
def test_a_ruling_on_what_never_was_finished_finds_it_closed(status: Status) -> None:
    for command in (approves(ROOT), denies(ROOT)):
        with pytest.raises(AssignmentClosed):
            deciding(ENDED[status], command, at=DENIED_AT)


def test_a_ruling_on_finished_work_that_was_cancelled_finds_it_closed() -> None:
    cancelled = after(DONE, CancelAssignment(actor=OLGA, reason="refunded by hand"), at=DENIED_AT)

    for command in (approves(ROOT), denies(ROOT)):
        with pytest.raises(AssignmentClosed):
            deciding(cancelled, command, at=DENIED_AT)


def test_a_late_ruling_is_told_which_one_stands_as_that_says_more_than_closed() -> None:
    with pytest.raises(AlreadyDecided):
        deciding(ENDED[Status.PAID], denies(ROOT), at=DENIED_AT)
    with pytest.raises(AlreadyDecided):
        deciding(ENDED[Status.CLOSED_UNPAID], approves(ROOT), at=DENIED_AT)


def test_of_two_ways_out_taken_at_once_the_first_is_taken() -> None:
    reject, cancel = RejectAssignment(actor=BOB, reason_code="sick"), CancelAssignment(actor=ADA, reason="x")

    for first, second in ((reject, cancel), (cancel, reject), (reject, reject), (cancel, cancel)):
        ended = after(MOVING, first)
        with pytest.raises(AssignmentClosed):
            deciding(ended, second)


def test_an_end_leaves_nobody_overdue() -> None:
    for it in (FRESH, MOVING):
        late = replace(it, overdue_at=NOON)

        assert after(late, RejectAssignment(actor=BOB, reason_code="sick")).overdue_at is None
        assert after(late, CancelAssignment(actor=ADA, reason="x")).overdue_at is None


def test_an_end_ends_a_hold_too() -> None:
    held = after(FRESH, holds())

    assert deadlines(held, POLICY)
    assert deadlines(after(held, CancelAssignment(actor=ADA, reason="sold the house")), POLICY) == ()
