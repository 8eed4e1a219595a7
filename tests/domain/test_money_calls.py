"""What is owed to the payment provider next, stage by stage."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.money_calls import (
    LetHoldGo,
    LookAtCard,
    MoneyCall,
    PassOn,
    PlaceHold,
    SettleByHand,
    TakeMoney,
    call_owed,
    share_owed,
)
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import CLOSED, Assignment, Status
from fulfillment.domain.money import Money
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
    WORKING,
    captured,
    on_card,
    owed,
    with_card,
)
from tests.domain.people import APPROVED, DENIED, DONE, FRESH, PAID, euros, payout

WANTED = with_card(DONE, CardStatus.WANTED, intent_id=None)
TAKE = TakeMoney(intent_id="pi_1", attempt=1, tries=1, amount=euros(120))
LOOK = LookAtCard(n=1, intent_id="pi_1")
BY_HAND = SettleByHand(payout=payout(APPROVED), approval=payout(APPROVED).decisions[-1])
CHARGED = on_card(CAPTURING, captured(euros(120)))
SHARING = replace(CARDS, transfers=True)


def doubted(it: Assignment) -> Assignment:
    assert it.card is not None
    return replace(it, card=replace(it.card, in_doubt=True))


@pytest.mark.parametrize(
    ("it", "call"),
    [
        pytest.param(FRESH, None, id="nothing yet"),
        pytest.param(AGREED, None, id="agreed"),
        pytest.param(WORKING, None, id="at work"),
        pytest.param(WAITING, None, id="waiting for a ruling"),
        pytest.param(WANTED, PlaceHold(n=1, amount=euros(120)), id="wanted"),
        pytest.param(CAPTURING, TAKE, id="capturing"),
        pytest.param(FAILED, None, id="failed"),
        pytest.param(UNKNOWN, None, id="unknown, until the clock says so"),
        pytest.param(EXPIRED, None, id="expired"),
        pytest.param(DECLINED, None, id="declined"),
        pytest.param(DISPUTED, None, id="disputed"),
        pytest.param(DENIED, None, id="denied"),
        pytest.param(APPROVED, BY_HAND, id="approved without a card"),
        pytest.param(with_card(APPROVED, CardStatus.MISSING), BY_HAND, id="approved, none on file"),
        pytest.param(with_card(APPROVED, CardStatus.RELEASED), BY_HAND, id="approved, let go"),
        pytest.param(with_card(APPROVED, CardStatus.EXPIRED), None, id="approved, gone"),
        pytest.param(doubted(WAITING), LOOK, id="doubted"),
        pytest.param(doubted(UNKNOWN), LOOK, id="unknown, doubted"),
        pytest.param(doubted(CAPTURING), TAKE, id="the capture itself answers a doubt"),
        pytest.param(PAID, None, id="paid by hand"),
        pytest.param(CHARGED, None, id="paid by card"),
    ],
)
def test_this_is_owed(it: Assignment, call: MoneyCall | None) -> None:
    assert owed(it) == call


@pytest.mark.parametrize("it", [WANTED, CAPTURING, APPROVED, doubted(WAITING), PAID, CHARGED])
def test_a_hold_that_nobody_needs_is_let_go_before_anything_else(it: Assignment) -> None:
    left = replace(it, let_go=("pi_7", "pi_8"))

    assert call_owed(left) == LetHoldGo(intent_id="pi_7")


@pytest.mark.parametrize("status", sorted(CLOSED))
@pytest.mark.parametrize("it", [WANTED, CAPTURING, APPROVED, doubted(WAITING)])
def test_nothing_but_releases_is_owed_after_the_end(it: Assignment, status: Status) -> None:
    closed = replace(it, status=status)

    assert call_owed(closed) is None
    assert call_owed(replace(closed, let_go=("pi_1",))) == LetHoldGo(intent_id="pi_1")


class TestTheShare:
    """M14."""

    def test_is_owed_once_where_the_policy_says_so(self) -> None:
        owes = share_owed(CHARGED, SHARING)

        assert owes == PassOn(amount=euros(120), charge_id="ch_1")
        assert share_owed(CHARGED, CARDS) is None
        sent = replace(CHARGED, payout=replace(payout(CHARGED), transfer_id="tr_1"))
        assert share_owed(sent, SHARING) is None

    @pytest.mark.parametrize("status", [PayoutStatus.DISPUTED, PayoutStatus.REVERSED])
    def test_is_not_owed_of_what_a_bank_asks_back(self, status: PayoutStatus) -> None:
        asked_back = replace(CHARGED, payout=replace(payout(CHARGED), status=status))

        assert share_owed(asked_back, SHARING) is None

    def test_is_not_owed_of_money_moved_by_hand(self) -> None:
        assert share_owed(with_card(PAID, CardStatus.MISSING), SHARING) is None

    @given(taken=st.integers(1, 10**10), fee=st.integers(0, 10_000))
    def test_and_the_fee_are_what_was_taken_to_the_cent(self, taken: int, fee: int) -> None:
        assert CHARGED.card is not None
        card = replace(CHARGED.card, captured=Money(amount=taken, currency="EUR"))

        owes = share_owed(replace(CHARGED, card=card), replace(SHARING, platform_fee=fee))

        share = owes.amount.amount if owes else 0
        assert 0 <= share <= taken
        assert 0 <= taken * fee - (taken - share) * 10_000 < 10_000, (
            "the fee is rounded down, by less than a cent"
        )
        assert (owes is None) == (share == 0)
