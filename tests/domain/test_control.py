from datetime import datetime

import pytest

from fulfillment.domain.assignment.commands import AssignmentCommand, ExtendDeadline, SkipDeadline
from fulfillment.domain.assignment.events import BecameOverdue, ProposalEnded, ReminderFellDue
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.errors import (
    AssignmentClosed,
    DomainError,
    ProposalExpired,
    ReasonRequired,
    RoleForbidden,
    ValueInvalid,
)
from fulfillment.domain.people import Actor
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    DENIED,
    DENIED_AT,
    FRESH,
    HOUR,
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
    deciding,
    due,
    holds,
    in_time,
    proposes,
    resumes,
    with_capture_before,
)

L1, L2 = "sla_propose_l1/e1.v0/provider", "sla_propose_l2/e1.v0/provider"

START = NEXT_WEEK.start
HELD = after(FRESH, holds(ADA))


def skips(deadline: str, *, who: Actor = OLGA, reason: str = "called them") -> SkipDeadline:
    return SkipDeadline(actor=who, deadline_id=deadline, reason=reason)


def extends(
    deadline: str, *, to: datetime, who: Actor = OLGA, reason: str = "they asked for it"
) -> ExtendDeadline:
    return ExtendDeadline(actor=who, deadline_id=deadline, to=to, reason=reason)


class TestSkipping:
    """A22."""

    def test_takes_one_deadline_away_and_leaves_the_next(self) -> None:
        it = after(FRESH, skips(L1))

        _, happened = in_time(it, until=NOON + DAY)

        assert due(it, L1) is None
        assert due(it, L2) == NOON + DAY
        assert [each.reminder.due for each in happened if isinstance(each, ReminderFellDue)] == [NOON + DAY]

    def test_of_being_overdue_keeps_it_from_being_so(self) -> None:
        it, happened = in_time(after(FRESH, skips(L2)), until=NOON + DAY)

        assert it.overdue_at is None
        assert not any(isinstance(each, BecameOverdue) for each in happened)

    def test_of_one_sides_reminder_leaves_the_other_sides(self) -> None:
        it = after(SCHEDULED, skips("visit_120m/v1/customer"))

        assert due(it, "visit_120m/v1/provider") == START - 2 * HOUR

    def test_twice_is_once(self) -> None:
        with pytest.raises(ValueInvalid):
            after(FRESH, skips(L1), skips(L1))


class TestMoving:
    """A22."""

    @pytest.mark.parametrize(
        "to",
        [NOON + MINUTE, NOON + 15 * HOUR, NOON + 180 * DAY],
        ids=["nearer", "later", "as late as may be"],
    )
    def test_a_deadline_to_another_instant(self, to: datetime) -> None:
        assert due(after(FRESH, extends(L1, to=to)), L1) == to

    def test_a_second_time_counts(self) -> None:
        it = after(FRESH, extends(L1, to=NOON + 15 * HOUR), extends(L1, to=NOON + 16 * HOUR))

        assert due(it, L1) == NOON + 16 * HOUR
        assert len(it.extended) == 1

    def test_is_forgotten_with_the_promise_it_was_about(self) -> None:
        it = after(FRESH, extends(L1, to=NOON + 15 * HOUR), proposes(BOB, NEXT_WEEK, seeing=0))

        assert it.extended == ()

    def test_an_expiry_later_keeps_the_proposal_open_to_a_yes(self) -> None:
        it = after(PROPOSED, extends("proposal_expiry/v1", to=NOON + 3 * DAY))
        later, happened = in_time(it, until=NOON + 3 * DAY - MINUTE)

        assert not any(isinstance(each, ProposalEnded) for each in happened)
        assert deciding(later, confirms(ADA, 1), at=NOON + 3 * DAY - MINUTE)
        with pytest.raises(ProposalExpired):
            deciding(later, confirms(ADA, 1), at=NOON + 3 * DAY)

    def test_an_expiry_nearer_ends_the_time_for_a_yes(self) -> None:
        it = after(PROPOSED, extends("proposal_expiry/v1", to=NOON + HOUR))

        with pytest.raises(ProposalExpired):
            deciding(it, confirms(ADA, 1), at=NOON + HOUR)

    def test_an_expiry_stops_at_the_notice_the_visit_needs(self) -> None:
        last = START - POLICY.min_notice

        assert deciding(PROPOSED, extends("proposal_expiry/v1", to=last))
        with pytest.raises(ValueInvalid):
            deciding(PROPOSED, extends("proposal_expiry/v1", to=last + MINUTE))

    def test_an_expiry_is_not_moved_beyond_that_notice_by_a_hold_either(self) -> None:
        last = START - POLICY.min_notice
        moved = after(PROPOSED, extends("proposal_expiry/v1", to=last))

        held = after(moved, holds(until=NOON + 5 * HOUR))

        assert due(held, "proposal_expiry/v1") == last

    def test_the_expiry_of_a_reschedule_stops_when_the_visit_it_moves_begins(self) -> None:
        assert deciding(MOVING, extends("proposal_expiry/v3", to=START))
        with pytest.raises(ValueInvalid):
            deciding(MOVING, extends("proposal_expiry/v3", to=START + MINUTE))

    def test_a_resubmission_stops_a_day_before_the_authorisation_lapses(self) -> None:
        on_card = with_capture_before(DENIED, DENIED_AT + 5 * DAY)
        last = DENIED_AT + 4 * DAY

        assert deciding(on_card, extends("resubmit_expiry/p1", to=last), at=DENIED_AT)
        with pytest.raises(ValueInvalid):
            deciding(on_card, extends("resubmit_expiry/p1", to=last + MINUTE), at=DENIED_AT)

    @pytest.mark.parametrize(
        ("it", "deadline"),
        [
            pytest.param(FRESH, L1, id="A21 patience"),
            pytest.param(PROPOSED, "proposal_expiry/v1", id="A21 an expiry"),
        ],
    )
    def test_is_moved_on_by_a_hold_that_comes_afterwards(self, it: Assignment, deadline: str) -> None:
        moved = after(it, extends(deadline, to=NOON + 30 * HOUR))

        held = after(moved, holds(until=NOON + 50 * HOUR), at=NOON + 25 * HOUR)
        resumed = after(held, resumes(), at=NOON + 26 * HOUR)

        assert due(held, deadline) == NOON + 55 * HOUR
        assert due(resumed, deadline) == NOON + 31 * HOUR

    def test_during_a_hold_means_the_instant_that_was_said(self) -> None:
        held = after(FRESH, holds(until=NOON + DAY))

        assert due(after(held, extends(L1, to=NOON + 30 * HOUR)), L1) == NOON + 30 * HOUR

    def test_into_a_hold_is_for_what_the_hold_does_not_hold(self) -> None:
        held = after(SCHEDULED, holds(until=START))
        waiting = after(FRESH, holds(until=NOON + DAY))

        assert due(
            after(held, extends("visit_120m/v1/customer", to=START - HOUR)), "visit_120m/v1/customer"
        ) == (START - HOUR)
        with pytest.raises(ValueInvalid):
            deciding(waiting, extends(L1, to=NOON + 23 * HOUR))
        assert deciding(waiting, extends(L1, to=NOON + DAY))

    def test_a_visit_reminder_is_not_moved_on_by_a_hold(self) -> None:
        moved = after(SCHEDULED, extends("visit_120m/v1/customer", to=START - HOUR))

        held = after(moved, holds(until=START - MINUTE), at=START - 5 * HOUR)

        assert due(held, "visit_120m/v1/customer") == START - HOUR


@pytest.mark.parametrize(
    ("it", "command", "refusal"),
    [
        pytest.param(FRESH, skips(L1, who=BOB), RoleForbidden, id="A22 a party skips"),
        pytest.param(FRESH, skips(L1, reason=""), ReasonRequired, id="A22 skips without a reason"),
        pytest.param(FRESH, skips("visit_120m/v1/customer"), ValueInvalid, id="A22 skips what is not coming"),
        pytest.param(FRESH, skips("\ud800"), ValueInvalid, id="A22 skips nonsense"),
        pytest.param(HELD, skips("hold_end/h1"), ValueInvalid, id="A22 skips the end of a hold"),
        pytest.param(PROPOSED, skips("proposal_expiry/v1"), ValueInvalid, id="X4 skips an expiry"),
        pytest.param(PAID, skips(L1), AssignmentClosed, id="A23 skipping on a paid one"),
        pytest.param(FRESH, extends(L1, to=NOON + DAY, who=ADA), RoleForbidden, id="A22 a party moves"),
        pytest.param(FRESH, extends(L1, to=NOON + DAY, reason=""), ReasonRequired, id="A22 without a reason"),
        pytest.param(FRESH, extends("x", to=NOON + DAY), ValueInvalid, id="A22 moves what is not coming"),
        pytest.param(FRESH, extends(L1, to=NOON), ValueInvalid, id="A22 to now"),
        pytest.param(FRESH, extends(L1, to=NOON + 180 * DAY + MINUTE), ValueInvalid, id="A22 too far"),
        pytest.param(FRESH, extends(L1, to=datetime(2026, 3, 3)), ValueInvalid, id="A22 to who knows when"),  # noqa: DTZ001 - the point
        pytest.param(HELD, extends("hold_end/h1", to=NOON + 2 * DAY), ValueInvalid, id="A22 a hold's end"),
        pytest.param(PAID, extends(L1, to=NOON + DAY), AssignmentClosed, id="A23 moving on a paid one"),
    ],
)
def test_is_refused(it: Assignment, command: AssignmentCommand, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal) as refused:
        deciding(it, command)

    assert refused.type is refusal


def test_whatever_names_it_the_message_is_safe_to_print() -> None:
    with pytest.raises(ValueInvalid) as refused:
        deciding(FRESH, skips("\0\ud800\x1b[31m"))

    assert str(refused.value).isprintable()


def test_a_proposal_that_is_never_answered_always_lapses() -> None:
    last = START - POLICY.min_notice
    it = after(PROPOSED, extends("proposal_expiry/v1", to=last))

    _, happened = in_time(it, until=START)

    assert [each.at for each in happened if isinstance(each, ProposalEnded)] == [last]
