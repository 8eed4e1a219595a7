"""The visit itself, and the ways out of it: check in, complete, reject, cancel (A11 to A14)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fulfillment.domain.assignment.cards import hold_for, put_forward
from fulfillment.domain.assignment.commands import (
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    RejectAssignment,
)
from fulfillment.domain.assignment.events import Cancelled, CheckedIn, Completed, Event, Rejected
from fulfillment.domain.assignment.parties import expect_open, expect_status, side_of
from fulfillment.domain.assignment.payout import IN_FLIGHT, Payout, PayoutStatus
from fulfillment.domain.assignment.schedule import expect_scheduled
from fulfillment.domain.assignment.state import NOBODYS_OWN, Agreed, Assignment, RejectReason, Status
from fulfillment.domain.errors import (
    AmountExceedsAuthorised,
    CutoffPassed,
    UseIncident,
    ValueInvalid,
    WrongState,
)
from fulfillment.domain.money import Money
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.text import LONGEST_WORD, expect_reason, expect_text

MOST_EVIDENCE = 20
LONGEST_EVIDENCE = 500
ON_ITS_WAY = IN_FLIGHT | {PayoutStatus.APPROVED}
LOOK_BACK = timedelta(hours=48)
"""A cancellation is judged by the earliest start agreed within this time (X6: no dodging by rescheduling)."""


def check_in(assignment: Assignment, command: CheckIn, *, at: datetime, policy: Policy) -> Sequence[Event]:
    """Begin the visit (A11).

    Raises:
        RoleForbidden, NotAParty: only the provider, or staff for them, check in.
        AssignmentClosed, WrongState: nothing is scheduled, or it is too early.
    """
    command.actor.expect(Role.PROVIDER, Role.OPS, Role.ADMIN)
    side_of(assignment, command.actor)
    expect_status(assignment, Status.SCHEDULED)
    opens = check_in_opens(expect_scheduled(assignment), policy)
    if at < opens:
        raise WrongState(f"check-in opens at {opens.isoformat()}")
    return (CheckedIn(at=at),)


def check_in_opens(agreed: Agreed, policy: Policy) -> datetime:
    """Return from when on the visit can begin."""
    return agreed.window.start - policy.early_checkin


def complete(
    assignment: Assignment, command: CompleteAssignment, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Report the work as done and ask for the payout (A14).

    Raises:
        RoleForbidden, NotAParty: only the provider, or staff for them, complete.
        AssignmentClosed, WrongState: nothing is scheduled, the visit has not begun, or a no-show is
            reported (staff may be early, and set a report aside).
        AmountExceedsAuthorised: more than agreed.
        ValueInvalid: the evidence is too much, or the currency another.
    """
    command.actor.expect(Role.PROVIDER, Role.OPS, Role.ADMIN)
    side_of(assignment, command.actor)
    expect_status(assignment, Status.SCHEDULED, Status.IN_PROGRESS)
    start = expect_scheduled(assignment).window.start
    if at < start and not command.actor.is_staff:
        raise WrongState(f"the visit begins at {start.isoformat()}; it cannot be complete before")
    incident = assignment.incident
    if incident and incident.is_reported and not command.actor.is_staff:
        raise WrongState(f"a no-show of the {incident.accused} is reported; operations resolve it first")
    expect_evidence(command.evidence)
    amount = command.final_amount or assignment.price
    expect_affordable(amount, price=assignment.price, authorised=assignment.authorised)
    payout = Payout(
        id=assignment.id,
        attempt=1,
        amount=amount,
        status=PayoutStatus.PENDING_APPROVAL,
        submitted_by=command.actor.id,
        submitted_at=at,
        evidence=command.evidence,
    )
    owed = put_forward(assignment, payout)
    return (Completed(payout=owed, at=at), *hold_for(assignment, amount, at=at, policy=policy))


def reject(
    assignment: Assignment, command: RejectAssignment, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Give the assignment back; its job looks for somebody else (A12).

    Raises:
        RoleForbidden, NotAParty: only the provider, or staff for them, reject.
        UseIncident: the visit has begun.
        AssignmentClosed, WrongState: there is nothing left to give back.
        ValueInvalid: the reason is none of the known ones.
    """
    command.actor.expect(Role.PROVIDER, Role.OPS, Role.ADMIN)
    side_of(assignment, command.actor)
    if assignment.status is Status.IN_PROGRESS:
        raise UseIncident("the visit has begun; report an incident instead")
    expect_status(assignment, Status.AWAITING_SCHEDULE, Status.SCHEDULED)
    if command.reason_code not in set(RejectReason) - NOBODYS_OWN:
        raise ValueInvalid("reasonCode: it takes sick, on_leave, conflict, equipment, location or other")
    expect_text("note", command.note)
    return (rejection(assignment, reason=command.reason_code, note=command.note, at=at, policy=policy),)


def rejection(assignment: Assignment, *, reason: str, note: str, at: datetime, policy: Policy) -> Rejected:
    agreed = assignment.agreed
    late = agreed is not None and agreed.window.start - at < policy.late_reject
    return Rejected(reason=reason, note=note, late=late, at=at)


def cancel(
    assignment: Assignment, command: CancelAssignment, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """End the assignment from the customer's side (A13).

    Customers cancel until the visit begins; staff until the money is on its way.

    Raises:
        RoleForbidden, NotAParty: providers reject instead.
        CutoffPassed: the visit has begun.
        AssignmentClosed, WrongState: it is too late for anybody.
        ReasonRequired, ValueInvalid: the reason is missing or unfit.
    """
    command.actor.expect(Role.CUSTOMER, Role.OPS, Role.ADMIN)
    side_of(assignment, command.actor)
    if command.actor.is_staff:
        expect_open(assignment)
        if assignment.payout and assignment.payout.status in ON_ITS_WAY:
            raise WrongState("the payout is approved; the money is on its way")
    else:
        expect_status(assignment, Status.AWAITING_SCHEDULE, Status.SCHEDULED)
    expect_reason("reason", command.reason)
    agreed = assignment.agreed
    if agreed and at >= agreed.window.start and not command.actor.is_staff:
        raise CutoffPassed("the visit has begun; ask operations to cancel it")
    return (cancellation(assignment, reason=command.reason, keep_job=command.keep_job, at=at, policy=policy),)


def cancellation(
    assignment: Assignment, *, reason: str, keep_job: bool, at: datetime, policy: Policy
) -> Cancelled:
    starts = [replaced.start for replaced in assignment.replaced if at - replaced.at <= LOOK_BACK]
    if assignment.agreed:
        starts.append(assignment.agreed.window.start)
    late = bool(starts) and min(starts) - at < policy.late_cancel
    return Cancelled(reason=reason, keep_job=keep_job, late=late, at=at)


def expect_evidence(evidence: tuple[str, ...]) -> None:
    """Refuse more evidence than an admin would read.

    Raises:
        ValueInvalid: too many items, or one that is too long or unfit.
    """
    if len(evidence) > MOST_EVIDENCE:
        raise ValueInvalid(f"evidence: {len(evidence)} items; at most {MOST_EVIDENCE} are taken")
    for item in evidence:
        expect_text("evidence", item, most=LONGEST_EVIDENCE)


def expect_affordable(amount: Money, *, price: Money, authorised: Money | None = None) -> None:
    """Refuse to pay more than was agreed, or than the card was authorised for.

    Raises:
        ValueInvalid: another currency, or nothing at all.
        AmountExceedsAuthorised: more than that.
    """
    limit = authorised or price
    if amount.currency != limit.currency:
        raise ValueInvalid(f"currency: the price is in {limit.currency}, not {amount.currency}")
    if amount.amount <= 0:
        raise ValueInvalid("amount: a payout is at least one minor unit")
    if amount.amount > limit.amount:
        raise AmountExceedsAuthorised(f"amount: {amount.amount} is more than the agreed {limit.amount}")


def expect_code(field: str, code: str) -> None:
    """Refuse a reason code that is missing or no word."""
    expect_reason(field, code, most=LONGEST_WORD)
