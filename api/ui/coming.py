"""What happens by itself if nobody does anything, as a sentence goes on after "Otherwise"."""

from typing import assert_never

from api.ui.words import SIDES
from fulfillment.domain.assignment.deadline import Deadline, DeadlineKind
from fulfillment.domain.people import Party

ESCALATION = 3
"""The level of patience at which operations step in."""
OVERDUE = 2


def comes(deadline: Deadline, *, reader: Party, other: str) -> str:  # noqa: C901, PLR0911, PLR0912 - one line a kind
    """Return what `deadline` brings, as `reader` reads it, who calls the other side `other`."""
    who = _who(deadline.to, reader=reader, other=other)
    match deadline.kind:
        case DeadlineKind.HOLD_END:
            return "the clock runs again"
        case DeadlineKind.SLA_PROPOSE:
            return _patience(deadline, who, "propose a time")
        case DeadlineKind.SLA_CONFIRM:
            return _patience(deadline, who, "answer")
        case DeadlineKind.SLA_PAYOUT:
            return _patience(deadline, who, "decide on the payout")
        case DeadlineKind.MORNING_NUDGE:
            return f"{who} reminded"
        case DeadlineKind.PROPOSAL_EXPIRY:
            return "the proposal lapses, and whoever left it unanswered proposes the next time"
        case DeadlineKind.VISIT_REMINDER:
            return f"{who} reminded of the visit"
        case DeadlineKind.START_CHECK:
            return f"{who} asked whether the visit has begun"
        case DeadlineKind.NO_SHOW_SUSPECTED:
            return "our team hears that the visit may not take place"
        case DeadlineKind.NO_SHOW_ANSWER:
            return "our team looks at it without an answer"
        case DeadlineKind.COMPLETION_NUDGE:
            return f"{who} asked whether the work is done"
        case DeadlineKind.RESUBMIT_NUDGE:
            return f"{who} reminded to send the payout in again"
        case DeadlineKind.RESUBMIT_EXPIRY:
            return "the payout is closed, and nothing is paid"
        case DeadlineKind.AUTH_EXPIRING:
            return "our team is warned that the money held on the card is about to be let go"
        case DeadlineKind.AUTHORISE:
            return "the money is held on the customer's card"
        case DeadlineKind.AUTH_EXPIRY:
            return "the money held on the card is let go"
        case DeadlineKind.PAYMENT_NUDGE:
            return f"{who} asked to see to the card"
        case DeadlineKind.CAPTURE_CHECK:
            return "we look again whether the card was charged"
        case _:
            assert_never(deadline.kind)


def _patience(deadline: Deadline, who: str, action: str) -> str:
    if deadline.n >= ESCALATION:
        return "our team steps in"
    reminded = f"{who} reminded to {action}"
    return f"{reminded}, and it counts as overdue" if deadline.n == OVERDUE else reminded


def _who(party: Party, *, reader: Party, other: str) -> str:
    if party is reader:
        return "you are"
    return f"{SIDES[party] if party is Party.ADMIN else other} is"
