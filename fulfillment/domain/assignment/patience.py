"""What the clock does: it nudges, lets proposals lapse, escalates and closes (A5 to A8, A15, A16, P13)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from fulfillment.domain.assignment.commands import PassDeadline
from fulfillment.domain.assignment.deadlines import (
    COMPLETION_NUDGES,
    Deadline,
    DeadlineKind,
    deadlines,
    in_words,
)
from fulfillment.domain.assignment.events import (
    BecameOverdue,
    DeadlinePassed,
    Escalated,
    Event,
    ProposalEnded,
    ReminderFellDue,
    Resumed,
)
from fulfillment.domain.assignment.moving import expiry
from fulfillment.domain.assignment.rulings import closing
from fulfillment.domain.assignment.state import Assignment, ProposalStatus
from fulfillment.domain.assignment.visit import cancellation, rejection
from fulfillment.domain.messages import ADMINS, Recipient, Reminder, ReminderKind, Verdict
from fulfillment.domain.people import SYSTEM, Party, Role
from fulfillment.domain.policy import Policy

MOST_PROPOSE_NUDGES = 2
"""To each side, in each epoch."""
TOO_LITTLE_TO_ANSWER = timedelta(minutes=15)
"""Nobody is asked to answer a proposal that lapses sooner than this."""
LEAST_WARNING = timedelta(hours=3)
"""A visit reminder that is late is still worth sending this long before the visit."""
WHOLE_LEVEL, DOUBLE_LEVEL = 2, 3
DAY_BEFORE, HOURS_BEFORE = timedelta(hours=24), timedelta(hours=2)


def pass_deadline(
    assignment: Assignment, command: PassDeadline, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Do what a deadline that has come asks for. One that no longer applies does nothing (traps R1, X8)."""
    command.actor.expect(Role.SYSTEM)
    due = {each.id: each for each in deadlines(assignment, policy) if each.due <= at}
    deadline = due.get(command.deadline_id)
    if deadline is None:
        return ()
    passed = DeadlinePassed(deadline_id=deadline.id, at=at)
    return (passed, *_consequences(assignment, deadline, at=at, policy=policy))


def _consequences(
    assignment: Assignment, deadline: Deadline, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    match deadline.kind:
        case DeadlineKind.HOLD_END:
            return (Resumed(at=at),)
        case DeadlineKind.SLA_PROPOSE | DeadlineKind.SLA_CONFIRM | DeadlineKind.SLA_PAYOUT:
            return _patience_level(assignment, deadline, at=at, policy=policy)
        case DeadlineKind.PROPOSAL_EXPIRY:
            return _expired(assignment, at=at)
        case DeadlineKind.VISIT_REMINDER:
            return (_fell_due(assignment, deadline, _visit_kind(deadline), at=at, policy=policy),)
        case DeadlineKind.START_CHECK:
            return (_fell_due(assignment, deadline, ReminderKind.START_CHECK, at=at, policy=policy),)
        case DeadlineKind.COMPLETION_NUDGE:
            nudge = _fell_due(assignment, deadline, ReminderKind.COMPLETION_NUDGE, at=at, policy=policy)
            last = deadline.n == COMPLETION_NUDGES
            return (nudge, BecameOverdue(owed_by=Party.PROVIDER, at=at)) if last else (nudge,)
        case DeadlineKind.RESUBMIT_NUDGE:
            return (_fell_due(assignment, deadline, ReminderKind.RESUBMIT_NUDGE, at=at, policy=policy),)
        case DeadlineKind.RESUBMIT_EXPIRY:
            return closing(at=at)
        case _:
            assert_never(deadline.kind)


def _patience_level(
    assignment: Assignment, deadline: Deadline, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Nudge at half, nudge and mark overdue at all, escalate or act at twice the patience (A6 to A8).

    Where no nudge goes out at the second level, the side hears of being overdue by a notice instead.
    """
    if deadline.n == DOUBLE_LEVEL:
        return (
            Escalated(owed_by=deadline.to, at=at),
            *_auto_action(assignment, deadline, at=at, policy=policy),
        )
    events: list[Event] = []
    kind = NUDGES[deadline.kind]
    if kind is not ReminderKind.PROPOSE_NUDGE or may_nudge_to_propose(assignment, deadline.to):
        events.append(_fell_due(assignment, deadline, kind, at=at, policy=policy))
    if deadline.n == WHOLE_LEVEL:
        events.append(BecameOverdue(owed_by=deadline.to, at=at, nudged=any(map(_goes_out, events))))
    return events


def may_nudge_to_propose(assignment: Assignment, party: Party) -> bool:
    """Return whether that side may still be nudged to propose a window in this epoch."""
    return assignment.nudged.count(party) < MOST_PROPOSE_NUDGES


def _goes_out(event: Event) -> bool:
    return isinstance(event, ReminderFellDue) and event.reminder.verdict is Verdict.PLANNED


NUDGES = {
    DeadlineKind.SLA_PROPOSE: ReminderKind.PROPOSE_NUDGE,
    DeadlineKind.SLA_CONFIRM: ReminderKind.CONFIRM_NUDGE,
    DeadlineKind.SLA_PAYOUT: ReminderKind.PAYOUT_REVIEW,
}


def _auto_action(
    assignment: Assignment, deadline: Deadline, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """End what a silent side lets hang, where the policy says so (A8); visits agreed on are left alone."""
    if not policy.sla_auto_action or assignment.agreed:
        return ()
    if deadline.to is Party.PROVIDER:
        return (rejection(assignment, reason="sla_provider", note="", at=at, policy=policy),)
    if deadline.to is Party.CUSTOMER:
        return (cancellation(assignment, reason="sla_customer", keep_job=False, at=at, policy=policy),)
    return ()


def _expired(assignment: Assignment, *, at: datetime) -> Sequence[Event]:
    """Let the open proposal lapse; whoever left it unanswered owes the next one (A5)."""
    proposal = assignment.open_proposal
    if proposal is None:
        return ()
    silent = proposal.awaited[0]
    ended = ProposalEnded(
        how=ProposalStatus.EXPIRED, by=SYSTEM.id, turn=silent, reason="no answer in time", at=at
    )
    return (ended,)


def _visit_kind(deadline: Deadline) -> ReminderKind:
    named = {DAY_BEFORE: ReminderKind.VISIT_24H, HOURS_BEFORE: ReminderKind.VISIT_2H}
    return named.get(deadline.before or timedelta(), ReminderKind.VISIT)


def _fell_due(
    assignment: Assignment, deadline: Deadline, kind: ReminderKind, *, at: datetime, policy: Policy
) -> ReminderFellDue:
    proposing = kind is ReminderKind.PROPOSE_NUDGE
    reminder = Reminder(
        kind=kind,
        to=recipient(assignment, deadline.to),
        basis=f"e{assignment.epoch}" if proposing else _basis(deadline),
        n=assignment.nudged.count(deadline.to) + 1 if proposing else deadline.n,
        due=deadline.due,
        verdict=_verdict(assignment, deadline, kind, at=at, policy=policy),
    )
    return ReminderFellDue(reminder=reminder, at=at)


def _basis(deadline: Deadline) -> str:
    """Return the promise a reminder belongs to; reminders at unusual offsets before a visit name theirs."""
    if deadline.before is None or deadline.before in (DAY_BEFORE, HOURS_BEFORE):
        return deadline.basis
    return f"{deadline.basis}-{in_words(deadline.before)}"


def _verdict(
    assignment: Assignment, deadline: Deadline, kind: ReminderKind, *, at: datetime, policy: Policy
) -> Verdict:
    """Return whether the reminder still says something, now that its moment has come (5.5, late rules)."""
    agreed, proposal = assignment.agreed, assignment.open_proposal
    if kind is ReminderKind.CONFIRM_NUDGE and proposal:
        lapses_soon = expiry(assignment, proposal, policy) - at < TOO_LITTLE_TO_ANSWER
        return Verdict.SKIPPED_LATE if lapses_soon else Verdict.PLANNED
    if deadline.kind is not DeadlineKind.VISIT_REMINDER or agreed is None:
        return Verdict.PLANNED
    if agreed.at > deadline.due:
        return Verdict.SKIPPED_COVERED
    if at >= agreed.window.start:
        return Verdict.SKIPPED_LATE
    late = at - deadline.due > policy.reminder_max_lateness
    if late and kind is not ReminderKind.VISIT_2H and agreed.window.start - at < LEAST_WARNING:
        return Verdict.SKIPPED_LATE
    return Verdict.PLANNED


def recipient(assignment: Assignment, party: Party) -> Recipient:
    """Return the person on that side, in the role they are told things in."""
    if party is Party.ADMIN:
        return ADMINS
    return Recipient(role=Role(party.value), id=assignment.person(party))
