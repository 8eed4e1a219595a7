"""The part of the fake for what comes after a capture: transfers, refunds and disputes."""

from typing import Any

from stripe import params

from tests.gateways.stripe.books import Books, Object, Refusal, invalid
from tests.gateways.stripe.forms import Asked, listed

DAY = 24 * 3600


class Aftermath:
    def __init__(self, books: Books) -> None:
        self._books = books

    # Transfers to connected accounts.

    def create_transfer(self, asked: Asked) -> Object:
        """Pass money on. All that is passed on of one charge is at most what was captured."""
        asked.only(params.TransferCreateParams)
        currency, destination = asked.needed("currency"), asked.needed("destination")
        account = self._books.objects.get(destination)
        if account is None or account["object"] != "account":
            raise invalid(
                f"No such destination: '{destination}'", code="resource_missing", param="destination"
            )
        charge = self._source(asked)
        amount = asked.amount()
        if amount is None:
            if charge is None:
                raise invalid("Missing required param: amount.", code="parameter_missing", param="amount")
            amount = charge["amount_captured"]
        if account["capabilities"]["transfers"] != "active":
            raise Refusal(
                400,
                "invalid_request_error",
                "Your destination account needs to have the transfers capability enabled.",
                code="insufficient_capabilities_for_transfer",
            )
        if charge is not None:
            self._expect_covered(charge, amount, currency)
        return self._pass_on(asked, charge, amount, currency)

    def transfer(self, asked: Asked) -> Object:
        return self._books.get("transfer", asked.ids[0])

    def transfers(self, asked: Asked) -> Object:
        return listed(asked, self._books.all("transfer", **_where(asked, "transfer_group", "destination")))

    def reverse(self, asked: Asked) -> Object:
        asked.only(params.TransferCreateReversalParams)
        transfer = self.transfer(asked)
        left = transfer["amount"] - transfer["amount_reversed"]
        amount = asked.amount() or left
        if amount > left or not left:
            raise Refusal(
                400, "invalid_request_error", f"Transfer has only {left} left to reverse.", param="amount"
            )
        reversal = self._books.open(
            "transfer_reversal",
            "trr",
            amount=amount,
            currency=transfer["currency"],
            transfer=transfer["id"],
            metadata=asked.metadata(),
        )
        transfer["amount_reversed"] += amount
        transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
        self._books.note("reversal", reversal, amount, intent=self._intent(transfer["source_transaction"]))
        self._books.tell("transfer.reversed", transfer)
        return reversal

    def reversals(self, asked: Asked) -> Object:
        return listed(asked, self._books.all("transfer_reversal", transfer=self.transfer(asked)["id"]))

    # Refunds to customers.

    def create_refund(self, asked: Asked) -> Object:
        asked.only(params.RefundCreateParams)
        amount, charge = asked.amount(), self._captured(asked)
        if charge["disputed"] and any(
            one["status"] != "won" for one in self._books.all("dispute", charge=charge["id"])
        ):
            raise _refused(f"Charge {charge['id']} has been charged back.", "charge_disputed")
        left = charge["amount_captured"] - charge["amount_refunded"]
        if not left:
            raise _refused(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
        if amount is not None and amount > left:
            raise _refused(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})")
        refund = self._books.open(
            "refund",
            "re",
            amount=amount or left,
            balance_transaction=None,
            charge=charge["id"],
            currency=charge["currency"],
            metadata=asked.metadata(),
            payment_intent=charge["payment_intent"],
            reason=asked.text("reason"),
            status="succeeded",
        )
        charge["amount_refunded"] += refund["amount"]
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        self._books.note("refund", refund, refund["amount"], intent=self._intent(charge["id"]))
        self._books.tell("refund.created", refund)
        self._books.tell("charge.refunded", charge)
        return refund

    def refund(self, asked: Asked) -> Object:
        return self._books.get("refund", asked.ids[0])

    def refunds(self, asked: Asked) -> Object:
        return listed(asked, self._books.all("refund", **_where(asked, "payment_intent", "charge")))

    def fail_refund(self, id: str) -> Object:
        """Let the customer's bank send a refund back, days later."""
        refund = self._books.get("refund", id)
        charge = self._books.objects[refund["charge"]]
        refund.update(status="failed", failure_reason="expired_or_canceled_card")
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        with self._books.acting("bank"):
            self._books.note("refund_failed", refund, refund["amount"], intent=self._intent(charge["id"]))
            self._books.tell("refund.failed", refund)
        return refund

    # Disputes, which only the customer's bank opens and closes.

    def dispute(self, asked: Asked) -> Object:
        return self._books.get("dispute", asked.ids[0])

    def disputes(self, asked: Asked) -> Object:
        return listed(asked, self._books.all("dispute", **_where(asked, "payment_intent", "charge")))

    def concede(self, asked: Asked) -> Object:
        """Close a dispute as lost, which is all that a merchant can close it as."""
        return self.close_dispute(self.dispute(asked)["id"], status="lost")

    def open_dispute(
        self,
        intent_id: str,
        *,
        amount: int | None = None,
        reason: str = "fraudulent",
        status: str = "needs_response",
        due_in: int = 7 * DAY,
    ) -> Object:
        """Let the customer complain to their bank; the money goes back until it is decided."""
        intent = self._books.get("payment_intent", intent_id)
        charge = self._books.get("charge", intent["latest_charge"] or "")
        if not charge["captured"]:
            raise _refused("Only money that was captured can be disputed.")
        dispute = self._books.open(
            "dispute",
            "du",
            amount=amount or charge["amount_captured"],
            charge=charge["id"],
            currency=charge["currency"],
            evidence_details={
                "due_by": self._books.now + due_in,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            is_charge_refundable=False,
            payment_intent=intent["id"],
            reason=reason,
            status=status,
        )
        charge["disputed"] = True
        with self._books.acting("bank"):
            self._books.tell("charge.dispute.created", dispute)
            # An inquiry (warning_…) moves no money yet.
            if not status.startswith("warning"):
                self._books.note("chargeback", dispute, dispute["amount"], intent=intent)
                self._books.tell("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def close_dispute(self, id: str, *, status: str) -> Object:
        """Let the bank decide: `won`, `lost` or `warning_closed`. Other words change a dispute, no more."""
        dispute = self._books.get("dispute", id)
        dispute["status"] = status
        with self._books.acting("bank"):
            if status not in {"won", "lost", "warning_closed"}:
                self._books.tell("charge.dispute.updated", dispute)
                return dispute
            if status == "won":
                intent = self._books.objects[dispute["payment_intent"]]
                self._books.note("chargeback_won", dispute, dispute["amount"], intent=intent)
                self._books.tell("charge.dispute.funds_reinstated", dispute)
            self._books.tell("charge.dispute.closed", dispute)
        return dispute

    def _source(self, asked: Asked) -> Object | None:
        if not (id := asked.text("source_transaction")):
            return None
        return self._books.get("charge", id, param="source_transaction", status=400)

    def _expect_covered(self, charge: Object, amount: int, currency: str) -> None:
        if not charge["captured"] or charge["currency"] != currency:
            raise _refused("The source_transaction is not captured, or of another currency.")
        passed_on = sum(
            one["amount"] - one["amount_reversed"]
            for one in self._books.all("transfer", source_transaction=charge["id"])
        )
        left = charge["amount_captured"] - passed_on
        if amount > left:
            raise _refused(
                f"Cannot use a source_transaction for more than the source amount ({left} is left)."
            )

    def _pass_on(self, asked: Asked, charge: Object | None, amount: int, currency: str) -> Object:
        transfer = self._books.open(
            "transfer",
            "tr",
            amount=amount,
            amount_reversed=0,
            currency=currency,
            description=asked.text("description"),
            destination=asked.needed("destination"),
            metadata=asked.metadata(),
            reversed=False,
            source_transaction=charge["id"] if charge else None,
            source_type="card",
            transfer_group=asked.text("transfer_group") or (charge or {}).get("transfer_group"),
        )
        transfer["reversals"] = {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/transfers/{transfer['id']}/reversals",
        }
        self._books.note("transfer", transfer, amount, intent=self._intent(transfer["source_transaction"]))
        self._books.tell("transfer.created", transfer)
        return transfer

    def _captured(self, asked: Asked) -> Object:
        if id := asked.text("charge"):
            charge = self._books.get("charge", id, param="charge", status=400)
        else:
            id = asked.needed("payment_intent")
            intent = self._books.get("payment_intent", id, param="payment_intent", status=400)
            charge = self._books.objects.get(intent["latest_charge"] or "", {})
        if not charge or not charge["captured"]:
            raise _refused(f"This PaymentIntent ({id}) does not have a successful charge to refund.")
        return charge

    def _intent(self, charge_id: str | None) -> Object | None:
        charge = self._books.objects.get(charge_id or "")
        return self._books.objects[charge["payment_intent"]] if charge else None


def _refused(message: str, code: str | None = None) -> Refusal:
    return Refusal(400, "invalid_request_error", message, code=code)


def _where(asked: Asked, *names: str) -> dict[str, Any]:
    return {name: asked.text(name) for name in names if name in asked.params}
