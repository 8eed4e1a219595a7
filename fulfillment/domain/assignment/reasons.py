"""Why a deadline comes when it does: one plain sentence each, for whoever looks at the timeline."""

from datetime import timedelta
from typing import assert_never

from fulfillment.domain.assignment.deadline import (
    COMPLETION_NUDGES,
    SILENT_WHILE_HELD,
    Deadline,
    DeadlineKind,
)
from fulfillment.domain.assignment.money_deadlines import AUTH_WARNINGS, CAPTURE_CHECKS, PAYMENT_NUDGES
from fulfillment.domain.assignment.moving import extension_of
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.assignment.verdicts import is_silenced

SHARES = {1: "half of the patience", 2: "all of the patience", 3: "twice the patience"}
FOLLOWS = {1: "", 2: ", and it counts as overdue", 3: ", and operations are alerted"}
"""What comes of it, by the level of patience."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def why_it_comes(deadline: Deadline, assignment: Assignment, *, zone: str = "") -> str:
    """Return why `deadline` falls due when it does; `zone` is the one that its side lives in."""
    return _because(deadline) + _moved(deadline, assignment, zone) + _silenced(deadline, assignment)


def in_prose(span: timedelta) -> str:
    """Return a span as people say it, in the largest unit that says it whole: `24 hours`, `90 minutes`."""
    for unit, name in ((HOUR, "hour"), (MINUTE, "minute")):
        count, rest = divmod(span, unit)
        if count and not rest:
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{span.total_seconds():g} seconds"


def out_of_the_night(zone: str) -> str:
    return f"moved out of the quiet hours of {zone}" if zone else "moved out of the quiet hours"


def _because(deadline: Deadline) -> str:  # noqa: C901, PLR0911, PLR0912 - one line a kind
    basis = deadline.basis
    match deadline.kind:
        case DeadlineKind.HOLD_END:
            return "the hold ends then, and the clock runs again"
        case DeadlineKind.SLA_PROPOSE:
            return _patience("to propose a window", deadline)
        case DeadlineKind.SLA_CONFIRM:
            return _patience("to confirm", deadline)
        case DeadlineKind.SLA_PAYOUT:
            return _patience("to rule on the payout", deadline)
        case DeadlineKind.MORNING_NUDGE:
            return f"patience ({basis}) was used up at night, and the nudge waits for the morning"
        case DeadlineKind.PROPOSAL_EXPIRY:
            return f"the proposal ({basis}) lapses then, if nobody has answered"
        case DeadlineKind.VISIT_REMINDER:
            return f"{in_prose(deadline.before or timedelta())} before the visit"
        case DeadlineKind.START_CHECK:
            return "the visit should have begun by then"
        case DeadlineKind.NO_SHOW_SUSPECTED:
            return "if nobody has checked in by then, operations hear of a visit that may not take place"
        case DeadlineKind.NO_SHOW_ANSWER:
            return "whoever is said not to have come is asked to answer by then"
        case DeadlineKind.COMPLETION_NUDGE:
            return f"the visit should be over by then; question {deadline.n} of {COMPLETION_NUDGES}"
        case DeadlineKind.RESUBMIT_NUDGE:
            return f"half of the time to resubmit the denied payout ({basis}) is used up then"
        case DeadlineKind.RESUBMIT_EXPIRY:
            return f"the time to resubmit the denied payout ({basis}) ends then, and it is closed"
        case DeadlineKind.AUTH_EXPIRING:
            return f"{in_prose(AUTH_WARNINGS[deadline.n - 1])} before the money held on the card is let go"
        case DeadlineKind.AUTHORISE:
            return "late enough for the hold on the card to last until the payout is ruled on"
        case DeadlineKind.AUTH_EXPIRY:
            return "the money held on the card is let go then, by the card's issuer"
        case DeadlineKind.PAYMENT_NUDGE:
            return f"the customer's card could not be charged; question {deadline.n} of {PAYMENT_NUDGES}"
        case DeadlineKind.CAPTURE_CHECK:
            return f"nobody knows yet whether the card was charged; look {deadline.n} of {CAPTURE_CHECKS}"
        case _:
            assert_never(deadline.kind)


def _patience(to_do: str, deadline: Deadline) -> str:
    share, follows = SHARES[deadline.n], FOLLOWS[deadline.n]
    return f"{share} {to_do} ({deadline.basis}) is used up then{follows}"


def _moved(deadline: Deadline, assignment: Assignment, zone: str) -> str:
    if extension_of(assignment, deadline.id):
        return "; it was moved to this moment"
    if deadline.moved_from:
        return f"; {out_of_the_night(zone)}"
    held = assignment.holds and deadline.due == assignment.holds[-1].until
    return "; it waits for the end of the hold" if held and deadline.kind in SILENT_WHILE_HELD else ""


def _silenced(deadline: Deadline, assignment: Assignment) -> str:
    return "; nobody is asked while an incident is open" if is_silenced(assignment, deadline) else ""
