"""Money on the card: what each answer of the payment provider leads to, when it is held, and for how long."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fulfillment.domain.assignment.card import CardState, CardStatus
from fulfillment.domain.assignment.commands import AssignmentCommand, CancelAssignment, CompleteAssignment
from fulfillment.domain.assignment.money_calls import LetHoldGo, LookAtCard, PlaceHold
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.errors import RoleForbidden
from tests.domain.cards import (
    AGREED,
    CAPTURING,
    CARDS,
    DECLINED,
    DISPUTED,
    EXPIRED,
    FAILED,
    UNKNOWN,
    WAITING,
    captured,
    card,
    deciding_on_card,
    declined,
    doubts,
    gone,
    held,
    let_go,
    missing,
    on_card,
    owed,
    reauthorises,
    with_card,
)
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    DENIED,
    DONE,
    HOUR,
    LATER,
    MINUTE,
    NEXT_WEEK,
    NOON,
    OLGA,
    ROOT,
    SCHEDULED,
    after,
    approves,
    confirms,
    due,
    euros,
    in_time,
    payout,
    plan,
    proposes,
    resubmits,
)

Ws, Cs, Ps = CardState, CardStatus, PayoutStatus
WANTED = with_card(DONE, Cs.WANTED, intent_id=None, capture_before=None)
APPROVED = on_card(WANTED, approves(ROOT, reason=""))
DENIED_ON_CARD = replace(with_card(DENIED), card=card())
ANSWERS = {
    "held": held(),
    "captured": captured(euros(120)),
    "less captured": captured(euros(100)),
    "needs": declined(),
    "gone": gone(),
    "missing": missing(),
}


def stands(it: Assignment) -> tuple[str, str, str]:
    """Return how the card, the payout and the assignment stand."""
    assert it.card is not None
    return it.card.status, it.payout.status if it.payout else "", it.status


@pytest.mark.parametrize(
    ("it", "answer", "expected"),
    [
        # No payout yet: only the card changes.
        (with_card(AGREED, Cs.WANTED), "held", (Cs.HELD, "")),
        (with_card(AGREED, Cs.WANTED), "needs", (Cs.NEEDS_CUSTOMER, "")),
        (with_card(AGREED, Cs.WANTED), "missing", (Cs.MISSING, "")),
        (with_card(AGREED), "gone", (Cs.EXPIRED, "")),
        (with_card(AGREED), "captured", (Cs.CAPTURED, "")),
        # Waiting for a ruling.
        (WANTED, "held", (Cs.HELD, Ps.PENDING_APPROVAL)),
        (WANTED, "needs", (Cs.NEEDS_CUSTOMER, Ps.AWAITING_CUSTOMER_PAYMENT)),
        (WANTED, "missing", (Cs.MISSING, Ps.PENDING_APPROVAL)),
        (WANTED, "gone", (Cs.EXPIRED, Ps.AUTHORIZATION_EXPIRED)),
        (WAITING, "gone", (Cs.EXPIRED, Ps.AUTHORIZATION_EXPIRED)),
        (WAITING, "needs", (Cs.NEEDS_CUSTOMER, Ps.AWAITING_CUSTOMER_PAYMENT)),
        (WAITING, "missing", (Cs.HELD, Ps.PENDING_APPROVAL)),
        (WAITING, "captured", (Cs.CAPTURED, Ps.PENDING_APPROVAL)),
        # Approved before the money was there.
        (APPROVED, "held", (Cs.HELD, Ps.CAPTURING)),
        (APPROVED, "needs", (Cs.NEEDS_CUSTOMER, Ps.AWAITING_CUSTOMER_PAYMENT)),
        (APPROVED, "missing", (Cs.MISSING, Ps.AWAITING_CUSTOMER_PAYMENT)),
        (APPROVED, "gone", (Cs.EXPIRED, Ps.AUTHORIZATION_EXPIRED)),
        (APPROVED, "captured", (Cs.CAPTURED, Ps.CAPTURED)),
        (APPROVED, "less captured", (Cs.CAPTURED, Ps.CAPTURE_FAILED)),
        # The capture itself.
        (CAPTURING, "captured", (Cs.CAPTURED, Ps.CAPTURED)),
        (CAPTURING, "less captured", (Cs.CAPTURED, Ps.CAPTURE_FAILED)),
        (CAPTURING, "gone", (Cs.EXPIRED, Ps.AUTHORIZATION_EXPIRED)),
        (CAPTURING, "needs", (Cs.NEEDS_CUSTOMER, Ps.AWAITING_CUSTOMER_PAYMENT)),
        (CAPTURING, "held", (Cs.HELD, Ps.CAPTURING)),
        (UNKNOWN, "captured", (Cs.CAPTURED, Ps.CAPTURED)),
        (UNKNOWN, "less captured", (Cs.CAPTURED, Ps.CAPTURE_FAILED)),
        (UNKNOWN, "gone", (Cs.EXPIRED, Ps.AUTHORIZATION_EXPIRED)),
        (UNKNOWN, "held", (Cs.HELD, Ps.CAPTURING)),
        (FAILED, "captured", (Cs.CAPTURED, Ps.CAPTURED)),
        (FAILED, "gone", (Cs.EXPIRED, Ps.AUTHORIZATION_EXPIRED)),
        (FAILED, "held", (Cs.HELD, Ps.CAPTURE_FAILED)),
        # Stuck.
        (EXPIRED, "captured", (Cs.CAPTURED, Ps.CAPTURED)),
        (EXPIRED, "held", (Cs.EXPIRED, Ps.AUTHORIZATION_EXPIRED)),
        (DECLINED, "held", (Cs.HELD, Ps.PENDING_APPROVAL)),
        (DECLINED, "gone", (Cs.EXPIRED, Ps.AUTHORIZATION_EXPIRED)),
        (DECLINED, "captured", (Cs.CAPTURED, Ps.PENDING_APPROVAL)),
        # Held back by people: the card keeps its own time.
        (DISPUTED, "gone", (Cs.EXPIRED, Ps.ON_HOLD)),
        (DISPUTED, "needs", (Cs.NEEDS_CUSTOMER, Ps.ON_HOLD)),
        (DISPUTED, "captured", (Cs.CAPTURED, Ps.ON_HOLD)),
        (DENIED_ON_CARD, "gone", (Cs.EXPIRED, Ps.DENIED)),
        (DENIED_ON_CARD, "captured", (Cs.CAPTURED, Ps.DENIED)),
    ],
)
def test_an_answer_leads_to(it: Assignment, answer: str, expected: tuple[str, str]) -> None:
    now = on_card(it, ANSWERS[answer])

    assert stands(now)[:2] == expected
    assert (now.status is Status.PAID) == (expected[1] == Ps.CAPTURED)


ALL = [WANTED, WAITING, APPROVED, CAPTURING, UNKNOWN, FAILED, EXPIRED, DECLINED, DISPUTED, DENIED_ON_CARD]


class TestAnswers:
    """M7, M8, M10: late, twice and in any order."""

    @pytest.mark.parametrize("name", ANSWERS)
    def test_a_repeat_changes_nothing_but_a_doubt(self, name: str) -> None:
        for it in ALL:
            once = on_card(it, ANSWERS[name])
            if name == "held" and it in (UNKNOWN, APPROVED):
                continue  # there the first one has begun a capture, and the second one is about that
            again = on_card(once, ANSWERS[name])

            assert replace(again, state_version=0) == replace(once, state_version=0)

    @given(order=st.permutations(["needs", "held", "captured", "gone", "missing", "held", "captured"]))
    @settings(max_examples=60)
    def test_money_that_was_taken_stays_taken_in_whatever_order(self, order: Sequence[str]) -> None:
        for it in (WANTED, WAITING, APPROVED, CAPTURING, UNKNOWN, DISPUTED):
            now = on_card(it, *(ANSWERS[each] for each in order))

            assert now.card is not None
            assert (now.card.status, now.card.captured) == (Cs.CAPTURED, euros(120))
            assert payout(now).status is (
                Ps.CAPTURED if it.payout and it.payout.approval else payout(now).status
            )

    def test_a_hold_that_is_gone_does_not_come_back_in_whatever_order(self) -> None:
        for order in permutations(["needs", "held", "gone", "held"]):
            now = on_card(WANTED, *(ANSWERS[each] for each in order))

            assert stands(now)[:2] == (Cs.EXPIRED, Ps.AUTHORIZATION_EXPIRED)

    @pytest.mark.parametrize("name", ANSWERS)
    def test_of_whatever_kind_end_a_doubt(self, name: str) -> None:
        for it in (WAITING, CAPTURING, UNKNOWN, FAILED, EXPIRED, DECLINED, DISPUTED):
            doubted = on_card(it, doubts())
            assert doubted.card is not None
            assert doubted.card.in_doubt

            now = on_card(doubted, ANSWERS[name])

            assert now.card is not None
            assert not now.card.in_doubt

    @pytest.mark.parametrize("name", ANSWERS)
    def test_about_money_known_to_be_taken_end_a_doubt(self, name: str) -> None:
        """Taken by hand, doubted, then approved over less: the look was still on its way."""
        taken = on_card(WAITING, captured(euros(120)), doubts(), approves(ROOT, amount=9_000, reason=""))

        now = on_card(taken, ANSWERS[name] if "captured" not in name else captured(euros(120)))

        assert not isinstance(owed(now), LookAtCard)

    def test_about_an_earlier_hold_change_nothing(self) -> None:
        second = on_card(EXPIRED, reauthorises())

        assert deciding_on_card(second, gone(n=1)) == ()
        assert deciding_on_card(second, captured(euros(120), n=1)) == ()
        assert deciding_on_card(second, missing(n=1)) == ()

    def test_about_an_earlier_hold_that_is_open_let_it_go_once(self) -> None:
        second = on_card(with_card(DONE, Cs.WANTED, intent_id=None, n=2), held(n=1))

        assert second.let_go == ("pi_1",)
        assert second.card is not None
        assert second.card.status is Cs.WANTED
        assert deciding_on_card(second, held(n=1)) == ()

    def test_after_the_end_let_the_hold_go(self) -> None:
        cancelled = on_card(WANTED, CancelAssignment(actor=OLGA, reason="sold"))

        assert owed(cancelled) is None
        assert owed(on_card(cancelled, held())) == LetHoldGo(intent_id="pi_1")
        assert owed(on_card(cancelled, declined())) == LetHoldGo(intent_id="pi_1")
        assert owed(on_card(cancelled, missing())) is None

    @pytest.mark.parametrize("command", [held(), let_go(), replace(doubts(), actor=ADA)], ids=str)
    def test_are_nobodys_to_make_up(self, command: AssignmentCommand) -> None:
        with pytest.raises(RoleForbidden):
            deciding_on_card(WAITING, replace(command, actor=ADA))


class TestLettingGo:
    """M13."""

    LEFT = on_card(WAITING, reauthorises())

    def test_comes_before_the_next_hold(self) -> None:
        assert owed(self.LEFT) == LetHoldGo(intent_id="pi_1")
        assert owed(on_card(self.LEFT, let_go())) == PlaceHold(n=2, amount=euros(120))

    def test_finds_what_somebody_has_captured_and_then_holds_no_more(self) -> None:
        now = on_card(self.LEFT, let_go(seen=captured(euros(120)).seen))

        assert stands(now)[:2] == (Cs.CAPTURED, Ps.PENDING_APPROVAL)
        assert now.let_go == ()
        assert owed(now) is None

    def test_of_what_was_captured_settles_what_was_approved(self) -> None:
        left = on_card(FAILED, reauthorises())

        assert on_card(left, let_go(seen=captured(euros(120)).seen)).status is Status.PAID

    def test_is_answered_once(self) -> None:
        assert deciding_on_card(on_card(self.LEFT, let_go()), let_go()) == ()
        assert deciding_on_card(self.LEFT, let_go("pi_9")) == ()

    def test_leaves_nothing_to_look_at(self) -> None:
        short = with_card(AGREED, capture_before=LATER.end)
        moved = after(short, proposes(ADA, LATER, seeing=2), policy=CARDS)
        doubted = on_card(moved, doubts(), at=NOON)

        released = on_card(doubted, confirms(BOB, 3), let_go(), at=NOON)

        assert stands(released)[0] == Cs.RELEASED
        assert owed(released) is None
        assert owed(on_card(released, doubts(), at=NOON)) is None

    @pytest.mark.parametrize(
        ("before", "lets_go"),
        [
            pytest.param(LATER.end + CARDS.sla_payout, False, id="lasts to the very end"),
            pytest.param(LATER.end + CARDS.sla_payout - MINUTE, True, id="a minute short"),
        ],
    )
    def test_of_a_hold_too_short_for_the_new_visit(self, before: object, lets_go: bool) -> None:  # noqa: FBT001
        moved = after(with_card(AGREED, capture_before=before), proposes(ADA, LATER, seeing=2), policy=CARDS)

        now = on_card(moved, confirms(BOB, 3), at=NOON)

        assert (stands(now)[0] == Cs.RELEASED, now.let_go == ("pi_1",)) == (lets_go, lets_go)
        assert ("authorise/v3/2" in plan(now, CARDS)) == lets_go

    def test_not_of_a_hold_that_another_one_would_follow_at_once(self) -> None:
        soon = replace(CARDS, auth_lifetime=30 * DAY)
        moved = after(with_card(AGREED), proposes(ADA, LATER, seeing=2), policy=soon)

        assert stands(after(moved, confirms(BOB, 3), policy=soon))[0] == Cs.HELD


class TestHoldingInTime:
    """AUTHORISE: as late as it can be."""

    def test_so_late_that_the_hold_lasts_until_the_ruling(self) -> None:
        at = due(AGREED, "authorise/v1/1", policy=CARDS)

        assert at == NEXT_WEEK.end + CARDS.sla_payout - CARDS.auth_lifetime

    def test_at_once_for_a_near_visit(self) -> None:
        near = replace(CARDS, auth_lifetime=30 * DAY)

        assert due(AGREED, "authorise/v1/1", policy=near) == NOON

    def test_never_where_no_card_pays(self) -> None:
        assert not [id for id in plan(SCHEDULED) if id.startswith("authorise")]

    @pytest.mark.parametrize("status", [Cs.WANTED, Cs.HELD, Cs.NEEDS_CUSTOMER, Cs.CAPTURED, Cs.MISSING])
    def test_not_beside_another_one(self, status: CardStatus) -> None:
        assert not [id for id in plan(with_card(AGREED, status), CARDS) if id.startswith("authorise")]

    @pytest.mark.parametrize("status", [Cs.EXPIRED, Cs.RELEASED])
    def test_again_after_one_that_is_gone_by_the_next_number(self, status: CardStatus) -> None:
        again, _ = in_time(with_card(AGREED, status), until=NEXT_WEEK.start - HOUR, policy=CARDS)

        assert again.card is not None
        assert (again.card.n, again.card.status, again.card.intent_id) == (2, Cs.WANTED, None)

    def test_when_the_work_is_done_at_the_latest(self) -> None:
        done = on_card(AGREED, CompleteAssignment(actor=BOB), at=NEXT_WEEK.start)

        assert owed(done) == PlaceHold(n=1, amount=euros(120))
        assert owed(on_card(with_card(AGREED, Cs.MISSING), CompleteAssignment(actor=OLGA))) == PlaceHold(
            n=2, amount=euros(120)
        )

    def test_not_twice_for_work_whose_card_was_seen_to(self) -> None:
        for status in (Cs.HELD, Cs.CAPTURED, Cs.NEEDS_CUSTOMER):
            done = on_card(with_card(AGREED, status), CompleteAssignment(actor=OLGA))

            assert done.card is not None
            assert done.card.n == 1

    def test_anew_for_what_is_resubmitted(self) -> None:
        lapsed = on_card(DENIED_ON_CARD, gone())

        assert owed(on_card(lapsed, resubmits(BOB, amount=10_000))) == PlaceHold(n=2, amount=euros(100))
