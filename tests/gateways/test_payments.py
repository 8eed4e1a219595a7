from structlog.testing import capture_logs

from fulfillment.domain.money import Money
from fulfillment.gateways.payments import ApprovedPayout, LoggedPayments, Payments, Settlement

APPROVED = ApprovedPayout(
    payout_id="p1",
    attempt=2,
    amount=Money(amount=12_500, currency="EUR"),
    approved_by="grace",
    reference="transfer 4711",
)


async def test_staying_at_home_takes_the_admins_reference_for_the_settlement() -> None:
    payments: Payments = LoggedPayments()

    settlement = await payments.settle(APPROVED)

    assert settlement.status == "settled_manual"
    assert settlement.reference == "transfer 4711"


async def test_staying_at_home_says_that_no_money_moved() -> None:
    with capture_logs() as lines:
        await LoggedPayments().settle(APPROVED)

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


async def test_asking_again_gives_the_same_answer() -> None:
    payments = LoggedPayments()

    answers: list[Settlement] = [await payments.settle(APPROVED) for _ in range(2)]

    assert answers[0] == answers[1]
