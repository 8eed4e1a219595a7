from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fulfillment.domain.assignment import Assignment, Status
from fulfillment.domain.commands import HoldAssignment, PassDeadline
from fulfillment.domain.errors import RoleForbidden
from fulfillment.domain.events import (
    BecameOverdue,
    Cancelled,
    DeadlinePassed,
    Escalated,
    Event,
    ProposalEnded,
    Rejected,
    ReminderFellDue,
)
from fulfillment.domain.people import SYSTEM, Party
from fulfillment.domain.reminders import ADMINS, Reminder, ReminderKind, Verdict
from tests.domain.people import (
    ADA,
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
    ROOT,
    SCHEDULED,
    after,
    confirms,
    deciding,
    declines,
    in_time,
    proposes,
    visit,
    withdraws,
)

START, END = NEXT_WEEK.start, NEXT_WEEK.end


def reminders(happened: Sequence[Event]) -> list[Reminder]:
    return [each.reminder for each in happened if isinstance(each, ReminderFellDue)]


def brief(happened: Sequence[Event]) -> list[tuple[str, str, str, int, str]]:
    """Return each reminder as kind, recipient, basis, n, verdict."""
    return [(each.kind, str(each.to), each.basis, each.n, each.verdict) for each in reminders(happened)]


def rings(it: Assignment, deadline_id: str, *, at: datetime) -> Sequence[Event]:
    return deciding(it, PassDeadline(actor=SYSTEM, deadline_id=deadline_id), at=at)


class TestSilence:
    """A6, A7, A8."""

    def test_on_a_window_nudges_twice_marks_overdue_and_escalates(self) -> None:
        it, happened = in_time(FRESH, until=NOON + 3 * DAY)

        assert brief(happened) == [
            ("propose_nudge", "provider:bob", "e1", 1, "planned"),
            ("propose_nudge", "provider:bob", "e1", 2, "planned"),
        ]
        assert [each.due for each in reminders(happened)] == [NOON + 12 * HOUR, NOON + 24 * HOUR]
        assert it.overdue_at == NOON + 24 * HOUR
        assert [each.at for each in happened if isinstance(each, Escalated)] == [NOON + 48 * HOUR]
        assert it.status is Status.AWAITING_SCHEDULE

    def test_on_a_proposal_nudges_once_and_lets_it_lapse(self) -> None:
        it, happened = in_time(PROPOSED, until=NOON + DAY)

        assert brief(happened) == [
            ("confirm_nudge", "customer:ada", "v1", 1, "planned"),
            ("confirm_nudge", "customer:ada", "v1", 2, "skipped_late"),
        ]
        assert it.overdue_at == NOON + DAY

    def test_on_a_payout_reminds_the_admins_twice(self) -> None:
        it, happened = in_time(DONE, until=DONE_AT + 5 * DAY)

        assert brief(happened) == [
            ("payout_review", "admin:admins", "p1", 1, "planned"),
            ("payout_review", "admin:admins", "p1", 2, "planned"),
        ]
        assert it.overdue_at == DONE_AT + 2 * DAY
        assert [each.owed_by for each in happened if isinstance(each, Escalated)] == [Party.ADMIN]

    def test_on_a_denial_nudges_once_and_closes(self) -> None:
        it, happened = in_time(DENIED, until=DENIED_AT + 8 * DAY)

        assert brief(happened) == [("resubmit_nudge", "provider:bob", "p1", 1, "planned")]
        assert it.status is Status.CLOSED_UNPAID

    def test_is_told_once_to_the_side_that_is_silent(self) -> None:
        nudged = rings(FRESH, "sla_propose_l2/e1.v0/provider", at=NOON + DAY)
        lapsing = rings(PROPOSED, "sla_confirm_l2/v1/customer", at=NOON + DAY)

        assert [each.nudged for each in nudged if isinstance(each, BecameOverdue)] == [True]
        assert [each.nudged for each in lapsing if isinstance(each, BecameOverdue)] == [False]

    def test_stays_counted_from_the_first_time_it_was_overdue(self) -> None:
        once = replace(FRESH, overdue_at=NOON)

        it, _ = in_time(once, until=NOON + 2 * DAY)

        assert it.overdue_at == NOON

    def test_of_each_side_is_nudged_twice_in_an_epoch_and_no_more(self) -> None:
        it, now, sent = FRESH, NOON, []
        for turn in (BOB, ADA, BOB, ADA):
            it, happened = in_time(it, until=now + DAY)
            now += DAY
            sent.extend(brief(happened))
            other = ADA if turn is BOB else BOB
            version = it.schedule_version
            it = after(it, proposes(turn, visit(now + 9 * DAY), seeing=version), at=now)
            it = after(it, declines(other, version + 1), at=now)

        assert [(to, n) for kind, to, _, n, _ in sent] == [
            ("provider:bob", 1),
            ("provider:bob", 2),
            ("customer:ada", 1),
            ("customer:ada", 2),
        ]

    def test_beyond_the_nudges_of_an_epoch_is_told_by_the_overdue_notice(self) -> None:
        worn_out = replace(FRESH, nudged=(Party.PROVIDER, Party.PROVIDER))

        happened = rings(worn_out, "sla_propose_l2/e1.v0/provider", at=NOON + DAY)

        assert reminders(happened) == []
        assert [each.nudged for each in happened if isinstance(each, BecameOverdue)] == [False]

    def test_is_nudged_anew_in_the_next_epoch(self) -> None:
        it, _ = in_time(FRESH, until=NOON + DAY)
        assert it.nudged == (Party.PROVIDER, Party.PROVIDER)

        agreed = after(it, proposes(BOB, NEXT_WEEK, seeing=0), confirms(ADA, 1), at=NOON + DAY)

        assert agreed.nudged == ()


class TestClosingForSilence:
    """A8 with SLA_AUTO_ACTION."""

    AUTO = replace(POLICY, sla_auto_action=True)

    def test_is_off_unless_the_policy_says_so(self) -> None:
        it, _ = in_time(FRESH, until=NOON + 9 * DAY)

        assert not it.is_closed

    def test_of_the_provider_rejects(self) -> None:
        it, happened = in_time(FRESH, until=NOON + 2 * DAY, policy=self.AUTO)

        assert (it.status, it.reject_reason, it.rejected_at) == (
            Status.REJECTED,
            "sla_provider",
            NOON + 2 * DAY,
        )
        assert [type(each) for each in happened[-3:]] == [DeadlinePassed, Escalated, Rejected]

    def test_of_the_customer_cancels(self) -> None:
        hers = after(PROPOSED, declines(ADA, 1))

        it, happened = in_time(hers, until=NOON + 2 * DAY, policy=self.AUTO)

        assert (it.status, it.cancel_reason, it.keep_job) == (Status.CANCELLED, "sla_customer", False)
        assert isinstance(happened[-1], Cancelled)

    def test_never_touches_a_visit_that_is_agreed_nor_finished_work(self) -> None:
        moving, _ = in_time(MOVING, until=START - HOUR, policy=self.AUTO)
        done, _ = in_time(DONE, until=DONE_AT + 90 * DAY, policy=self.AUTO)

        assert moving.status is Status.SCHEDULED
        assert done.status is Status.PAYOUT_PENDING


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


class TestTheAnswerToAProposal:
    """confirm_nudge of 5.5."""

    @pytest.mark.parametrize(
        ("left", "verdict"),
        [
            pytest.param(15 * MINUTE, Verdict.PLANNED, id="5.5 a quarter of an hour left"),
            pytest.param(14 * MINUTE, Verdict.SKIPPED_LATE, id="5.5 a minute less"),
        ],
    )
    def test_is_not_asked_for_when_the_proposal_is_about_to_lapse(
        self, left: timedelta, verdict: Verdict
    ) -> None:
        happened = rings(PROPOSED, "sla_confirm_l1/v1/customer", at=NOON + DAY - left)

        assert [each.verdict for each in reminders(happened)] == [verdict]

    @pytest.mark.parametrize(
        ("it", "id"),
        [
            pytest.param(SCHEDULED, "sla_confirm_l1/v1/customer", id="X8 confirmed first"),
            pytest.param(after(PROPOSED, withdraws(BOB, 1)), "sla_confirm_l1/v1/customer", id="X8 withdrawn"),
            pytest.param(
                after(PROPOSED, proposes(ADA, LATER, seeing=1)), "proposal_expiry/v1", id="X8 countered"
            ),
            pytest.param(IN_PROGRESS, "start_check/v1", id="X8 checked in"),
            pytest.param(PROPOSED, "no_such/v1", id="X8 unknown"),
            pytest.param(PAID, "completion_nudge/v1/1", id="A23 closed"),
        ],
    )
    def test_a_deadline_that_no_longer_applies_does_nothing(self, it: Assignment, id: str) -> None:
        assert rings(it, id, at=NOON + 99 * DAY) == ()

    def test_a_deadline_that_has_not_come_does_nothing(self) -> None:
        assert rings(PROPOSED, "proposal_expiry/v1", at=NOON + DAY - MINUTE) == ()

    def test_a_deadline_rings_once(self) -> None:
        it, _ = in_time(FRESH, until=NOON + 12 * HOUR)

        assert rings(it, "sla_propose_l1/e1.v0/provider", at=NOON + 13 * HOUR) == ()

    def test_only_the_clock_rings_it(self) -> None:
        with pytest.raises(RoleForbidden):
            deciding(FRESH, PassDeadline(actor=ROOT, deadline_id="sla_propose_l1/e1.v0/provider"))


def test_nobody_is_reminded_marked_or_escalated_while_the_clock_stands_still() -> None:
    held = after(FRESH, HoldAssignment(actor=OLGA, until=NOON + 20 * DAY, reason="holiday"))

    it, happened = in_time(held, until=NOON + 20 * DAY)

    assert reminders(happened) == []
    assert not any(isinstance(each, BecameOverdue | Escalated) for each in happened)
    assert it.overdue_at is None


def test_a_proposal_that_lapses_during_a_hold_makes_nobody_overdue() -> None:
    soon = after(FRESH, proposes(BOB, visit(NOON + 10 * HOUR), seeing=0))
    held = after(soon, HoldAssignment(actor=OLGA, until=NOON + 9 * HOUR, reason="holiday"))

    it, happened = in_time(held, until=NOON + 9 * HOUR)

    assert [each.at for each in happened if isinstance(each, ProposalEnded)] == [NOON + 8 * HOUR]
    assert reminders(happened) == []
    assert it.overdue_at is None


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
