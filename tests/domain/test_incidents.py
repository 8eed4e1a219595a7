"""No-shows row by row: suspected, reported, answered or not (A15, A17)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    AssignmentCommand,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    ExtendDeadline,
    HoldAssignment,
    RejectAssignment,
    ReportNoShow,
)
from fulfillment.domain.assignment.deadlines import DeadlineKind, deadlines
from fulfillment.domain.assignment.events import IncidentOpened, IncidentUnanswered
from fulfillment.domain.assignment.incident import Incident, IncidentKind, IncidentVerdict
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.errors import (
    AssignmentClosed,
    DomainError,
    Forbidden,
    NotAParty,
    ReasonRequired,
    RoleForbidden,
    UseIncident,
    ValueInvalid,
    WrongState,
)
from fulfillment.domain.people import SYSTEM, Actor, Party, Role
from fulfillment.domain.policy import Policy
from tests.domain.no_shows import (
    ABSENT_CUSTOMER,
    ANSWERED,
    END,
    REPORTABLE,
    REPORTED,
    START,
    STRICT,
    SUSPECTED,
    WATCHFUL,
    answers,
    incident,
    reports,
    resolves,
)
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    DONE,
    EVE,
    FRESH,
    HOUR,
    IN_PROGRESS,
    LATER,
    MINUTE,
    MOVING,
    NOON,
    OLGA,
    OLGA_FOR_ADA,
    OLGA_FOR_BOB,
    PAID,
    PROPOSED,
    ROOT,
    SCHEDULED,
    after,
    brief,
    confirms,
    deciding,
    due,
    euros,
    in_time,
    payout,
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


class TestReporting:
    """A17."""

    def test_opens_an_incident_that_the_accused_has_two_hours_to_answer(self) -> None:
        it = after(SCHEDULED, reports(note="waited outside"), at=REPORTABLE)

        assert it.incident == Incident(
            kind=IncidentKind.NO_SHOW,
            accused=Party.PROVIDER,
            reported_by=ADA.id,
            by=Role.CUSTOMER,
            opened_at=REPORTABLE,
            answer_due=REPORTABLE + 2 * HOUR,
            note="waited outside",
        )
        assert due(it, "no_show_answer/v1") == REPORTABLE + 2 * HOUR
        assert it.status is Status.SCHEDULED

    @pytest.mark.parametrize(
        ("who", "said", "accused"),
        [
            pytest.param(ADA, None, Party.PROVIDER, id="she, of him"),
            pytest.param(BOB, None, Party.CUSTOMER, id="he, of her"),
            pytest.param(ADA, Party.PROVIDER, Party.PROVIDER, id="she, by name"),
            pytest.param(OLGA, Party.CUSTOMER, Party.CUSTOMER, id="ops, of her"),
            pytest.param(ROOT, Party.PROVIDER, Party.PROVIDER, id="an admin, of him"),
            pytest.param(OLGA_FOR_ADA, None, Party.PROVIDER, id="ops in her name"),
            pytest.param(OLGA_FOR_BOB, None, Party.CUSTOMER, id="ops in his name"),
        ],
    )
    def test_is_about_the_other_side_or_whom_operations_name(
        self, who: Actor, said: Party | None, accused: Party
    ) -> None:
        it = after(IN_PROGRESS, reports(who, accused=said), at=REPORTABLE)

        assert incident(it).accused is accused

    @pytest.mark.parametrize(
        ("it", "command", "at", "refusal"),
        [
            pytest.param(SCHEDULED, reports(), REPORTABLE - MINUTE, WrongState, id="too early"),
            pytest.param(SCHEDULED, reports(OLGA), REPORTABLE, ValueInvalid, id="ops do not say who"),
            pytest.param(
                SCHEDULED, reports(OLGA, accused=Party.ADMIN), REPORTABLE, ValueInvalid, id="of the admins"
            ),
            pytest.param(SCHEDULED, reports(ADA, accused=Party.ADMIN), REPORTABLE, ValueInvalid, id="too"),
            pytest.param(
                SCHEDULED, reports(ADA, accused=Party.CUSTOMER), REPORTABLE, Forbidden, id="herself"
            ),
            pytest.param(
                SCHEDULED,
                reports(OLGA_FOR_BOB, accused=Party.PROVIDER),
                REPORTABLE,
                Forbidden,
                id="himself, through ops",
            ),
            pytest.param(SCHEDULED, reports(note="\0"), REPORTABLE, ValueInvalid, id="an unfit note"),
            pytest.param(SCHEDULED, reports(SYSTEM), REPORTABLE, RoleForbidden, id="the clock"),
            pytest.param(SCHEDULED, reports(EVE), REPORTABLE, NotAParty, id="a stranger"),
            pytest.param(FRESH, reports(), REPORTABLE, WrongState, id="nothing agreed"),
            pytest.param(PROPOSED, reports(), REPORTABLE, WrongState, id="nothing agreed yet"),
            pytest.param(DONE, reports(), END, WrongState, id="done"),
            pytest.param(PAID, reports(), END, AssignmentClosed, id="A23"),
            pytest.param(REPORTED, reports(), REPORTABLE, WrongState, id="reported already"),
            pytest.param(REPORTED, reports(BOB), REPORTABLE, WrongState, id="the other one is reported"),
            pytest.param(ANSWERED, reports(), END, WrongState, id="answered already"),
            pytest.param(SUSPECTED, reports(BOB), REPORTABLE, WrongState, id="himself suspected"),
        ],
    )
    def test_is_refused(
        self, it: Assignment, command: ReportNoShow, at: datetime, refusal: type[DomainError]
    ) -> None:
        with pytest.raises(refusal):
            deciding(it, command, at=at)

    def test_takes_the_place_of_a_suspicion_against_the_same_side(self) -> None:
        answered = after(SUSPECTED, answers(), at=REPORTABLE)

        it = after(answered, reports(), at=REPORTABLE + MINUTE)

        assert incident(it).is_reported
        assert (incident(it).statement, incident(it).answered_at) == ("", None)
        assert incident(it).answer_due == REPORTABLE + MINUTE + 2 * HOUR

    def test_stays_when_the_provider_comes_after_all(self) -> None:
        late = after(REPORTED, CheckIn(actor=BOB), at=START + HOUR)

        assert (late.status, late.incident) == (Status.IN_PROGRESS, REPORTED.incident)
        assert due(late, "no_show_answer/v1") == REPORTABLE + 2 * HOUR

    @pytest.mark.parametrize("it", [REPORTED, ABSENT_CUSTOMER], ids=["of the provider", "of the customer"])
    def test_keeps_the_provider_from_reporting_the_work_as_done(self, it: Assignment) -> None:
        with pytest.raises(WrongState, match="operations resolve it"):
            deciding(it, CompleteAssignment(actor=BOB), at=END)

    def test_is_set_aside_when_operations_report_the_work_as_done(self) -> None:
        it = after(REPORTED, CompleteAssignment(actor=OLGA), at=END)

        assert (it.status, it.incident) == (Status.PAYOUT_PENDING, None)

    def test_is_still_the_way_out_of_a_visit_that_has_begun(self) -> None:
        with pytest.raises(UseIncident):
            deciding(ABSENT_CUSTOMER, RejectAssignment(actor=BOB, reason_code="sick"), at=END)


class TestAnswering:
    """A17, the accused."""

    def test_is_noted_and_ends_the_wait(self) -> None:
        it = after(REPORTED, answers(said="The door was shut"), at=REPORTABLE + HOUR)

        assert (incident(it).statement, incident(it).answered_at) == ("The door was shut", REPORTABLE + HOUR)
        assert due(it, "no_show_answer/v1") is None

    @pytest.mark.parametrize("who", [BOB, OLGA, OLGA_FOR_BOB, ROOT], ids=["him", "ops", "for him", "admin"])
    def test_is_for_the_accused_and_staff_who_pass_it_on(self, who: Actor) -> None:
        assert deciding(REPORTED, answers(who), at=REPORTABLE)

    def test_may_come_after_its_time(self) -> None:
        late, _ = in_time(REPORTED, until=REPORTABLE + 3 * HOUR)

        assert incident(after(late, answers(), at=REPORTABLE + 3 * HOUR)).answered_at

    @pytest.mark.parametrize(
        ("it", "command", "refusal"),
        [
            pytest.param(REPORTED, answers(ADA), Forbidden, id="the other side"),
            pytest.param(ABSENT_CUSTOMER, answers(BOB), Forbidden, id="the other side again"),
            pytest.param(REPORTED, answers(OLGA_FOR_ADA), Forbidden, id="the other side through ops"),
            pytest.param(REPORTED, answers(SYSTEM), RoleForbidden, id="the clock"),
            pytest.param(REPORTED, answers(EVE), NotAParty, id="a stranger"),
            pytest.param(REPORTED, answers(said=" "), ReasonRequired, id="nothing said"),
            pytest.param(REPORTED, answers(said="\0"), ValueInvalid, id="an unfit text"),
            pytest.param(ANSWERED, answers(), WrongState, id="answered already"),
            pytest.param(SCHEDULED, answers(), WrongState, id="nothing open"),
            pytest.param(PAID, answers(), AssignmentClosed, id="A23"),
        ],
    )
    def test_is_refused(self, it: Assignment, command: AnswerIncident, refusal: type[DomainError]) -> None:
        with pytest.raises(refusal):
            deciding(it, command, at=END)


class TestNotAnswering:
    """NO_SHOW_ANSWER."""

    def test_is_told_to_operations_and_no_more(self) -> None:
        it, happened = in_time(REPORTED, until=REPORTABLE + 2 * HOUR)

        assert [each.accused for each in happened if isinstance(each, IncidentUnanswered)] == [Party.PROVIDER]
        assert it.incident == REPORTED.incident

    def test_costs_the_provider_the_assignment_where_the_policy_says_so(self) -> None:
        it, _ = in_time(REPORTED, until=REPORTABLE + 2 * HOUR, policy=STRICT)

        assert (it.status, it.reject_reason, it.late_rejection) == (Status.REJECTED, "no_show", True)

    def test_costs_the_customer_the_usual_fee_where_the_policy_says_so(self) -> None:
        policy = replace(STRICT, call_out_fee=4_000)

        it, _ = in_time(ABSENT_CUSTOMER, until=REPORTABLE + 2 * HOUR, policy=policy)

        assert (it.status, payout(it).amount, payout(it).submitted_by) == (
            Status.PAYOUT_PENDING,
            euros(40),
            SYSTEM.id,
        )

    def test_waits_for_operations_where_nobody_knows_the_fee(self) -> None:
        it, _ = in_time(ABSENT_CUSTOMER, until=REPORTABLE + DAY, policy=STRICT)

        assert it.incident == ABSENT_CUSTOMER.incident

    def test_settles_nothing_once_the_accused_has_spoken(self) -> None:
        it, _ = in_time(ANSWERED, until=END + DAY, policy=STRICT)

        assert it.incident == ANSWERED.incident

    def test_does_not_wait_for_a_hold_to_end(self) -> None:
        held = after(REPORTED, HoldAssignment(actor=BOB, until=END + 9 * DAY, reason="ill"), at=REPORTABLE)

        assert due(held, "no_show_answer/v1") == REPORTABLE + 2 * HOUR

    def test_may_be_given_more_time_by_operations(self) -> None:
        later = REPORTABLE + DAY
        more = ExtendDeadline(actor=OLGA, deadline_id="no_show_answer/v1", to=later, reason="in hospital")

        it = after(REPORTED, more, at=REPORTABLE)

        assert (due(it, "no_show_answer/v1"), incident(it).answer_due) == (later, later)
