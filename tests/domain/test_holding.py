from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fulfillment.domain.assignment.commands import AssignmentCommand, HoldAssignment, ResumeAssignment
from fulfillment.domain.assignment.events import Resumed
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.assignment.state import Assignment, Hold
from fulfillment.domain.errors import (
    AssignmentClosed,
    DomainError,
    NotAParty,
    ReasonRequired,
    RoleForbidden,
    ValueInvalid,
    WrongState,
)
from fulfillment.domain.people import SYSTEM, Actor, Party
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    DENIED,
    DENIED_AT,
    DONE,
    DONE_AT,
    EVE,
    FRESH,
    HOUR,
    IN_PROGRESS,
    MINUTE,
    NEXT_WEEK,
    NOON,
    OLGA,
    OLGA_FOR_ADA,
    PAID,
    POLICY,
    PROPOSED,
    ROOT,
    SCHEDULED,
    after,
    confirms,
    deciding,
    declines,
    due,
    holds,
    in_time,
    plan,
    proposes,
    resumes,
    visit,
    with_capture_before,
)

L1, L2 = "sla_propose_l1/e1.v0/provider", "sla_propose_l2/e1.v0/provider"
START, END = NEXT_WEEK.start, NEXT_WEEK.end
HELD = after(FRESH, holds(ADA))
SOON = after(FRESH, proposes(BOB, visit(NOON + 10 * HOUR), seeing=0))
GRACE = timedelta(hours=1)


class TestHolding:
    """A21."""

    @pytest.mark.parametrize("who", [ADA, BOB, OLGA, ROOT], ids=["customer", "provider", "ops", "admin"])
    def test_is_open_to_both_sides_and_the_staff(self, who: Actor) -> None:
        held = after(FRESH, holds(who))

        assert held.held_until(NOON + HOUR) == NOON + DAY
        assert held.held_until(NOON + DAY) is None

    def test_ends_by_itself(self) -> None:
        it, happened = in_time(after(FRESH, holds()), until=NOON + DAY)

        assert Resumed(at=NOON + DAY) in happened
        assert due(it, L1) == NOON + DAY + 12 * HOUR
        assert due(it, "hold_end/h1") is None

    @pytest.mark.parametrize("who", [ADA, BOB], ids=["customer", "provider"])
    def test_is_for_each_side_once_in_an_epoch(self, who: Actor) -> None:
        once = after(FRESH, holds(who), resumes(who))

        with pytest.raises(RoleForbidden):
            deciding(once, holds(who))
        assert deciding(once, holds(BOB if who is ADA else ADA))
        assert deciding(once, holds(OLGA))

    def test_is_a_sides_again_in_the_next_epoch(self) -> None:
        once = after(FRESH, holds(ADA), resumes(ADA))

        agreed = after(once, proposes(BOB, NEXT_WEEK, seeing=0), confirms(ADA, 1))

        assert deciding(agreed, holds(ADA))

    def test_is_for_the_staff_as_often_as_they_like(self) -> None:
        it = FRESH
        for _ in range(3):
            it = after(it, holds(OLGA), resumes(OLGA))

        assert len(it.holds) == 3

    def test_in_a_sides_name_counts_as_that_sides(self) -> None:
        once = after(FRESH, holds(OLGA_FOR_ADA), resumes(OLGA))

        with pytest.raises(RoleForbidden):
            deciding(once, holds(ADA))

    def test_lasts_thirty_days_at_most(self) -> None:
        assert deciding(FRESH, holds(until=NOON + 30 * DAY))
        with pytest.raises(ValueInvalid):
            deciding(FRESH, holds(until=NOON + 30 * DAY + MINUTE))

    def test_lets_people_go_on_talking(self) -> None:
        held = after(PROPOSED, holds())

        assert deciding(held, confirms(ADA, 1))
        assert deciding(held, declines(ADA, 1))

    @pytest.mark.parametrize(
        ("held_by", "resumed_by"),
        [
            pytest.param(ADA, ADA, id="A21 the side that held it"),
            pytest.param(ADA, OLGA, id="A21 staff for her"),
            pytest.param(OLGA, ROOT, id="A21 other staff"),
        ],
    )
    def test_is_ended_early_by_whoever_held_it_or_the_staff(self, held_by: Actor, resumed_by: Actor) -> None:
        held = after(FRESH, holds(held_by))

        resumed = after(held, resumes(resumed_by), at=NOON + 2 * HOUR)

        assert resumed.held_until(NOON + 2 * HOUR) is None
        assert due(resumed, L1) == NOON + 14 * HOUR


class TestWhatAHoldMoves:
    """A21: patience stands still, visits do not."""

    @staticmethod
    def held(it: Assignment, *, at: datetime, lasting: timedelta) -> Assignment:
        return after(it, HoldAssignment(actor=OLGA, until=at + lasting, reason="parts on order"), at=at)

    @pytest.mark.parametrize(
        ("it", "at", "id"),
        [
            pytest.param(FRESH, NOON, "sla_propose_l1/e1.v0/provider", id="A21 propose L1"),
            pytest.param(FRESH, NOON + HOUR, "sla_propose_l2/e1.v0/provider", id="A21 propose L2"),
            pytest.param(FRESH, NOON + HOUR, "sla_propose_l3/e1.v0/provider", id="A21 propose L3"),
            pytest.param(PROPOSED, NOON + HOUR, "sla_confirm_l1/v1/customer", id="A21 confirm L1"),
            pytest.param(PROPOSED, NOON + HOUR, "sla_confirm_l2/v1/customer", id="A21 confirm L2"),
            pytest.param(PROPOSED, NOON + HOUR, "proposal_expiry/v1", id="A21 expiry"),
            pytest.param(DONE, DONE_AT + HOUR, "sla_payout_l2/p1/admin", id="A21 payout L2"),
            pytest.param(DENIED, DENIED_AT + HOUR, "resubmit_nudge/p1", id="A21 resubmit nudge"),
            pytest.param(DENIED, DENIED_AT + HOUR, "resubmit_expiry/p1", id="A21 resubmit expiry"),
            pytest.param(IN_PROGRESS, END + GRACE + HOUR, "completion_nudge/v1/2", id="A21 completion 2"),
        ],
    )
    def test_shifts_patience_by_the_held_time(self, it: Assignment, at: datetime, id: str) -> None:
        before = plan(it)[id]

        assert plan(self.held(it, at=at, lasting=5 * HOUR))[id] == before + 5 * HOUR

    @pytest.mark.parametrize(
        "id",
        [
            "visit_1440m/v1/customer",
            "visit_120m/v1/provider",
            "start_check/v1",
        ],
    )
    def test_leaves_the_visit_where_it_is(self, id: str) -> None:
        held = self.held(SCHEDULED, at=START - 2 * DAY, lasting=3 * DAY)

        assert plan(held)[id] == plan(SCHEDULED)[id]

    def test_that_ended_before_a_patience_began_does_not_lengthen_it(self) -> None:
        past = Hold(since=NOON - 3 * HOUR, until=NOON - HOUR, by=Party.ADMIN, reason="holiday")
        over = replace(FRESH, holds=(past,))

        assert plan(over).items() >= plan(FRESH).items()

    @pytest.mark.parametrize(
        ("it", "at", "id"),
        [
            pytest.param(FRESH, NOON + DAY, "sla_propose_l1/e1.v0/provider", id="A6 propose"),
            pytest.param(FRESH, NOON + 3 * DAY, "sla_propose_l2/e1.v0/provider", id="A7 propose"),
            pytest.param(DONE, DONE_AT + 9 * DAY, "sla_payout_l3/p1/admin", id="A8 payout"),
            pytest.param(IN_PROGRESS, END + 9 * DAY, "completion_nudge/v1/1", id="A16 completion"),
            pytest.param(DENIED, DENIED_AT + 6 * DAY, "resubmit_nudge/p1", id="P11 resubmit"),
        ],
    )
    def test_silences_what_was_left_over_from_before_it(self, it: Assignment, at: datetime, id: str) -> None:
        assert plan(it)[id] < at

        assert plan(self.held(it, at=at, lasting=HOUR))[id] == at + HOUR

    @pytest.mark.parametrize("at", [NOON + DAY, NOON + 30 * HOUR], ids=["at once", "later"])
    def test_after_being_overdue_leaves_the_moment_that_was_missed_and_moves_the_next(
        self, at: datetime
    ) -> None:
        late, _ = in_time(FRESH, until=at)

        held = self.held(late, at=at, lasting=5 * HOUR)
        obligation = standing(held, POLICY).obligation

        assert obligation is not None
        assert obligation.sla_due == NOON + DAY
        assert due(held, "sla_propose_l3/e1.v0/provider") == NOON + 53 * HOUR

    def test_before_the_visit_does_not_put_off_the_question_whether_it_is_done(self) -> None:
        held = self.held(SCHEDULED, at=NOON, lasting=2 * DAY)

        assert plan(held)["completion_nudge/v1/1"] == END + GRACE

    def test_that_began_before_a_patience_lengthens_it_by_the_rest(self) -> None:
        held = self.held(FRESH, at=NOON, lasting=10 * HOUR)
        proposed = after(held, proposes(BOB, NEXT_WEEK, seeing=0), at=NOON + 4 * HOUR)

        assert due(proposed, "proposal_expiry/v1") == NOON + 4 * HOUR + DAY + 6 * HOUR

    def test_never_stretches_an_expiry_into_the_notice_a_visit_needs(self) -> None:
        held = self.held(SOON, at=NOON, lasting=5 * HOUR)

        assert due(held, "proposal_expiry/v1") == NOON + 8 * HOUR
        assert due(held, "sla_confirm_l2/v1/customer") == NOON + 8 * HOUR

    def test_never_stretches_a_denial_into_the_last_day_of_the_authorisation(self) -> None:
        held = self.held(with_capture_before(DENIED, DENIED_AT + 5 * DAY), at=DENIED_AT, lasting=3 * DAY)

        assert due(held, "resubmit_expiry/p1") == DENIED_AT + 4 * DAY

    def test_cut_short_gives_the_rest_back(self) -> None:
        held = self.held(FRESH, at=NOON, lasting=10 * HOUR)

        resumed = after(held, ResumeAssignment(actor=OLGA), at=NOON + 4 * HOUR)

        assert due(resumed, "sla_propose_l1/e1.v0/provider") == NOON + 16 * HOUR
        assert due(resumed, "hold_end/h1") is None

    def test_twice_adds_up(self) -> None:
        once = after(
            self.held(FRESH, at=NOON, lasting=2 * HOUR), ResumeAssignment(actor=OLGA), at=NOON + HOUR
        )

        twice = self.held(once, at=NOON + 2 * HOUR, lasting=3 * HOUR)

        assert due(twice, "sla_propose_l1/e1.v0/provider") == NOON + 12 * HOUR + HOUR + 3 * HOUR

    def test_ends_by_itself_at_its_instant(self) -> None:
        assert due(self.held(FRESH, at=NOON, lasting=2 * HOUR), "hold_end/h1") == NOON + 2 * HOUR


@pytest.mark.parametrize(
    ("it", "command", "refusal"),
    [
        pytest.param(HELD, holds(OLGA), WrongState, id="A21 held already"),
        pytest.param(FRESH, holds(EVE), NotAParty, id="A21 a stranger"),
        pytest.param(FRESH, holds(SYSTEM), RoleForbidden, id="A21 the clock"),
        pytest.param(FRESH, holds(until=NOON), ValueInvalid, id="A21 until now"),
        pytest.param(FRESH, holds(until=NOON - DAY), ValueInvalid, id="A21 until yesterday"),
        pytest.param(FRESH, holds(until=datetime(2026, 3, 3)), ValueInvalid, id="A21 until who knows"),  # noqa: DTZ001 - the point
        pytest.param(FRESH, holds(reason=" "), ReasonRequired, id="A21 without a reason"),
        pytest.param(FRESH, holds(reason="\0"), ValueInvalid, id="A21 an unfit reason"),
        pytest.param(PAID, holds(OLGA), AssignmentClosed, id="A23 holding a paid one"),
        pytest.param(FRESH, resumes(OLGA), WrongState, id="A21 not held"),
        pytest.param(HELD, resumes(BOB), RoleForbidden, id="A21 the other side"),
        pytest.param(HELD, resumes(EVE), NotAParty, id="A21 resumed by a stranger"),
        pytest.param(HELD, resumes(SYSTEM), RoleForbidden, id="A21 resumed by the clock"),
        pytest.param(
            HELD, ResumeAssignment(actor=ADA, reason="\0"), ValueInvalid, id="A21 resumed for an unfit reason"
        ),
        pytest.param(PAID, resumes(OLGA), AssignmentClosed, id="A23 resuming a paid one"),
    ],
)
def test_is_refused(it: Assignment, command: AssignmentCommand, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal) as refused:
        deciding(it, command)

    assert refused.type is refusal
