from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fulfillment.domain.assignment.commands import CheckIn
from fulfillment.domain.assignment.deadline import ORDER, DeadlineKind
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.people import Party
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
    MINUTE,
    MOVING,
    NEXT_WEEK,
    NOON,
    OLGA,
    PAID,
    POLICY,
    PROPOSED,
    RITA,
    SCHEDULED,
    after,
    confirms,
    declines,
    denies,
    due,
    plan,
    proposes,
    resubmits,
    visit,
    with_capture_before,
)

START, END = NEXT_WEEK.start, NEXT_WEEK.end
SOON = after(FRESH, proposes(BOB, visit(NOON + 10 * HOUR), seeing=0))
BY_OPS = after(FRESH, proposes(OLGA, NEXT_WEEK, seeing=0))
GRACE = timedelta(hours=1)


@pytest.mark.parametrize(
    ("it", "expected"),
    [
        pytest.param(
            FRESH,
            {
                "sla_propose_l1/e1.v0/provider": NOON + 12 * HOUR,
                "sla_propose_l2/e1.v0/provider": NOON + 24 * HOUR,
                "sla_propose_l3/e1.v0/provider": NOON + 48 * HOUR,
            },
            id="A0 a window is owed",
        ),
        pytest.param(
            PROPOSED,
            {
                "sla_confirm_l1/v1/customer": NOON + 12 * HOUR,
                "sla_confirm_l2/v1/customer": NOON + 24 * HOUR,
                "proposal_expiry/v1": NOON + 24 * HOUR,
                "sla_confirm_l3/v1/customer": NOON + 48 * HOUR,
            },
            id="A1 an answer is owed",
        ),
        pytest.param(
            SOON,
            {
                "sla_confirm_l1/v1/customer": NOON + 4 * HOUR,
                "sla_confirm_l2/v1/customer": NOON + 8 * HOUR,
                "proposal_expiry/v1": NOON + 8 * HOUR,
                "sla_confirm_l3/v1/customer": NOON + 16 * HOUR,
            },
            id="A1 an answer is owed in time for the notice a visit needs",
        ),
        pytest.param(
            SCHEDULED,
            {
                "visit_1440m/v1/customer": START - 24 * HOUR,
                "visit_1440m/v1/provider": START - 24 * HOUR,
                "visit_120m/v1/customer": START - 2 * HOUR,
                "visit_120m/v1/provider": START - 2 * HOUR,
                "start_check/v1": START + 15 * MINUTE,
                "completion_nudge/v1/1": END + GRACE,
                "completion_nudge/v1/2": END + GRACE + DAY,
                "completion_nudge/v1/3": END + GRACE + 2 * DAY,
            },
            id="A2 a visit is agreed",
        ),
        pytest.param(
            IN_PROGRESS,
            {
                "completion_nudge/v1/1": END + GRACE,
                "completion_nudge/v1/2": END + GRACE + DAY,
                "completion_nudge/v1/3": END + GRACE + 2 * DAY,
            },
            id="A11 the work is owed",
        ),
        pytest.param(
            DONE,
            {
                "sla_payout_l1/p1/admin": DONE_AT + 24 * HOUR,
                "sla_payout_l2/p1/admin": DONE_AT + 48 * HOUR,
                "sla_payout_l3/p1/admin": DONE_AT + 96 * HOUR,
            },
            id="A14 a ruling is owed",
        ),
        pytest.param(APPROVED, {}, id="P1 the ruling is given"),
        pytest.param(
            DENIED,
            {
                "resubmit_nudge/p1": DENIED_AT + 3.5 * DAY,
                "resubmit_expiry/p1": DENIED_AT + 7 * DAY,
            },
            id="P11 evidence is owed",
        ),
        pytest.param(PAID, {}, id="A19 nothing is owed"),
    ],
)
def test_each_state_has_these_deadlines_and_no_others(it: Assignment, expected: dict[str, datetime]) -> None:
    assert plan(it) == expected


def test_a_reschedule_adds_its_own_to_those_of_the_agreed_visit() -> None:
    own = {
        "sla_confirm_l1/v3/provider": NOON + 12 * HOUR,
        "sla_confirm_l2/v3/provider": NOON + 24 * HOUR,
        "proposal_expiry/v3": NOON + 24 * HOUR,
        "sla_confirm_l3/v3/provider": NOON + 48 * HOUR,
    }

    assert plan(MOVING) == plan(SCHEDULED) | own


def test_a_counter_proposal_takes_the_deadlines_of_the_first_away() -> None:
    countered = after(PROPOSED, proposes(ADA, LATER, seeing=1), at=NOON + HOUR)

    assert {each.split("/")[1] for each in plan(countered)} == {"v2"}
    assert due(countered, "proposal_expiry/v2") == NOON + 25 * HOUR


def test_patience_is_asked_of_each_side_that_has_not_said_yes() -> None:
    marked = after(BY_OPS, confirms(BOB, 1))

    asked = {each.to for each in deadlines(BY_OPS, POLICY) if each.kind is DeadlineKind.SLA_CONFIRM}
    still_asked = {each.to for each in deadlines(marked, POLICY) if each.kind is DeadlineKind.SLA_CONFIRM}

    assert asked == {Party.CUSTOMER, Party.PROVIDER}
    assert still_asked == {Party.CUSTOMER}


def test_a_no_starts_the_patience_anew_with_the_decliner() -> None:
    declined = after(PROPOSED, declines(ADA, 1), at=NOON + 5 * HOUR)

    assert plan(declined) == {
        "sla_propose_l1/e1.v2/customer": NOON + 17 * HOUR,
        "sla_propose_l2/e1.v2/customer": NOON + 29 * HOUR,
        "sla_propose_l3/e1.v2/customer": NOON + 53 * HOUR,
    }


def test_each_attempt_at_a_payout_has_its_own_patience() -> None:
    again = after(DENIED, resubmits(BOB), at=DENIED_AT + DAY)

    assert due(again, "sla_payout_l1/p2/admin") == DENIED_AT + 2 * DAY
    assert due(again, "resubmit_expiry/p1") is None


def test_a_last_attempt_denied_is_not_followed_by_a_nudge_to_try_again() -> None:
    second = after(DENIED, resubmits(BOB), denies(RITA, attempt=2), at=DENIED_AT)
    third = after(second, resubmits(BOB), denies(RITA, attempt=3), at=DENIED_AT)

    assert "resubmit_nudge/p2" in plan(second)
    assert plan(third) == {"resubmit_expiry/p3": DENIED_AT + 7 * DAY}


@pytest.mark.parametrize(
    ("capture_before", "nudge", "expiry"),
    [
        pytest.param(DENIED_AT + 30 * DAY, DENIED_AT + 3.5 * DAY, DENIED_AT + 7 * DAY, id="P11 far away"),
        pytest.param(DENIED_AT + 5 * DAY, DENIED_AT + 2 * DAY, DENIED_AT + 4 * DAY, id="P11 a day less"),
        pytest.param(DENIED_AT + 12 * HOUR, DENIED_AT, DENIED_AT, id="P11 too near to wait at all"),
    ],
)
def test_a_denied_payout_comes_back_a_day_before_the_authorisation_lapses(
    capture_before: datetime, nudge: datetime, expiry: datetime
) -> None:
    it = with_capture_before(DENIED, capture_before)

    coming = {id: due for id, due in plan(it).items() if id.startswith("resubmit")}
    assert coming == {"resubmit_nudge/p1": nudge, "resubmit_expiry/p1": expiry}


@pytest.mark.parametrize(
    ("proposed_at", "window", "lapses"),
    [
        pytest.param(NOON, NEXT_WEEK.start + 10 * DAY, NOON + DAY, id="A9 by the patience"),
        pytest.param(START - 3 * HOUR, START + 9 * HOUR, START, id="A9 when the visit it moves begins"),
        pytest.param(
            START - 9 * HOUR, START - 4 * HOUR, START - 6 * HOUR, id="A9 by the notice of the new visit"
        ),
    ],
)
def test_a_reschedule_lapses_by_whichever_comes_first(
    proposed_at: datetime, window: datetime, lapses: datetime
) -> None:
    it = after(SCHEDULED, proposes(ADA, visit(window), seeing=2), at=proposed_at)

    assert due(it, "proposal_expiry/v3") == lapses
    assert due(it, "sla_confirm_l2/v3/provider") == lapses


def test_deadlines_of_one_instant_come_in_the_order_of_their_kinds() -> None:
    together = [each.kind for each in deadlines(PROPOSED, POLICY) if each.due == NOON + DAY]

    assert together == [DeadlineKind.SLA_CONFIRM, DeadlineKind.PROPOSAL_EXPIRY]
    assert list(ORDER) == list(DeadlineKind)


def test_deadlines_come_soonest_first() -> None:
    for it in (FRESH, MOVING, IN_PROGRESS, DONE, DENIED):
        dues = [each.due for each in deadlines(it, POLICY)]

        assert dues == sorted(dues)


def test_what_was_dealt_with_does_not_come_again() -> None:
    passed = replace(FRESH, passed=("sla_propose_l1/e1.v0/provider",))

    assert set(plan(FRESH)) - set(plan(passed)) == {"sla_propose_l1/e1.v0/provider"}


def test_offsets_of_less_than_a_minute_apart_are_deadlines_of_their_own() -> None:
    hasty = replace(
        POLICY, visit_offsets=(timedelta(seconds=90), timedelta(seconds=60), timedelta(seconds=30.5))
    )

    ids = [each.id for each in deadlines(SCHEDULED, hasty) if each.kind is DeadlineKind.VISIT_REMINDER]

    assert len(set(ids)) == len(ids) == 6
    assert "visit_90s/v1/customer" in ids
    assert "visit_1m/v1/customer" in ids
    assert "visit_30.5s/v1/customer" in ids


def test_the_policy_sets_the_times() -> None:
    brisk = replace(
        POLICY,
        sla_propose=10 * MINUTE,
        sla_confirm=20 * MINUTE,
        sla_payout=30 * MINUTE,
        start_check_after=MINUTE,
        completion_grace=2 * MINUTE,
        resubmit_window=40 * MINUTE,
        visit_offsets=(3 * MINUTE,),
    )

    assert plan(FRESH, brisk)["sla_propose_l2/e1.v0/provider"] == NOON + 10 * MINUTE
    assert plan(PROPOSED, brisk)["proposal_expiry/v1"] == NOON + 20 * MINUTE
    assert plan(DONE, brisk)["sla_payout_l3/p1/admin"] == DONE_AT + 60 * MINUTE
    assert plan(SCHEDULED, brisk)["start_check/v1"] == START + MINUTE
    assert plan(SCHEDULED, brisk)["completion_nudge/v1/1"] == END + 2 * MINUTE
    assert plan(SCHEDULED, brisk)["visit_3m/v1/customer"] == START - 3 * MINUTE
    assert plan(DENIED, brisk)["resubmit_expiry/p1"] == DENIED_AT + 40 * MINUTE


def test_checking_in_keeps_the_questions_already_asked_from_being_asked_again() -> None:
    asked = replace(SCHEDULED, passed=("completion_nudge/v1/1",))

    begun = after(asked, CheckIn(actor=BOB), at=END + 2 * HOUR)

    assert "completion_nudge/v1/1" not in plan(begun)
    assert "completion_nudge/v1/2" in plan(begun)
