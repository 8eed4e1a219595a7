"""A deadline: something that happens by itself unless the state moves on first; and what kinds there are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fulfillment.domain.people import Party

HALF, WHOLE, DOUBLE = 0.5, 1.0, 2.0
LEVELS = ((1, HALF), (2, WHOLE), (3, DOUBLE))
"""Patience: a nudge at half of it, overdue at all of it, escalation at twice."""

OVERDUE_LEVEL = 2
COMPLETION_NUDGES = 3


class DeadlineKind(StrEnum):
    """What a deadline is for, in the order in which simultaneous ones are dealt with."""

    HOLD_END = "hold_end"
    SLA_PROPOSE = "sla_propose"
    SLA_CONFIRM = "sla_confirm"
    MORNING_NUDGE = "morning_nudge"
    PROPOSAL_EXPIRY = "proposal_expiry"
    VISIT_REMINDER = "visit_reminder"
    START_CHECK = "start_check"
    NO_SHOW_SUSPECTED = "no_show_suspected"
    NO_SHOW_ANSWER = "no_show_answer"
    COMPLETION_NUDGE = "completion_nudge"
    SLA_PAYOUT = "sla_payout"
    RESUBMIT_NUDGE = "resubmit_nudge"
    RESUBMIT_EXPIRY = "resubmit_expiry"
    AUTH_EXPIRING = "auth_expiring"
    AUTHORISE = "authorise"
    AUTH_EXPIRY = "auth_expiry"
    PAYMENT_NUDGE = "payment_nudge"
    CAPTURE_CHECK = "capture_check"


RESUBMISSION_ENDS = DeadlineKind.RESUBMIT_EXPIRY
ORDER = {kind: place for place, kind in enumerate(DeadlineKind)}

UNHELD = frozenset(
    {
        DeadlineKind.HOLD_END,
        DeadlineKind.VISIT_REMINDER,
        DeadlineKind.START_CHECK,
        DeadlineKind.NO_SHOW_SUSPECTED,
        DeadlineKind.NO_SHOW_ANSWER,
        DeadlineKind.AUTH_EXPIRING,
        DeadlineKind.AUTHORISE,
        DeadlineKind.AUTH_EXPIRY,
        DeadlineKind.CAPTURE_CHECK,
    }
)
"""What a hold does not move: the visit keeps its time, and the card its own (A21)."""

SILENT_WHILE_HELD = frozenset(
    {
        DeadlineKind.SLA_PROPOSE,
        DeadlineKind.SLA_CONFIRM,
        DeadlineKind.COMPLETION_NUDGE,
        DeadlineKind.SLA_PAYOUT,
        DeadlineKind.RESUBMIT_NUDGE,
        DeadlineKind.PAYMENT_NUDGE,
        DeadlineKind.MORNING_NUDGE,
    }
)
"""What nobody hears of during a hold, even if it was due before or had no room to move."""

PATIENT = frozenset({DeadlineKind.SLA_PROPOSE, DeadlineKind.SLA_CONFIRM})
WAITS_FOR_MORNING = frozenset(
    {
        DeadlineKind.SLA_PROPOSE,
        DeadlineKind.SLA_CONFIRM,
        DeadlineKind.COMPLETION_NUDGE,
        DeadlineKind.RESUBMIT_NUDGE,
        DeadlineKind.PAYMENT_NUDGE,
        DeadlineKind.MORNING_NUDGE,
    }
)
"""What is said after the quiet hours rather than in them (5.5)."""

HOURS_BEFORE = timedelta(hours=2)
"""A visit reminder this close to the visit comes when it comes; an earlier one keeps clear of the night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Something that happens at `due` unless the state moves on first.

    `to` is the side concerned; `n` is the patience level, or counts repeats from 1; `basis` names
    the promise it belongs to; `before` is how long before the visit a visit reminder comes.
    `moved_from` is when it would come if nobody slept.
    """

    id: str
    kind: DeadlineKind
    due: datetime
    to: Party
    basis: str
    n: int = 1
    before: timedelta | None = None
    moved_from: datetime | None = None
