"""Paying out what admins approved, from a workflow."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from fulfillment.gateways.payments import ApprovedPayout, PaymentRefused, Payments, Settlement


class PaymentsDoor:
    def __init__(self, payments: Payments) -> None:
        self._payments = payments

    @activity.defn(name="settle_payout")
    async def settle_payout(self, approved: ApprovedPayout) -> Settlement:
        """Settle `approved` and return how; a refusal is final, every other failure is tried again.

        A repeat moves no more money: payout and attempt are the payment's identity.
        """
        try:
            return await self._payments.settle(approved)
        except PaymentRefused as error:
            raise ApplicationError(str(error), type="PaymentRefused", non_retryable=True) from error
