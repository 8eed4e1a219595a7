"""What the clock does: it nudges, lets proposals lapse, escalates and closes (A5 to A8, A15, A16, P13)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fulfillment.domain.assignment.card_events import CardDoubted, CardExpired, CardLetGo
from fulfillment.domain.assignment.cards import wanted
from fulfillment.domain.assignment.commands import PassDeadline
from fulfillment.domain.assignment.deadline import COMPLETION_NUDGES, HOURS_BEFORE, Deadline, DeadlineKind
from fulfillment.domain.assignment.deadlines import deadlines, in_words
from fulfillment.domain.assignment.events import (
    BecameOverdue,
    DeadlineExtended,
    DeadlinePassed,
    Escalated,
    Event,
    ProposalEnded,
    ReminderFellDue,
    Resumed,
)
from fulfillment.domain.assignment.incidents import leave_unanswered, suspect
from fulfillment.domain.assignment.money_deadlines import AUTH_WARNINGS, CAPTURE_CHECKS, PAYMENT_NUDGES
from fulfillment.domain.assignment.payout import IN_FLIGHT, PayoutStatus
from fulfillment.domain.assignment.rulings import closing
from fulfillment.domain.assignment.state import Assignment, ProposalStatus
from fulfillment.domain.assignment.verdicts import put_off_to_the_morning, verdict
from fulfillment.domain.assignment.visit import cancellation, rejection
from fulfillment.domain.messages import ADMINS, Recipient, Reminder, ReminderKind, Verdict
from fulfillment.domain.people import SYSTEM, Party, Role
from fulfillment.domain.policy import AuthExpiry, Policy

MOST_PROPOSE_NUDGES = 2
"""To each side, in each epoch."""
WHOLE_LEVEL, DOUBLE_LEVEL = 2, 3
DAY_BEFORE = timedelta(hours=24)


def pass_deadline(
    assignment: Assignment, command: PassDeadline, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Do what a deadline that has come asks for. One that no longer applies does nothing (traps R1, X8)."""
    command.actor.expect(Role.SYSTEM)
    due = {each.id: each for each in deadlines(assignment, policy) if each.due <= at}
    deadline = due.get(command.deadline_id)
    if deadline is None:
        return ()
    if morning := put_off_to_the_morning(assignment, deadline, at=at, policy=policy):
        return (DeadlineExtended(deadline_id=deadline.id, to=morning, at=at),)
    passed = DeadlinePassed(deadline_id=deadline.id, at=at)
    return (passed, *_consequences(assignment, deadline, at=at, policy=policy))


def falls_due(
    assignment: Assignment, deadline: Deadline, *, at: datetime, policy: Policy
) -> tuple[Reminder, ...]:
    """Return the reminders that `deadline` asks for, were it dealt with at the moment `at`.

    One that would come at night, and can wait, is none yet.
    """
    if put_off_to_the_morning(assignment, deadline, at=at, policy=policy):
        return ()
    events = _consequences(assignment, deadline, at=at, policy=policy)
    return tuple(event.reminder for event in events if isinstance(event, ReminderFellDue))


def _consequences(  # noqa: C901, PLR0911 - one line a kind
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
        case DeadlineKind.COMPLETION_NUDGE:
            nudge = _fell_due(assignment, deadline, ReminderKind.COMPLETION_NUDGE, at=at, policy=policy)
            last = deadline.n == COMPLETION_NUDGES and assignment.incident is None
            return (nudge, BecameOverdue(owed_by=Party.PROVIDER, at=at)) if last else (nudge,)
        case DeadlineKind.START_CHECK | DeadlineKind.RESUBMIT_NUDGE:
            return (_fell_due(assignment, deadline, PLAIN[deadline.kind], at=at, policy=policy),)
        case DeadlineKind.NO_SHOW_SUSPECTED:
            return suspect(assignment, at=at)
        case DeadlineKind.NO_SHOW_ANSWER:
            return leave_unanswered(assignment, at=at, policy=policy)
        case DeadlineKind.RESUBMIT_EXPIRY:
            return closing(at=at)
        case DeadlineKind.MORNING_NUDGE:
            return _morning_nudge(assignment, deadline, at=at, policy=policy)
        case _:
            return _about_the_card(assignment, deadline, at=at, policy=policy)


def _about_the_card(
    assignment: Assignment, deadline: Deadline, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    match deadline.kind:
        case DeadlineKind.AUTHORISE:
            return (wanted(assignment, assignment.price, at=at),)
        case DeadlineKind.AUTH_EXPIRING:
            return _card_warning(assignment, deadline, at=at, policy=policy)
        case DeadlineKind.AUTH_EXPIRY:
            return () if _is_in_flight(assignment) else _ran_out(assignment, at=at)
        case DeadlineKind.CAPTURE_CHECK:
            given_up = (Escalated(owed_by=Party.ADMIN, at=at),) if deadline.n == CAPTURE_CHECKS else ()
            return (CardDoubted(at=at), *given_up)
        case DeadlineKind.PAYMENT_NUDGE:
            nudge = _fell_due(assignment, deadline, ReminderKind.PAYMENT_NUDGE, at=at, policy=policy)
            overdue = BecameOverdue(owed_by=Party.CUSTOMER, at=at)
            last = deadline.n == PAYMENT_NUDGES and _waits_for_the_customer(assignment)
            return (nudge, overdue) if last else (nudge,)
        case _:
            raise AssertionError(f"nothing is written about {deadline.kind}")


PLAIN = {
    DeadlineKind.START_CHECK: ReminderKind.START_CHECK,
    DeadlineKind.RESUBMIT_NUDGE: ReminderKind.RESUBMIT_NUDGE,
}
"""Deadlines that are a reminder and nothing else."""


def _card_warning(
    assignment: Assignment, deadline: Deadline, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Warn that a hold is about to end; at the last warning the policy may have it placed anew (P16)."""
    warned = _fell_due(assignment, deadline, ReminderKind.AUTH_EXPIRING, at=at, policy=policy)
    # A hold that begins within its own last warning would be placed anew again and again.
    lasting = assignment.card is not None and assignment.card.since < deadline.due
    last = deadline.n == len(AUTH_WARNINGS) and lasting
    if not last or policy.auth_expiry is not AuthExpiry.REAUTHORISE or _is_in_flight(assignment):
        return (warned,)
    amount = assignment.payout.amount if assignment.payout else assignment.price
    return (warned, wanted(assignment, amount, at=at))


def _ran_out(assignment: Assignment, *, at: datetime) -> Sequence[Event]:
    """Return that the hold is over by the clock; letting it go tells us if somebody was quicker (M1, M13)."""
    intent = assignment.card.intent_id if assignment.card else None
    released = (CardLetGo(intent_id=intent, at=at),) if intent else ()
    return (*released, CardExpired(at=at))


def _waits_for_the_customer(assignment: Assignment) -> bool:
    payout = assignment.payout
    return payout is not None and payout.status is PayoutStatus.AWAITING_CUSTOMER_PAYMENT


def _is_in_flight(assignment: Assignment) -> bool:
    """Return whether money may be on its way from the card; then its own answer says what became of it."""
    return assignment.payout is not None and assignment.payout.status in IN_FLIGHT


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
    if deadline.n == WHOLE_LEVEL and policy.quiet_at(deadline.due, for_=deadline.to):
        # The side sleeps; a nudge of its own comes in the morning, if it may still be nudged.
        return (BecameOverdue(owed_by=deadline.to, at=at, nudged=_may_be_nudged(assignment, deadline)),)
    events = _nudge(assignment, deadline, NUDGES[deadline.kind], at=at, policy=policy)
    if deadline.n == WHOLE_LEVEL:
        overdue = BecameOverdue(owed_by=deadline.to, at=at, nudged=any(map(_goes_out, events)))
        return (*events, overdue)
    return events


def _morning_nudge(
    assignment: Assignment, deadline: Deadline, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    answering = assignment.open_proposal is not None
    kind = ReminderKind.CONFIRM_NUDGE if answering else ReminderKind.PROPOSE_NUDGE
    return _nudge(assignment, deadline, kind, at=at, policy=policy)


def _nudge(
    assignment: Assignment, deadline: Deadline, kind: ReminderKind, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Nudge, unless that side has been nudged to propose often enough in this epoch."""
    if kind is ReminderKind.PROPOSE_NUDGE and not may_nudge_to_propose(assignment, deadline.to):
        return ()
    return (_fell_due(assignment, deadline, kind, at=at, policy=policy),)


def _may_be_nudged(assignment: Assignment, deadline: Deadline) -> bool:
    proposing = deadline.kind is DeadlineKind.SLA_PROPOSE
    return not proposing or may_nudge_to_propose(assignment, deadline.to)


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
        n=_number_of_nudge(assignment, deadline) if proposing else deadline.n,
        due=deadline.due,
        verdict=verdict(assignment, deadline, kind, at=at, policy=policy),
        rule=deadline.id,
        moved_from=deadline.moved_from,
        zone=clock.zone if (clock := policy.clocks.of(deadline.to)) else "",
    )
    return ReminderFellDue(reminder=reminder, at=at)


def _number_of_nudge(assignment: Assignment, deadline: Deadline) -> int:
    """Return a number that no nudge of this epoch has had: what a number claims is sent once.

    The second may have come before the first, where staff have moved it ahead.
    """
    had = assignment.nudged.count(deadline.to)
    second = deadline.id.replace("_l1/", "_l2/", 1)
    is_behind = had and second != deadline.id and second in assignment.passed
    return max(had + 1, deadline.n, WHOLE_LEVEL + 1 if is_behind else 0)


def _basis(deadline: Deadline) -> str:
    """Return the promise a reminder belongs to; reminders at unusual offsets before a visit name theirs."""
    if deadline.before is None or deadline.before in (DAY_BEFORE, HOURS_BEFORE):
        return deadline.basis
    return f"{deadline.basis}-{in_words(deadline.before)}"


def recipient(assignment: Assignment, party: Party) -> Recipient:
    """Return the person on that side, in the role they are told things in."""
    if party is Party.ADMIN:
        return ADMINS
    return Recipient(role=Role(party.value), id=assignment.person(party))
