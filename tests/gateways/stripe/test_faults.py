"""Trouble on demand: who meets it, what is done of it, and that all others go their way."""

import asyncio

import pytest
import stripe

from tests.gateways.stripe.desk import SDK_WARNS, Desk, fresh
from tests.gateways.stripe.faults import Kind
from tests.gateways.stripe.serving import Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNS)

HURRY = 0.3
"""Seconds that a caller waits who is going to be disappointed."""


@pytest.fixture
def hasty(fake_stripe: Stripe) -> Desk:
    return Desk(fake_stripe, timeout=HURRY)


class TestSilence:
    @pytest.mark.parametrize(
        ("kind", "captures"),
        [(Kind.HANG_BEFORE, 0), (Kind.DROP_BEFORE, 0), (Kind.HANG_AFTER, 1), (Kind.DROP_AFTER, 1)],
    )
    async def test_a_missing_answer_says_nothing_of_what_was_done(
        self, desk: Desk, hasty: Desk, fake_stripe: Stripe, kind: Kind, captures: int
    ) -> None:
        intent, key = await desk.hold(), fresh()
        await fake_stripe.control.fault(kind, "capture", intent=intent.id)

        with pytest.raises(stripe.APIConnectionError):
            await hasty.capture(intent.id, key=key)

        assert len((await fake_stripe.control.ledger()).of("capture", intent=intent.id)) == captures
        assert (await desk.capture(intent.id, key=key)).status == "succeeded"
        assert len((await fake_stripe.control.ledger()).of("capture", intent=intent.id)) == 1

    async def test_what_is_inside_is_done_even_when_the_caller_has_gone(
        self, desk: Desk, hasty: Desk, fake_stripe: Stripe
    ) -> None:
        intent, key = await desk.hold(), fresh()
        fault = await fake_stripe.control.fault(Kind.PAUSE_INSIDE, "capture", intent=intent.id)
        with pytest.raises(stripe.APIConnectionError):
            await hasty.capture(intent.id, key=key)
        assert (await desk.look(intent.id)).status == "requires_capture"

        await fake_stripe.control.release(fault)

        assert (await desk.capture(intent.id, key=key)).status == "succeeded"

    @pytest.mark.parametrize(
        ("kind", "captures"), [(Kind.ERROR_BEFORE, 0), (Kind.ERROR_AFTER, 1), (Kind.DECLINE, 0)]
    )
    async def test_what_happened_is_held_back_from_a_caller_who_is_then_killed(
        self, desk: Desk, hasty: Desk, fake_stripe: Stripe, kind: Kind, captures: int
    ) -> None:
        intent, key = await desk.hold(), fresh()
        fault = await fake_stripe.control.fault(kind, "capture", intent=intent.id, holds_back=True)

        with pytest.raises(stripe.APIConnectionError):
            await hasty.capture(intent.id, key=key)
        await fake_stripe.control.wait_reached(fault)
        await fake_stripe.control.release(fault)

        assert len((await fake_stripe.control.ledger()).of("capture", intent=intent.id)) == captures

    async def test_the_sdk_repeats_with_the_same_key_when_it_may(
        self, desk: Desk, fake_stripe: Stripe
    ) -> None:
        intent = await desk.hold()
        await fake_stripe.control.fault(Kind.DROP_AFTER, "capture", intent=intent.id)
        patient = fake_stripe.client(max_network_retries=1)

        taken = await patient.v1.payment_intents.capture_async(intent.id)

        assert taken.status == "succeeded"
        asked = (await fake_stripe.control.ledger()).asked("capture", id=intent.id)
        assert len({one["key"] for one in asked}) == 1
        assert [one["replayed"] for one in asked] == [False, True]


class TestGates:
    @pytest.mark.parametrize(("kind", "captures"), [(Kind.PAUSE_BEFORE, 0), (Kind.PAUSE_AFTER, 1)])
    async def test_a_request_waits_at_the_gate_until_it_is_let_go(
        self, desk: Desk, fake_stripe: Stripe, kind: Kind, captures: int
    ) -> None:
        intent = await desk.hold()
        gate = await fake_stripe.control.fault(kind, "capture", intent=intent.id)
        asking = asyncio.create_task(desk.capture(intent.id))

        await fake_stripe.control.wait_reached(gate)

        assert len((await fake_stripe.control.ledger()).of("capture", intent=intent.id)) == captures
        await fake_stripe.control.release(gate)
        assert (await asking).status == "succeeded"

    async def test_who_leaves_the_first_gate_has_done_nothing(
        self, desk: Desk, hasty: Desk, fake_stripe: Stripe
    ) -> None:
        intent = await desk.hold()
        gate = await fake_stripe.control.fault(Kind.PAUSE_BEFORE, "capture", intent=intent.id)
        with pytest.raises(stripe.APIConnectionError):
            await hasty.capture(intent.id)

        await fake_stripe.control.release(gate)

        assert (await desk.look(intent.id)).status == "requires_capture"


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "status", "code"),
        [
            (Kind.RATE_LIMITED, 429, "rate_limit"),
            (Kind.LOCK_TIMEOUT, 429, "lock_timeout"),
            (Kind.CONFLICT, 409, "idempotency_key_in_use"),
            (Kind.UNAUTHORISED, 401, "api_key_expired"),
        ],
    )
    async def test_a_refusal_at_the_door_leaves_all_as_it_was(
        self, desk: Desk, fake_stripe: Stripe, kind: Kind, status: int, code: str
    ) -> None:
        intent, key = await desk.hold(), fresh()
        await fake_stripe.control.fault(kind, "capture", intent=intent.id)

        with pytest.raises(stripe.StripeError) as refused:
            await desk.capture(intent.id, key=key)

        assert isinstance(refused.value.json_body, dict)
        assert (refused.value.http_status, refused.value.json_body["error"]["code"]) == (status, code)
        assert (refused.value.headers or {}).get("Retry-After") == ("1" if code == "rate_limit" else None)
        assert (await desk.capture(intent.id, key=key)).status == "succeeded"

    @pytest.mark.parametrize(
        ("kind", "status", "by", "code"),
        [
            (Kind.EXPIRE, "canceled", "time", "payment_intent_unexpected_state"),
            (Kind.LAPSE, "canceled", "time", "charge_expired_for_capture"),
            (Kind.CAPTURED_BY_HAND, "succeeded", "dashboard", "payment_intent_unexpected_state"),
            (Kind.RELEASED_BY_HAND, "canceled", "dashboard", "payment_intent_unexpected_state"),
        ],
    )
    async def test_somebody_was_faster(
        self, desk: Desk, fake_stripe: Stripe, kind: Kind, status: str, by: str, code: str
    ) -> None:
        intent = await desk.hold()
        await fake_stripe.control.fault(kind, "capture", intent=intent.id)

        with pytest.raises(stripe.InvalidRequestError) as refused:
            await desk.capture(intent.id)

        assert refused.value.code == code
        assert (await desk.look(intent.id)).status == status
        effects = (await fake_stripe.control.ledger()).effects
        assert [one["by"] for one in effects if one["intent"] == intent.id] == ["api", by]

    async def test_a_capture_is_declined_and_works_with_another_key(
        self, desk: Desk, fake_stripe: Stripe
    ) -> None:
        intent = await desk.hold()
        await fake_stripe.control.fault(Kind.DECLINE, "capture", intent=intent.id, code="insufficient_funds")

        with pytest.raises(stripe.CardError) as refused:
            await desk.capture(intent.id)

        assert refused.value.code == "card_declined"
        assert (await desk.capture(intent.id)).status == "succeeded"

    async def test_an_intent_may_want_action_off_session_too(self, desk: Desk, fake_stripe: Stripe) -> None:
        mine = fresh("a")
        await fake_stripe.control.fault(Kind.REQUIRES_ACTION, "authorise", metadata={"assignment": mine})

        intent = await desk.hold(metadata={"assignment": mine})

        assert intent.status == "requires_action"
        await fake_stripe.control.customer_authenticates(intent.id)
        assert (await desk.look(intent.id)).status == "requires_capture"


class TestAim:
    async def test_a_fault_meets_only_whom_it_is_meant_for(self, desk: Desk, fake_stripe: Stripe) -> None:
        mine = fresh("a")
        await fake_stripe.control.fault(Kind.ERROR_BEFORE, "capture", metadata={"assignment": mine})
        hit = await desk.hold(metadata={"assignment": mine})
        spared = await desk.hold(metadata={"assignment": fresh("a")})

        assert (await desk.capture(spared.id)).status == "succeeded"
        with pytest.raises(stripe.APIError):
            await desk.capture(hit.id)
        assert (await desk.capture(hit.id)).status == "succeeded"

    async def test_a_fault_finds_transfers_and_refunds_by_their_intent(
        self, desk: Desk, fake_stripe: Stripe
    ) -> None:
        intent, account = await desk.captured(), await fake_stripe.control.new_account()
        await fake_stripe.control.fault(Kind.ERROR_BEFORE, "transfer", intent=intent.id)
        await fake_stripe.control.fault(Kind.ERROR_BEFORE, "refund", intent=intent.id)

        with pytest.raises(stripe.APIError):
            await desk.sdk.v1.transfers.create_async(
                {
                    "amount": 1,
                    "currency": "eur",
                    "destination": account,
                    "source_transaction": str(intent.latest_charge),
                }
            )
        with pytest.raises(stripe.APIError):
            await desk.sdk.v1.refunds.create_async({"payment_intent": intent.id})

    async def test_a_fault_is_taken_away(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent = await desk.hold()
        fault = await fake_stripe.control.fault(Kind.ERROR_BEFORE, intent=intent.id, times=99)
        with pytest.raises(stripe.APIError):
            await desk.look(intent.id)

        await fake_stripe.control.drop_faults(fault)

        assert (await desk.look(intent.id)).status == "requires_capture"
