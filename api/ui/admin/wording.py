"""What admins read of money: why something is stuck, what happened to it, and what was decided."""

from collections.abc import Mapping

from api.schemas.payouts import PayoutShown
from api.ui.admin.options import Step
from api.ui.words import Badge, Tone, status
from fulfillment.domain.assignment.deadline import OVERDUE_LEVEL, Deadline, DeadlineKind
from fulfillment.domain.assignment.money_moves import MoveKind
from fulfillment.domain.assignment.payout import DisputeOutcome, PayoutStatus
from fulfillment.domain.assignment.refund import RefundStatus
from fulfillment.domain.people import Party

PROBLEMS: Mapping[str, str] = {
    "amount_mismatch": "another amount was taken than the one approved",
    "authentication": "the payment provider does not take our key",
    "authentication_required": "the bank wants its customer to confirm it",
    "card_declined": "the bank declined the card",
    "do_not_honor": "the bank declined the card, and does not say why",
    "expired_card": "the card has expired",
    "insufficient_funds": "there was not enough money on the card",
    "overtaken": "our rows say that this payout has gone another way",
    "permission": "our key at the payment provider may not do this",
}

MOVES: Mapping[MoveKind, Badge] = {
    MoveKind.HELD: Badge("Held on the card", Tone.CALM),
    MoveKind.RELEASED: Badge("Hold let go", Tone.OFF),
    MoveKind.EXPIRED: Badge("Hold ran out", Tone.ALARM),
    MoveKind.CAPTURED: Badge("Taken from the card", Tone.GOOD),
    MoveKind.SETTLED_MANUAL: Badge("Paid by transfer", Tone.GOOD),
    MoveKind.TRANSFERRED: Badge("Passed on to the provider", Tone.GOOD),
    MoveKind.DISPUTED: Badge("Asked back by the bank", Tone.ALARM),
    MoveKind.REVERSED: Badge("Taken back by the bank", Tone.ALARM),
    MoveKind.REFUNDED: Badge("Given back to the card", Tone.OFF),
}

REFUNDS: Mapping[RefundStatus, Badge] = {
    RefundStatus.FIRST_MARK: Badge("Waits for a second admin", Tone.ASKS),
    RefundStatus.ASKED: Badge("Being given back", Tone.CALM),
    RefundStatus.GIVEN: Badge("Given back", Tone.GOOD),
    RefundStatus.FAILED: Badge("Refused", Tone.ALARM),
}

DENIALS: Mapping[str, str] = {
    "evidence_missing": "Evidence is missing",
    "evidence_unclear": "The evidence does not show the work",
    "work_unfinished": "The work is not finished",
    "wrong_amount": "The amount is not what was agreed",
    "duplicate": "It was paid already",
    "other": "Something else",
}
"""The codes that a denial is given on the page; the API takes any."""

OUTCOMES: Mapping[DisputeOutcome, str] = {
    DisputeOutcome.RELEASE: "Release: the payout is decided on anew, over the whole amount",
    DisputeOutcome.REDUCE: "Reduce: it is decided on anew, over less",
    DisputeOutcome.REFUND: "Refund: it is closed, the hold is let go, and nothing is paid",
}


def problem(code: str) -> str:
    """Return what is wrong with money in words, and the payment provider's code to ask them about."""
    return f"{PROBLEMS[code]} ({code})" if code in PROBLEMS else code.replace("_", " ")


def standing_of(payout: PayoutShown) -> Badge:
    """Return where a payout stands; what we gave back ourselves, no bank took."""
    given = any(each.status is RefundStatus.GIVEN for each in payout.refunds)
    if payout.status is PayoutStatus.REVERSED and given:
        return Badge("All given back", Tone.OFF)
    return status(payout.status)


MEANS: Mapping[PayoutStatus, str] = {
    PayoutStatus.PENDING_APPROVAL: "The work is reported as done, and nobody has decided yet.",
    PayoutStatus.APPROVED: "It is approved. The money is being held, or its transfer noted.",
    PayoutStatus.CAPTURING: "It is approved, and the card may be charged at this moment.",
    PayoutStatus.CAPTURED: "The money was taken from the customer's card.",
    PayoutStatus.SETTLED_MANUAL: "An admin has moved the money by hand.",
    PayoutStatus.DENIED: "An admin said no. The provider may send it in again.",
    PayoutStatus.ON_HOLD: "The customer says that something is wrong with the work. "
    "Nothing is paid until that is settled.",
    PayoutStatus.CAPTURE_FAILED: "It is approved, and the payment provider refuses to take the money.",
    PayoutStatus.CAPTURE_UNKNOWN: "It is approved, and nobody answers whether the card was charged. "
    "We ask again every ten minutes for a day, and never charge twice.",
    PayoutStatus.AUTHORIZATION_EXPIRED: "The money is not held any more. "
    "It has to be held anew before anything is paid.",
    PayoutStatus.AWAITING_CUSTOMER_PAYMENT: "The customer was asked to see to their card.",
    PayoutStatus.CLOSED_DENIED: "It is closed, and nothing is paid.",
    PayoutStatus.DISPUTED: "The customer has complained to their bank, which decides. "
    "A refund from here would pay twice.",
    PayoutStatus.REVERSED: "The money has gone back to the customer.",
}
"""What a status means for whoever decides."""

COMES: Mapping[DeadlineKind, str] = {
    DeadlineKind.HOLD_END: "the clock runs again",
    DeadlineKind.SLA_PROPOSE: "{to} reminded to propose a time",
    DeadlineKind.SLA_CONFIRM: "{to} reminded to answer the proposed time",
    DeadlineKind.MORNING_NUDGE: "{to} reminded",
    DeadlineKind.PROPOSAL_EXPIRY: "the proposed time lapses",
    DeadlineKind.VISIT_REMINDER: "{to} reminded of the visit",
    DeadlineKind.START_CHECK: "{to} asked whether the visit has begun",
    DeadlineKind.NO_SHOW_SUSPECTED: "operations hear of a visit that may not take place",
    DeadlineKind.NO_SHOW_ANSWER: "operations decide who did not come",
    DeadlineKind.COMPLETION_NUDGE: "{to} asked whether the work is done",
    DeadlineKind.SLA_PAYOUT: "{to} reminded to decide",
    DeadlineKind.RESUBMIT_NUDGE: "{to} reminded to send the payout in again",
    DeadlineKind.RESUBMIT_EXPIRY: "the payout is closed, and nothing is paid",
    DeadlineKind.AUTH_EXPIRING: "{to} warned that the hold on the card is about to end",
    DeadlineKind.AUTHORISE: "the price is held on the card",
    DeadlineKind.AUTH_EXPIRY: "the hold on the card ends by itself",
    DeadlineKind.PAYMENT_NUDGE: "{to} reminded to see to their card",
    DeadlineKind.CAPTURE_CHECK: "the payment provider is asked again",
}
PATIENCE = frozenset({DeadlineKind.SLA_PROPOSE, DeadlineKind.SLA_CONFIRM, DeadlineKind.SLA_PAYOUT})
TO: Mapping[Party, str] = {
    Party.CUSTOMER: "the customer is",
    Party.PROVIDER: "the provider is",
    Party.ADMIN: "admins are",
}


def comes(deadline: Deadline) -> str:
    """Return what happens at a deadline, if nobody does anything before."""
    if deadline.kind in PATIENCE and deadline.n > OVERDUE_LEVEL:
        return "operations are alerted"
    if deadline.kind in PATIENCE and deadline.n == OVERDUE_LEVEL:
        return "it counts as overdue, and operations hear of it"
    return COMES[deadline.kind].format(to=TO[deadline.to])


QUESTIONS: Mapping[Step, str] = {
    Step.APPROVE: "Approve {sum}?",
    Step.CLOSE: "Close this payout for good?",
    Step.RETRY: "Try once more to take the money?",
    Step.REAUTHORISE: "Hold the money anew?",
    Step.RESOLVE: "Settle the dispute?",
    Step.REFUND: "Give {sum} back?",
}
YES: Mapping[Step, str] = {
    Step.APPROVE: "Yes, approve {sum}",
    Step.CLOSE: "Yes, close it for good",
    Step.RETRY: "Yes, try once more",
    Step.REAUTHORISE: "Yes, hold it anew",
    Step.RESOLVE: "Yes, settle it like this",
    Step.REFUND: "Yes, give {sum} back",
}
DONE: Mapping[Step, str] = {
    Step.APPROVE: "It is approved.",
    Step.DENY: "It is denied. The provider was told why.",
    Step.CLOSE: "It is closed for good, and nothing is paid.",
    Step.RETRY: "The payment provider is being asked once more.",
    Step.REAUTHORISE: "The money is being held anew.",
    Step.RESOLVE: "The dispute is settled. Both sides are told.",
    Step.REFUND: "The refund is decided, and the money is on its way back.",
}
MARKED = "Your mark is set. Another admin sets the second one."


def question(step: Step, sum: str) -> str:
    """Return what somebody is asked before a grave step; `sum` is its amount, if it has one."""
    return QUESTIONS[step].replace("{sum}", sum)


def yes(step: Step, sum: str) -> str:
    """Return what the button says that carries a grave step out."""
    return YES[step].replace("{sum}", sum)


def done(step: Step, payout: PayoutShown) -> str:
    """Return what was just done; the first of two marks is not all of it."""
    last = payout.refunds[-1] if payout.refunds else None
    waits = step is Step.APPROVE and payout.first_mark_by is not None
    refund_waits = step is Step.REFUND and last is not None and last.status is RefundStatus.FIRST_MARK
    return MARKED if waits or refund_waits else DONE[step]
