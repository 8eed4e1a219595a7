"""What an absence means for one assignment: given back, a proposal taken back, or left alone.

An agreed visit that the provider will not come to is given back at once, so that its job finds somebody
else. Where a window is only talked about, the talk goes on without it: the customer has chosen this
provider, nothing is promised for that time, and another window may suit them both.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

from fulfillment.domain.absence.commands import ReportAbsence
from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    DeclineWindow,
    RejectAssignment,
    WithdrawWindow,
)
from fulfillment.domain.assignment.state import Agreed, Assignment, Proposal, Status
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.people import Actor, Party
from fulfillment.domain.window import VisitWindow

SAID_OF_A_PROPOSAL = "The provider is away at that time."
"""What the customer reads; why the provider is away is not for everybody."""
LEFT = {
    Status.IN_PROGRESS: "the visit is under way",
    Status.PAYOUT_PENDING: "the work is done, and its payout waits",
}


class What(StrEnum):
    """What is done about an assignment that an absence touches."""

    REJECT = "reject"
    WITHDRAW = "withdraw"
    DECLINE = "decline"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What is done about an assignment, and why; `version` is that of the proposal which `window` was."""

    what: What
    window: VisitWindow
    version: int
    why: str


def consequence(assignment: Assignment, span: VisitWindow, *, reported_at: datetime) -> Consequence | None:
    """Return what an absence in `span` means for `assignment`; None if it does not touch it.

    What the provider has promised or proposed after they reported the absence is their word, and stands.
    """
    agreed, proposal = assignment.agreed, assignment.open_proposal
    if assignment.is_closed:
        return None
    if agreed and agreed.window.overlaps(span):
        stands = _is_promised_since(assignment, agreed, reported_at)
        return None if stands else _of_a_visit(assignment, agreed)
    if proposal and proposal.window.overlaps(span):
        stands = proposal.proposed_by is Party.PROVIDER and proposal.made_at > reported_at
        return None if stands else _of_a_proposal(proposal)
    return None


def command_of(report: ReportAbsence, assignment_id: str, wanted: Consequence) -> AssignmentCommand:
    """Return the command by which `wanted` is carried out; its id names the absence, and is always the same.

    Raises:
        ValueInvalid: what is to be left alone takes no command.
    """
    actor, version = _for_the_provider(report.actor), wanted.version
    command_id = f"unavailable/{report.absence_id}/{assignment_id}/{wanted.what}/v{version}"
    given: dict[str, Any] = {
        "actor": actor,
        "command_id": command_id,
        "request_id": report.request_id,
        "source": report.source,
    }
    match wanted.what:
        case What.REJECT:
            return RejectAssignment(**given, reason_code=report.reason_code, note=report.reason)
        case What.WITHDRAW:
            return WithdrawWindow(**given, version=version, reason=SAID_OF_A_PROPOSAL)
        case What.DECLINE:
            return DeclineWindow(**given, version=version, reason=SAID_OF_A_PROPOSAL)
        case What.LEAVE:
            raise ValueInvalid(f"what: {wanted.why}, so nothing is asked of the assignment")
        case _:
            assert_never(wanted.what)


def _is_promised_since(assignment: Assignment, agreed: Agreed, reported_at: datetime) -> bool:
    """Tell whether the provider has proposed or confirmed this visit after that moment."""
    if agreed.at <= reported_at:
        return False
    if Party.PROVIDER in agreed.confirmed_by:
        return True
    source = assignment.proposal
    return source is not None and source.version == agreed.version and source.made_at > reported_at


def _of_a_visit(assignment: Assignment, agreed: Agreed) -> Consequence:
    what, why = What.REJECT, "a visit is agreed for that time"
    if assignment.incident and assignment.incident.is_reported:
        what, why = What.LEAVE, "a no-show is reported, and operations resolve it"
    if assignment.status in LEFT:
        what, why = What.LEAVE, LEFT[assignment.status]
    return Consequence(what=what, window=agreed.window, version=agreed.version, why=why)


def _of_a_proposal(proposal: Proposal) -> Consequence:
    what, why = What.DECLINE, f"the {proposal.proposed_by} proposes a window at that time"
    if proposal.proposed_by is Party.PROVIDER:
        what, why = What.WITHDRAW, "the provider's own proposal is for that time"
    return Consequence(what=what, window=proposal.window, version=proposal.version, why=why)


def _for_the_provider(actor: Actor) -> Actor:
    return replace(actor, on_behalf_of=Party.PROVIDER) if actor.is_staff else actor
