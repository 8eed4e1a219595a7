import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.payments import PaymentsDoor
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import (
    ApprovedPayout,
    LoggedPayments,
    PaymentFailed,
    PaymentRefused,
    Settlement,
)

APPROVED = ApprovedPayout(
    payout_id="p1",
    attempt=1,
    amount=Money(amount=9_900, currency="EUR"),
    approved_by="grace",
    reference="cash, receipt 12",
)


class Shut:
    """A payments door that answers everything with one error."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.asked: list[ApprovedPayout] = []

    async def settle(self, approved: ApprovedPayout) -> Settlement:
        self.asked.append(approved)
        raise self._error


async def test_a_settlement_comes_back_as_the_door_gave_it() -> None:
    door = PaymentsDoor(LoggedPayments())

    settlement = await ActivityEnvironment().run(door.settle_payout, APPROVED)

    assert settlement == Settlement(status=PayoutStatus.SETTLED_MANUAL, reference="cash, receipt 12")


async def test_a_refusal_is_final() -> None:
    shut = Shut(PaymentRefused("the card was reported stolen"))

    with pytest.raises(ApplicationError, match="reported stolen") as refused:
        await ActivityEnvironment().run(PaymentsDoor(shut).settle_payout, APPROVED)

    assert shut.asked == [APPROVED]
    assert refused.value.non_retryable
    assert refused.value.type == "PaymentRefused"


async def test_a_failure_is_left_for_another_try() -> None:
    door = PaymentsDoor(Shut(PaymentFailed("no answer in time")))

    with pytest.raises(PaymentFailed):
        await ActivityEnvironment().run(door.settle_payout, APPROVED)
