"""Holds at Stripe: placed, looked at, taken and let go, each of them at most once.

Stripe remembers what it answered to a key, errors included, but for a day only (trap M6). So a key keeps
two requests at the same time from becoming two holds, and before each one we look at what is there: an
authorisation carries our name for it and is found by that; a capture and a cancellation change an intent
whose state says whether that has happened.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import stripe

from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import Authorisation, Capture, PaymentFailed, PaymentRefused, Release
from fulfillment.gateways.stripe_client import (
    OVERTAKEN,
    PAGE,
    READ_TIMEOUT,
    OutcomeUnknown,
    StripeDoor,
    asking,
    code_of,
    has_tag,
    said_by,
)
from fulfillment.gateways.stripe_intents import best, seen

MEMORY = timedelta(days=8)
"""How far back we look for a hold that was placed before; none lasts longer without being extended."""

WITH_CHARGE = ["latest_charge"]


class StripeHolds(StripeDoor):
    """What is held on our customers' cards. Amounts are in minor units at Stripe as they are here."""

    def __init__(
        self,
        *,
        key: str,
        base: str = "",
        timeout: float = READ_TIMEOUT,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Remember how to ask, as `StripeDoor` does; `clock` tells the time, aware and in UTC."""
        super().__init__(key=key, base=base, timeout=timeout)
        self._clock = clock

    async def authorise(self, wanted: Authorisation) -> CardSeen:
        """Place the hold, or find the one that was placed for the same assignment and `n`.

        A decline is NEEDS_CUSTOMER with the bank's code as `problem`, and `authentication_required` where
        the bank asks for its customer. What is found may be of any state and amount, as it is now.
        """
        if found := await self._placed(wanted):
            return found
        with asking("authorise"):
            try:
                intent = await self._place(wanted)
            except stripe.CardError as error:
                return _declined(error, wanted.amount)
        return seen(intent)

    async def look(self, intent_id: str) -> CardSeen:
        """Return how the money stands; nothing is changed."""
        with asking("look"):
            intent = await self._v1.payment_intents.retrieve_async(intent_id, {"expand": WITH_CHARGE})
        return seen(intent)

    async def capture(self, capture: Capture) -> CardSeen:
        """Take the amount if it is still held, and return how the money stands then.

        After an answer that tells nothing we look once more: if the money was taken all the same, that is
        the answer, and if it is still held, PaymentFailed. A repeat then takes it, unless Stripe has stored
        an error under its key; that is what `spare` is for.
        """
        before = await self.look(capture.intent_id)
        if before.state is not CardState.HELD:
            return before
        if before.amount is None or before.amount.currency != capture.amount.currency:
            raise PaymentRefused(f"stripe: {capture.intent_id} is in another currency", code="currency")
        try:
            return await self._take(capture)
        except PaymentRefused as refused:
            if refused.code not in OVERTAKEN:
                raise
            return await self._overtaken(capture, refused)
        except OutcomeUnknown as unknown:
            return await self._look_after(capture.intent_id, unknown)

    async def release(self, release: Release) -> CardSeen:
        """Let the hold go, or what might become one; money that was taken, and a hold that is gone, stay."""
        before = await self.look(release.intent_id)
        if before.state not in {CardState.HELD, CardState.NEEDS_CUSTOMER}:
            return before
        try:
            return await self._let_go(release.intent_id, {"idempotency_key": f"release:{release.intent_id}"})
        except OutcomeUnknown:
            # Stripe may have stored this error under the key, and would repeat it for a day. To cancel
            # needs none: the second time is refused.
            return await self._let_go(release.intent_id, {})

    async def _placed(self, wanted: Authorisation) -> CardSeen | None:
        """Return the hold that was placed before; a list is up to date at once, unlike Stripe's search.

        We look each time and not only for a `spare`: whether this is the first request, or the last one's
        answer got lost more than a day ago, nobody here can know.
        """
        since = int((self._clock() - MEMORY).timestamp())
        with asking("look for a hold"):
            page = await self._v1.payment_intents.list_async(
                {
                    "customer": wanted.card.customer_ref,
                    "created": {"gte": since},
                    "expand": [f"data.{field}" for field in WITH_CHARGE],
                    "limit": PAGE,
                }
            )
            found = [
                intent
                async for intent in page.auto_paging_iter()
                if has_tag(intent.metadata, "authorisation", _authorisation(wanted))
            ]
        return seen(best(found)) if found else None

    async def _place(self, wanted: Authorisation) -> stripe.PaymentIntent:
        return await self._v1.payment_intents.create_async(
            {
                "amount": wanted.amount.amount,
                "currency": wanted.amount.currency.lower(),
                "customer": wanted.card.customer_ref,
                "payment_method": wanted.card.method_ref,
                # What else the account accepts may want to send the customer elsewhere, and nobody is here.
                "allowed_payment_method_types": ["card"],
                "capture_method": "manual",
                "confirm": True,
                "off_session": True,
                "transfer_group": wanted.assignment_id,
                "metadata": {
                    "assignment_id": wanted.assignment_id,
                    "authorisation": _authorisation(wanted),
                },
                "expand": WITH_CHARGE,
            },
            {"idempotency_key": f"authorise:{_authorisation(wanted)}:{wanted.spare}"},
        )

    async def _take(self, capture: Capture) -> CardSeen:
        name = f"{capture.payout_id}:{capture.attempt}:{capture.amount.amount}"
        with asking("capture"):
            intent = await self._v1.payment_intents.capture_async(
                capture.intent_id,
                {"amount_to_capture": capture.amount.amount, "expand": WITH_CHARGE},
                {"idempotency_key": f"capture:{name}:{capture.try_}.{capture.spare}"},
            )
        return seen(intent)

    async def _overtaken(self, capture: Capture, refused: PaymentRefused) -> CardSeen:
        now = await self.look(capture.intent_id)
        if now.state is CardState.HELD:
            # Stripe has said that it is not, and will say so here as well in a moment.
            raise PaymentFailed(str(refused)) from None
        return now

    async def _look_after(self, intent_id: str, unknown: OutcomeUnknown) -> CardSeen:
        try:
            now = await self.look(intent_id)
        except (PaymentRefused, PaymentFailed):
            # Not even a refusal is final here: the money may have been taken.
            raise unknown from None
        if now.state is CardState.HELD:
            raise unknown
        return now

    async def _let_go(self, intent_id: str, options: stripe.RequestOptions) -> CardSeen:
        try:
            with asking("release"):
                intent = await self._v1.payment_intents.cancel_async(
                    intent_id, {"expand": WITH_CHARGE}, options
                )
        except PaymentRefused as refused:
            if refused.code not in OVERTAKEN:
                raise
            return await self.look(intent_id)
        return seen(intent)


def _authorisation(wanted: Authorisation) -> str:
    return f"{wanted.assignment_id}:{wanted.n}"


def _declined(error: stripe.CardError, amount: Money) -> CardSeen:
    said = said_by(error)
    intent = said.get("payment_intent") or {}
    return CardSeen(
        state=CardState.NEEDS_CUSTOMER,
        intent_id=intent.get("id"),
        amount=amount,
        problem=code_of(said) or "card_declined",
    )
