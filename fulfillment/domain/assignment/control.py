"""What people may do to the clock: hold it, let it run again, skip or move one deadline (A21, A22)."""

from collections.abc import Sequence
from datetime import datetime

from fulfillment.domain.assignment.commands import (
    ExtendDeadline,
    HoldAssignment,
    ResumeAssignment,
    SkipDeadline,
)
from fulfillment.domain.assignment.deadline import UNHELD, Deadline, DeadlineKind
from fulfillment.domain.assignment.deadlines import deadlines, last_moment
from fulfillment.domain.assignment.events import DeadlineExtended, DeadlinePassed, Event, Held, Resumed
from fulfillment.domain.assignment.parties import expect_open, side_of
from fulfillment.domain.assignment.state import Assignment, Hold
from fulfillment.domain.errors import RoleForbidden, ValueInvalid, WrongState
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.text import expect_instant, expect_reason, expect_text


def hold(assignment: Assignment, command: HoldAssignment, *, at: datetime, policy: Policy) -> Sequence[Event]:
    """Stop the clock of patience until an instant; visits and authorisations keep theirs (A21).

    Raises:
        RoleForbidden, NotAParty: the actor has no say here, or a side has used its one hold.
        AssignmentClosed, WrongState: nothing to hold, or it is on hold already.
        ValueInvalid, ReasonRequired: `until` is past or too far, or the reason is missing.
    """
    command.actor.expect(Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN)
    side = side_of(assignment, command.actor)
    expect_open(assignment)
    expect_reason("reason", command.reason)
    expect_instant("until", command.until)
    if assignment.held_until(at):
        raise WrongState("the clock already stands still; resume it first")
    if not command.actor.is_staff and side in assignment.held_by:
        raise RoleForbidden(f"the {side} has held this stage once; operations may hold it again")
    if not at < command.until <= at + policy.hold_max:
        raise ValueInvalid(f"until: it takes an instant within {policy.hold_max.days} days from now")
    return (Held(hold=Hold(since=at, until=command.until, by=side, reason=command.reason)),)


def resume(assignment: Assignment, command: ResumeAssignment, *, at: datetime) -> Sequence[Event]:
    """Let the clock run again before the hold ends by itself (A21).

    Raises:
        RoleForbidden, NotAParty: only staff, or the side that held it.
        AssignmentClosed, WrongState: it is not on hold.
    """
    command.actor.expect(Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN)
    side = side_of(assignment, command.actor)
    expect_open(assignment)
    expect_text("reason", command.reason)
    if not assignment.held_until(at):
        raise WrongState("the clock is running")
    if not command.actor.is_staff and assignment.holds[-1].by is not side:
        raise RoleForbidden("the side that stopped the clock, or staff, let it run again")
    return (Resumed(at=at),)


def skip(assignment: Assignment, command: SkipDeadline, *, at: datetime, policy: Policy) -> Sequence[Event]:
    """Take one coming deadline off the list (A22).

    Raises:
        RoleForbidden: only staff.
        AssignmentClosed, ValueInvalid: no such deadline is coming, or it is one that has to come.
        ReasonRequired: staff say why.
    """
    command.actor.expect(Role.OPS, Role.ADMIN)
    expect_open(assignment)
    expect_reason("reason", command.reason)
    deadline = _coming(assignment, command.deadline_id, policy)
    if deadline.kind is DeadlineKind.HOLD_END:
        raise ValueInvalid("deadlineId: a hold ends by itself or by resuming; it is not skipped")
    if deadline.kind is DeadlineKind.PROPOSAL_EXPIRY:
        raise ValueInvalid("deadlineId: a proposal does not stay open for ever; move its expiry instead")
    return (DeadlinePassed(deadline_id=deadline.id, at=at),)


def extend(
    assignment: Assignment, command: ExtendDeadline, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Move one coming deadline to a later or nearer instant (A22).

    Raises:
        RoleForbidden: only staff.
        AssignmentClosed, ValueInvalid: no such deadline is coming, or the instant is past, too far, in a
            hold, or beyond what the visit or the authorisation allows.
        ReasonRequired: staff say why.
    """
    command.actor.expect(Role.OPS, Role.ADMIN)
    expect_open(assignment)
    expect_reason("reason", command.reason)
    expect_instant("to", command.to)
    deadline = _coming(assignment, command.deadline_id, policy)
    if deadline.kind is DeadlineKind.HOLD_END:
        raise ValueInvalid("deadlineId: a hold ends by itself; resume it and hold again")
    if not at < command.to <= at + policy.max_ahead:
        raise ValueInvalid(f"to: it takes an instant within {policy.max_ahead.days} days from now")
    _expect_room(assignment, deadline, command.to, at=at, policy=policy)
    return (DeadlineExtended(deadline_id=deadline.id, to=command.to, at=at),)


def _expect_room(
    assignment: Assignment, deadline: Deadline, to: datetime, *, at: datetime, policy: Policy
) -> None:
    latest = last_moment(assignment, deadline, policy)
    if latest and to > latest:
        raise ValueInvalid(f"to: {deadline.id} comes at {latest.isoformat()} at the latest")
    standstill = assignment.held_until(at)
    if standstill and to < standstill and deadline.kind not in UNHELD:
        raise ValueInvalid(f"to: the clock stands still until {standstill.isoformat()}; resume it first")


def _coming(assignment: Assignment, deadline_id: str, policy: Policy) -> Deadline:
    for deadline in deadlines(assignment, policy):
        if deadline.id == deadline_id:
            return deadline
    raise ValueInvalid(
        f"deadlineId: no deadline {deadline_id!r} is coming; the timeline lists those that are"
    )
