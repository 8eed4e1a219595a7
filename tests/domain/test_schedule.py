from dataclasses import replace

import pytest

from fulfillment.domain.assignment.commands import AssignmentCommand, OpenAssignment, RejectAssignment
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.events import ProposalEnded
from fulfillment.domain.assignment.standing import PATIENCE
from fulfillment.domain.assignment.state import Assignment, ProposalStatus, Status
from fulfillment.domain.errors import (
    AssignmentClosed,
    DomainError,
    Forbidden,
    NotAParty,
    RoleForbidden,
    TooManyProposals,
    ValueInvalid,
    WindowInvalid,
    WrongState,
)
from fulfillment.domain.people import SYSTEM, Actor, Party
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
    MALLORY,
    MINUTE,
    MOVING,
    NEXT_WEEK,
    NOON,
    OLGA,
    OLGA_FOR_ADA,
    OLGA_FOR_BOB,
    POLICY,
    PROPOSED,
    ROOT,
    SCHEDULED,
    after,
    confirms,
    deciding,
    declines,
    due,
    in_time,
    proposes,
    visit,
    withdraws,
)

BY_OPS = after(FRESH, proposes(OLGA, NEXT_WEEK, seeing=0))
MARKED = after(BY_OPS, confirms(ADA, 1))
REJECTED = after(SCHEDULED, RejectAssignment(actor=BOB, reason_code="sick"))


class TestBeginning:
    """A0."""

    def test_leaves_the_provider_to_propose_in_the_first_epoch(self) -> None:
        it = after(FRESH, OpenAssignment(actor=SYSTEM))

        assert (it.status, it.epoch, it.turn) == (Status.AWAITING_SCHEDULE, 1, Party.PROVIDER)
        assert (it.schedule_version, it.state_version) == (0, 1)

    def test_happens_once(self) -> None:
        with pytest.raises(WrongState):
            after(FRESH, OpenAssignment(actor=SYSTEM), OpenAssignment(actor=SYSTEM))

    def test_is_nothing_people_do(self) -> None:
        with pytest.raises(RoleForbidden):
            deciding(FRESH, OpenAssignment(actor=ROOT))


class TestProposing:
    """A1, A9."""

    def test_opens_a_proposal_that_the_other_side_answers(self) -> None:
        it = after(FRESH, proposes(BOB, NEXT_WEEK, seeing=0, note="morning is best"))

        assert it.status is Status.AWAITING_SCHEDULE
        assert it.open_proposal is not None
        assert (it.open_proposal.version, it.schedule_version) == (1, 1)
        assert (it.open_proposal.proposed_by, it.open_proposal.awaited) == (Party.PROVIDER, (Party.CUSTOMER,))
        assert (it.open_proposal.window, it.open_proposal.note) == (NEXT_WEEK, "morning is best")

    @pytest.mark.parametrize(
        ("who", "side"),
        [
            pytest.param(ADA, Party.CUSTOMER, id="A1 customer"),
            pytest.param(BOB, Party.PROVIDER, id="A1 provider"),
            pytest.param(OLGA_FOR_ADA, Party.CUSTOMER, id="A1 ops for the customer"),
            pytest.param(OLGA_FOR_BOB, Party.PROVIDER, id="A1 ops for the provider"),
            pytest.param(OLGA, Party.ADMIN, id="A1 ops in their own name"),
            pytest.param(ROOT, Party.ADMIN, id="A1 admin in their own name"),
        ],
    )
    def test_counts_for_the_side_it_was_made_for(self, who: Actor, side: Party) -> None:
        it = after(FRESH, proposes(who, NEXT_WEEK, seeing=0))

        assert it.open_proposal is not None
        assert it.open_proposal.proposed_by is side

    @pytest.mark.parametrize(
        "who",
        [
            pytest.param(ADA, id="A1 a counter-proposal by the other side"),
            pytest.param(BOB, id="A1 the same side again"),
            pytest.param(OLGA, id="A1 operations"),
        ],
    )
    def test_takes_the_place_of_the_open_proposal_in_one_step(self, who: Actor) -> None:
        it = after(PROPOSED, proposes(who, LATER, seeing=1))

        assert (it.schedule_version, it.superseded) == (2, (1,))
        assert it.open_proposal is not None
        assert (it.open_proposal.version, it.open_proposal.window) == (2, LATER)

    def test_ends_being_overdue(self) -> None:
        late = replace(FRESH, overdue_at=NOON)

        assert after(late, proposes(BOB, NEXT_WEEK, seeing=0)).overdue_at is None

    def test_a_reschedule_leaves_the_agreed_visit_in_force(self) -> None:
        assert MOVING.status is Status.SCHEDULED
        assert MOVING.agreed == SCHEDULED.agreed
        assert due(MOVING, "visit_1440m/v1/customer") == NEXT_WEEK.start - DAY
        assert due(MOVING, "start_check/v1") == NEXT_WEEK.start + 15 * MINUTE

    def test_takes_the_last_of_the_twenty_and_no_more(self) -> None:
        nineteen = replace(FRESH, proposals_made=19)

        twenty = after(nineteen, proposes(BOB, NEXT_WEEK, seeing=0))

        with pytest.raises(TooManyProposals):
            deciding(twenty, proposes(ADA, LATER, seeing=1))

    @pytest.mark.parametrize("who", [OLGA, OLGA_FOR_ADA, ROOT], ids=["ops", "ops for her", "admin"])
    def test_operations_propose_when_the_sides_have_used_up_theirs(self, who: Actor) -> None:
        worn_out = replace(PROPOSED, proposals_made=POLICY.max_proposals)

        it = after(worn_out, proposes(who, LATER, seeing=1))

        assert it.proposals_made == POLICY.max_proposals + 1


class TestDecliningWithdrawingExpiring:
    """A3, A4, A5."""

    @pytest.mark.parametrize(
        ("it", "command", "how", "turn"),
        [
            pytest.param(
                PROPOSED, declines(ADA, 1), ProposalStatus.DECLINED, Party.CUSTOMER, id="A3 the customer"
            ),
            pytest.param(
                MOVING, declines(BOB, 3), ProposalStatus.DECLINED, Party.PROVIDER, id="A3 a reschedule"
            ),
            pytest.param(
                PROPOSED,
                declines(OLGA_FOR_ADA, 1),
                ProposalStatus.DECLINED,
                Party.CUSTOMER,
                id="A3 ops for her",
            ),
            pytest.param(
                PROPOSED, withdraws(BOB, 1), ProposalStatus.WITHDRAWN, Party.PROVIDER, id="A4 the provider"
            ),
            pytest.param(
                MOVING, withdraws(ADA, 3), ProposalStatus.WITHDRAWN, Party.CUSTOMER, id="A4 a reschedule"
            ),
            pytest.param(
                BY_OPS, withdraws(ROOT, 1), ProposalStatus.WITHDRAWN, Party.PROVIDER, id="A4 any of the staff"
            ),
            pytest.param(
                PROPOSED,
                withdraws(OLGA_FOR_BOB, 1),
                ProposalStatus.WITHDRAWN,
                Party.PROVIDER,
                id="A4 ops for him",
            ),
        ],
    )
    def test_ends_the_proposal_in_one_step_and_says_who_is_next(
        self, it: Assignment, command: AssignmentCommand, how: ProposalStatus, turn: Party
    ) -> None:
        ended = after(it, command)

        assert ended.schedule_version == it.schedule_version + 1
        assert ended.proposal is not None
        assert (ended.proposal.status, ended.open_proposal, ended.turn) == (how, None, turn)
        assert (ended.status, ended.agreed) == (it.status, it.agreed)

    def test_declining_asks_the_decliner_for_a_window_from_that_moment_on(self) -> None:
        at = NOON + 3 * HOUR

        it = after(PROPOSED, declines(ADA, 1), at=at)

        assert due(it, "sla_propose_l2/e1.v2/customer") == at + POLICY.sla_propose
        assert due(it, "sla_confirm_l1/v1/customer") is None
        assert due(it, "proposal_expiry/v1") is None

    def test_a_declined_reschedule_asks_nobody_as_the_agreed_visit_stands(self) -> None:
        it = after(MOVING, declines(BOB, 3))

        assert {each.kind for each in deadlines(it, POLICY)}.isdisjoint(PATIENCE)

    def test_silence_ends_it_too_and_the_silent_side_is_next(self) -> None:
        it, happened = in_time(PROPOSED, until=NOON + DAY)

        lapsed = next(each for each in happened if isinstance(each, ProposalEnded))
        assert (lapsed.how, lapsed.turn, lapsed.at) == (ProposalStatus.EXPIRED, Party.CUSTOMER, NOON + DAY)
        assert (it.schedule_version, it.open_proposal) == (2, None)
        assert due(it, "sla_propose_l1/e1.v2/customer") == NOON + DAY + POLICY.sla_propose / 2

    def test_silence_on_a_reschedule_leaves_the_agreed_visit_in_force(self) -> None:
        it, _ = in_time(MOVING, until=NOON + DAY)

        assert (it.status, it.agreed, it.schedule_version) == (Status.SCHEDULED, SCHEDULED.agreed, 4)

    def test_silence_of_one_of_two_sides_is_that_sides(self) -> None:
        it, _ = in_time(MARKED, until=NOON + DAY)

        assert it.turn is Party.PROVIDER

    def test_a_side_that_lets_a_proposal_lapse_stays_overdue(self) -> None:
        it, _ = in_time(PROPOSED, until=NOON + DAY)

        assert it.overdue_at == NOON + DAY

    @pytest.mark.parametrize(
        ("it", "ended_by"),
        [
            pytest.param(MOVING, declines(BOB, 3), id="A3 an answer"),
            pytest.param(MOVING, withdraws(ADA, 3), id="A4 nothing left to answer"),
            pytest.param(PROPOSED, declines(ADA, 1), id="A3 an answer, nothing agreed"),
            pytest.param(PROPOSED, withdraws(BOB, 1), id="A4 nothing left to answer, nothing agreed"),
        ],
    )
    def test_nobody_is_overdue_with_an_answer_that_is_given_or_no_longer_asked_for(
        self, it: Assignment, ended_by: AssignmentCommand
    ) -> None:
        assert after(replace(it, overdue_at=NOON), ended_by).overdue_at is None

    def test_nobody_is_overdue_with_a_lapsed_reschedule_as_the_agreed_visit_stands(self) -> None:
        it, happened = in_time(MOVING, until=NOON + DAY)

        assert any(isinstance(each, ProposalEnded) for each in happened)
        assert it.overdue_at is None


@pytest.mark.parametrize(
    ("it", "command", "refusal"),
    [
        pytest.param(FRESH, proposes(EVE, NEXT_WEEK, seeing=0), NotAParty, id="A1 another customer"),
        pytest.param(FRESH, proposes(MALLORY, NEXT_WEEK, seeing=0), NotAParty, id="A1 another provider"),
        pytest.param(FRESH, proposes(SYSTEM, NEXT_WEEK, seeing=0), RoleForbidden, id="A1 the clock"),
        pytest.param(IN_PROGRESS, proposes(ADA, LATER, seeing=2), WrongState, id="A1 the visit has begun"),
        pytest.param(DONE, proposes(ADA, LATER, seeing=2), WrongState, id="A1 the work is done"),
        pytest.param(REJECTED, proposes(ADA, LATER, seeing=2), AssignmentClosed, id="A23 rejected"),
        pytest.param(FRESH, proposes(BOB, visit(NOON), seeing=0), WindowInvalid, id="A1 window by its rules"),
        pytest.param(
            FRESH, proposes(BOB, NEXT_WEEK, seeing=0, note="\0"), ValueInvalid, id="A1 a note no store takes"
        ),
        pytest.param(
            FRESH, proposes(BOB, NEXT_WEEK, seeing=0, note="x" * 2001), ValueInvalid, id="A1 too long a note"
        ),
        pytest.param(
            FRESH,
            replace(proposes(BOB, NEXT_WEEK, seeing=0), timezone="\ud800"),
            ValueInvalid,
            id="A1 a timezone no store takes",
        ),
        pytest.param(PROPOSED, declines(BOB, 1), Forbidden, id="A3 the side that proposed"),
        pytest.param(PROPOSED, declines(OLGA_FOR_BOB, 1), Forbidden, id="A3 ops for that side"),
        pytest.param(PROPOSED, declines(OLGA, 1), RoleForbidden, id="A3 ops in their own name"),
        pytest.param(PROPOSED, declines(EVE, 1), NotAParty, id="A3 a stranger"),
        pytest.param(PROPOSED, declines(SYSTEM, 1), RoleForbidden, id="A3 the clock"),
        pytest.param(
            PROPOSED, replace(declines(ADA, 1), reason="\0"), ValueInvalid, id="A3 a reason no store takes"
        ),
        pytest.param(BY_OPS, declines(OLGA, 1), Forbidden, id="A3 ops their own"),
        pytest.param(IN_PROGRESS, declines(ADA, 1), WrongState, id="A3 the visit has begun"),
        pytest.param(REJECTED, declines(ADA, 1), AssignmentClosed, id="A23 declining a rejected one"),
        pytest.param(PROPOSED, withdraws(ADA, 1), Forbidden, id="A4 the other side"),
        pytest.param(PROPOSED, withdraws(OLGA, 1), Forbidden, id="A4 ops a party's own"),
        pytest.param(BY_OPS, withdraws(BOB, 1), Forbidden, id="A4 a party that of ops"),
        pytest.param(PROPOSED, withdraws(MALLORY, 1), NotAParty, id="A4 a stranger"),
        pytest.param(PROPOSED, withdraws(SYSTEM, 1), RoleForbidden, id="A4 the clock"),
        pytest.param(
            PROPOSED, replace(withdraws(BOB, 1), reason="\0"), ValueInvalid, id="A4 a reason no store takes"
        ),
        pytest.param(IN_PROGRESS, withdraws(BOB, 1), WrongState, id="A4 the visit has begun"),
        pytest.param(REJECTED, withdraws(BOB, 1), AssignmentClosed, id="A23 withdrawing from a rejected one"),
    ],
)
def test_is_refused(it: Assignment, command: AssignmentCommand, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal) as refused:
        deciding(it, command)

    assert refused.type is refusal
