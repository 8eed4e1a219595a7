import pytest
from structlog.testing import capture_logs

from fulfillment.domain.assignment.card import CardState
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import (
    ApprovedPayout,
    Authorisation,
    CardOnFile,
    Cards,
    NoCards,
    PaymentFailed,
    settled_by_hand,
)

APPROVED = ApprovedPayout(
    payout_id="p1",
    attempt=2,
    amount=Money(amount=12_500, currency="EUR"),
    approved_by="grace",
    reference="transfer 4711",
)


def test_money_moved_by_hand_is_found_again_under_the_admins_reference() -> None:
    settlement = settled_by_hand(APPROVED)

    assert settlement.status == "settled_manual"
    assert settlement.reference == "transfer 4711"


def test_the_log_says_that_we_moved_no_money() -> None:
    with capture_logs() as lines:
        settled_by_hand(APPROVED)

    assert lines == [
        {
            "event": "payout.capture.skipped",
            "log_level": "info",
            "payout_id": "p1",
            "attempt": 2,
            "amount": 12_500,
            "currency": "EUR",
        }
    ]


async def test_without_keys_nobody_has_a_card() -> None:
    cards: Cards = NoCards()
    wanted = Authorisation(
        assignment_id="a1",
        n=1,
        amount=APPROVED.amount,
        card=CardOnFile(customer_ref="cus_1", method_ref="pm_1"),
    )

    assert (await cards.authorise(wanted)).state is CardState.MISSING


async def test_a_hold_from_when_there_were_keys_waits_for_them() -> None:
    with pytest.raises(PaymentFailed, match="STRIPE_SECRET_KEY is not set"):
        await NoCards().look("pi_1")
