"""No-shows: one side reports the other, the accused answers, operations resolve it (A15, A17, A18)."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from fulfillment.domain.assignment.cards import hold_for, put_forward
from fulfillment.domain.assignment.commands import AnswerIncident, ReportNoShow, ResolveIncident
from fulfillment.domain.assignment.events import (
    Completed,
    Event,
    IncidentAnswered,
    IncidentOpened,
    IncidentResolved,
    IncidentUnanswered,
    Rejected,
    WindowCleared,
)
from fulfillment.domain.assignment.incident import Incident, IncidentKind, IncidentVerdict
from fulfillment.domain.assignment.parties import expect_open, expect_status, side_of
from fulfillment.domain.assignment.payout import Payout, PayoutStatus
from fulfillment.domain.assignment.schedule import expect_scheduled
from fulfillment.domain.assignment.state import Agreed, Assignment, RejectReason, Status
from fulfillment.domain.assignment.visit import expect_affordable
from fulfillment.domain.errors import Forbidden, ValueInvalid, WrongState
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM, Party, Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.text import expect_reason, expect_text

SAID_BY_THE_CLOCK = "no answer in time"
FEE_EVIDENCE = ("A call-out fee: the customer did not come to the visit.",)
"""What admins read on a payout that no work stands behind."""


def report(assignment: Assignment, command: ReportNoShow, *, at: datetime, policy: Policy) -> Sequence[Event]:
    """Say that a side did not come to the visit; it is asked to answer (A17).

    A suspicion against the same side gives way to the report.

    Raises:
        RoleForbidden, NotAParty: the actor has no say here.
        Forbidden: a side reports itself.
        AssignmentClosed, WrongState: no visit is due, it is too early, or an incident is open already.
        ValueInvalid: staff do not say who, or the note is unfit.
    """
    command.actor.expect(Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN)
    side = side_of(assignment, command.actor)
    expect_status(assignment, Status.SCHEDULED, Status.IN_PROGRESS)
    expect_text("note", command.note)
    accused = _accused(command.who, side)
    _expect_room_for_a_report(assignment, accused)
    opens = report_opens(expect_scheduled(assignment), policy)
    if at < opens:
        raise WrongState(f"a no-show is reported from {opens.isoformat()} on")
    reported = _reported(command, accused, side=side, at=at, due=at + policy.no_show_answer)
    return (IncidentOpened(incident=reported),)


def report_opens(agreed: Agreed, policy: Policy) -> datetime:
    """Return from when on somebody can be said not to have come."""
    return agreed.window.start + policy.no_show_grace


def answer(assignment: Assignment, command: AnswerIncident, *, at: datetime) -> Sequence[Event]:
    """Note what the accused side says to it, once; staff pass on what it told them.

    Raises:
        RoleForbidden, NotAParty: the actor has no say here.
        Forbidden: the other side answers.
        AssignmentClosed, WrongState: no incident is open, or it is answered already.
        ReasonRequired, ValueInvalid: the statement is missing or unfit.
    """
    command.actor.expect(Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN)
    side = side_of(assignment, command.actor)
    incident = _open_incident(assignment)
    if side not in {incident.accused, Party.ADMIN}:
        raise Forbidden(f"the {incident.accused} is asked to answer, not the {side}")
    expect_reason("statement", command.statement)
    if incident.answered_at:
        raise WrongState(f"the {incident.accused} has answered at {incident.answered_at.isoformat()}")
    return (IncidentAnswered(statement=command.statement, by=command.actor.id, at=at),)


def resolve(
    assignment: Assignment, command: ResolveIncident, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Say whose fault it was, which ends the visit one way or another (A18).

    The provider's: the assignment is rejected, late. The customer's: a call-out fee waits for its ruling.
    Neither's: the two agree on another window.

    Raises:
        RoleForbidden: only staff.
        AssignmentClosed, WrongState: no incident is open.
        ReasonRequired: staff say why.
        ValueInvalid: the amount is missing and there is no usual fee, or it is not for this verdict.
        AmountExceedsAuthorised: the fee is more than the price.
    """
    command.actor.expect(Role.OPS, Role.ADMIN)
    incident = _open_incident(assignment)
    expect_reason("reason", command.reason)
    resolved = IncidentResolved(
        verdict=command.verdict,
        accused=incident.accused,
        by=command.actor.id,
        reason=command.reason,
        at=at,
    )
    fee = _fee(assignment, command, policy)
    return (resolved, *_consequences(assignment, resolved, fee=fee, policy=policy))


def suspect(assignment: Assignment, *, at: datetime) -> Sequence[Event]:
    """Suspect a provider who has not checked in, unless an incident is open already (A15)."""
    if assignment.incident:
        return ()
    incident = Incident(
        kind=IncidentKind.NO_SHOW_SUSPECTED,
        accused=Party.PROVIDER,
        reported_by=SYSTEM.id,
        by=Role.SYSTEM,
        opened_at=at,
    )
    return (IncidentOpened(incident=incident),)


def leave_unanswered(assignment: Assignment, *, at: datetime, policy: Policy) -> Sequence[Event]:
    """Tell operations that no answer came; against the silent side, where the policy says so, resolve it."""
    accused = _open_incident(assignment).accused
    silent = IncidentUnanswered(accused=accused, at=at)
    against = {Party.PROVIDER: IncidentVerdict.PROVIDER_FAULT, Party.CUSTOMER: IncidentVerdict.CUSTOMER_FAULT}
    fee = usual_fee(assignment, policy)
    # Nobody but operations can say what a visit in vain costs where there is no usual fee.
    if not policy.no_show_auto or (accused is Party.CUSTOMER and fee is None):
        return (silent,)
    resolved = IncidentResolved(
        verdict=against[accused], accused=accused, by=SYSTEM.id, reason=SAID_BY_THE_CLOCK, at=at
    )
    return (silent, resolved, *_consequences(assignment, resolved, fee=fee, policy=policy))


def usual_fee(assignment: Assignment, policy: Policy) -> Money | None:
    """Return what a visit in vain costs by the policy, never more than the price; none if it does not say."""
    if policy.call_out_fee is None:
        return None
    price = assignment.price
    return Money(amount=min(policy.call_out_fee, price.amount), currency=price.currency)


def _reported(command: ReportNoShow, accused: Party, *, side: Party, at: datetime, due: datetime) -> Incident:
    return Incident(
        kind=IncidentKind.NO_SHOW,
        accused=accused,
        reported_by=command.actor.id,
        by=Role(side.value),
        opened_at=at,
        answer_due=due,
        note=command.note,
    )


def _accused(who: Party | None, side: Party) -> Party:
    if who is Party.ADMIN or (who is None and side is Party.ADMIN):
        raise ValueInvalid("who: say who did not come, the customer or the provider")
    accused = who or side.other
    if accused is side:
        raise Forbidden("a side reports that the other one did not come")
    return accused


def _expect_room_for_a_report(assignment: Assignment, accused: Party) -> None:
    incident = assignment.incident
    if incident is None:
        return
    if incident.is_reported:
        raise WrongState(f"a no-show of the {incident.accused} is reported already")
    if incident.accused is not accused:
        raise WrongState(
            f"the {incident.accused} is missing, too, as it seems; a check-in settles that first"
        )


def _open_incident(assignment: Assignment) -> Incident:
    expect_open(assignment)
    if assignment.incident is None:
        raise WrongState("no incident is open")
    return assignment.incident


def _fee(assignment: Assignment, command: ResolveIncident, policy: Policy) -> Money | None:
    if command.verdict is not IncidentVerdict.CUSTOMER_FAULT:
        if command.amount is not None:
            raise ValueInvalid("amount: a call-out fee is owed where the customer is at fault")
        return None
    fee = command.amount or usual_fee(assignment, policy)
    if fee is None:
        raise ValueInvalid("amount: there is no usual call-out fee; say what is owed")
    expect_affordable(fee, price=assignment.price)
    return fee


def _consequences(
    assignment: Assignment, resolved: IncidentResolved, *, fee: Money | None, policy: Policy
) -> tuple[Event, ...]:
    at = resolved.at
    match resolved.verdict:
        case IncidentVerdict.PROVIDER_FAULT:
            return (Rejected(reason=RejectReason.NO_SHOW, note=resolved.reason, late=True, at=at),)
        case IncidentVerdict.CUSTOMER_FAULT:
            owed = Payout(
                id=assignment.id,
                attempt=1,
                amount=fee or assignment.price,
                status=PayoutStatus.PENDING_APPROVAL,
                submitted_by=resolved.by,
                submitted_at=at,
                evidence=FEE_EVIDENCE,
            )
            return (
                Completed(payout=put_forward(assignment, owed), at=at),
                *hold_for(assignment, owed.amount, at=at, policy=policy),
            )
        case IncidentVerdict.NEITHER:
            window = expect_scheduled(assignment).window
            return (WindowCleared(window=window, reason=resolved.reason, at=at),)
        case _:
            assert_never(resolved.verdict)
