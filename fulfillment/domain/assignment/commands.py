"""What may be asked of an assignment: commands, in the imperative. `deciding.decide` answers them."""

from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.assignment.card import CardSeen
from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.payout import DisputeOutcome
from fulfillment.domain.assignment.refund_commands import RecordRefund, RefundPayout
from fulfillment.domain.command import Command
from fulfillment.domain.money import Money
from fulfillment.domain.people import Party
from fulfillment.domain.window import VisitWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAssignment(Command):
    """A provider was chosen: the assignment's first step, taken by the system (A0)."""


# The schedule.


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeWindow(Command):
    """Put a window forward; while one is open this is the counter-proposal."""

    window: VisitWindow
    expected_version: int
    note: str = ""
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmWindow(Command):
    """Say yes to the open proposal; staff `force` it with a reason when they have it by phone."""

    version: int
    force: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineWindow(Command):
    version: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawWindow(Command):
    version: int
    reason: str = ""


# The visit.


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectAssignment(Command):
    reason_code: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAssignment(Command):
    """End it from the customer's side; with `keep_job` the job looks for another provider."""

    reason: str
    keep_job: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn(Command):
    """The provider is at the door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteAssignment(Command):
    evidence: tuple[str, ...] = ()
    final_amount: Money | None = None


# What goes wrong on a visit.


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNoShow(Command):
    """Somebody did not come. A side speaks of the other one; operations say `who`."""

    who: Party | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerIncident(Command):
    """What the accused side says to it."""

    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveIncident(Command):
    """Whose fault it was; `amount` is the call-out fee that a customer at fault owes."""

    verdict: IncidentVerdict
    reason: str
    amount: Money | None = None


# The payout.


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovePayout(Command):
    """Release the money. `voucher` is the API's sealed word that this admin asked for this amount."""

    attempt: int
    amount: int | None = None
    currency: str | None = None
    reason: str = ""
    voucher: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DenyPayout(Command):
    attempt: int
    reason_code: str
    note: str
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResubmitPayout(Command):
    evidence: tuple[str, ...]
    amount: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSettlement(Command):
    """The payments door has answered: the money moved, or was settled by hand under `reference`."""

    attempt: int
    status: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDispute(Command):
    """The customer says that something is wrong with the work; the payout waits until that is settled."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveDispute(Command):
    """Settle a dispute; `amount` is what a reduced payout comes down to, in minor units."""

    outcome: DisputeOutcome
    reason: str
    amount: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryCapture(Command):
    """Try again to take approved money from the card, after the payment provider said no."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthorise(Command):
    """Hold the money anew, on the card that the customer has on file by now."""

    reason: str = ""


# The card.


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCard(Command):
    """The payment provider has answered how the `n`th hold stands."""

    n: int
    seen: CardSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRelease(Command):
    """The payment provider has answered how a hold stands that was to be let go."""

    intent_id: str
    seen: CardSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefusal(Command):
    """The payment provider has refused a capture, and will not think better of it by itself."""

    attempt: int
    tries: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSilence(Command):
    """Nobody answers whether a capture has worked: it is unknown, which is not the same as no."""

    attempt: int
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtCard(Command):
    """Somebody says that the money on the card stands otherwise than we know: look at it."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTransfer(Command):
    """The provider's share has left for their account."""

    transfer_id: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChargeback(Command):
    """The payment provider has answered how a complaint to the customer's bank stands."""

    chargeback_id: str
    amount: Money
    status: str
    reason: str
    is_open: bool
    is_lost: bool
    evidence_due: datetime | None = None


# Control over time.


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAssignment(Command):
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeAssignment(Command):
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipDeadline(Command):
    deadline_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendDeadline(Command):
    deadline_id: str
    to: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PassDeadline(Command):
    """The clock reports that a deadline has come."""

    deadline_id: str


AssignmentCommand = (
    OpenAssignment
    | ProposeWindow
    | ConfirmWindow
    | DeclineWindow
    | WithdrawWindow
    | RejectAssignment
    | CancelAssignment
    | CheckIn
    | CompleteAssignment
    | ReportNoShow
    | AnswerIncident
    | ResolveIncident
    | ApprovePayout
    | DenyPayout
    | ResubmitPayout
    | RecordSettlement
    | OpenDispute
    | ResolveDispute
    | RetryCapture
    | Reauthorise
    | RecordCard
    | RecordRelease
    | RecordRefusal
    | RecordSilence
    | DoubtCard
    | RecordTransfer
    | RecordChargeback
    | RefundPayout
    | RecordRefund
    | HoldAssignment
    | ResumeAssignment
    | SkipDeadline
    | ExtendDeadline
    | PassDeadline
)
