"""What the forms of a payout send: bodies of the API, and commands by which the rules judge them ahead."""

from api.schemas.payouts import ApprovalSent, DenialSent, DisputeResolutionSent, RefundSent, RetrySent
from api.schemas.values import MoneySent
from api.ui.forms import Form
from api.ui.typed import money_sent
from fulfillment.domain.assignment.commands import (
    ApprovePayout,
    DenyPayout,
    Reauthorise,
    ResolveDispute,
    RetryCapture,
)
from fulfillment.domain.assignment.refund_commands import RefundPayout
from fulfillment.domain.command import Source
from fulfillment.domain.people import Actor

SURE = "sure"
AMOUNT, CURRENCY = "amount", "currency"
BESIDE = (AMOUNT, CURRENCY, SURE)
"""Fields that are not in bodies as they are."""
FIELDS = ("amount", "reason", "reasonCode", "note", "outcome")
"""The fields that somebody fills in, in any of the forms."""


def approval_sent(form: Form) -> ApprovalSent:
    """Return what is approved: always an amount, so that nobody approves one they have not read.

    Raises:
        InvalidBody: a field is wrong or missing.
    """
    return form.sent(
        ApprovalSent, numbers=("attempt",), drop=BESIDE, amount=money_sent(form, AMOUNT, CURRENCY)
    )


def approval(body: ApprovalSent, actor: Actor) -> ApprovePayout:
    amount, currency = _money(body.amount)
    return ApprovePayout(
        actor=actor,
        source=Source.PAGE,
        attempt=body.attempt,
        amount=amount,
        currency=currency,
        reason=body.reason or "",
    )


def denial_sent(form: Form, *, final: bool) -> DenialSent:
    """Return the reason of a no.

    Raises:
        InvalidBody: a field is wrong or missing.
    """
    return form.sent(DenialSent, numbers=("attempt",), drop=BESIDE, final=final)


def denial(body: DenialSent, actor: Actor) -> DenyPayout:
    return DenyPayout(
        actor=actor,
        source=Source.PAGE,
        attempt=body.attempt,
        reason_code=body.reason_code,
        note=body.note,
        final=body.final,
    )


def retry_sent(form: Form) -> RetrySent:
    """Return the reason, if there is one.

    Raises:
        InvalidBody: it is too long.
    """
    return form.sent(RetrySent, drop=BESIDE)


def retry(body: RetrySent, actor: Actor) -> RetryCapture:
    return RetryCapture(actor=actor, source=Source.PAGE, reason=body.reason or "")


def reauthorisation(body: RetrySent, actor: Actor) -> Reauthorise:
    return Reauthorise(actor=actor, source=Source.PAGE, reason=body.reason or "")


def resolution_sent(form: Form) -> DisputeResolutionSent:
    """Return how a dispute is settled; an amount goes with less alone, and the rules say so.

    Raises:
        InvalidBody: a field is wrong or missing.
    """
    more = {AMOUNT: money_sent(form, AMOUNT, CURRENCY)} if form.text(AMOUNT).strip() else {}
    return form.sent(DisputeResolutionSent, drop=BESIDE, **more)


def resolution(body: DisputeResolutionSent, actor: Actor) -> ResolveDispute:
    amount, currency = _money(body.amount)
    return ResolveDispute(
        actor=actor,
        source=Source.PAGE,
        outcome=body.outcome,
        reason=body.reason,
        amount=amount,
        currency=currency,
    )


def refund_sent(form: Form) -> RefundSent:
    """Return how much is given back, why, and which refund of this payout it is meant to be.

    Raises:
        InvalidBody: a field is wrong or missing.
    """
    return form.sent(RefundSent, numbers=("n",), drop=BESIDE, amount=money_sent(form, AMOUNT, CURRENCY))


def refund(body: RefundSent, actor: Actor) -> RefundPayout:
    amount, currency = _money(body.amount)
    return RefundPayout(
        actor=actor, source=Source.PAGE, amount=amount, currency=currency, reason=body.reason, n=body.n
    )


def _money(said: MoneySent | int | None) -> tuple[int | None, str | None]:
    return (said.amount, said.currency) if isinstance(said, MoneySent) else (said, None)
