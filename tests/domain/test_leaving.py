from datetime import datetime, timedelta

import pytest

from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    RejectAssignment,
)
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment, RejectReason, Status
from fulfillment.domain.errors import (
    AssignmentClosed,
    CutoffPassed,
    DomainError,
    NotAParty,
    ReasonRequired,
    RoleForbidden,
    UseIncident,
    ValueInvalid,
    WrongState,
)
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor
from tests.domain.people import (
    ADA,
    APPROVED,
    BOB,
    DAY,
    DENIED,
    DONE,
    EVE,
    FRESH,
    HOUR,
    IN_PROGRESS,
    LATER,
    MALLORY,
    MINUTE,
    MOVING,
    NEXT_WEEK,
    NOON,
    OLGA,
    OLGA_FOR_BOB,
    PAID,
    POLICY,
    PROPOSED,
    ROOT,
    SCHEDULED,
    after,
    confirms,
    deciding,
    forces,
    proposes,
    visit,
)

START, END = NEXT_WEEK.start, NEXT_WEEK.end


def checks_in(who: Actor = BOB) -> CheckIn:
    return CheckIn(actor=who)


def completes(
    who: Actor = BOB, *, amount: Money | None = None, evidence: tuple[str, ...] = ("done",)
) -> CompleteAssignment:
    return CompleteAssignment(actor=who, evidence=evidence, final_amount=amount)


def rejects(who: Actor = BOB, *, reason: str = "sick", note: str = "") -> RejectAssignment:
    return RejectAssignment(actor=who, reason_code=reason, note=note)


def cancels(who: Actor = ADA, *, reason: str = "sold the house", keep_job: bool = False) -> CancelAssignment:
    return CancelAssignment(actor=who, reason=reason, keep_job=keep_job)


class TestRejecting:
    """A12."""

    @pytest.mark.parametrize(
        "it", [FRESH, PROPOSED, SCHEDULED, MOVING], ids=["fresh", "proposed", "scheduled", "being moved"]
    )
    @pytest.mark.parametrize("who", [BOB, OLGA, OLGA_FOR_BOB, ROOT], ids=["him", "ops", "for him", "admin"])
    def test_ends_it_with_nothing_left_open(self, it: Assignment, who: Actor) -> None:
        ended = after(it, rejects(who, reason="equipment"))

        assert (ended.status, ended.rejected_at, ended.reject_reason) == (Status.REJECTED, NOON, "equipment")
        assert ended.open_proposal is None
        assert deadlines(ended, POLICY) == ()

    @pytest.mark.parametrize(
        "reason", ["sick", "on_leave", "conflict", "equipment", "location", "other"], ids=str
    )
    def test_takes_each_of_the_six_reasons(self, reason: str) -> None:
        assert deciding(SCHEDULED, rejects(reason=reason))

    def test_is_late_within_a_day_of_the_visit_and_not_a_day_before(self) -> None:
        in_time = after(SCHEDULED, rejects(), at=START - DAY)
        late = after(SCHEDULED, rejects(), at=START - DAY + MINUTE)
        too_late = after(SCHEDULED, rejects(), at=START + HOUR)

        assert not in_time.late_rejection
        assert late.late_rejection
        assert too_late.late_rejection

    def test_is_never_late_while_nothing_is_agreed(self) -> None:
        soon = after(FRESH, proposes(BOB, visit(NOON + 3 * HOUR), seeing=0))

        assert not after(soon, rejects()).late_rejection

    def test_of_confirm_and_reject_the_first_is_done_and_the_second_told_what_is(self) -> None:
        confirmed_first = after(PROPOSED, confirms(ADA, 1), rejects())
        rejected_first = after(PROPOSED, rejects())

        assert confirmed_first.status is Status.REJECTED
        with pytest.raises(AssignmentClosed):
            deciding(rejected_first, confirms(ADA, 1))


class TestCancelling:
    """A13."""

    @pytest.mark.parametrize(
        "it", [FRESH, PROPOSED, SCHEDULED, MOVING], ids=["fresh", "proposed", "scheduled", "being moved"]
    )
    def test_ends_it_with_nothing_left_open(self, it: Assignment) -> None:
        ended = after(it, cancels(keep_job=True))

        assert (ended.status, ended.cancelled_at, ended.keep_job) == (Status.CANCELLED, NOON, True)
        assert ended.cancel_reason == "sold the house"
        assert ended.open_proposal is None
        assert deadlines(ended, POLICY) == ()

    def test_is_the_customers_until_the_visit_begins_and_then_operations_alone(self) -> None:
        assert deciding(SCHEDULED, cancels(), at=START - MINUTE)
        with pytest.raises(CutoffPassed):
            deciding(SCHEDULED, cancels(), at=START)

        assert deciding(SCHEDULED, cancels(OLGA), at=START)

    @pytest.mark.parametrize("it", [IN_PROGRESS, DONE, DENIED], ids=["in progress", "done", "denied"])
    def test_by_operations_is_possible_until_the_money_is_on_its_way(self, it: Assignment) -> None:
        assert after(it, cancels(OLGA), at=END).status is Status.CANCELLED

    def test_of_finished_work_closes_its_payout_too(self) -> None:
        ended = after(DONE, cancels(OLGA), at=END)

        assert ended.payout is not None
        assert ended.payout.status is PayoutStatus.CLOSED_DENIED

    @pytest.mark.parametrize(
        ("at", "late"),
        [
            pytest.param(START - DAY, "in time", id="A13 a day before"),
            pytest.param(START - DAY + MINUTE, "late", id="A13 a minute less"),
        ],
    )
    def test_is_late_within_a_day_of_the_visit(self, at: datetime, late: str) -> None:
        assert after(SCHEDULED, cancels(), at=at).late_cancel is (late == "late")

    def test_is_never_late_while_nothing_is_agreed(self) -> None:
        assert not after(PROPOSED, cancels()).late_cancel

    @pytest.mark.parametrize(
        ("since_the_move", "late"),
        [
            pytest.param(HOUR, "late", id="X6 an hour after"),
            pytest.param(48 * HOUR, "late", id="X6 as long as it is looked back"),
            pytest.param(48 * HOUR + MINUTE, "in time", id="X6 a minute longer"),
        ],
    )
    def test_is_judged_by_the_earliest_visit_agreed_in_the_last_two_days(
        self, since_the_move: timedelta, late: str
    ) -> None:
        moved_at = START - 2 * HOUR
        moved = after(
            SCHEDULED, proposes(ADA, visit(START + 30 * DAY), seeing=2), forces(OLGA, 3), at=moved_at
        )

        assert after(moved, cancels(), at=moved_at + since_the_move).late_cancel is (late == "late")

    def test_remembers_every_visit_agreed_in_the_last_two_days(self) -> None:
        moved = after(SCHEDULED, proposes(ADA, LATER, seeing=2), confirms(BOB, 3), at=START - 20 * HOUR)
        twice = after(
            moved, proposes(ADA, visit(START + 30 * DAY), seeing=4), confirms(BOB, 5), at=START - HOUR
        )

        assert after(twice, cancels(), at=START).late_cancel


@pytest.mark.parametrize(
    ("it", "command", "at", "refusal"),
    [
        pytest.param(IN_PROGRESS, rejects(), START, UseIncident, id="A12 the visit has begun"),
        pytest.param(DONE, rejects(), END, WrongState, id="A12 the work is done"),
        pytest.param(SCHEDULED, rejects(ADA), NOON, RoleForbidden, id="A12 the customer"),
        pytest.param(SCHEDULED, rejects(MALLORY), NOON, NotAParty, id="A12 another provider"),
        pytest.param(SCHEDULED, rejects(reason="bored"), NOON, ValueInvalid, id="A12 an unknown reason"),
        pytest.param(
            SCHEDULED,
            rejects(reason=RejectReason.SLA_PROVIDER),
            NOON,
            ValueInvalid,
            id="A12 the clock's reason",
        ),
        pytest.param(SCHEDULED, rejects(note="\0"), NOON, ValueInvalid, id="A12 an unfit note"),
        pytest.param(SCHEDULED, cancels(BOB), NOON, RoleForbidden, id="A13 the provider"),
        pytest.param(SCHEDULED, cancels(EVE), NOON, NotAParty, id="A13 another customer"),
        pytest.param(SCHEDULED, cancels(MALLORY), NOON, NotAParty, id="A13 another provider"),
        pytest.param(IN_PROGRESS, cancels(), START, WrongState, id="A13 the visit has begun"),
        pytest.param(DONE, cancels(), END, WrongState, id="A13 the work is done"),
        pytest.param(APPROVED, cancels(OLGA), END + DAY, WrongState, id="A13 the money is on its way"),
        pytest.param(PAID, cancels(OLGA), END + DAY, AssignmentClosed, id="A23 paid"),
        pytest.param(SCHEDULED, cancels(reason=" "), NOON, ReasonRequired, id="A13 without a reason"),
        pytest.param(SCHEDULED, cancels(OLGA, reason="\0"), NOON, ValueInvalid, id="A13 an unfit reason"),
    ],
)
def test_is_refused(
    it: Assignment, command: AssignmentCommand, at: datetime, refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal) as refused:
        deciding(it, command, at=at)

    assert refused.type is refusal
