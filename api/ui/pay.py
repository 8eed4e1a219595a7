"""A payout as its provider reads it: where it stands, what was said on it, and what can still be done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from api.schemas.values import MoneyShown
from api.ui.paying import is_given_back
from api.ui.words import Badge, Tone
from fulfillment.domain.assignment.deadline import DeadlineKind
from fulfillment.domain.assignment.money_calls import share_owed
from fulfillment.domain.assignment.payout import Decision, Payout, PayoutStatus, Ruling
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.notifications.sentences.codes import reason_in_words

SAYS: Mapping[PayoutStatus, str] = {
    PayoutStatus.PENDING_APPROVAL: "Our team looks at what you sent in and decides. You hear from us.",
    PayoutStatus.APPROVED: "It is approved, and the money is on its way.",
    PayoutStatus.CAPTURING: "It is approved. The money is being taken from the customer's card.",
    PayoutStatus.CAPTURED: "The customer has paid by card.",
    PayoutStatus.SETTLED_MANUAL: "It was paid by transfer. Your bank may need some days to show it.",
    PayoutStatus.DENIED: "It could not be approved as you sent it in.",
    PayoutStatus.ON_HOLD: "The customer says that something is wrong with the work. "
    "Our team looks into it, and the payout waits until then.",
    PayoutStatus.CAPTURE_FAILED: "It is approved, but the customer's card could not be charged. "
    "Our team looks after it; there is nothing you have to do.",
    PayoutStatus.CAPTURE_UNKNOWN: "It is approved. We do not know yet whether the card was charged, "
    "and keep looking.",
    PayoutStatus.AUTHORIZATION_EXPIRED: "The money that was held on the customer's card has been let go. "
    "Our team has it held again.",
    PayoutStatus.AWAITING_CUSTOMER_PAYMENT: "The customer was asked to see to their card.",
    PayoutStatus.CLOSED_DENIED: "It is closed, and nothing is paid. "
    "If you see it differently, please tell us.",
    PayoutStatus.DISPUTED: "It was paid, but the customer has complained to their bank. Our team answers it.",
    PayoutStatus.REVERSED: "It was paid, and the customer's bank has taken the money back.",
}

GIVEN_BACK = "It was paid, and our team has given the customer the money back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What was said on an attempt: a no with its reason, or a yes to an amount."""

    attempt: int
    approved: bool
    final: bool
    at: datetime
    amount: MoneyShown
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay:
    """`left` counts the attempts that remain, `until` is when the last chance to use one ends.

    `stands` is how it stands where the status alone would mislead. `share` is what is still to be passed on,
    `passed_on` says that it was.
    """

    id: str
    status: PayoutStatus
    says: str
    stands: Badge | None
    amount: MoneyShown
    price: MoneyShown
    attempt: int
    left: int
    until: datetime | None
    submitted_at: datetime
    settled_at: datetime | None
    reference: str
    evidence: tuple[str, ...]
    words: tuple[Word, ...]
    share: MoneyShown | None
    passed_on: bool

    @property
    def denial(self) -> Word | None:
        """The no that the payout is at, if it is."""
        last = self.words[-1] if self.words else None
        return last if last and not last.approved and self.status is PayoutStatus.DENIED else None


def pay_of(standing: Standing, policy: Policy) -> Pay | None:
    """Return the payout of an assignment, if it has one."""
    it, payout = standing.assignment, standing.assignment.payout
    if payout is None:
        return None
    owed, back = share_owed(it, policy), is_given_back(it.card, payout)
    return Pay(
        id=payout.id,
        status=payout.status,
        says=GIVEN_BACK if back else SAYS[payout.status],
        stands=Badge("Given back", Tone.OFF) if back else None,
        amount=MoneyShown.model_validate(payout.amount),
        price=MoneyShown.model_validate(it.price),
        attempt=payout.submissions,
        left=max(0, policy.max_attempts - payout.submissions),
        until=standing.due(DeadlineKind.RESUBMIT_EXPIRY),
        submitted_at=payout.submitted_at,
        settled_at=payout.settled_at,
        # That of a charge is between us and the payment provider.
        reference=(payout.reference or "") if payout.status is PayoutStatus.SETTLED_MANUAL else "",
        evidence=payout.evidence,
        words=tuple(_words(payout)),
        share=MoneyShown.model_validate(owed.amount) if owed else None,
        passed_on=payout.transfer_id is not None,
    )


def _words(payout: Payout) -> Iterator[Word]:
    """Yield the decisions, oldest first. The first of two approvals is nothing that anybody may count on."""
    for each in payout.decisions:
        if each.ruling is not Ruling.FIRST_MARK:
            yield _word(each)


def _word(decision: Decision) -> Word:
    approved = decision.ruling is Ruling.APPROVED
    return Word(
        attempt=decision.attempt,
        approved=approved,
        final=decision.final,
        at=decision.at,
        amount=MoneyShown.model_validate(decision.amount),
        # What is written beside an approval is for the books.
        reason="" if approved else reason_in_words(decision.reason, to=Role.PROVIDER),
    )
