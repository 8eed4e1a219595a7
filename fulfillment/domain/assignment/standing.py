"""How an assignment stands: its state, what is still to come, and whose turn it is.

This is what commands are answered with, what the read model keeps, and what clients are shown.
"""

from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.assignment.deadline import OVERDUE_LEVEL, Deadline, DeadlineKind
from fulfillment.domain.assignment.deadlines import answer_id, deadlines, every_deadline
from fulfillment.domain.assignment.incident import Incident
from fulfillment.domain.assignment.money_deadlines import CAPTURE_CHECKS
from fulfillment.domain.assignment.patience import may_nudge_to_propose
from fulfillment.domain.assignment.payout import Payout, PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.assignment.verdicts import is_silenced
from fulfillment.domain.people import Party
from fulfillment.domain.policy import Policy

PATIENCE = frozenset({DeadlineKind.SLA_PROPOSE, DeadlineKind.SLA_CONFIRM, DeadlineKind.SLA_PAYOUT})
REMINDING = PATIENCE | {
    DeadlineKind.VISIT_REMINDER,
    DeadlineKind.START_CHECK,
    DeadlineKind.COMPLETION_NUDGE,
    DeadlineKind.RESUBMIT_NUDGE,
    DeadlineKind.MORNING_NUDGE,
    DeadlineKind.AUTH_EXPIRING,
    DeadlineKind.PAYMENT_NUDGE,
}
STUCK = {
    PayoutStatus.ON_HOLD: (Party.ADMIN, "resolve_dispute"),
    PayoutStatus.CAPTURE_FAILED: (Party.ADMIN, "retry_capture"),
    PayoutStatus.AUTHORIZATION_EXPIRED: (Party.ADMIN, "reauthorise"),
    PayoutStatus.AWAITING_CUSTOMER_PAYMENT: (Party.CUSTOMER, "pay"),
}
"""Whose turn it is with a payout that cannot go on by itself, and to do what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Whose turn it is (`party` must do `action`), since when, and when patience with it is used up."""

    party: Party
    action: str
    since: datetime
    sla_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An assignment, its `coming` deadlines soonest first, and the obligation that is open, if one is."""

    assignment: Assignment
    coming: tuple[Deadline, ...] = ()
    obligation: Obligation | None = None

    @property
    def next(self) -> Deadline | None:
        """What happens next, if nobody does anything."""
        return next((each for each in self.coming if not is_silenced(self.assignment, each)), None)

    @property
    def next_reminder_at(self) -> datetime | None:
        return next((each.due for each in self.coming if reminds(self.assignment, each)), None)

    @property
    def held_until(self) -> datetime | None:
        return self.due(DeadlineKind.HOLD_END)

    @property
    def proposal_expires_at(self) -> datetime | None:
        return self.due(DeadlineKind.PROPOSAL_EXPIRY)

    def due(self, kind: DeadlineKind) -> datetime | None:
        """Return when the next deadline of that kind comes, if one does."""
        return next((each.due for each in self.coming if each.kind is kind), None)


def standing(assignment: Assignment, policy: Policy) -> Standing:
    """Return how `assignment` stands under `policy`."""
    coming = deadlines(assignment, policy)
    return Standing(assignment=assignment, coming=coming, obligation=_obligation(assignment, policy))


def reminds(assignment: Assignment, deadline: Deadline) -> bool:
    """Return whether somebody is reminded when `deadline` comes; the last level only alerts operations."""
    proposing = deadline.kind is DeadlineKind.SLA_PROPOSE or (
        deadline.kind is DeadlineKind.MORNING_NUDGE and assignment.open_proposal is None
    )
    if proposing and not may_nudge_to_propose(assignment, deadline.to):
        return False
    if is_silenced(assignment, deadline):
        return False
    escalates = deadline.kind in PATIENCE and deadline.n > OVERDUE_LEVEL
    return deadline.kind in REMINDING and not escalates


def _obligation(assignment: Assignment, policy: Policy) -> Obligation | None:
    if assignment.incident:
        return _owed_on_an_incident(assignment, assignment.incident)
    owed = _owed(assignment, policy)
    if owed is None:
        return None
    party, action, since = owed
    # One that has passed still says when it was due.
    levels = (
        each
        for each in every_deadline(assignment, policy)
        if each.kind in PATIENCE and each.n == OVERDUE_LEVEL
    )
    due = next((each.due for each in levels), None)
    return Obligation(party=party, action=action, since=since, sla_due=due)


def _owed_on_an_incident(assignment: Assignment, incident: Incident) -> Obligation:
    """Return whose turn it is: that of the accused while an answer may be waited for, then of operations."""
    too_late = assignment.agreed is not None and answer_id(assignment.agreed) in assignment.passed
    if incident.is_reported and not incident.answered_at and not too_late:
        return Obligation(
            party=incident.accused,
            action="answer_incident",
            since=incident.opened_at,
            sla_due=incident.answer_due,
        )
    since = incident.answered_at or incident.opened_at
    return Obligation(party=Party.ADMIN, action="resolve_incident", since=since)


def _owed(assignment: Assignment, policy: Policy) -> tuple[Party, str, datetime] | None:
    proposal, payout = assignment.open_proposal, assignment.payout
    if assignment.is_closed:
        return None
    if payout:
        return _owed_on(payout, policy)
    if assignment.status is Status.IN_PROGRESS:
        return Party.PROVIDER, "complete", assignment.status_entered_at
    if proposal:
        return proposal.awaited[0], "confirm_schedule", proposal.made_at
    if assignment.agreed:
        return Party.PROVIDER, "check_in", assignment.agreed.at
    return assignment.turn, "propose_schedule", assignment.turn_since


def _owed_on(payout: Payout, policy: Policy) -> tuple[Party, str, datetime] | None:
    """Return who has to act on a payout: nobody once it is approved, or when no attempt is left."""
    if payout.status is PayoutStatus.PENDING_APPROVAL:
        return Party.ADMIN, "rule_on_payout", payout.submitted_at
    if payout.status in STUCK:
        party, action = STUCK[payout.status]
        since = payout.dispute.at if payout.dispute else payout.stalled_at or payout.submitted_at
        return party, action, since
    if payout.status is PayoutStatus.CAPTURE_UNKNOWN and payout.checks >= CAPTURE_CHECKS:
        return Party.ADMIN, "retry_capture", payout.stalled_at or payout.submitted_at
    if payout.status is PayoutStatus.DENIED and payout.ruling and payout.submissions < policy.max_attempts:
        return Party.PROVIDER, "resubmit_payout", payout.ruling.at
    return None
