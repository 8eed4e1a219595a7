"""What each event leaves behind: `evolve` returns the assignment as it is afterwards."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from fulfillment.domain.assignment.card_events import CardEvent
from fulfillment.domain.assignment.card_evolving import evolve_card, without_hold
from fulfillment.domain.assignment.deadlines import answer_id, every_deadline
from fulfillment.domain.assignment.events import (
    AssignmentEnded,
    AssignmentOpened,
    BecameOverdue,
    Cancelled,
    CheckedIn,
    Completed,
    DeadlineExtended,
    DeadlinePassed,
    DisputeResolved,
    Escalated,
    Event,
    Held,
    IncidentAnswered,
    IncidentOpened,
    IncidentResolved,
    IncidentUnanswered,
    PayoutClosed,
    PayoutDisputed,
    PayoutResubmitted,
    PayoutRuled,
    PayoutSettled,
    PayoutTransferred,
    ProposalEnded,
    ProposalMarked,
    Rejected,
    ReminderFellDue,
    Resumed,
    WindowCleared,
    WindowConfirmed,
    WindowProposed,
)
from fulfillment.domain.assignment.payout import Payout, PayoutStatus, Ruling
from fulfillment.domain.assignment.refund_events import RefundEvent
from fulfillment.domain.assignment.refund_evolving import evolve_refund
from fulfillment.domain.assignment.state import (
    Assignment,
    Extension,
    Proposal,
    ProposalStatus,
    Replaced,
    Status,
)
from fulfillment.domain.assignment.visit import LOOK_BACK
from fulfillment.domain.messages import ReminderKind, Verdict
from fulfillment.domain.people import Party
from fulfillment.domain.policy import Policy


def apply(assignment: Assignment, events: Iterable[Event], *, policy: Policy) -> Assignment:
    """Return the assignment after one accepted step: all of its events, and one more `state_version`."""
    after = assignment
    for event in events:
        after = evolve(after, event)
    return _tidied(replace(after, state_version=assignment.state_version + 1), policy=policy)


def evolve(assignment: Assignment, event: Event) -> Assignment:  # noqa: C901, PLR0911, PLR0912 - one line a fact
    """Return the assignment as it is once `event` has happened."""
    if isinstance(event, CardEvent):
        return evolve_card(assignment, event)
    if isinstance(event, RefundEvent):
        return evolve_refund(assignment, event)
    match event:
        case WindowProposed(proposal=proposal):
            return _proposed(assignment, proposal)
        case ProposalMarked(party=party):
            return _with_proposal(assignment, lambda it: replace(it, marks=(*it.marks, party)))
        case WindowConfirmed():
            return _confirmed(assignment, event)
        case ProposalEnded():
            return _proposal_ended(assignment, event)
        case Rejected(reason=reason, late=late, at=at):
            ended = _closed(assignment, Status.REJECTED, at=at)
            return replace(ended, rejected_at=at, reject_reason=reason, late_rejection=late)
        case Cancelled(reason=reason, keep_job=keep_job, late=late, at=at):
            unpaid = _with_payout(assignment, lambda it: replace(it, status=PayoutStatus.CLOSED_DENIED))
            ended = _closed(unpaid, Status.CANCELLED, at=at)
            return replace(ended, cancelled_at=at, cancel_reason=reason, keep_job=keep_job, late_cancel=late)
        case CheckedIn(at=at):
            entered = _entered(_void(assignment, at=at), Status.IN_PROGRESS, at=at)
            return replace(_unsuspected(entered), checked_in_at=at)
        case Completed(payout=payout, at=at):
            entered = _entered(_void(assignment, at=at), Status.PAYOUT_PENDING, at=at)
            fresh = _new_epoch(entered)
            return replace(fresh, completed_at=at, payout=payout, overdue_at=None, incident=None)
        case IncidentOpened(incident=incident):
            return replace(assignment, incident=incident)
        case IncidentAnswered():
            return _answered(assignment, event)
        case IncidentResolved():
            return replace(assignment, incident=None)
        case WindowCleared(at=at):
            return _cleared(assignment, at=at)
        case PayoutRuled():
            return _ruled(assignment, event)
        case PayoutResubmitted(payout=payout):
            return replace(assignment, payout=payout, overdue_at=None)
        case PayoutSettled(status=settled, by=by, reference=reference, at=at):
            return _with_payout(
                assignment,
                lambda it: replace(it, status=settled, settled_by=by, reference=reference, settled_at=at),
            )
        case PayoutClosed():
            return _with_payout(assignment, lambda it: replace(it, status=PayoutStatus.CLOSED_DENIED))
        case PayoutDisputed(dispute=dispute):
            disputed = _with_payout(
                assignment, lambda it: replace(it, status=PayoutStatus.ON_HOLD, dispute=dispute)
            )
            return replace(disputed, overdue_at=None)
        case DisputeResolved(payout=payout):
            return replace(assignment, payout=payout, overdue_at=None)
        case PayoutTransferred(transfer_id=transfer):
            return _with_payout(assignment, lambda it: replace(it, transfer_id=transfer))
        case AssignmentEnded(status=status, at=at):
            return _closed(assignment, status, at=at)
        case Held(hold=hold):
            return replace(
                assignment, holds=(*assignment.holds, hold), held_by=(*assignment.held_by, hold.by)
            )
        case Resumed(at=at):
            return _resumed(assignment, at=at)
        case DeadlinePassed(deadline_id=deadline_id):
            return replace(assignment, passed=(*assignment.passed, deadline_id))
        case DeadlineExtended():
            return _extended(_with_more_time_to_answer(assignment, event), event)
        case ReminderFellDue():
            return _reminded(assignment, event)
        case BecameOverdue(at=at):
            return replace(assignment, overdue_at=assignment.overdue_at or at)
        case AssignmentOpened() | Escalated() | IncidentUnanswered():
            return assignment
        case _:
            assert_never(event)


def _proposed(assignment: Assignment, proposal: Proposal) -> Assignment:
    before = assignment.open_proposal
    replaced = (before.version,) if before else ()
    return replace(
        assignment,
        schedule_version=proposal.version,
        proposals_made=assignment.proposals_made + 1,
        proposal=proposal,
        superseded=(*assignment.superseded, *replaced),
        overdue_at=None,
    )


def _confirmed(assignment: Assignment, event: WindowConfirmed) -> Assignment:
    before = assignment.agreed
    history = (Replaced(start=before.window.start, at=event.at),) if before else ()
    recent = tuple(each for each in assignment.replaced if event.at - each.at <= LOOK_BACK)
    closed = _with_proposal(
        assignment,
        lambda it: replace(
            it,
            status=ProposalStatus.CONFIRMED,
            marks=event.agreed.confirmed_by,
            responded_by=event.by,
            responded_at=event.at,
            forced_reason=event.forced_reason,
        ),
    )
    entered = _new_epoch(_entered(closed, Status.SCHEDULED, at=event.at))
    return replace(
        entered,
        schedule_version=assignment.schedule_version + 1,
        agreed=event.agreed,
        replaced=(*recent, *history),
        overdue_at=None,
    )


def _proposal_ended(assignment: Assignment, event: ProposalEnded) -> Assignment:
    lapsed = event.how is ProposalStatus.EXPIRED
    closed = _with_proposal(
        assignment,
        lambda it: replace(it, status=event.how, responded_by=event.by, responded_at=event.at),
    )
    return replace(
        closed,
        schedule_version=assignment.schedule_version + 1,
        turn=event.turn,
        turn_since=event.at,
        # Only a side that let a proposal lapse, and still owes one, stays overdue.
        overdue_at=assignment.overdue_at if lapsed and assignment.agreed is None else None,
    )


def _unsuspected(assignment: Assignment) -> Assignment:
    """Drop the suspicion that nobody would come; what somebody has reported stays."""
    suspected = assignment.incident is not None and assignment.incident.is_suspected
    return replace(assignment, incident=None) if suspected else assignment


def _answered(assignment: Assignment, event: IncidentAnswered) -> Assignment:
    if assignment.incident is None:
        return assignment
    answered = replace(assignment.incident, statement=event.statement, answered_at=event.at)
    return replace(assignment, incident=answered)


def _cleared(assignment: Assignment, *, at: datetime) -> Assignment:
    """Go back to where a window has to be agreed on; as nobody is at fault, no earlier start counts."""
    entered = _new_epoch(_entered(_void(assignment, at=at), Status.AWAITING_SCHEDULE, at=at))
    return replace(
        entered,
        schedule_version=assignment.schedule_version + 1,
        agreed=None,
        replaced=(),
        turn=Party.PROVIDER,
        turn_since=at,
        checked_in_at=None,
        overdue_at=None,
    )


def _ruled(assignment: Assignment, event: PayoutRuled) -> Assignment:
    ruled = _with_payout(
        assignment, lambda it: replace(it, decisions=(*it.decisions, event.decision), status=event.status)
    )
    first_of_two = event.decision.ruling is Ruling.FIRST_MARK
    return replace(ruled, overdue_at=assignment.overdue_at if first_of_two else None)


def _reminded(assignment: Assignment, event: ReminderFellDue) -> Assignment:
    if event.reminder.verdict is not Verdict.PLANNED:
        return assignment
    proposing = event.reminder.kind is ReminderKind.PROPOSE_NUDGE
    return replace(
        assignment,
        reminder_count=assignment.reminder_count + 1,
        last_reminder_at=event.at,
        nudged=(*assignment.nudged, Party(event.reminder.to.role)) if proposing else assignment.nudged,
    )


def _extended(assignment: Assignment, event: DeadlineExtended) -> Assignment:
    # Whoever moves a deadline during a hold knows of that hold; only later ones move it further.
    since = assignment.held_until(event.at) or event.at
    others = tuple(each for each in assignment.extended if each.deadline != event.deadline_id)
    moved = Extension(deadline=event.deadline_id, to=event.to, since=since)
    return replace(assignment, extended=(*others, moved))


def _with_more_time_to_answer(assignment: Assignment, event: DeadlineExtended) -> Assignment:
    incident, agreed = assignment.incident, assignment.agreed
    if incident is None or agreed is None or event.deadline_id != answer_id(agreed):
        return assignment
    return replace(assignment, incident=replace(incident, answer_due=event.to))


def _resumed(assignment: Assignment, *, at: datetime) -> Assignment:
    *earlier, last = assignment.holds
    ended = replace(last, until=min(last.until, at))
    done = f"hold_end/h{len(assignment.holds)}"
    passed = assignment.passed if done in assignment.passed else (*assignment.passed, done)
    return replace(assignment, holds=(*earlier, ended), passed=passed)


def _entered(assignment: Assignment, status: Status, *, at: datetime) -> Assignment:
    return replace(assignment, status=status, status_entered_at=at)


def _new_epoch(assignment: Assignment) -> Assignment:
    return replace(assignment, epoch=assignment.epoch + 1, held_by=(), nudged=())


def _closed(assignment: Assignment, status: Status, *, at: datetime) -> Assignment:
    """End the assignment: whatever was open is void, and the clock has nothing left to do."""
    ended = replace(_entered(_void(assignment, at=at), status, at=at), overdue_at=None, incident=None)
    return without_hold(ended, at=at)


def _void(assignment: Assignment, *, at: datetime) -> Assignment:
    """Let the open proposal go, and with it the answer that may have been overdue."""
    if assignment.open_proposal is None:
        return assignment
    voided = _with_proposal(assignment, lambda it: replace(it, status=ProposalStatus.VOID, responded_at=at))
    return replace(voided, overdue_at=None)


def _tidied(assignment: Assignment, *, policy: Policy) -> Assignment:
    """Forget the deadlines dealt with that no longer exist, so that the state stays small."""
    alive = {deadline.id for deadline in every_deadline(assignment, policy)}
    return replace(
        assignment,
        passed=tuple(id for id in assignment.passed if id in alive),
        extended=tuple(each for each in assignment.extended if each.deadline in alive),
    )


def _with_proposal(assignment: Assignment, change: Callable[[Proposal], Proposal]) -> Assignment:
    if assignment.proposal is None:
        return assignment
    return replace(assignment, proposal=change(assignment.proposal))


def _with_payout(assignment: Assignment, change: Callable[[Payout], Payout]) -> Assignment:
    if assignment.payout is None:
        return assignment
    return replace(assignment, payout=change(assignment.payout))
