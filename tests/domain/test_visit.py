from dataclasses import replace
from datetime import datetime

import pytest

from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    RejectAssignment,
)
from fulfillment.domain.assignment.deadline import DeadlineKind
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment, ProposalStatus, Status
from fulfillment.domain.errors import (
    AmountExceedsAuthorised,
    DomainError,
    NotAParty,
    RoleForbidden,
    ValueInvalid,
    WrongState,
)
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM, Actor
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    DONE,
    FRESH,
    HOUR,
    IN_PROGRESS,
    MALLORY,
    MINUTE,
    MOVING,
    NEXT_WEEK,
    NOON,
    OLGA,
    OLGA_FOR_BOB,
    POLICY,
    PROPOSED,
    ROOT,
    SCHEDULED,
    after,
    deciding,
    due,
    euros,
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


class TestCheckingIn:
    """A11."""

    def test_begins_the_visit_and_voids_what_was_still_being_talked_about(self) -> None:
        it = after(MOVING, checks_in(), at=START)

        assert (it.status, it.checked_in_at) == (Status.IN_PROGRESS, START)
        assert it.proposal is not None
        assert it.proposal.status is ProposalStatus.VOID
        assert it.agreed == SCHEDULED.agreed

    def test_leaves_nothing_but_the_question_whether_the_work_is_done(self) -> None:
        it = after(MOVING, checks_in(), at=START)

        assert {each.kind for each in deadlines(it, POLICY)} == {DeadlineKind.COMPLETION_NUDGE}
        assert due(it, "completion_nudge/v1/1") == END + POLICY.completion_grace

    def test_opens_two_hours_before_the_visit(self) -> None:
        opens = START - 2 * HOUR

        assert deciding(SCHEDULED, checks_in(), at=opens)
        with pytest.raises(WrongState):
            deciding(SCHEDULED, checks_in(), at=opens - MINUTE)

    def test_may_come_late(self) -> None:
        assert deciding(SCHEDULED, checks_in(), at=END + DAY)

    def test_nobody_is_overdue_with_an_answer_to_what_is_void(self) -> None:
        assert after(replace(MOVING, overdue_at=NOON), checks_in(), at=START).overdue_at is None

    def test_whoever_is_overdue_with_the_work_stays_so(self) -> None:
        assert after(replace(SCHEDULED, overdue_at=NOON), checks_in(), at=END + 3 * DAY).overdue_at == NOON


class TestCompleting:
    """A14."""

    @pytest.mark.parametrize("it", [SCHEDULED, IN_PROGRESS], ids=["A14 scheduled", "A14 in progress"])
    def test_asks_for_the_payout_of_the_price(self, it: Assignment) -> None:
        done = after(it, completes(evidence=("photo", "signature")), at=END)

        assert (done.status, done.epoch, done.completed_at) == (Status.PAYOUT_PENDING, it.epoch + 1, END)
        assert done.payout is not None
        assert (done.payout.attempt, done.payout.status) == (1, PayoutStatus.PENDING_APPROVAL)
        assert (done.payout.amount, done.payout.evidence) == (euros(120), ("photo", "signature"))
        assert (done.payout.submitted_by, done.payout.submitted_at) == (BOB.id, END)

    def test_may_ask_for_less_than_the_price(self) -> None:
        done = after(IN_PROGRESS, completes(amount=euros(80)), at=END)

        assert done.payout is not None
        assert done.payout.amount == euros(80)

    def test_leaves_nothing_but_patience_with_the_admins(self) -> None:
        done = after(MOVING, completes(), at=START)

        assert {each.kind for each in deadlines(done, POLICY)} == {DeadlineKind.SLA_PAYOUT}
        assert done.open_proposal is None

    def test_ends_being_overdue(self) -> None:
        assert after(replace(IN_PROGRESS, overdue_at=NOON), completes(), at=END).overdue_at is None

    @pytest.mark.parametrize("who", [OLGA, OLGA_FOR_BOB, ROOT], ids=["ops", "ops for him", "admin"])
    def test_before_the_visit_is_for_operations_alone(self, who: Actor) -> None:
        early = START - MINUTE

        assert deciding(SCHEDULED, completes(who), at=early)
        assert deciding(SCHEDULED, completes(), at=START)
        with pytest.raises(WrongState):
            deciding(SCHEDULED, completes(), at=early)

    def test_early_is_refused_to_a_provider_who_checked_in_early_too(self) -> None:
        begun = after(SCHEDULED, checks_in(), at=START - HOUR)

        with pytest.raises(WrongState):
            deciding(begun, completes(), at=START - MINUTE)


@pytest.mark.parametrize(
    ("it", "command", "at", "refusal"),
    [
        pytest.param(FRESH, checks_in(), START, WrongState, id="A11 nothing agreed"),
        pytest.param(PROPOSED, checks_in(), START, WrongState, id="A11 only proposed"),
        pytest.param(IN_PROGRESS, checks_in(), START, WrongState, id="A11 twice"),
        pytest.param(SCHEDULED, checks_in(ADA), START, RoleForbidden, id="A11 the customer"),
        pytest.param(SCHEDULED, checks_in(SYSTEM), START, RoleForbidden, id="A11 the clock"),
        pytest.param(SCHEDULED, checks_in(MALLORY), START, NotAParty, id="A11 another provider"),
        pytest.param(FRESH, completes(), END, WrongState, id="A14 nothing agreed"),
        pytest.param(DONE, completes(), END, WrongState, id="A14 twice"),
        pytest.param(IN_PROGRESS, completes(ADA), END, RoleForbidden, id="A14 the customer"),
        pytest.param(IN_PROGRESS, completes(MALLORY), END, NotAParty, id="A14 another provider"),
        pytest.param(
            IN_PROGRESS,
            completes(amount=euros(121)),
            END,
            AmountExceedsAuthorised,
            id="A14 more than the price",
        ),
        pytest.param(IN_PROGRESS, completes(amount=euros(0)), END, ValueInvalid, id="A14 nothing at all"),
        pytest.param(
            IN_PROGRESS,
            completes(amount=Money(amount=1, currency="USD")),
            END,
            ValueInvalid,
            id="A14 another currency",
        ),
        pytest.param(IN_PROGRESS, completes(evidence=("x",) * 21), END, ValueInvalid, id="A14 much evidence"),
        pytest.param(
            IN_PROGRESS, completes(evidence=("x" * 501,)), END, ValueInvalid, id="A14 long evidence"
        ),
        pytest.param(IN_PROGRESS, completes(evidence=("\0",)), END, ValueInvalid, id="A14 unfit evidence"),
    ],
)
def test_is_refused(
    it: Assignment, command: AssignmentCommand, at: datetime, refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal) as refused:
        deciding(it, command, at=at)

    assert refused.type is refusal
