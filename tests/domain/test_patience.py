from dataclasses import replace
from datetime import timedelta

import pytest

from fulfillment.domain.assignment.commands import ExtendDeadline, HoldAssignment, PassDeadline
from fulfillment.domain.assignment.events import (
    BecameOverdue,
    Cancelled,
    DeadlinePassed,
    Escalated,
    ProposalEnded,
    Rejected,
)
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.errors import RoleForbidden
from fulfillment.domain.messages import Verdict
from fulfillment.domain.people import Party
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
    brief,
    confirms,
    deciding,
    declines,
    in_time,
    proposes,
    reminders,
    rings,
    visit,
    withdraws,
)

START, END = NEXT_WEEK.start, NEXT_WEEK.end


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

    def test_is_never_nudged_about_twice_under_one_number(self) -> None:
        second = "sla_propose_l2/e1.v0/provider"
        sooner = ExtendDeadline(actor=OLGA, deadline_id=second, to=NOON + MINUTE, reason="called")

        _, happened = in_time(after(FRESH, sooner), until=NOON + 3 * DAY)

        assert brief(happened) == [
            ("propose_nudge", "provider:bob", "e1", 2, "planned"),
            ("propose_nudge", "provider:bob", "e1", 3, "planned"),
        ]

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
        patient = ExtendDeadline(actor=OLGA, deadline_id="proposal_expiry/v3", to=START, reason="on leave")

        moving, happened = in_time(after(MOVING, patient), until=START - HOUR, policy=self.AUTO)
        done, _ = in_time(DONE, until=DONE_AT + 90 * DAY, policy=self.AUTO)

        assert any(isinstance(each, Escalated) for each in happened)
        assert moving.status is Status.SCHEDULED
        assert done.status is Status.PAYOUT_PENDING


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
