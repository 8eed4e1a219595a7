"""What comes after a capture: the provider's share, money given back, complaints to a bank."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from fulfillment.domain.assignment.card import CardState
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import (
    PaymentRefused,
    Refund,
    Transfer,
)
from fulfillment.gateways.stripe_client import OutcomeUnknown
from tests.gateways.stripe.faults import Kind
from tests.gateways.stripe.till import SHARE, Till


class TestPassingOn:
    async def test_it_is_passed_on_once(self, till: Till, sdk: stripe.StripeClient) -> None:
        taken, account = await till.captured(), await till.at.control.new_account()
        transfer = Transfer(payout_id=till.payout, amount=SHARE, charge_id=taken.charge_id, account=account)

        first = await till.cards.transfer(transfer)
        again = await till.cards.transfer(replace(transfer, spare=1))

        assert first == again
        assert await till.moved("transfer") == (1, SHARE.amount)
        found = await sdk.v1.transfers.retrieve_async(first)
        assert (found.destination, found.source_transaction) == (account, taken.charge_id)

    @pytest.mark.parametrize("kind", [Kind.ERROR_AFTER, Kind.DROP_AFTER, Kind.ERROR_STORED])
    async def test_an_answer_that_got_lost_costs_no_second_transfer(self, till: Till, kind: Kind) -> None:
        taken, account = await till.captured(), await till.at.control.new_account()
        transfer = Transfer(payout_id=till.payout, amount=SHARE, charge_id=taken.charge_id, account=account)
        await till.at.control.fault(kind, "transfer", metadata={"payout_id": till.payout})

        with pytest.raises(OutcomeUnknown):
            await till.cards.transfer(transfer)
        await till.cards.transfer(replace(transfer, spare=1))

        assert await till.moved("transfer") == (1, SHARE.amount)

    async def test_another_amount_under_the_same_name_is_refused(self, till: Till) -> None:
        taken, account = await till.captured(), await till.at.control.new_account()
        transfer = Transfer(payout_id=till.payout, amount=SHARE, charge_id=taken.charge_id, account=account)
        await till.cards.transfer(transfer)

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.transfer(replace(transfer, amount=Money(amount=1, currency="EUR")))

        assert refused.value.code == "idempotency_error"

    async def test_an_account_that_cannot_be_paid_yet_is_refused(self, till: Till) -> None:
        taken, account = await till.captured(), await till.at.control.new_account(transfers=False)

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.transfer(
                Transfer(payout_id=till.payout, amount=SHARE, charge_id=taken.charge_id, account=account)
            )

        assert refused.value.code == "insufficient_capabilities_for_transfer"


class TestGivingBack:
    async def refund(self, till: Till, *, n: int = 1) -> Refund:
        taken = await till.captured()
        assert taken.intent_id is not None
        return Refund(
            payout_id=till.payout, n=n, amount=Money(amount=500, currency="EUR"), intent_id=taken.intent_id
        )

    async def test_it_is_given_back_once_and_is_no_longer_taken(self, till: Till) -> None:
        refund = await self.refund(till)

        first = await till.cards.refund(refund)
        again = await till.cards.refund(replace(refund, spare=1))

        assert first == again
        assert await till.moved("refund") == (1, 500)
        now = await till.cards.look(refund.intent_id)
        assert (now.state, now.captured) == (CardState.CAPTURED, Money(amount=6500, currency="EUR"))

    async def test_another_n_gives_back_more(self, till: Till) -> None:
        refund = await self.refund(till)

        first = await till.cards.refund(refund)
        second = await till.cards.refund(replace(refund, n=2))

        assert first != second
        assert await till.moved("refund") == (2, 1000)

    @pytest.mark.parametrize("kind", [Kind.ERROR_AFTER, Kind.HANG_AFTER, Kind.ERROR_STORED])
    async def test_an_answer_that_got_lost_costs_no_second_refund(self, till: Till, kind: Kind) -> None:
        refund = await self.refund(till)
        await till.at.control.fault(kind, "refund", intent=refund.intent_id)

        with pytest.raises(OutcomeUnknown):
            await till.cards.refund(refund)
        await till.cards.refund(replace(refund, spare=1))

        assert await till.moved("refund") == (1, 500)

    async def test_one_that_bounced_is_not_called_done(self, till: Till) -> None:
        refund = await self.refund(till)
        await till.at.control.fail_refund(await till.cards.refund(refund))

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.refund(refund)

        assert refused.value.code == "expired_or_canceled_card"
        await till.cards.refund(replace(refund, n=2))
        assert (await till.cards.look(refund.intent_id)).captured == Money(amount=6500, currency="EUR")


class TestComplaints:
    async def test_there_is_none(self, till: Till) -> None:
        assert await till.cards.chargeback(await till.held()) is None

    @pytest.mark.parametrize(
        ("status", "is_open", "is_lost"),
        [
            ("needs_response", True, False),
            ("under_review", True, False),
            ("warning_needs_response", True, False),
            ("warning_under_review", True, False),
            ("a_word_that_is_new", True, False),
            ("warning_closed", False, False),
            ("prevented", False, False),
            ("won", False, False),
            ("lost", False, True),
        ],
    )
    async def test_it_is_told_how_it_stands(
        self, till: Till, status: str, *, is_open: bool, is_lost: bool
    ) -> None:
        intent_id = (await till.captured()).intent_id
        assert intent_id is not None
        dispute = await till.at.control.open_dispute(intent_id, amount=4000)
        await till.at.control.close_dispute(dispute, status=status)

        found = await till.cards.chargeback(intent_id)

        assert found is not None
        assert (found.id, found.intent_id, found.status) == (dispute, intent_id, status)
        assert (found.is_open, found.is_lost) == (is_open, is_lost)
        assert (found.amount, found.reason) == (Money(amount=4000, currency="EUR"), "fraudulent")
        assert found.evidence_due is not None
        assert timedelta(days=6) < found.evidence_due - datetime.now(UTC) < timedelta(days=8)
