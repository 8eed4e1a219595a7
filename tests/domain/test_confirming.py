from dataclasses import replace
from datetime import datetime

import pytest

from fulfillment.domain.assignment.commands import AssignmentCommand, CheckIn, RejectAssignment
from fulfillment.domain.assignment.state import Assignment, ProposalStatus, Status
from fulfillment.domain.errors import (
    AssignmentClosed,
    CannotConfirmOwnProposal,
    DomainError,
    NotAParty,
    ProposalExpired,
    ReasonRequired,
    RoleForbidden,
    ValueInvalid,
    WrongState,
)
from fulfillment.domain.people import SYSTEM, Actor, Party
from fulfillment.domain.window import VisitWindow
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
    NEXT_WEEK,
    NOON,
    OLGA,
    OLGA_FOR_ADA,
    OLGA_FOR_BOB,
    PROPOSED,
    ROOT,
    SCHEDULED,
    after,
    confirms,
    deciding,
    declines,
    due,
    forces,
    proposes,
    visit,
)

BY_OPS = after(FRESH, proposes(OLGA, NEXT_WEEK, seeing=0))
MARKED = after(BY_OPS, confirms(ADA, 1))
REJECTED = after(SCHEDULED, RejectAssignment(actor=BOB, reason_code="sick"))


class TestConfirming:
    """A2, A10, A2i, A2e as far as one assignment knows."""

    def test_puts_the_window_in_force(self) -> None:
        assert (SCHEDULED.status, SCHEDULED.epoch) == (Status.SCHEDULED, 2)
        assert SCHEDULED.agreed is not None
        assert (SCHEDULED.agreed.window, SCHEDULED.agreed.version) == (NEXT_WEEK, 1)
        assert SCHEDULED.schedule_version == 2
        assert SCHEDULED.open_proposal is None
        assert SCHEDULED.proposal is not None
        assert SCHEDULED.proposal.status is ProposalStatus.CONFIRMED

    def test_ends_being_overdue(self) -> None:
        assert after(replace(PROPOSED, overdue_at=NOON), confirms(ADA, 1)).overdue_at is None

    def test_a_reschedule_replaces_the_agreed_window_and_its_deadlines(self) -> None:
        moved = after(MOVING, confirms(BOB, 3))

        assert (moved.status, moved.epoch, moved.schedule_version) == (Status.SCHEDULED, 3, 4)
        assert moved.agreed is not None
        assert (moved.agreed.window, moved.agreed.version) == (LATER, 3)
        assert due(moved, "visit_1440m/v1/customer") is None
        assert due(moved, "start_check/v1") is None
        assert due(moved, "visit_1440m/v3/customer") == LATER.start - DAY
        assert due(moved, "start_check/v3") == LATER.start + 15 * MINUTE

    def test_a_refused_hold_leaves_the_proposal_open_since_deciding_changes_nothing(self) -> None:
        deciding(PROPOSED, confirms(ADA, 1))

        assert PROPOSED.open_proposal is not None
        assert deciding(PROPOSED, confirms(ADA, 1))

    def test_again_by_the_same_side_changes_nothing(self) -> None:
        assert deciding(SCHEDULED, confirms(ADA, 1)) == ()

    def test_again_while_a_reschedule_is_open_does_not_confirm_that_one(self) -> None:
        assert deciding(MOVING, confirms(ADA, 1)) == ()

    @pytest.mark.parametrize(
        "at",
        [
            pytest.param(NOON + DAY - MINUTE, id="A2 within the patience"),
            pytest.param(NOON, id="A2 at once"),
        ],
    )
    def test_is_taken_in_time(self, at: datetime) -> None:
        assert deciding(PROPOSED, confirms(ADA, 1), at=at)

    @pytest.mark.parametrize(
        ("window", "last"),
        [
            pytest.param(NEXT_WEEK, NOON + DAY, id="A2 when the patience is used up"),
            pytest.param(visit(NOON + 5 * HOUR), NOON + 3 * HOUR, id="A2 when the notice is gone"),
        ],
    )
    def test_is_too_late_from_the_expiry_on_even_if_the_clock_has_not_come_to_it(
        self, window: VisitWindow, last: datetime
    ) -> None:
        it = after(FRESH, proposes(BOB, window, seeing=0))

        assert deciding(it, confirms(ADA, 1), at=last - MINUTE)
        with pytest.raises(ProposalExpired):
            deciding(it, confirms(ADA, 1), at=last)
        with pytest.raises(ProposalExpired):
            deciding(it, forces(OLGA, 1), at=last)


class TestConfirmingForSomebody:
    """A2: operations only by force, with a reason."""

    @pytest.mark.parametrize(
        ("who", "sides"),
        [
            pytest.param(OLGA, (Party.ADMIN,), id="A2 ops"),
            pytest.param(OLGA_FOR_ADA, (Party.CUSTOMER,), id="A2 ops for the customer"),
            pytest.param(OLGA_FOR_BOB, (Party.PROVIDER,), id="A2 ops for the side that proposed"),
            pytest.param(ROOT, (Party.ADMIN,), id="A2 admin"),
        ],
    )
    def test_takes_force_and_keeps_the_reason(self, who: Actor, sides: tuple[Party, ...]) -> None:
        it = after(PROPOSED, forces(who, 1, because="both said yes by phone"))

        assert it.status is Status.SCHEDULED
        assert it.agreed is not None
        assert it.agreed.confirmed_by == sides
        assert it.proposal is not None
        assert it.proposal.forced_reason == "both said yes by phone"

    def test_again_changes_nothing(self) -> None:
        it = after(PROPOSED, forces(OLGA, 1))

        assert deciding(it, forces(OLGA, 1)) == ()

    def test_a_side_that_was_overruled_learns_that_it_is_settled(self) -> None:
        it = after(PROPOSED, forces(OLGA, 1))

        with pytest.raises(DomainError, match="confirmed"):
            deciding(it, confirms(ADA, 1))


class TestAnAdminsOwnProposal:
    """5.4: it takes the yes of both sides."""

    def test_awaits_both(self) -> None:
        assert BY_OPS.open_proposal is not None
        assert BY_OPS.open_proposal.awaited == (Party.CUSTOMER, Party.PROVIDER)

    def test_keeps_the_first_yes_as_a_mark_without_a_step_of_the_schedule(self) -> None:
        assert MARKED.open_proposal is not None
        assert MARKED.open_proposal.awaited == (Party.PROVIDER,)
        assert MARKED.schedule_version == 1
        assert MARKED.state_version == BY_OPS.state_version + 1

    def test_does_not_count_one_side_twice(self) -> None:
        assert deciding(MARKED, confirms(ADA, 1)) == ()

    @pytest.mark.parametrize(("first", "second"), [(ADA, BOB), (BOB, ADA)], ids=["her first", "him first"])
    def test_is_agreed_with_the_second_yes(self, first: Actor, second: Actor) -> None:
        it = after(BY_OPS, confirms(first, 1), confirms(second, 1))

        assert (it.status, it.schedule_version) == (Status.SCHEDULED, 2)
        assert it.agreed is not None
        assert set(it.agreed.confirmed_by) == {Party.CUSTOMER, Party.PROVIDER}
        assert deciding(it, confirms(first, 1)) == deciding(it, confirms(second, 1)) == ()

    def test_a_mark_goes_with_its_proposal(self) -> None:
        it = after(MARKED, proposes(OLGA, LATER, seeing=1))

        assert it.open_proposal is not None
        assert it.open_proposal.awaited == (Party.CUSTOMER, Party.PROVIDER)

    def test_is_declined_by_either_side_even_after_its_own_yes(self) -> None:
        it = after(MARKED, declines(ADA, 1))

        assert (it.open_proposal, it.turn) == (None, Party.CUSTOMER)


@pytest.mark.parametrize(
    ("it", "command", "refusal"),
    [
        pytest.param(PROPOSED, confirms(BOB, 1), CannotConfirmOwnProposal, id="A2 the side that proposed"),
        pytest.param(
            after(FRESH, proposes(OLGA_FOR_ADA, NEXT_WEEK, seeing=0)),
            confirms(ADA, 1),
            CannotConfirmOwnProposal,
            id="A2 the side ops proposed for",
        ),
        pytest.param(PROPOSED, confirms(EVE, 1), NotAParty, id="A2 another customer"),
        pytest.param(PROPOSED, confirms(SYSTEM, 1), RoleForbidden, id="A2 the clock"),
        pytest.param(PROPOSED, confirms(OLGA, 1), RoleForbidden, id="A2 ops without force"),
        pytest.param(PROPOSED, confirms(OLGA_FOR_ADA, 1), RoleForbidden, id="A2 ops for her without force"),
        pytest.param(BY_OPS, confirms(OLGA, 1), RoleForbidden, id="A2 ops their own without force"),
        pytest.param(PROPOSED, forces(ADA, 1), RoleForbidden, id="A2 a party by force"),
        pytest.param(PROPOSED, forces(OLGA, 1, because=" "), ReasonRequired, id="A2 force without a reason"),
        pytest.param(PROPOSED, forces(OLGA, 1, because="\0"), ValueInvalid, id="A2 an unfit reason"),
        pytest.param(
            PROPOSED,
            replace(confirms(ADA, 1), reason="\0"),
            ValueInvalid,
            id="A2 an unfit reason nobody asked for",
        ),
        pytest.param(IN_PROGRESS, confirms(ADA, 1), WrongState, id="A2i the visit has begun"),
        pytest.param(DONE, confirms(ADA, 1), WrongState, id="A2i the work is done"),
        pytest.param(
            REJECTED, confirms(ADA, 1), AssignmentClosed, id="A23 a rejected one, though hers before"
        ),
        pytest.param(
            after(MOVING, CheckIn(actor=BOB), at=NEXT_WEEK.start), confirms(BOB, 3), WrongState, id="A11 void"
        ),
    ],
)
def test_is_refused(it: Assignment, command: AssignmentCommand, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal) as refused:
        deciding(it, command)

    assert refused.type is refusal
