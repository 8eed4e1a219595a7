"""Nobody is nudged at night, and nothing that was due then is lost (trap R12, table 5.5)."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from fulfillment.domain.assignment.commands import ExtendDeadline
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.events import BecameOverdue, DeadlineExtended
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.clocks import Clocks, QuietHours
from fulfillment.domain.policy import Policy
from fulfillment.domain.zones import clock_of
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    DONE,
    DONE_AT,
    FRESH,
    HOUR,
    MINUTE,
    NOON,
    OLGA,
    POLICY,
    PROPOSED,
    ROOT,
    after,
    brief,
    confirms,
    denies,
    due,
    holds,
    in_time,
    plan,
    proposes,
    reminders,
    rings,
    visit,
    with_capture_before,
)

BERLIN = clock_of("Europe/Berlin", since=NOON - DAY, until=NOON + 365 * DAY)
NIGHT = replace(
    POLICY,
    nudge_once_when_late=True,
    quiet=QuietHours(start=time(21), end=time(8)),
    clocks=Clocks(customer=BERLIN, provider=BERLIN),
)
# Noon of these tests is UTC; it is winter, so Berlin is an hour ahead: quiet from 20:00 to 07:00 UTC.
EVENING, MORNING = datetime(2026, 3, 2, 20, tzinfo=UTC), datetime(2026, 3, 3, 7, tzinfo=UTC)


def scheduled(start: datetime, *, agreed: datetime = NOON, policy: Policy = NIGHT) -> Assignment:
    return after(FRESH, proposes(BOB, visit(start), seeing=0), confirms(ADA, 1), at=agreed, policy=policy)


class TestANudge:
    def test_at_night_waits_for_the_morning(self) -> None:
        assert due(FRESH, "sla_propose_l1/e1.v0/provider") == NOON + 12 * HOUR
        assert due(FRESH, "sla_propose_l1/e1.v0/provider", policy=NIGHT) == MORNING

    def test_says_where_it_would_have_been(self) -> None:
        _, happened = in_time(FRESH, until=MORNING, policy=NIGHT)

        (nudge,) = reminders(happened)
        assert (nudge.due, nudge.moved_from, nudge.zone) == (MORNING, NOON + 12 * HOUR, "Europe/Berlin")
        assert nudge.rule == "sla_propose_l1/e1.v0/provider"

    def test_does_not_keep_anybody_from_being_overdue(self) -> None:
        patient = replace(NIGHT, sla_propose=12 * HOUR)

        it, happened = in_time(FRESH, until=MORNING, policy=patient)

        assert it.overdue_at == NOON + 12 * HOUR
        assert [each for each in happened if isinstance(each, BecameOverdue)] == [
            BecameOverdue(owed_by=it.turn, at=NOON + 12 * HOUR)
        ]
        assert [(each.n, each.due) for each in reminders(happened)] == [(1, NOON + 6 * HOUR), (2, MORNING)]

    def test_to_answer_what_lapses_at_night_is_recorded_as_skipped(self) -> None:
        soon = replace(NIGHT, sla_confirm=14 * HOUR)
        it = after(FRESH, proposes(BOB, visit(NOON + 5 * DAY), seeing=0), at=EVENING - 8 * HOUR, policy=soon)

        _, happened = in_time(it, until=MORNING, policy=soon)

        assert brief(happened)[:2] == [
            ("confirm_nudge", "customer:ada", "v1", 1, "planned"),
            ("confirm_nudge", "customer:ada", "v1", 2, "skipped_quiet"),
        ]

    def test_after_a_hold_that_ends_at_night_waits_for_the_morning(self) -> None:
        impatient = replace(NIGHT, sla_propose=HOUR)
        held = after(FRESH, holds(until=EVENING + 3 * HOUR), policy=impatient)

        nudges = [each.due for each in deadlines(held, impatient) if each.to is FRESH.turn and each.n == 1]

        assert nudges == [MORNING]

    def test_is_never_held_back_where_nobody_knows_the_clock(self) -> None:
        unknown = replace(NIGHT, clocks=Clocks())

        assert plan(FRESH, unknown) == plan(FRESH)

    def test_that_an_outage_carries_into_the_night_is_put_off(self) -> None:
        patient = replace(NIGHT, sla_propose=12 * HOUR)
        (extended,) = rings(FRESH, "sla_propose_l1/e1.v0/provider", at=EVENING + 2 * HOUR, policy=patient)

        assert isinstance(extended, DeadlineExtended)
        assert extended.to == MORNING

    def test_a_little_late_at_nightfall_waits_too(self) -> None:
        patient = replace(NIGHT, sla_propose=15.9 * HOUR)

        (extended,) = rings(FRESH, "sla_propose_l1/e1.v0/provider", at=EVENING + 2 * MINUTE, policy=patient)

        assert isinstance(extended, DeadlineExtended)
        assert extended.to == MORNING

    def test_is_one_where_two_have_waited_for_the_same_morning(self) -> None:
        impatient = replace(NIGHT, sla_propose=9 * HOUR)
        late = replace(FRESH, turn_since=NOON + 6 * HOUR)

        _, happened = in_time(late, until=MORNING, policy=impatient)

        assert [(each.n, each.verdict) for each in reminders(happened)] == [
            (1, "skipped_covered"),
            (2, "planned"),
        ]

    def test_to_resubmit_waits_for_the_morning(self) -> None:
        late = after(DONE, denies(ROOT), at=MORNING.replace(hour=15) + 6 * DAY, policy=NIGHT)

        at = due(late, "resubmit_nudge/p1", policy=NIGHT)

        assert at is not None
        assert at.hour == MORNING.hour

    def test_that_may_not_be_given_any_more_is_a_notice_instead(self) -> None:
        patient = replace(NIGHT, sla_propose=12 * HOUR)
        often = replace(FRESH, nudged=(FRESH.turn, FRESH.turn))

        _, happened = in_time(often, until=MORNING, policy=patient)

        assert [each.nudged for each in happened if isinstance(each, BecameOverdue)] == [False]

    def test_that_staff_have_moved_into_the_night_comes_at_night(self) -> None:
        moved = after(
            after(FRESH, holds(until=NOON + HOUR), policy=NIGHT),
            ExtendDeadline(
                actor=OLGA,
                deadline_id="sla_propose_l1/e1.v0/provider",
                to=EVENING + HOUR,
                reason="they work nights",
            ),
            at=NOON + 2 * HOUR,
            policy=NIGHT,
        )

        assert due(moved, "sla_propose_l1/e1.v0/provider", policy=NIGHT) == EVENING + HOUR


class TestTheReminderOfADayBefore:
    @pytest.mark.parametrize(
        ("start", "agreed", "expected"),
        [
            pytest.param(
                NOON + 3 * DAY + 10 * HOUR, NOON, EVENING + 2 * DAY - MINUTE, id="comes before the night"
            ),
            pytest.param(NOON + 3 * DAY, NOON, NOON + 2 * DAY, id="comes when it comes by day"),
            pytest.param(
                EVENING + DAY + 4 * HOUR,
                EVENING + HOUR,
                MORNING,
                id="comes in the morning if nothing was agreed in the evening",
            ),
        ],
    )
    def test_keeps_clear_of_the_night(self, start: datetime, agreed: datetime, expected: datetime) -> None:
        it = scheduled(start, agreed=agreed)

        assert due(it, "visit_1440m/v1/customer", policy=NIGHT) == expected

    def test_is_covered_by_an_agreement_in_the_night_before(self) -> None:
        it = scheduled(EVENING + DAY + 3 * HOUR, agreed=EVENING + 3.5 * HOUR)

        _, happened = in_time(it, until=MORNING, policy=NIGHT)

        assert {each.verdict for each in reminders(happened)} == {"skipped_covered"}

    def test_of_two_hours_before_comes_at_any_hour(self) -> None:
        it = scheduled(NOON + 3 * DAY + 14 * HOUR)

        assert due(it, "visit_120m/v1/customer", policy=NIGHT) == NOON + 3 * DAY + 12 * HOUR

    def test_is_said_by_each_sides_own_clock(self) -> None:
        far = clock_of("Pacific/Auckland", since=NOON - DAY, until=NOON + 365 * DAY)
        apart = replace(NIGHT, clocks=Clocks(customer=BERLIN, provider=far))
        it = scheduled(NOON + 3 * DAY, policy=apart)

        assert due(it, "visit_1440m/v1/customer", policy=apart) == NOON + 2 * DAY
        assert due(it, "visit_1440m/v1/provider", policy=apart) == NOON + 2 * DAY - 4 * HOUR - MINUTE

    def test_goes_out_however_early_it_was_moved(self) -> None:
        it = scheduled(NOON + 3 * DAY + 10 * HOUR)

        _, happened = in_time(it, until=NOON + 3 * DAY, policy=NIGHT)

        assert brief(happened) == [
            ("visit_24h", "customer:ada", "v1", 1, "planned"),
            ("visit_24h", "provider:bob", "v1", 1, "planned"),
        ]


class TestWarningsOfTheCard:
    """`auth_expiring`: 48, 24 and 2 hours before the money is let go (P16)."""

    def test_come_to_the_admins_three_times(self) -> None:
        it = with_capture_before(DONE, DONE_AT + 5 * DAY)

        _, happened = in_time(it, until=DONE_AT + 5 * DAY)

        warnings = [each for each in reminders(happened) if each.kind == "auth_expiring"]
        assert [(each.n, each.due, each.verdict) for each in warnings] == [
            (1, DONE_AT + 3 * DAY, "planned"),
            (2, DONE_AT + 4 * DAY, "planned"),
            (3, DONE_AT + 5 * DAY - 2 * HOUR, "planned"),
        ]

    def test_only_the_tightest_that_applies_is_sent(self) -> None:
        it = with_capture_before(DONE, DONE_AT + HOUR)

        late = {
            id: [each.verdict for each in reminders(rings(it, id, at=DONE_AT))]
            for id in plan(it)
            if id.startswith("auth_expiring")
        }
        assert late == {
            "auth_expiring/ipi_1/1": ["skipped_covered"],
            "auth_expiring/ipi_1/2": ["skipped_covered"],
            "auth_expiring/ipi_1/3": ["planned"],
        }


def test_a_policy_from_before_quiet_hours_knows_none() -> None:
    assert Policy().quiet is None
    assert POLICY.quiet_at(EVENING + HOUR, for_=FRESH.turn) is None
    assert due(PROPOSED, "sla_confirm_l1/v1/customer") == NOON + 12 * HOUR
