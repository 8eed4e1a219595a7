"""Money on cards over real HTTP: what a repeat does, what trouble means, and how often money moves."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
import stripe

from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.ids import derived
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import (
    Authorisation,
    Capture,
    CardOnFile,
    PaymentFailed,
    PaymentRefused,
    Refund,
    Release,
    Transfer,
)
from fulfillment.gateways.stripe_cards import StripeCards
from fulfillment.gateways.stripe_client import API_VERSION, OutcomeUnknown, asking
from fulfillment.gateways.stripe_intents import ASSUMED_HOLD, seen
from tests.gateways.stripe.faults import Kind, Stored
from tests.gateways.stripe.people import Card
from tests.gateways.stripe.serving import SECRET_KEY, Stripe

HELD = Money(amount=9000, currency="EUR")
PRICE = Money(amount=7000, currency="EUR")
SHARE = Money(amount=6300, currency="EUR")
TIMEOUT = 0.4


@dataclass(slots=True, kw_only=True)
class Till:
    """A customer with a card at a Stripe, an assignment that nobody else has, and our door."""

    at: Stripe
    cards: StripeCards
    assignment: str
    card: CardOnFile

    @property
    def payout(self) -> str:
        return derived("payout", self.assignment)

    def authorisation(self, n: int = 1, *, amount: Money = HELD, spare: int = 0) -> Authorisation:
        return Authorisation(assignment_id=self.assignment, n=n, amount=amount, card=self.card, spare=spare)

    async def held(self) -> str:
        now = await self.cards.authorise(self.authorisation())
        assert now.state is CardState.HELD
        assert now.intent_id is not None
        return now.intent_id

    async def captured(self) -> CardSeen:
        return await self.cards.capture(self.capture(await self.held()))

    def capture(self, intent_id: str, *, amount: Money = PRICE) -> Capture:
        return Capture(payout_id=self.payout, attempt=1, amount=amount, intent_id=intent_id)

    async def moved(self, kind: str) -> tuple[int, int]:
        """Return how often money moved for this assignment, and how much of it."""
        found = (await self.at.control.ledger()).of(kind, assignment_id=self.assignment)
        return len(found), sum(one["amount"] for one in found)

    async def use(self, card: Card) -> None:
        method = await self.at.control.new_method(card, customer=self.card.customer_ref)
        self.card = replace(self.card, method_ref=method)


@pytest_asyncio.fixture(scope="module")
async def cards(fake_stripe: Stripe) -> AsyncIterator[StripeCards]:
    door = StripeCards(key=SECRET_KEY, base=fake_stripe.url, timeout=TIMEOUT)
    yield door
    await door.aclose()


@pytest.fixture(scope="module")
def sdk(fake_stripe: Stripe, cards: StripeCards) -> stripe.StripeClient:
    """The SDK by itself, for what is none of our door's business."""
    return stripe.StripeClient(SECRET_KEY, base_addresses={"api": fake_stripe.url}, http_client=cards._http)


@pytest_asyncio.fixture
async def till(fake_stripe: Stripe, sdk: stripe.StripeClient, cards: StripeCards) -> AsyncIterator[Till]:
    customer = await sdk.v1.customers.create_async({})
    method = await fake_stripe.control.new_method(customer=customer.id)
    yield Till(
        at=fake_stripe,
        cards=cards,
        assignment=derived("assignment", customer.id),
        card=CardOnFile(customer_ref=customer.id, method_ref=method),
    )
    await fake_stripe.control.drop_faults()


async def persevere(cards: StripeCards, capture: Capture, *, most: int = 6) -> CardSeen:
    """Ask as our caller does: after PaymentFailed again, and after three in vain by a spare key (R19)."""
    for turn in range(most):
        with suppress(PaymentFailed):
            return await cards.capture(replace(capture, spare=turn // 3))
    raise AssertionError(f"{most} calls in vain")


class TestHolding:
    async def test_a_hold_says_how_much_and_until_when(self, till: Till) -> None:
        now = await till.cards.authorise(till.authorisation())

        assert (now.state, now.amount, now.problem) == (CardState.HELD, HELD, "")
        assert now.captured == Money(amount=0, currency="EUR")
        assert now.capture_before is not None
        assert timedelta(days=6) < now.capture_before - datetime.now(UTC) < timedelta(days=8)
        assert now.charge_id.startswith("ch_")
        assert await till.moved("hold") == (1, HELD.amount)

    async def test_stripe_learns_which_assignment_it_is_for(
        self, till: Till, sdk: stripe.StripeClient
    ) -> None:
        intent = await sdk.v1.payment_intents.retrieve_async(await till.held())

        assert intent.metadata.to_dict() == {
            "assignment_id": till.assignment,
            "authorisation": f"{till.assignment}:1",
        }
        assert intent.to_dict()["transfer_group"] == till.assignment

    @pytest.mark.parametrize("spare", [0, 1])
    async def test_a_repeat_finds_the_hold(self, till: Till, spare: int) -> None:
        first = await till.cards.authorise(till.authorisation())

        again = await till.cards.authorise(till.authorisation(spare=spare))

        assert again == first
        assert await till.moved("hold") == (1, HELD.amount)

    async def test_two_at_once_make_one_hold(self, till: Till) -> None:
        both = await asyncio.gather(
            *(till.cards.authorise(till.authorisation()) for _ in range(2)), return_exceptions=True
        )

        assert all(isinstance(one, CardSeen | PaymentFailed) for one in both)
        assert await till.moved("hold") == (1, HELD.amount)

    async def test_another_n_is_another_hold(self, till: Till) -> None:
        first = await till.cards.authorise(till.authorisation())

        second = await till.cards.authorise(till.authorisation(2))

        assert first.intent_id != second.intent_id
        assert await till.moved("hold") == (2, 2 * HELD.amount)

    async def test_it_is_found_among_many(self, till: Till, sdk: stripe.StripeClient) -> None:
        first = await till.cards.authorise(till.authorisation())
        for _ in range(101):
            await sdk.v1.payment_intents.create_async(
                {"amount": 100, "currency": "eur", "customer": till.card.customer_ref}
            )

        assert await till.cards.authorise(till.authorisation(spare=1)) == first

    async def test_what_was_let_go_is_not_placed_again(self, till: Till) -> None:
        intent_id = await till.held()
        await till.cards.release(Release(assignment_id=till.assignment, intent_id=intent_id))

        again = await till.cards.authorise(till.authorisation())

        assert (again.state, again.intent_id) == (CardState.GONE, intent_id)

    @pytest.mark.parametrize(
        "kind", [Kind.ERROR_AFTER, Kind.HANG_AFTER, Kind.DROP_AFTER, Kind.ERROR_BEFORE, Kind.HANG_BEFORE]
    )
    async def test_an_answer_that_got_lost_costs_no_second_hold(self, till: Till, kind: Kind) -> None:
        await till.at.control.fault(kind, "authorise", metadata={"assignment_id": till.assignment})

        with pytest.raises(OutcomeUnknown):
            await till.cards.authorise(till.authorisation())
        again = await till.cards.authorise(till.authorisation())

        assert again.state is CardState.HELD
        assert await till.moved("hold") == (1, HELD.amount)

    async def test_an_error_that_stripe_keeps_repeating_is_cured_by_a_spare(self, till: Till) -> None:
        await till.at.control.fault(
            Kind.ERROR_STORED, "authorise", metadata={"assignment_id": till.assignment}
        )
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                await till.cards.authorise(till.authorisation())

        cured = await till.cards.authorise(till.authorisation(spare=1))

        assert cured.state is CardState.HELD
        assert await till.moved("hold") == (1, HELD.amount)

    @pytest.mark.parametrize(
        ("card", "problem"),
        [
            (Card.DECLINED, "generic_decline"),
            (Card.INSUFFICIENT_FUNDS, "insufficient_funds"),
            (Card.EXPIRED, "expired_card"),
            (Card.AUTHENTICATION_REQUIRED, "authentication_required"),
        ],
    )
    async def test_a_decline_is_an_answer_and_a_repeat_gives_the_same(
        self, till: Till, card: Card, problem: str
    ) -> None:
        await till.use(card)

        first = await till.cards.authorise(till.authorisation())
        again = await till.cards.authorise(till.authorisation())

        for now in (first, again):
            assert (now.state, now.problem) == (CardState.NEEDS_CUSTOMER, problem)
            assert now.amount == HELD
        assert first.intent_id == again.intent_id is not None
        assert await till.moved("hold") == (0, 0)

    async def test_a_bank_that_asks_for_its_customer_holds_once_they_came(self, till: Till) -> None:
        await till.use(Card.AUTHENTICATION_REQUIRED)
        asked = await till.cards.authorise(till.authorisation())
        assert asked.intent_id is not None

        await till.at.control.customer_authenticates(asked.intent_id)

        now = await till.cards.authorise(till.authorisation())
        assert (now.state, now.intent_id) == (CardState.HELD, asked.intent_id)

    async def test_an_intent_that_waits_for_3d_secure_says_so(self, till: Till) -> None:
        await till.at.control.fault(
            Kind.REQUIRES_ACTION, "authorise", metadata={"assignment_id": till.assignment}
        )

        now = await till.cards.authorise(till.authorisation())

        assert (now.state, now.problem) == (CardState.NEEDS_CUSTOMER, "authentication_required")

    async def test_a_card_that_stripe_does_not_know_is_refused(self, till: Till) -> None:
        till.card = replace(till.card, method_ref="pm_nobody")

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.authorise(till.authorisation())

        assert refused.value.code == "resource_missing"


class TestTakingAndTheTenCases:
    """R19: whatever happens, money is taken at most once, and the right amount of it."""

    async def test_what_was_asked_for_is_taken_and_no_more(self, till: Till) -> None:
        intent_id = await till.held()

        now = await till.cards.capture(till.capture(intent_id))

        assert (now.state, now.captured, now.amount) == (CardState.CAPTURED, PRICE, HELD)
        assert await till.moved("capture") == (1, PRICE.amount)
        assert await till.cards.look(intent_id) == now

    @pytest.mark.parametrize(
        ("kind", "times", "stored"),
        [
            pytest.param(Kind.HANG_AFTER, 1, Stored.THE_500, id="no answer, taken"),
            pytest.param(Kind.DROP_AFTER, 1, Stored.THE_500, id="connection lost, taken"),
            pytest.param(Kind.HANG_BEFORE, 1, Stored.THE_500, id="no answer, not taken"),
            pytest.param(Kind.ERROR_AFTER, 1, Stored.THE_500, id="late 500"),
            pytest.param(Kind.ERROR_AFTER, 1, Stored.THE_ANSWER, id="late 500, answer stored"),
            pytest.param(Kind.ERROR_AFTER, 1, Stored.NOTHING, id="late 500, nothing stored"),
            pytest.param(Kind.ERROR_STORED, 1, Stored.THE_500, id="stored 500"),
            pytest.param(Kind.ERROR_BEFORE, 2, Stored.THE_500, id="two early 500s"),
            pytest.param(Kind.CONFLICT, 1, Stored.THE_500, id="in flight"),
            pytest.param(Kind.RATE_LIMITED, 2, Stored.THE_500, id="rate limited"),
        ],
    )
    async def test_it_is_taken_once(self, till: Till, kind: Kind, times: int, stored: Stored) -> None:
        capture = till.capture(await till.held())
        await till.at.control.fault(kind, "capture", intent=capture.intent_id, times=times, stored=stored)

        now = await persevere(till.cards, capture)

        assert (now.state, now.captured) == (CardState.CAPTURED, PRICE)
        assert await till.moved("capture") == (1, PRICE.amount)

    @pytest.mark.parametrize("kind", [Kind.ERROR_AFTER, Kind.HANG_AFTER, Kind.DROP_AFTER])
    async def test_a_late_trouble_is_cleared_up_in_the_same_call(self, till: Till, kind: Kind) -> None:
        capture = till.capture(await till.held())
        await till.at.control.fault(kind, "capture", intent=capture.intent_id)

        now = await till.cards.capture(capture)

        assert (now.state, now.captured) == (CardState.CAPTURED, PRICE)
        assert len((await till.at.control.ledger()).asked("capture", id=capture.intent_id)) == 1

    @pytest.mark.parametrize("look", [Kind.ERROR_BEFORE, Kind.UNAUTHORISED])
    async def test_when_the_look_fails_as_well_nothing_is_known(self, till: Till, look: Kind) -> None:
        capture = till.capture(await till.held())
        control = till.at.control
        taking = await control.fault(Kind.PAUSE_AFTER, "capture", intent=capture.intent_id)
        call = asyncio.create_task(till.cards.capture(capture))
        await control.wait_reached(taking)
        await control.fault(look, "retrieve", intent=capture.intent_id)

        with pytest.raises(OutcomeUnknown):
            await call
        again = await till.cards.capture(capture)

        assert (again.state, again.captured) == (CardState.CAPTURED, PRICE)
        assert await till.moved("capture") == (1, PRICE.amount)

    async def test_who_is_killed_after_the_capture_finds_it_done(self, till: Till) -> None:
        capture = till.capture(await till.held())
        killed = await till.at.control.fault(Kind.PAUSE_AFTER, "capture", intent=capture.intent_id)
        call = asyncio.create_task(till.cards.capture(capture))
        await till.at.control.wait_reached(killed)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        reborn = StripeCards(key=SECRET_KEY, base=till.at.url)

        now = await reborn.capture(capture)

        await reborn.aclose()
        assert (now.state, now.captured) == (CardState.CAPTURED, PRICE)
        assert await till.moved("capture") == (1, PRICE.amount)

    async def test_a_decline_is_final_for_this_try_only(self, till: Till) -> None:
        capture = till.capture(await till.held())
        await till.at.control.fault(
            Kind.DECLINE, "capture", intent=capture.intent_id, code="insufficient_funds"
        )

        for _ in range(2):
            with pytest.raises(PaymentRefused) as refused:
                await till.cards.capture(capture)
            assert refused.value.code == "insufficient_funds"
        assert await till.moved("capture") == (0, 0)

        assert (await till.cards.capture(replace(capture, try_=2))).captured == PRICE

    @pytest.mark.parametrize("kind", [Kind.EXPIRE, Kind.LAPSE, Kind.RELEASED_BY_HAND])
    async def test_a_hold_that_ends_just_before_is_gone(self, till: Till, kind: Kind) -> None:
        capture = till.capture(await till.held())
        await till.at.control.fault(kind, "capture", intent=capture.intent_id)

        now = await till.cards.capture(capture)

        assert now.state is CardState.GONE
        assert now.captured == Money(amount=0, currency="EUR")
        assert await till.moved("capture") == (0, 0)

    async def test_a_hold_that_ended_is_not_asked_for(self, till: Till) -> None:
        capture = till.capture(await till.held())
        await till.at.control.expire(capture.intent_id)

        assert (await till.cards.capture(capture)).state is CardState.GONE

        assert (await till.at.control.ledger()).asked("capture", id=capture.intent_id) == []

    async def test_what_somebody_took_by_hand_is_the_answer_and_not_taken_again(self, till: Till) -> None:
        capture = till.capture(await till.held())
        await till.at.control.fault(Kind.CAPTURED_BY_HAND, "capture", intent=capture.intent_id, amount=8000)

        for _ in range(2):
            now = await till.cards.capture(capture)
            assert (now.state, now.captured) == (CardState.CAPTURED, Money(amount=8000, currency="EUR"))
        assert await till.moved("capture") == (1, 8000)

    async def test_more_than_is_held_is_refused(self, till: Till) -> None:
        capture = till.capture(await till.held(), amount=Money(amount=HELD.amount + 1, currency="EUR"))

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.capture(capture)

        assert refused.value.code == "amount_too_large"

    async def test_another_currency_is_refused(self, till: Till) -> None:
        capture = till.capture(await till.held(), amount=Money(amount=PRICE.amount, currency="USD"))

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.capture(capture)

        assert refused.value.code == "currency"
        assert await till.moved("capture") == (0, 0)

    async def test_what_needs_its_customer_is_not_taken(self, till: Till) -> None:
        await till.use(Card.DECLINED)
        declined = await till.cards.authorise(till.authorisation())
        assert declined.intent_id is not None

        now = await till.cards.capture(till.capture(declined.intent_id))

        assert now.state is CardState.NEEDS_CUSTOMER


class TestLettingGo:
    async def test_a_hold_is_let_go_once(self, till: Till) -> None:
        release = Release(assignment_id=till.assignment, intent_id=await till.held())

        for _ in range(2):
            assert (await till.cards.release(release)).state is CardState.GONE

        assert await till.moved("release") in {(0, 0), (1, HELD.amount)}
        ledger = await till.at.control.ledger()
        assert len(ledger.asked("cancel", id=release.intent_id)) == 1

    async def test_what_might_become_a_hold_is_let_go_as_well(self, till: Till) -> None:
        await till.use(Card.AUTHENTICATION_REQUIRED)
        asked = await till.cards.authorise(till.authorisation())
        assert asked.intent_id is not None

        now = await till.cards.release(Release(assignment_id=till.assignment, intent_id=asked.intent_id))

        assert now.state is CardState.GONE

    async def test_what_was_taken_stays_taken(self, till: Till) -> None:
        taken = await till.captured()
        assert taken.intent_id is not None

        now = await till.cards.release(Release(assignment_id=till.assignment, intent_id=taken.intent_id))

        assert now == taken

    async def test_what_is_taken_meanwhile_is_the_answer(self, till: Till) -> None:
        release = Release(assignment_id=till.assignment, intent_id=await till.held())
        await till.at.control.fault(Kind.CAPTURED_BY_HAND, "cancel", intent=release.intent_id)

        now = await till.cards.release(release)

        assert (now.state, now.captured) == (CardState.CAPTURED, HELD)

    @pytest.mark.parametrize("kind", [Kind.ERROR_STORED, Kind.ERROR_AFTER, Kind.DROP_AFTER, Kind.HANG_BEFORE])
    async def test_an_error_that_stripe_keeps_repeating_holds_nobody_up(self, till: Till, kind: Kind) -> None:
        release = Release(assignment_id=till.assignment, intent_id=await till.held())
        await till.at.control.fault(kind, "cancel", intent=release.intent_id)

        assert (await till.cards.release(release)).state is CardState.GONE


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


class TestTrouble:
    @pytest.mark.parametrize(
        ("kind", "family", "retry_after"),
        [
            (Kind.RATE_LIMITED, PaymentFailed, 1.0),
            (Kind.LOCK_TIMEOUT, PaymentFailed, None),
            (Kind.CONFLICT, PaymentFailed, None),
            (Kind.ERROR_BEFORE, OutcomeUnknown, None),
            (Kind.ERROR_AFTER, OutcomeUnknown, None),
            (Kind.DROP_BEFORE, OutcomeUnknown, None),
            (Kind.HANG_BEFORE, OutcomeUnknown, None),
        ],
    )
    async def test_what_passes_is_a_failure(
        self, till: Till, kind: Kind, family: type[PaymentFailed], retry_after: float | None
    ) -> None:
        intent_id = await till.held()
        await till.at.control.fault(kind, "retrieve", intent=intent_id)

        with pytest.raises(PaymentFailed) as failed:
            await till.cards.look(intent_id)

        assert type(failed.value) is family
        assert failed.value.retry_after == retry_after
        assert (await till.cards.look(intent_id)).state is CardState.HELD

    async def test_a_key_that_is_none_is_refused_and_stays_out_of_the_text(self, till: Till) -> None:
        stranger = StripeCards(key="sk_live_of_somebody", base=till.at.url)

        with pytest.raises(PaymentRefused, match=r"^stripe: look: 401, req_\w+$") as refused:
            await stranger.look("pi_1")

        await stranger.aclose()
        assert refused.value.code == "authentication"
        assert refused.value.__cause__ is None

    async def test_what_is_not_there_is_refused(self, till: Till) -> None:
        with pytest.raises(
            PaymentRefused, match=r"^stripe: look: 404, resource_missing, req_\w+$"
        ) as refused:
            await till.cards.look("pi_nobody")

        assert refused.value.code == "resource_missing"

    async def test_a_key_that_was_used_for_something_else_is_refused(
        self, till: Till, sdk: stripe.StripeClient
    ) -> None:
        await sdk.v1.customers.create_async({}, {"idempotency_key": f"authorise:{till.assignment}:1:0"})

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.authorise(till.authorisation())

        assert refused.value.code == "idempotency_error"

    async def test_a_stripe_that_is_away_is_asked_again(self) -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            cards = StripeCards(key=SECRET_KEY, base=f"http://127.0.0.1:{nobody.getsockname()[1]}")

            with pytest.raises(OutcomeUnknown, match="no answer"):
                await cards.look("pi_1")

        await cards.aclose()

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (stripe.PermissionError("no", http_status=403, headers={"request-id": "req_1"}), "permission"),
            (stripe.IdempotencyError("Ada's card", http_status=400), "idempotency_error"),
        ],
    )
    def test_a_refusal_without_a_code_has_ours(self, error: stripe.StripeError, code: str) -> None:
        with pytest.raises(PaymentRefused) as refused, asking("look"):
            raise error

        assert refused.value.code == code
        assert "Ada" not in str(refused.value)

    @pytest.mark.parametrize("body", ["<html>busy</html>", '{"oh": "no"}'])
    def test_an_answer_by_somebody_on_the_way_is_none(self, body: str) -> None:
        with pytest.raises(OutcomeUnknown) as failed, asking("look"):
            raise stripe.APIError("Ada's card", body, 502, body)

        assert "Ada" not in str(failed.value)


class TestReading:
    @pytest.mark.parametrize(
        ("status", "state", "problem"),
        [
            ("requires_capture", CardState.HELD, ""),
            ("succeeded", CardState.CAPTURED, ""),
            ("canceled", CardState.GONE, ""),
            ("requires_payment_method", CardState.NEEDS_CUSTOMER, "requires_payment_method"),
            ("requires_confirmation", CardState.NEEDS_CUSTOMER, "requires_confirmation"),
            ("requires_action", CardState.NEEDS_CUSTOMER, "authentication_required"),
        ],
    )
    def test_each_word_of_stripes_has_one_of_ours(self, status: str, state: CardState, problem: str) -> None:
        now = seen(intent(status=status))

        assert (now.state, now.problem) == (state, problem)

    def test_what_is_between_two_states_is_looked_at_again(self) -> None:
        with pytest.raises(PaymentFailed, match="pi_1 is processing"):
            seen(intent(status="processing"))

    def test_a_hold_lasts_as_long_as_stripe_says(self) -> None:
        now = seen(intent(card={"capture_before": AT + 3600}))

        assert now.capture_before == datetime.fromtimestamp(AT + 3600, UTC)

    @pytest.mark.parametrize("card", [{}, {"capture_before": None}, None])
    def test_a_hold_of_which_stripe_does_not_say_is_a_short_one(self, card: dict[str, Any] | None) -> None:
        now = seen(intent(card=card))

        assert now.capture_before == datetime.fromtimestamp(AT, UTC) + ASSUMED_HOLD

    def test_what_was_given_back_is_not_taken(self) -> None:
        now = seen(intent(status="succeeded", received=7000, refunded=7000))

        assert now.captured == Money(amount=0, currency="EUR")

    def test_the_version_we_read_is_the_one_the_sdk_was_made_for(self) -> None:
        assert stripe.api_version == API_VERSION


AT = 1_790_000_000


def intent(
    *,
    status: str = "requires_capture",
    card: dict[str, Any] | None = None,
    received: int = 0,
    refunded: int = 0,
) -> stripe.PaymentIntent:
    details = {"type": "card", **({} if card is None else {"card": card})}
    return stripe.PaymentIntent.construct_from(
        {
            "id": "pi_1",
            "object": "payment_intent",
            "amount": 9000,
            "amount_received": received,
            "cancellation_reason": None,
            "created": AT - 60,
            "currency": "eur",
            "last_payment_error": None,
            "latest_charge": {
                "id": "ch_1",
                "object": "charge",
                "amount_refunded": refunded,
                "created": AT,
                "payment_method_details": details,
            },
            "metadata": {},
            "status": status,
        },
        None,
    )
