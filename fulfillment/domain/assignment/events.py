"""What became true of an assignment. Events are past; `evolving.evolve` says what each leaves behind."""

from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.assignment.card_events import CardEvent
from fulfillment.domain.assignment.incident import Incident, IncidentVerdict
from fulfillment.domain.assignment.payout import Decision, Dispute, DisputeOutcome, Payout, PayoutStatus
from fulfillment.domain.assignment.refund_events import RefundEvent
from fulfillment.domain.assignment.state import Agreed, Hold, Proposal, ProposalStatus, Status
from fulfillment.domain.messages import Reminder
from fulfillment.domain.money import Money
from fulfillment.domain.people import Party
from fulfillment.domain.window import VisitWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentOpened:
    """A provider has the job; a window they quoted with it is already proposed."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowProposed:
    proposal: Proposal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalMarked:
    """One of two sides said yes to an admin's proposal; the schedule has not changed yet."""

    party: Party
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowConfirmed:
    """Both sides agree on the open proposal's window; `agreed` is in force from now on."""

    agreed: Agreed
    by: str
    forced_reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalEnded:
    """The open proposal was declined, withdrawn or expired; `turn` is who must come up with another."""

    how: ProposalStatus
    by: str
    turn: Party
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    reason: str
    note: str
    late: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    reason: str
    keep_job: bool
    late: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIn:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    payout: Payout
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """Somebody is reported or suspected not to have come; it takes the place of what was suspected before."""

    incident: Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAnswered:
    statement: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentUnanswered:
    """The time to answer is over, and the accused has said nothing."""

    accused: Party
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentResolved:
    """It is said whose fault it was; what follows for the visit is an event of its own."""

    verdict: IncidentVerdict
    accused: Party
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCleared:
    """The agreed `window` has come to nothing, by nobody's fault; another one has to be agreed on."""

    window: VisitWindow
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRuled:
    """An admin spoke; `status` is the payout's from now on."""

    decision: Decision
    status: PayoutStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutResubmitted:
    payout: Payout
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutSettled:
    status: PayoutStatus
    by: str
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutClosed:
    """No money will move: the denial is final."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutDisputed:
    dispute: Dispute


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeResolved:
    """An admin has settled the dispute; `payout` is how it is put before the admins again."""

    outcome: DisputeOutcome
    payout: Payout
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutTransferred:
    """The provider's share, `amount`, has left for their account."""

    transfer_id: str
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentEnded:
    """Paid or closed unpaid, as its payout decided."""

    status: Status
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    hold: Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePassed:
    """A deadline came, or staff skipped it; it does not come again."""

    deadline_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineExtended:
    deadline_id: str
    to: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderFellDue:
    """A reminder's moment came; its verdict says whether it goes out or why not."""

    reminder: Reminder
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BecameOverdue:
    """All the patience is used up; `nudged` says that a reminder goes out with it, which tells the side."""

    owed_by: Party
    at: datetime
    nudged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """Twice the patience is used up; operations have to act."""

    owed_by: Party
    at: datetime


Event = (
    AssignmentOpened
    | WindowProposed
    | ProposalMarked
    | WindowConfirmed
    | ProposalEnded
    | Rejected
    | Cancelled
    | CheckedIn
    | Completed
    | IncidentOpened
    | IncidentAnswered
    | IncidentUnanswered
    | IncidentResolved
    | WindowCleared
    | PayoutRuled
    | PayoutResubmitted
    | PayoutSettled
    | PayoutClosed
    | PayoutDisputed
    | DisputeResolved
    | PayoutTransferred
    | CardEvent
    | RefundEvent
    | AssignmentEnded
    | Held
    | Resumed
    | DeadlinePassed
    | DeadlineExtended
    | ReminderFellDue
    | BecameOverdue
    | Escalated
)
