from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from fulfillment.domain.assignment.announcing import announce
from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    ExtendDeadline,
    HoldAssignment,
    OpenAssignment,
    PassDeadline,
    RejectAssignment,
    ResumeAssignment,
    SkipDeadline,
)
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.entries import Entry, entry
from fulfillment.domain.assignment.evolving import apply
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.people import SYSTEM
from fulfillment.domain.policy import Policy
from tests.domain.people import (
    ADA,
    APPROVED,
    BOB,
    DAY,
    DENIED,
    DENIED_AT,
    DONE,
    DONE_AT,
    FRESH,
    HOUR,
    IN_PROGRESS,
    LATER,
    MOVING,
    NEXT_WEEK,
    NOON,
    OLGA,
    POLICY,
    PROPOSED,
    ROOT,
    SCHEDULED,
    after,
    approves,
    assignment,
    confirms,
    declines,
    denies,
    euros,
    forces,
    in_time,
    proposes,
    resubmits,
    settles,
    withdraws,
)

START, END = NEXT_WEEK.start, NEXT_WEEK.end
BY_OPS = after(FRESH, proposes(OLGA, NEXT_WEEK, seeing=0))
MARKED = after(BY_OPS, confirms(ADA, 1))
HELD = after(FRESH, HoldAssignment(actor=OLGA, until=NOON + DAY, reason="holiday"))
LARGE = replace(DONE, price=euros(800))
CLICKING = Policy(sla_auto_action=True)
L1, L2, L3 = (f"sla_propose_l{level}/e1.v0/provider" for level in (1, 2, 3))

ADA_IS, BOB_IS, ADMINS_ARE, OPS_ARE = "customer:ada", "provider:bob", "admin:admins", "ops:ops"


def rings(deadline_id: str) -> PassDeadline:
    return PassDeadline(actor=SYSTEM, deadline_id=deadline_id)


def leaves(it: Assignment, command: AssignmentCommand, *, at: datetime, policy: Policy = POLICY) -> Entry:
    """Return the entry that `command` leaves in the ledger."""
    events = decide(it, command, at=at, policy=policy)
    now = apply(it, events, policy=policy)
    return entry(it, command, events, now, at=at, policy=policy)


def told(left: Entry) -> list[tuple[str, str]]:
    return sorted((each.event, str(each.to)) for each in left.notices)


def both(name: str) -> Sequence[tuple[str, str]]:
    return [(name, ADA_IS), (name, BOB_IS)]


@pytest.mark.parametrize(
    ("it", "command", "at", "expected"),
    [
        pytest.param(FRESH, OpenAssignment(actor=SYSTEM), NOON, both("notifyAssignmentOpened"), id="A0"),
        pytest.param(
            replace(PROPOSED, state_version=0),
            OpenAssignment(actor=SYSTEM),
            NOON,
            [("notifyAssignmentOpened", BOB_IS), ("notifyScheduleProposed", ADA_IS)],
            id="A0 with a window of the quote's",
        ),
        pytest.param(
            FRESH, proposes(BOB, NEXT_WEEK, seeing=0), NOON, [("notifyScheduleProposed", ADA_IS)], id="A1"
        ),
        pytest.param(
            PROPOSED,
            proposes(ADA, LATER, seeing=1),
            NOON,
            [("notifyScheduleProposed", BOB_IS)],
            id="A1 counter",
        ),
        pytest.param(
            FRESH, proposes(OLGA, NEXT_WEEK, seeing=0), NOON, both("notifyScheduleProposed"), id="5.4 by ops"
        ),
        pytest.param(BY_OPS, confirms(ADA, 1), NOON, [], id="5.4 the first mark"),
        pytest.param(MARKED, confirms(BOB, 1), NOON, both("notifyScheduleConfirmed"), id="5.4 the second"),
        pytest.param(PROPOSED, confirms(ADA, 1), NOON, both("notifyScheduleConfirmed"), id="A2"),
        pytest.param(PROPOSED, forces(OLGA, 1), NOON, both("notifyScheduleConfirmed"), id="A2 forced"),
        pytest.param(MOVING, confirms(BOB, 3), NOON, both("notifyScheduleConfirmed"), id="A10"),
        pytest.param(PROPOSED, declines(ADA, 1), NOON, [("notifyScheduleDeclined", BOB_IS)], id="A3"),
        pytest.param(
            MARKED,
            declines(BOB, 1),
            NOON,
            [("notifyScheduleDeclined", ADMINS_ARE), ("notifyScheduleDeclined", ADA_IS)],
            id="A3 that of ops, the other side having said yes",
        ),
        pytest.param(PROPOSED, withdraws(BOB, 1), NOON, [("notifyScheduleWithdrawn", ADA_IS)], id="A4"),
        pytest.param(
            MARKED,
            withdraws(OLGA, 1),
            NOON,
            both("notifyScheduleWithdrawn"),
            id="A4 that of ops, one side having said yes",
        ),
        pytest.param(
            PROPOSED, rings("proposal_expiry/v1"), NOON + DAY, both("notifyScheduleExpired"), id="A5"
        ),
        pytest.param(FRESH, rings(L1), NOON + DAY, [], id="A6 the reminder is no notice"),
        pytest.param(
            FRESH, rings(L2), NOON + DAY, [("notifyOverdue", OPS_ARE)], id="A7 the reminder tells him"
        ),
        pytest.param(
            PROPOSED,
            rings("sla_confirm_l2/v1/customer"),
            NOON + DAY,
            [("notifyOverdue", ADA_IS), ("notifyOverdue", OPS_ARE)],
            id="A7 no reminder goes out",
        ),
        pytest.param(
            DONE,
            rings("sla_payout_l2/p1/admin"),
            DONE_AT + 2 * DAY,
            [("notifyOverdue", OPS_ARE)],
            id="A7 payout",
        ),
        pytest.param(FRESH, rings(L3), NOON + 2 * DAY, [("notifyEscalated", OPS_ARE)], id="A8"),
        pytest.param(SCHEDULED, CheckIn(actor=BOB), START, [("notifyCheckedIn", ADA_IS)], id="A11"),
        pytest.param(
            SCHEDULED,
            RejectAssignment(actor=BOB, reason_code="sick"),
            NOON,
            [
                ("notifyAssignmentRejected", ADA_IS),
                ("notifyAssignmentRejected", OPS_ARE),
                ("notifyAssignmentRejected", BOB_IS),
            ],
            id="A12",
        ),
        pytest.param(
            SCHEDULED,
            CancelAssignment(actor=ADA, reason="sold"),
            NOON,
            both("notifyAssignmentCancelled"),
            id="A13",
        ),
        pytest.param(
            SCHEDULED,
            CancelAssignment(actor=ADA, reason="sold"),
            START - HOUR,
            [*both("notifyAssignmentCancelled"), ("notifyLateCancel", OPS_ARE)],
            id="A13 late",
        ),
        pytest.param(
            IN_PROGRESS,
            CompleteAssignment(actor=BOB),
            END,
            [("notifyAssignmentCompleted", ADA_IS), ("notifyPayoutPending", ADMINS_ARE)],
            id="A14",
        ),
        pytest.param(
            SCHEDULED, rings("start_check/v1"), START + HOUR, [], id="A15 the reminder is no notice"
        ),
        pytest.param(
            SCHEDULED, rings("completion_nudge/v1/2"), END + 9 * DAY, [], id="A16 the reminder is no notice"
        ),
        pytest.param(
            SCHEDULED,
            rings("completion_nudge/v1/3"),
            END + 9 * DAY,
            [("notifyOverdue", OPS_ARE)],
            id="A16 the third",
        ),
        pytest.param(DONE, approves(ROOT), DONE_AT, [], id="P1 the money has not moved"),
        pytest.param(
            LARGE,
            approves(ROOT, amount=80_000),
            DONE_AT,
            [("notifyPayoutFirstMark", ADMINS_ARE)],
            id="P1 mark",
        ),
        pytest.param(APPROVED, settles(), DONE_AT, [("notifyPayoutPaid", BOB_IS)], id="A19"),
        pytest.param(DONE, denies(ROOT), DONE_AT, [("notifyPayoutDenied", BOB_IS)], id="P11"),
        pytest.param(
            DONE,
            denies(ROOT, final=True),
            DONE_AT,
            [("notifyPayoutClosed", ADA_IS), ("notifyPayoutDenied", BOB_IS)],
            id="P13 for good",
        ),
        pytest.param(
            DENIED,
            rings("resubmit_expiry/p1"),
            DENIED_AT + 7 * DAY,
            both("notifyPayoutClosed"),
            id="P13 lapsed",
        ),
        pytest.param(DENIED, resubmits(BOB), DENIED_AT, [("notifyPayoutPending", ADMINS_ARE)], id="P12"),
        pytest.param(
            FRESH,
            HoldAssignment(actor=ADA, until=NOON + DAY, reason="holiday"),
            NOON,
            both("notifyHeld"),
            id="A21",
        ),
        pytest.param(HELD, ResumeAssignment(actor=OLGA), NOON, both("notifyResumed"), id="A21 resumed"),
        pytest.param(HELD, rings("hold_end/h1"), NOON + DAY, both("notifyResumed"), id="A21 by itself"),
        pytest.param(
            FRESH, SkipDeadline(actor=OLGA, deadline_id=L1, reason="called"), NOON, [], id="A22 skipped"
        ),
        pytest.param(
            FRESH,
            ExtendDeadline(actor=OLGA, deadline_id=L1, to=NOON + DAY, reason="called"),
            NOON,
            [],
            id="A22 moved",
        ),
    ],
)
def test_these_people_are_told_once_each_and_nobody_else(
    it: Assignment, command: AssignmentCommand, at: datetime, expected: Sequence[tuple[str, str]]
) -> None:
    assert told(leaves(it, command, at=at)) == sorted(expected)


def test_silence_that_rejects_tells_as_a_rejection_does() -> None:
    left = leaves(FRESH, rings(L3), at=NOON + 2 * DAY, policy=CLICKING)

    assert told(left) == [
        ("notifyAssignmentRejected", ADA_IS),
        ("notifyAssignmentRejected", OPS_ARE),
        ("notifyEscalated", OPS_ARE),
    ]


def test_nobody_hears_of_one_step_twice_by_one_name() -> None:
    keys = [
        notice.key
        for it, command, at in (
            (PROPOSED, confirms(ADA, 1), NOON),
            (MARKED, withdraws(OLGA, 1), NOON),
            (DENIED, rings("resubmit_expiry/p1"), DENIED_AT + 7 * DAY),
        )
        for notice in leaves(it, command, at=at).notices
    ]

    assert len(set(keys)) == len(keys)


def test_the_same_news_of_another_step_is_another_message() -> None:
    countered_back = after(PROPOSED, proposes(ADA, LATER, seeing=1))

    first = leaves(FRESH, proposes(BOB, NEXT_WEEK, seeing=0), at=NOON).notices
    second = leaves(countered_back, proposes(BOB, NEXT_WEEK, seeing=2), at=NOON).notices

    assert [each.event for each in first] == [each.event for each in second]
    assert {each.key for each in first}.isdisjoint(each.key for each in second)


def test_the_same_news_of_another_assignment_is_another_message() -> None:
    other = assignment(id="a2")

    here = leaves(FRESH, proposes(BOB, NEXT_WEEK, seeing=0), at=NOON).notices
    there = leaves(other, proposes(BOB, NEXT_WEEK, seeing=0), at=NOON).notices

    assert {each.key for each in here}.isdisjoint(each.key for each in there)


def test_reminders_travel_beside_the_notices_whether_they_go_out_or_not() -> None:
    planned = leaves(FRESH, rings(L2), at=NOON + DAY).reminders
    skipped = leaves(PROPOSED, rings("sla_confirm_l2/v1/customer"), at=NOON + DAY).reminders

    assert [each.verdict for each in (*planned, *skipped)] == ["planned", "skipped_late"]


def test_no_key_comes_twice_in_a_whole_life() -> None:
    it, keys = FRESH, []
    for command, at in (
        (OpenAssignment(actor=SYSTEM), NOON),
        (proposes(BOB, NEXT_WEEK, seeing=0), NOON),
        (confirms(ADA, 1), NOON),
        (CheckIn(actor=BOB), START),
        (CompleteAssignment(actor=BOB), END),
        (denies(ROOT), END),
        (resubmits(BOB), END),
        (approves(ROOT, attempt=2), END),
        (settles(attempt=2), END),
    ):
        before = it
        it, happened = in_time(it, until=at)
        stands = standing(it, POLICY)
        keys += [each.key for event in happened for each in announce(event, before=before, after=stands)]
        left = leaves(it, command, at=at)
        keys += [each.key for each in left.notices]
        it = left.standing.assignment

    assert it.is_closed
    assert len(set(keys)) == len(keys)
