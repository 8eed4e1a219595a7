"""What a provider's absence does to each of their assignments, and which absence nobody could have."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from fulfillment.domain.absence.commands import (
    LONGEST,
    AbsenceReason,
    ReportAbsence,
    code_for,
    expect_endable,
    expect_reportable,
)
from fulfillment.domain.absence.commands import EndAbsence as End
from fulfillment.domain.absence.consequences import (
    SAID_OF_A_PROPOSAL,
    Consequence,
    What,
    command_of,
    consequence,
)
from fulfillment.domain.absence.results import OUT_OF_STEP, Outcome, Result, soonest_first, touched
from fulfillment.domain.assignment.commands import RejectAssignment, ReportNoShow, WithdrawWindow
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.state import NOBODYS_OWN, Assignment, RejectReason, Status
from fulfillment.domain.errors import DomainError, ReasonRequired, ValueInvalid
from fulfillment.domain.people import Party
from fulfillment.domain.window import VisitWindow
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    DONE,
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
    SCHEDULED,
    after,
    confirms,
    proposes,
    visit,
)

AWAY = VisitWindow(start=NEXT_WEEK.start - DAY, end=NEXT_WEEK.start + DAY)
LONG_AWAY = replace(AWAY, end=LATER.end)
ASKED = after(FRESH, proposes(ADA, NEXT_WEEK, seeing=0))
PUT_TO_BOTH = after(FRESH, proposes(OLGA, NEXT_WEEK, seeing=0))
MISSED = after(SCHEDULED, ReportNoShow(actor=ADA), at=NEXT_WEEK.start + 40 * MINUTE)


def found(it: Assignment, span: VisitWindow = AWAY, *, reported_at: datetime = NOON + HOUR) -> Consequence:
    wanted = consequence(it, span, reported_at=reported_at)
    assert wanted is not None
    return wanted


@pytest.mark.parametrize(
    ("it", "what", "window", "version"),
    [
        pytest.param(SCHEDULED, What.REJECT, NEXT_WEEK, 1, id="an agreed visit is given back"),
        pytest.param(MOVING, What.REJECT, NEXT_WEEK, 1, id="even while somebody wants to move it"),
        pytest.param(PROPOSED, What.WITHDRAW, NEXT_WEEK, 1, id="the provider's proposal is withdrawn"),
        pytest.param(ASKED, What.DECLINE, NEXT_WEEK, 1, id="the customer's is declined"),
        pytest.param(PUT_TO_BOTH, What.DECLINE, NEXT_WEEK, 1, id="and so is an admin's"),
        pytest.param(IN_PROGRESS, What.LEAVE, NEXT_WEEK, 1, id="a visit under way goes on"),
        pytest.param(DONE, What.LEAVE, NEXT_WEEK, 1, id="work that is done waits for its payout"),
        pytest.param(MISSED, What.LEAVE, NEXT_WEEK, 1, id="a reported no-show is for operations"),
    ],
)
def test_what_is_in_that_time(it: Assignment, what: What, window: VisitWindow, version: int) -> None:
    wanted = found(it)

    assert (wanted.what, wanted.window, wanted.version) == (what, window, version)
    assert wanted.why


@pytest.mark.parametrize(
    "it", [FRESH, PAID, after(SCHEDULED, RejectAssignment(actor=BOB, reason_code="sick"))]
)
def test_what_is_not_planned_or_over_is_not_touched(it: Assignment) -> None:
    assert consequence(it, AWAY, reported_at=NOON) is None


@pytest.mark.parametrize(
    ("span", "is_touched"),
    [
        (VisitWindow(start=NEXT_WEEK.start - DAY, end=NEXT_WEEK.start), False),
        (VisitWindow(start=NEXT_WEEK.start - DAY, end=NEXT_WEEK.start + MINUTE), True),
        (VisitWindow(start=NEXT_WEEK.end - MINUTE, end=NEXT_WEEK.end + DAY), True),
        (VisitWindow(start=NEXT_WEEK.end, end=NEXT_WEEK.end + DAY), False),
    ],
)
@pytest.mark.parametrize("it", [SCHEDULED, PROPOSED])
def test_a_minute_in_common_is_enough_and_touching_ends_are_none(
    it: Assignment, span: VisitWindow, *, is_touched: bool
) -> None:
    assert (consequence(it, span, reported_at=NOON + HOUR) is not None) is is_touched


def test_a_visit_out_of_that_time_stands_though_its_new_window_does_not() -> None:
    span = VisitWindow(start=LATER.start - HOUR, end=LATER.end + HOUR)

    assert (found(MOVING, span).what, found(MOVING, span).window) == (What.DECLINE, LATER)
    moved_by_bob = after(SCHEDULED, proposes(BOB, LATER, seeing=2))
    assert found(moved_by_bob, span).what is What.WITHDRAW


class TestTheProvidersOwnWord:
    """What they say after they have reported the absence stands: they know that they are away."""

    REPORTED = NOON + HOUR

    def test_a_proposal_of_theirs_stays_open(self) -> None:
        it = after(FRESH, proposes(BOB, NEXT_WEEK, seeing=0), at=self.REPORTED + MINUTE)

        assert consequence(it, AWAY, reported_at=self.REPORTED) is None
        assert consequence(it, AWAY, reported_at=self.REPORTED + MINUTE) is not None

    def test_a_visit_they_have_proposed_or_confirmed_since_stands(self) -> None:
        proposed = after(FRESH, proposes(BOB, NEXT_WEEK, seeing=0), confirms(ADA, 1), at=self.REPORTED + HOUR)
        confirmed = after(ASKED, confirms(BOB, 1), at=self.REPORTED + HOUR)

        assert consequence(proposed, AWAY, reported_at=self.REPORTED) is None
        assert consequence(confirmed, AWAY, reported_at=self.REPORTED) is None

    def test_a_customer_who_only_says_yes_to_what_was_proposed_before_does_not_make_it_so(self) -> None:
        it = after(PROPOSED, confirms(ADA, 1), at=self.REPORTED + HOUR)

        assert found(it, reported_at=self.REPORTED).what is What.REJECT

    def test_what_a_customer_asks_for_since_is_declined(self) -> None:
        it = after(FRESH, proposes(ADA, NEXT_WEEK, seeing=0), at=self.REPORTED + HOUR)

        assert found(it, reported_at=self.REPORTED).what is What.DECLINE


def report(**changes: Any) -> ReportAbsence:
    return replace(
        ReportAbsence(
            actor=OLGA,
            command_id="c1",
            request_id="r1",
            absence_id="b1",
            provider_id=BOB.id,
            since=AWAY.start,
            until=AWAY.end,
            reason="Flu",
            reason_code=AbsenceReason.SICK.value,
        ),
        **changes,
    )


class TestTheCommand:
    @pytest.mark.parametrize("who", [OLGA, BOB])
    @pytest.mark.parametrize(
        ("it", "status"),
        [
            (SCHEDULED, Status.REJECTED),
            (PROPOSED, Status.AWAITING_SCHEDULE),
            (ASKED, Status.AWAITING_SCHEDULE),
            (PUT_TO_BOTH, Status.AWAITING_SCHEDULE),
        ],
    )
    def test_is_one_that_the_rules_honour(self, who: Any, it: Assignment, status: Status) -> None:
        command = command_of(report(actor=who), it.id, found(it))

        now = after(it, command, at=NOON + 2 * HOUR)

        assert decide(it, command, at=NOON + 2 * HOUR, policy=POLICY)
        assert (now.status, now.open_proposal) == (status, None)
        assert status is Status.REJECTED or now.turn is Party.PROVIDER

    def test_names_the_absence_speaks_for_the_provider_and_is_the_same_each_time(self) -> None:
        first, again = (command_of(report(), "a1", found(SCHEDULED)) for _ in range(2))

        assert first == again
        assert first.command_id == "unavailable/b1/a1/reject/v1"
        assert (first.actor.id, first.actor.on_behalf_of) == (OLGA.id, Party.PROVIDER)
        assert first.request_id == "r1"

    def test_tells_operations_why_and_the_customer_no_more_than_they_need(self) -> None:
        rejected = command_of(report(), "a1", found(SCHEDULED))
        withdrawn = command_of(report(), "a1", found(PROPOSED))

        assert isinstance(rejected, RejectAssignment)
        assert (rejected.reason_code, rejected.note) == ("sick", "Flu")
        assert isinstance(withdrawn, WithdrawWindow)
        assert withdrawn.reason == SAID_OF_A_PROPOSAL

    def test_there_is_none_for_what_is_left_alone(self) -> None:
        with pytest.raises(ValueInvalid, match="under way"):
            command_of(report(), "a1", found(IN_PROGRESS))


@pytest.mark.parametrize(
    ("changes", "refusal", "field"),
    [
        ({"until": AWAY.start}, ValueInvalid, "to"),
        ({"until": AWAY.start - DAY}, ValueInvalid, "to"),
        ({"since": NOON - 2 * DAY, "until": NOON}, ValueInvalid, "to"),
        ({"until": AWAY.start + LONGEST + timedelta(seconds=1)}, ValueInvalid, "to"),
        ({"reason": " "}, ReasonRequired, "reason"),
        ({"reason": "a\u2028b"}, ValueInvalid, "reason"),
    ],
)
def test_an_absence_that_nobody_could_have(
    changes: dict[str, Any], refusal: type[DomainError], field: str
) -> None:
    with pytest.raises(refusal, match=f"^{field}:"):
        expect_reportable(report(**changes), at=NOON)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"since": NOON - 2 * DAY, "until": NOON + MINUTE},
        {"until": AWAY.start + LONGEST},
    ],
)
def test_an_absence_that_has_begun_or_is_as_long_as_may_be_is_taken(changes: dict[str, Any]) -> None:
    expect_reportable(report(**changes), at=NOON)


def test_an_absence_is_not_ended_without_saying_why() -> None:
    with pytest.raises(ReasonRequired):
        expect_endable(End(actor=BOB, absence_id="b1", reason=""))


def test_the_code_is_the_given_one_or_the_reason_itself_or_a_leave() -> None:
    assert code_for("Flu", AbsenceReason.SICK) == "sick"
    assert code_for("sick") == "sick"
    assert code_for("A family matter") == "on_leave"
    assert {each.value for each in AbsenceReason} <= set(RejectReason) - NOBODYS_OWN


def test_the_soonest_visit_has_the_first_turn() -> None:
    late = touched(replace(SCHEDULED, id="a0"), LONG_AWAY, reported_at=NOON + HOUR)
    soon_visit = visit(AWAY.start)
    soon = touched(
        after(replace(FRESH, id="a9"), proposes(BOB, soon_visit, seeing=0)), LONG_AWAY, reported_at=NOON
    )

    assert late is not None
    assert soon is not None
    assert [each.assignment_id for each in soonest_first([late, soon])] == ["a9", "a0"]


@pytest.fixture
def refused() -> Callable[[str], Result]:
    return lambda code: Result(assignment_id="a1", outcome=Outcome.REFUSED, at=NOON, code=code)


def test_only_a_schedule_that_has_moved_on_is_worth_another_look(refused: Callable[[str], Result]) -> None:
    assert all(refused(code).is_out_of_step for code in OUT_OF_STEP)
    assert "VersionMismatch" in OUT_OF_STEP
    assert not refused("UseIncident").is_out_of_step
    assert not replace(refused("VersionMismatch"), outcome=Outcome.DONE).is_out_of_step
