"""No-shows row by row: reported, answered or not (A17)."""

from dataclasses import replace
from datetime import datetime

import pytest

from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    CheckIn,
    CompleteAssignment,
    ExtendDeadline,
    HoldAssignment,
    RejectAssignment,
    ReportNoShow,
)
from fulfillment.domain.assignment.events import IncidentUnanswered
from fulfillment.domain.assignment.incident import Incident, IncidentKind
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
from tests.domain.no_shows import (
    ABSENT_CUSTOMER,
    ANSWERED,
    END,
    REPORTABLE,
    REPORTED,
    START,
    STRICT,
    SUSPECTED,
    answers,
    incident,
    reports,
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
    MINUTE,
    OLGA,
    OLGA_FOR_ADA,
    OLGA_FOR_BOB,
    PAID,
    PROPOSED,
    ROOT,
    SCHEDULED,
    after,
    deciding,
    due,
    euros,
    in_time,
    payout,
)


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
