"""Agreeing on a visit window: propose, confirm, decline, withdraw (A1 to A5, A9, A10; versions by 5.4)."""

from collections.abc import Sequence
from datetime import datetime

from fulfillment.domain.assignment.commands import ConfirmWindow, DeclineWindow, ProposeWindow, WithdrawWindow
from fulfillment.domain.assignment.events import (
    Event,
    ProposalEnded,
    ProposalMarked,
    WindowConfirmed,
    WindowProposed,
)
from fulfillment.domain.assignment.moving import expiry
from fulfillment.domain.assignment.parties import expect_status, side_of
from fulfillment.domain.assignment.state import Agreed, Assignment, Proposal, ProposalStatus, Status
from fulfillment.domain.errors import (
    CannotConfirmOwnProposal,
    CutoffPassed,
    Forbidden,
    ProposalExpired,
    ProposalNotOpen,
    ProposalSuperseded,
    RoleForbidden,
    TooManyProposals,
    VersionMismatch,
    WrongState,
)
from fulfillment.domain.people import Actor, Party, Role
from fulfillment.domain.policy import LateReschedule, Policy
from fulfillment.domain.text import LONGEST_WORD, expect_reason, expect_text
from fulfillment.domain.window import expect_bookable

OPEN_TO_AGREEMENT = (Status.AWAITING_SCHEDULE, Status.SCHEDULED)
TALKERS = (Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN)


def propose(
    assignment: Assignment, command: ProposeWindow, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Put a window forward: first proposal, counter-proposal or reschedule, all one step (A1, A9).

    Raises:
        RoleForbidden, NotAParty: the actor has no say here.
        AssignmentClosed, WrongState: there is nothing left to schedule.
        VersionMismatch: the caller has not seen the newest step.
        TooManyProposals: the two sides used up their proposals; operations may still propose.
        CutoffPassed: the agreed visit has begun, or is too near for the policy.
        WindowInvalid, ValueInvalid: the window, the note or the timezone's name breaks a rule.
    """
    command.actor.expect(*TALKERS)
    side = side_of(assignment, command.actor)
    expect_status(assignment, *OPEN_TO_AGREEMENT)
    expect_version(assignment, command.expected_version)
    if assignment.proposals_made >= policy.max_proposals and not command.actor.is_staff:
        raise TooManyProposals(f"{policy.max_proposals} proposals were made; operations will help to agree")
    expect_text("note", command.note)
    expect_text("timezone", command.timezone or "", most=LONGEST_WORD)
    expect_bookable(command.window, at=at, policy=policy)
    proposal = Proposal(
        version=assignment.schedule_version + 1,
        proposed_by=side,
        by=command.actor.id,
        window=command.window,
        made_at=at,
        note=command.note,
        timezone=command.timezone,
        late=_is_late(assignment, command.actor, at=at, policy=policy),
    )
    return (WindowProposed(proposal=proposal, at=at),)


def confirm(
    assignment: Assignment, command: ConfirmWindow, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Say yes to the open proposal (A2, A10). Saying it again changes nothing (A2i).

    An admin's own proposal takes the yes of both sides; the first is kept as a mark. Staff confirm by
    force alone, in whosever name, so that their word is told from a party's own.

    Raises:
        RoleForbidden, NotAParty: the actor has no say here, or staff confirm without force.
        AssignmentClosed, WrongState: there is nothing left to schedule.
        CannotConfirmOwnProposal: the other side confirms.
        ProposalSuperseded, ProposalNotOpen, ProposalExpired, VersionMismatch: not the open one.
        ReasonRequired, ValueInvalid: staff force a confirmation without saying why, or the reason is unfit.
    """
    command.actor.expect(*TALKERS)
    side = side_of(assignment, command.actor)
    expect_text("reason", command.reason)
    if _confirmed_before(assignment, command, side):
        return ()
    expect_status(assignment, *OPEN_TO_AGREEMENT)
    proposal = _quoted(assignment, command.version)
    if at >= expiry(assignment, proposal, policy):
        raise ProposalExpired("the time to confirm this proposal has run out")
    if command.actor.is_staff and command.force:
        expect_reason("reason", command.reason)
        return (_agreed(proposal, by=command.actor.id, sides=(side,), forced=command.reason, at=at),)
    if command.force or command.actor.is_staff:
        raise RoleForbidden(
            "staff confirm a window with force and a reason; the two sides confirm it themselves"
        )
    return _said_yes(proposal, side, by=command.actor.id, at=at)


def decline(assignment: Assignment, command: DeclineWindow, *, at: datetime) -> Sequence[Event]:
    """Say no to the open proposal; whoever declines owes the next one (A3).

    Raises:
        RoleForbidden, NotAParty: the actor has no say here; staff decline in a party's name only.
        Forbidden: a side declines its own proposal; it withdraws it instead.
        AssignmentClosed, WrongState: there is nothing left to schedule.
        ProposalSuperseded, ProposalNotOpen, ProposalExpired, VersionMismatch: not the open one.
    """
    command.actor.expect(*TALKERS)
    side = side_of(assignment, command.actor)
    expect_status(assignment, *OPEN_TO_AGREEMENT)
    expect_text("reason", command.reason)
    proposal = _quoted(assignment, command.version)
    if side is proposal.proposed_by:
        raise Forbidden("the other side declines a proposal; its own side withdraws it")
    if side is Party.ADMIN:
        raise RoleForbidden("staff decline a window on behalf of the customer or the provider")
    return (_ended(ProposalStatus.DECLINED, command.actor, turn=side, reason=command.reason, at=at),)


def withdraw(assignment: Assignment, command: WithdrawWindow, *, at: datetime) -> Sequence[Event]:
    """Take one's own proposal back; the same side owes the next one (A4).

    Raises:
        RoleForbidden, NotAParty: the actor has no say here.
        Forbidden: the proposal is the other side's.
        AssignmentClosed, WrongState: there is nothing left to schedule.
        ProposalSuperseded, ProposalNotOpen, ProposalExpired, VersionMismatch: not the open one.
    """
    command.actor.expect(*TALKERS)
    side = side_of(assignment, command.actor)
    expect_status(assignment, *OPEN_TO_AGREEMENT)
    expect_text("reason", command.reason)
    proposal = _quoted(assignment, command.version)
    if side is not proposal.proposed_by:
        raise Forbidden("only the side that proposed a window withdraws it; the other side declines it")
    turn = Party.PROVIDER if side is Party.ADMIN else side
    return (_ended(ProposalStatus.WITHDRAWN, command.actor, turn=turn, reason=command.reason, at=at),)


def expect_version(assignment: Assignment, version: int) -> None:
    """Refuse a caller who has not seen the newest step of the schedule.

    Raises:
        VersionMismatch: names both versions.
    """
    if version != assignment.schedule_version:
        raise VersionMismatch(f"the schedule is at version {assignment.schedule_version}, not {version}")


def _quoted(assignment: Assignment, version: int) -> Proposal:
    """Return the open proposal if it is the one quoted, and the newest step; else say what became of it."""
    latest = assignment.proposal
    if version in assignment.superseded:
        raise ProposalSuperseded(
            f"proposal {version} was replaced by {latest.version if latest else 'another'}"
        )
    if latest is None:
        raise ProposalNotOpen("nobody has proposed a window yet")
    if version == latest.version and latest.status is ProposalStatus.EXPIRED:
        raise ProposalExpired("the time to answer this proposal has run out")
    if version == latest.version and not latest.is_open:
        raise ProposalNotOpen(f"proposal {version} is {latest.status}")
    expect_version(assignment, version)
    if version != latest.version:
        raise ProposalNotOpen(f"no proposal is open at version {version}")
    return latest


def _confirmed_before(assignment: Assignment, command: ConfirmWindow, side: Party) -> bool:
    agreed = assignment.agreed
    return (
        assignment.status is Status.SCHEDULED
        and agreed is not None
        and agreed.version == command.version
        and side in agreed.confirmed_by
    )


def _said_yes(proposal: Proposal, side: Party, *, by: str, at: datetime) -> Sequence[Event]:
    if side is proposal.proposed_by:
        raise CannotConfirmOwnProposal(f"the {side} proposed this window; the other side confirms it")
    if side not in proposal.awaited:
        return ()
    if len(proposal.awaited) > 1:
        return (ProposalMarked(party=side, at=at),)
    return (_agreed(proposal, by=by, sides=(*proposal.marks, side), forced=None, at=at),)


def _agreed(
    proposal: Proposal, *, by: str, sides: tuple[Party, ...], forced: str | None, at: datetime
) -> WindowConfirmed:
    agreed = Agreed(window=proposal.window, version=proposal.version, at=at, confirmed_by=sides)
    return WindowConfirmed(agreed=agreed, by=by, forced_reason=forced, at=at)


def _ended(how: ProposalStatus, actor: Actor, *, turn: Party, reason: str, at: datetime) -> ProposalEnded:
    return ProposalEnded(how=how, by=actor.id, turn=turn, reason=reason, at=at)


def _is_late(assignment: Assignment, actor: Actor, *, at: datetime, policy: Policy) -> bool:
    """Return whether a reschedule comes inside the cut-off, and refuse what the policy forbids there."""
    if assignment.agreed is None:
        return False
    start = assignment.agreed.window.start
    if at >= start:
        raise CutoffPassed("the agreed visit has begun; it can no longer be moved")
    late = start - at < policy.reschedule_cutoff
    if late and policy.late_reschedule is LateReschedule.OPS_ONLY and not actor.is_staff:
        raise CutoffPassed(f"within {policy.reschedule_cutoff} of a visit only operations move it")
    return late


def expect_scheduled(assignment: Assignment) -> Agreed:
    """Return the window in force.

    Raises:
        WrongState: none is.
    """
    if assignment.agreed is None:
        raise WrongState("no window is agreed yet")
    return assignment.agreed
