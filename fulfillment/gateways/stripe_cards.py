"""Cards by Stripe: the holds, and the money that was taken from them on its way to where it belongs.

A transfer and a refund carry our name for them in their metadata. We look for it before we make one, for
Stripe forgets their idempotency keys after a day, and repeats a stored error until then (trap M6).
"""

from datetime import UTC, datetime

import stripe

from fulfillment.domain.money import Money
from fulfillment.gateways.payments import Cards, Chargeback, PaymentRefused, Refund, Transfer
from fulfillment.gateways.stripe_client import PAGE, asking, has_tag
from fulfillment.gateways.stripe_holds import StripeHolds

DECIDED = frozenset({"won", "lost", "warning_closed", "prevented"})
"""The ends of a complaint. A word that is new to us is not among them: somebody should look at it."""
LOST = "lost"
CAME_TO_NOTHING = frozenset({"failed", "canceled"})


class StripeCards(StripeHolds, Cards):
    """The cards that our customers have at Stripe. Amounts are in minor units there as they are here.

    Every call raises the same two, and says in their texts Stripe's code and the id of the request:
        PaymentRefused: `code` is Stripe's code or the bank's, or `authentication` (401), `permission`
            (403), `idempotency_error` (the name was used before, and for something else).
        PaymentFailed: Stripe is away, busy, or between two states; ask again.
    """

    async def transfer(self, transfer: Transfer) -> str:
        """Pass the amount on, or find that this was done before for this payout; return the transfer's id.

        Stripe puts a transfer into the group of the charge it is paid from, whatever we say, so that is
        where we look for it and not under the payout's name.
        Source: https://docs.stripe.com/connect/separate-charges-and-transfers#transfer-availability
        """
        with asking("transfer"):
            group = await self._group(transfer.charge_id)
            found = await self._transferred(transfer, group)
            done = found or await self._pass_on(transfer, group)
        _expect_same(done.id, done.amount, transfer.amount)
        return done.id

    async def refund(self, refund: Refund) -> str:
        """Give the amount back, or find that this was done before for the same payout and `n`.

        Returns the refund's id. The money may be on its way for days.

        Raises:
            PaymentRefused, PaymentFailed: as always; refused is also what a refund came to that was made
                and bounced. Another `n` makes another one.
        """
        with asking("refund"):
            done = await self._refunded(refund) or await self._give_back(refund)
        _expect_same(done.id, done.amount, refund.amount)
        if done.status in CAME_TO_NOTHING:
            why = str(done.to_dict().get("failure_reason") or done.status)
            raise PaymentRefused(f"stripe: {done.id} came to nothing: {why}", code=why)
        return done.id

    async def chargeback(self, intent_id: str) -> Chargeback | None:
        """Return the latest complaint about money taken as `intent_id`, if there is one."""
        with asking("chargeback"):
            page = await self._v1.disputes.list_async({"payment_intent": intent_id, "limit": PAGE})
        newest = max(page.data, key=lambda dispute: dispute.created, default=None)
        return None if newest is None else _chargeback(newest, intent_id)

    async def _group(self, charge_id: str) -> str:
        charge = await self._v1.charges.retrieve_async(charge_id)
        return charge.transfer_group or f"group_{charge.payment_intent}"

    async def _transferred(self, transfer: Transfer, group: str) -> stripe.Transfer | None:
        page = await self._v1.transfers.list_async({"transfer_group": group, "limit": PAGE})
        async for one in page.auto_paging_iter():
            if has_tag(one.metadata, "payout_id", transfer.payout_id):
                return one
        return None

    async def _pass_on(self, transfer: Transfer, group: str) -> stripe.Transfer:
        return await self._v1.transfers.create_async(
            {
                "amount": transfer.amount.amount,
                "currency": transfer.amount.currency.lower(),
                "destination": transfer.account,
                "source_transaction": transfer.charge_id,
                "transfer_group": group,
                "metadata": {"payout_id": transfer.payout_id},
            },
            {"idempotency_key": f"transfer:{transfer.payout_id}:{transfer.spare}"},
        )

    async def _refunded(self, refund: Refund) -> stripe.Refund | None:
        page = await self._v1.refunds.list_async({"payment_intent": refund.intent_id, "limit": PAGE})
        async for one in page.auto_paging_iter():
            if has_tag(one.metadata, "refund", _refund(refund)):
                return one
        return None

    async def _give_back(self, refund: Refund) -> stripe.Refund:
        return await self._v1.refunds.create_async(
            {
                "payment_intent": refund.intent_id,
                "amount": refund.amount.amount,
                "metadata": {"payout_id": refund.payout_id, "refund": _refund(refund)},
            },
            {"idempotency_key": f"refund:{_refund(refund)}:{refund.spare}"},
        )


def _refund(refund: Refund) -> str:
    return f"{refund.payout_id}:{refund.n}"


def _expect_same(id: str, done: int, wanted: Money) -> None:
    if done != wanted.amount:
        raise PaymentRefused(f"stripe: {id} was for another amount", code="idempotency_error")


def _chargeback(dispute: stripe.Dispute, intent_id: str) -> Chargeback:
    due = dispute.evidence_details.due_by
    return Chargeback(
        id=dispute.id,
        intent_id=intent_id,
        amount=Money(amount=dispute.amount, currency=dispute.currency.upper()),
        status=dispute.status,
        reason=dispute.reason,
        is_open=dispute.status not in DECIDED,
        is_lost=dispute.status == LOST,
        evidence_due=datetime.fromtimestamp(due, UTC) if due else None,
    )
