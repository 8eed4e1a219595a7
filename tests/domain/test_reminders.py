from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fulfillment.domain.assignment.commands import PassDeadline
from fulfillment.domain.assignment.events import BecameOverdue
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.messages import ADMINS, ReminderKind, Verdict
from fulfillment.domain.people import SYSTEM, Party
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
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
    POLICY,
    PROPOSED,
    SCHEDULED,
    after,
    brief,
    confirms,
    deciding,
    due,
    in_time,
    proposes,
    reminders,
    rings,
    visit,
)

START, END = NEXT_WEEK.start, NEXT_WEEK.end
TODAYS = replace(POLICY, nudge_once_when_late=True)


class TestBeforeTheVisit:
    """VISIT_24H, VISIT_2H of 5.5."""

    def test_both_sides_hear_a_day_and_two_hours_before(self) -> None:
        _, happened = in_time(SCHEDULED, until=START)

        assert brief(happened) == [
            ("visit_24h", "customer:ada", "v1", 1, "planned"),
            ("visit_24h", "provider:bob", "v1", 1, "planned"),
            ("visit_2h", "customer:ada", "v1", 1, "planned"),
            ("visit_2h", "provider:bob", "v1", 1, "planned"),
        ]

    def test_a_day_before_is_twenty_four_hours_whatever_the_clocks_do(self) -> None:
        # In the night to 25 October 2026 Berlin's clocks are set back: ten o'clock is 25 hours after ten.
        start = datetime(2026, 10, 25, 9, tzinfo=UTC)
        it = after(FRESH, proposes(BOB, visit(start), seeing=0), confirms(ADA, 1), at=start - 9 * DAY)

        assert due(it, "visit_1440m/v1/customer") == start - 24 * HOUR

    def test_another_offset_is_a_kind_of_its_own_that_names_its_distance(self) -> None:
        policy = replace(POLICY, visit_offsets=(45 * MINUTE, timedelta(seconds=90)))

        _, happened = in_time(SCHEDULED, until=START, policy=policy)

        assert [(kind, basis) for kind, to, basis, _, _ in brief(happened) if to == "customer:ada"] == [
            ("visit", "v1-45m"),
            ("visit", "v1-90s"),
        ]

    def test_after_a_reschedule_only_the_new_visit_is_spoken_of(self) -> None:
        moved = after(MOVING, confirms(BOB, 3))

        _, happened = in_time(moved, until=LATER.start)

        assert {each.basis for each in reminders(happened)} == {"v3"}

    @pytest.mark.parametrize(
        ("agreed_before", "verdict"),
        [
            pytest.param(24 * HOUR, Verdict.PLANNED, id="5.5 at the very moment"),
            pytest.param(24 * HOUR - MINUTE, Verdict.SKIPPED_COVERED, id="5.5 a minute inside"),
        ],
    )
    def test_a_confirmation_inside_the_span_served_as_the_reminder(
        self, agreed_before: timedelta, verdict: Verdict
    ) -> None:
        agreed_at = START - agreed_before
        late = after(FRESH, proposes(BOB, NEXT_WEEK, seeing=0), confirms(ADA, 1), at=agreed_at)

        happened = rings(late, "visit_1440m/v1/customer", at=agreed_at)

        assert [each.verdict for each in reminders(happened)] == [verdict]

    @pytest.mark.parametrize(
        ("reminder", "at", "verdict"),
        [
            pytest.param("visit_1440m", START - 24 * HOUR + 30 * MINUTE, Verdict.PLANNED, id="24h half late"),
            pytest.param("visit_1440m", START - 3 * HOUR, Verdict.PLANNED, id="24h late, three hours left"),
            pytest.param(
                "visit_1440m", START - 3 * HOUR + MINUTE, Verdict.SKIPPED_LATE, id="24h late, less left"
            ),
            pytest.param("visit_1440m", START + DAY, Verdict.SKIPPED_LATE, id="24h after the fact"),
            pytest.param("visit_120m", START - MINUTE, Verdict.PLANNED, id="2h late, a minute left"),
            pytest.param("visit_120m", START, Verdict.SKIPPED_LATE, id="2h when it begins"),
        ],
    )
    def test_a_reminder_that_is_late_goes_out_while_it_still_helps(
        self, reminder: str, at: datetime, verdict: Verdict
    ) -> None:
        happened = rings(SCHEDULED, f"{reminder}/v1/customer", at=at)

        assert [each.verdict for each in reminders(happened)] == [verdict]

    def test_a_reminder_half_an_hour_late_is_not_late(self) -> None:
        near = replace(POLICY, visit_offsets=(3 * HOUR,))
        command = PassDeadline(actor=SYSTEM, deadline_id="visit_180m/v1/customer")

        on_time = deciding(SCHEDULED, command, at=START - 150 * MINUTE, policy=near)
        late = deciding(SCHEDULED, command, at=START - 149 * MINUTE, policy=near)

        assert [each.verdict for each in reminders(on_time)] == [Verdict.PLANNED]
        assert [each.verdict for each in reminders(late)] == [Verdict.SKIPPED_LATE]


class TestAfterTheVisitBegan:
    """A15, A16, reminders only."""

    def test_a_provider_who_is_not_there_after_a_quarter_of_an_hour_is_asked(self) -> None:
        _, happened = in_time(SCHEDULED, until=START + 15 * MINUTE)

        assert brief(happened)[-1] == ("start_check", "provider:bob", "v1", 1, "planned")

    def test_a_provider_who_checked_in_is_not_asked(self) -> None:
        _, happened = in_time(IN_PROGRESS, until=START + DAY)

        assert ReminderKind.START_CHECK not in {each.kind for each in reminders(happened)}

    @pytest.mark.parametrize("it", [SCHEDULED, IN_PROGRESS], ids=["A16 scheduled", "A16 in progress"])
    def test_whether_it_is_done_is_asked_three_times_and_the_third_marks_overdue(
        self, it: Assignment
    ) -> None:
        ended, happened = in_time(it, until=END + 9 * DAY)
        asked = [each for each in reminders(happened) if each.kind is ReminderKind.COMPLETION_NUDGE]

        assert [(each.n, each.due) for each in asked] == [
            (1, END + HOUR),
            (2, END + HOUR + DAY),
            (3, END + HOUR + 2 * DAY),
        ]
        assert ended.overdue_at == END + HOUR + 2 * DAY
        assert [each.owed_by for each in happened if isinstance(each, BecameOverdue)] == [Party.PROVIDER]


def test_what_went_out_is_counted_and_what_was_skipped_is_not() -> None:
    it, happened = in_time(PROPOSED, until=NOON + DAY)

    assert [each.verdict for each in reminders(happened)] == [Verdict.PLANNED, Verdict.SKIPPED_LATE]
    assert (it.reminder_count, it.last_reminder_at) == (1, NOON + 12 * HOUR)


def test_the_key_of_a_reminder_names_what_whom_which_promise_and_by_which_channel() -> None:
    _, happened = in_time(SCHEDULED, until=START - DAY)

    keys = [each.dedupe_key("a1", channel="email") for each in reminders(happened)]

    assert keys == ["a1|visit_24h|customer:ada|v1|1|email", "a1|visit_24h|provider:bob|v1|1|email"]


def test_admins_are_reminded_as_one() -> None:
    _, happened = in_time(DONE, until=DONE_AT + DAY)

    assert [each.to for each in reminders(happened)] == [ADMINS]


class TestAfterAnOutage:
    """Whoever was not reminded for days is reminded once, and the rest is on record (traps R3, R4)."""

    def test_of_the_daily_questions_only_the_last_is_asked(self) -> None:
        at = END + 5 * DAY

        verdicts = {
            n: [
                each.verdict
                for each in reminders(rings(IN_PROGRESS, f"completion_nudge/v1/{n}", at=at, policy=TODAYS))
            ]
            for n in (1, 2, 3)
        }

        assert verdicts == {
            1: [Verdict.SKIPPED_COVERED],
            2: [Verdict.SKIPPED_COVERED],
            3: [Verdict.PLANNED],
        }

    def test_of_two_nudges_only_the_last_is_sent(self) -> None:
        at = NOON + 30 * HOUR

        first, second = (
            reminders(rings(FRESH, f"sla_propose_l{level}/e1.v0/provider", at=at, policy=TODAYS))
            for level in (1, 2)
        )

        assert [(each.n, each.verdict) for each in (*first, *second)] == [
            (1, Verdict.SKIPPED_COVERED),
            (2, Verdict.PLANNED),
        ]

    def test_runs_from_before_that_rule_send_both(self) -> None:
        at = NOON + 30 * HOUR

        first = reminders(rings(FRESH, "sla_propose_l1/e1.v0/provider", at=at))

        assert [each.verdict for each in first] == [Verdict.PLANNED]
