"""A no-show is suspected when nobody has checked in (A15)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    HoldAssignment,
    RejectAssignment,
)
from fulfillment.domain.assignment.deadline import DeadlineKind
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.events import IncidentOpened
from fulfillment.domain.assignment.incident import IncidentKind, IncidentVerdict
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.people import SYSTEM, Party, Role
from fulfillment.domain.policy import Policy
from tests.domain.no_shows import (
    END,
    REPORTABLE,
    START,
    SUSPECTED,
    WATCHFUL,
    answers,
    incident,
    reports,
    resolves,
)
from tests.domain.people import (
    BOB,
    DAY,
    HOUR,
    IN_PROGRESS,
    LATER,
    MINUTE,
    MOVING,
    NOON,
    OLGA,
    SCHEDULED,
    after,
    brief,
    confirms,
    due,
    in_time,
    plan,
)


class TestSuspecting:
    """A15, the second step."""

    def test_a_provider_who_has_not_checked_in_is_reminded_then_suspected(self) -> None:
        it, happened = in_time(SCHEDULED, until=REPORTABLE, policy=WATCHFUL)

        assert brief(happened)[-1] == ("start_check", "provider:bob", "v1", 1, "planned")
        assert [each.incident.kind for each in happened if isinstance(each, IncidentOpened)] == [
            IncidentKind.NO_SHOW_SUSPECTED
        ]
        assert (incident(it).accused, incident(it).by, incident(it).reported_by) == (
            Party.PROVIDER,
            Role.SYSTEM,
            SYSTEM.id,
        )
        assert (incident(it).opened_at, incident(it).answer_due) == (REPORTABLE, None)

    def test_is_off_for_runs_whose_policy_does_not_know_it(self) -> None:
        it, _ = in_time(SCHEDULED, until=END, policy=Policy())

        assert it.incident is None
        assert not [id for id in plan(SCHEDULED) if id.startswith("no_show")]

    def test_comes_after_the_reminder_where_both_fall_on_one_instant(self) -> None:
        at_once = replace(WATCHFUL, no_show_suspected_after=15 * MINUTE)

        ids = [each.id for each in deadlines(SCHEDULED, at_once) if each.due == START + 15 * MINUTE]

        assert ids == ["start_check/v1", "no_show_suspected/v1"]

    def test_is_about_the_window_in_force(self) -> None:
        moved = after(MOVING, confirms(BOB, 3))

        assert due(moved, "no_show_suspected/v1", policy=WATCHFUL) is None
        assert due(moved, "no_show_suspected/v3", policy=WATCHFUL) == LATER.start + 30 * MINUTE

    def test_does_not_wait_for_a_hold_to_end(self) -> None:
        held = after(SCHEDULED, HoldAssignment(actor=OLGA, until=NOON + 20 * DAY, reason="holiday"))

        assert due(held, "no_show_suspected/v1", policy=WATCHFUL) == REPORTABLE

    def test_does_not_concern_who_has_checked_in(self) -> None:
        assert due(IN_PROGRESS, "no_show_suspected/v1", policy=WATCHFUL) is None

    def test_adds_nothing_to_a_report(self) -> None:
        early = replace(WATCHFUL, no_show_grace=timedelta())
        reported = after(SCHEDULED, reports(), at=START, policy=early)

        it, _ = in_time(reported, until=REPORTABLE, policy=early)

        assert it.incident == reported.incident

    @pytest.mark.parametrize(
        ("command", "status"),
        [
            pytest.param(CheckIn(actor=BOB), Status.IN_PROGRESS, id="checked in"),
            pytest.param(CheckIn(actor=OLGA), Status.IN_PROGRESS, id="checked in by ops"),
            pytest.param(CompleteAssignment(actor=BOB), Status.PAYOUT_PENDING, id="done"),
            pytest.param(
                RejectAssignment(actor=BOB, reason_code="sick"), Status.REJECTED, id="given back after all"
            ),
            pytest.param(CancelAssignment(actor=OLGA, reason="sold"), Status.CANCELLED, id="called off"),
        ],
    )
    def test_ends_by_itself_when_the_visit_goes_on(self, command: AssignmentCommand, status: Status) -> None:
        it = after(SUSPECTED, command, at=START + HOUR, policy=WATCHFUL)

        assert (it.status, it.incident) == (status, None)

    def test_silences_the_question_whether_the_work_is_done(self) -> None:
        before, during = standing(SCHEDULED, WATCHFUL), standing(SUSPECTED, WATCHFUL)

        assert before.next == before.coming[0]
        assert {each.kind for each in during.coming} == {DeadlineKind.COMPLETION_NUDGE}
        assert (during.next, during.next_reminder_at) == (None, None)

    @pytest.mark.parametrize("verdict", IncidentVerdict)
    def test_can_be_resolved_like_a_report(self, verdict: IncidentVerdict) -> None:
        policy = replace(WATCHFUL, call_out_fee=4_000)

        assert after(SUSPECTED, resolves(verdict), at=REPORTABLE, policy=policy).incident is None

    def test_may_be_answered_though_nobody_waits_for_it(self) -> None:
        it = after(SUSPECTED, answers(), at=REPORTABLE)

        assert incident(it).statement == "I rang twice"
