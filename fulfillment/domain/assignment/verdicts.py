"""Whether a reminder still says something, now that its moment has come (5.5, late rules and quiet hours)."""

from datetime import datetime, timedelta

from fulfillment.domain.assignment.deadline import (
    COMPLETION_NUDGES,
    HOURS_BEFORE,
    OVERDUE_LEVEL,
    PATIENT,
    Deadline,
    DeadlineKind,
)
from fulfillment.domain.assignment.deadlines import deadlines, waits_for_morning
from fulfillment.domain.assignment.money_deadlines import AUTH_WARNINGS
from fulfillment.domain.assignment.moving import expiry
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.messages import ReminderKind, Verdict
from fulfillment.domain.policy import Policy

NUDGING = {
    DeadlineKind.SLA_PROPOSE: OVERDUE_LEVEL,
    DeadlineKind.SLA_CONFIRM: OVERDUE_LEVEL,
    DeadlineKind.SLA_PAYOUT: OVERDUE_LEVEL,
    DeadlineKind.COMPLETION_NUDGE: COMPLETION_NUDGES,
}
"""Deadlines that nudge again and again, and how often at the most."""
TOO_LITTLE_TO_ANSWER = timedelta(minutes=15)
"""Nobody is asked to answer a proposal that lapses sooner than this."""
LEAST_WARNING = timedelta(hours=3)
"""A visit reminder that is late is still worth sending this long before the visit."""
SILENT_WHILE_OPEN = frozenset({DeadlineKind.START_CHECK, DeadlineKind.COMPLETION_NUDGE})
"""What nobody is asked while an incident says that somebody is missing; operations are at it."""


def is_silenced(assignment: Assignment, deadline: Deadline) -> bool:
    """Return whether nothing happens when `deadline` comes, as an incident is open."""
    return assignment.incident is not None and deadline.kind in SILENT_WHILE_OPEN


def put_off_to_the_morning(
    assignment: Assignment, deadline: Deadline, *, at: datetime, policy: Policy
) -> datetime | None:
    """Return when the night is over in which a reminder would come that is late, if it can wait.

    The plan keeps clear of quiet hours by itself; this is for what a delay has carried into them.
    """
    span = policy.quiet_at(at, for_=deadline.to)
    if span is None:
        return None
    morning, proposal, agreed = span[1], assignment.open_proposal, assignment.agreed
    if deadline.before and agreed:
        soon = deadline.before <= HOURS_BEFORE or morning > agreed.window.start - LEAST_WARNING
        return None if soon else morning
    if proposal and morning > expiry(assignment, proposal, policy) - TOO_LITTLE_TO_ANSWER:
        return None
    return morning if waits_for_morning(deadline) else None


def verdict(
    assignment: Assignment, deadline: Deadline, kind: ReminderKind, *, at: datetime, policy: Policy
) -> Verdict:
    """Return whether the reminder of that `kind` goes out at the moment `at`, or why not."""
    proposal = assignment.open_proposal
    if is_silenced(assignment, deadline):
        return Verdict.SKIPPED_OBSOLETE
    if deadline.kind in PATIENT and deadline.n > 1 and policy.quiet_at(at, for_=deadline.to):
        return Verdict.SKIPPED_QUIET  # late, and in the night: a notice says that it is overdue
    if _is_overtaken(assignment, deadline, at=at, policy=policy):
        return Verdict.SKIPPED_COVERED
    if kind is ReminderKind.CONFIRM_NUDGE and proposal:
        if expiry(assignment, proposal, policy) - at >= TOO_LITTLE_TO_ANSWER:
            return Verdict.PLANNED
        return Verdict.SKIPPED_QUIET if deadline.moved_from else Verdict.SKIPPED_LATE
    if deadline.kind is DeadlineKind.AUTH_EXPIRING:
        return _on_a_warning(assignment, deadline, at=at)
    if deadline.kind is DeadlineKind.VISIT_REMINDER:
        return _on_a_visit(assignment, deadline, kind, at=at, policy=policy)
    return Verdict.PLANNED


def _is_overtaken(assignment: Assignment, deadline: Deadline, *, at: datetime, policy: Policy) -> bool:
    """Return whether the next nudge of the same is due by now as well: one at a time is enough (R4, R15)."""
    if deadline.kind not in NUDGING or not policy.nudge_once_when_late:
        return False
    return any(
        each.kind in {deadline.kind, DeadlineKind.MORNING_NUDGE}
        and (each.to, each.basis) == (deadline.to, deadline.basis)
        for each in deadlines(assignment, policy)
        if each.n == deadline.n + 1 and each.n <= NUDGING[deadline.kind] and each.due <= at
    )


def _on_a_visit(
    assignment: Assignment, deadline: Deadline, kind: ReminderKind, *, at: datetime, policy: Policy
) -> Verdict:
    agreed = assignment.agreed
    if agreed is None:
        return Verdict.SKIPPED_OBSOLETE
    if agreed.at > (deadline.moved_from or deadline.due):
        return Verdict.SKIPPED_COVERED
    if at >= agreed.window.start:
        return Verdict.SKIPPED_LATE
    late = at - deadline.due > policy.reminder_max_lateness
    if late and kind is not ReminderKind.VISIT_2H and agreed.window.start - at < LEAST_WARNING:
        return Verdict.SKIPPED_LATE
    return Verdict.PLANNED


def _on_a_warning(assignment: Assignment, deadline: Deadline, *, at: datetime) -> Verdict:
    """Return whether a warning of the card's end is still the one that fits: the tightest that applies."""
    ends = assignment.capture_before
    if ends is None or at >= ends:
        return Verdict.SKIPPED_LATE
    tighter = AUTH_WARNINGS[deadline.n :]
    return Verdict.SKIPPED_COVERED if any(at >= ends - before for before in tighter) else Verdict.PLANNED
