"""The payout of finished work: what is owed, who ruled on it, and how it was settled."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.assignment.refund import Refund, RefundStatus
from fulfillment.domain.command import Source
from fulfillment.domain.money import Money


class PayoutStatus(StrEnum):
    """Where a payout stands (domain 5.7). The last two come after the assignment's end."""

    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    SETTLED_MANUAL = "settled_manual"
    DENIED = "denied"
    ON_HOLD = "on_hold"
    CAPTURE_FAILED = "capture_failed"
    CAPTURE_UNKNOWN = "capture_unknown"
    AUTHORIZATION_EXPIRED = "authorization_expired"
    AWAITING_CUSTOMER_PAYMENT = "awaiting_customer_payment"
    CLOSED_DENIED = "closed_denied"
    DISPUTED = "disputed"
    REVERSED = "reversed"


SETTLED = frozenset({PayoutStatus.CAPTURED, PayoutStatus.SETTLED_MANUAL})
IN_FLIGHT = frozenset({PayoutStatus.CAPTURING, PayoutStatus.CAPTURE_UNKNOWN})
"""The card may have been charged by now, or may be at any moment."""
NO_MONEY_YET = frozenset(
    {
        PayoutStatus.CAPTURE_FAILED,
        PayoutStatus.AUTHORIZATION_EXPIRED,
        PayoutStatus.AWAITING_CUSTOMER_PAYMENT,
    }
)
"""The money is not to be had as things stand. An approval keeps; an admin may still end it unpaid."""
OVER = SETTLED | {PayoutStatus.CLOSED_DENIED, PayoutStatus.DISPUTED, PayoutStatus.REVERSED}


class Ruling(StrEnum):
    """What an admin said; a first mark waits for a second admin."""

    FIRST_MARK = "first_mark"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One admin's word on one attempt. Nobody takes a decision back; a resubmission asks anew."""

    attempt: int
    ruling: Ruling
    by: str
    at: datetime
    amount: Money
    reason: str
    source: Source
    request_id: str = ""
    final: bool = False


class DisputeOutcome(StrEnum):
    """What an admin makes of a dispute: the payout goes on, over less, or no money moves."""

    RELEASE = "release"
    REDUCE = "reduce"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """The customer says that something is wrong with the work; `was` is where the payout stood then."""

    by: str
    at: datetime
    reason: str
    was: PayoutStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What the provider is owed. `id` is the assignment's own: an assignment is paid once.

    `attempt` counts the times it was put before the admins, from 1; `reopened` are those of them that a
    resolved dispute asked for, which the provider is not charged with. `returned` counts how often the
    current attempt came back to them unruled, from a dispute or a card that would not pay. `tries` counts
    the captures that were begun on purpose, `checks` the looks for the outcome of one that nobody answered,
    and `stalled_at` is since when it is stuck, with `problem` in the payment provider's words. `refunds` are
    in the order of their numbers; all but the last have been answered.
    """

    id: str
    attempt: int
    amount: Money
    status: PayoutStatus
    submitted_by: str
    submitted_at: datetime
    evidence: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    settled_at: datetime | None = None
    settled_by: str | None = None
    reference: str | None = None
    reopened: int = 0
    returned: int = 0
    tries: int = 0
    checks: int = 0
    stalled_at: datetime | None = None
    problem: str = ""
    dispute: Dispute | None = None
    transfer_id: str | None = None
    refunds: tuple[Refund, ...] = ()

    @property
    def first_mark(self) -> Decision | None:
        """The first of two approvals, while the second is missing."""
        last = self.decisions[-1] if self.decisions else None
        waits = last is not None and last.attempt == self.attempt and last.ruling is Ruling.FIRST_MARK
        return last if waits else None

    @property
    def ruling(self) -> Decision | None:
        """The decision that stands for the current attempt, if one does."""
        return self.ruling_on(self.attempt)

    @property
    def approval(self) -> Decision | None:
        """The approval that stands for the current attempt, if one does."""
        ruling = self.ruling
        return ruling if ruling and ruling.ruling is Ruling.APPROVED else None

    @property
    def submissions(self) -> int:
        """How often the provider has submitted it."""
        return self.attempt - self.reopened

    @property
    def refund_mark(self) -> Refund | None:
        """The first of two marks on a refund, while the second is missing."""
        return self._last_refund(RefundStatus.FIRST_MARK)

    @property
    def refund_under_way(self) -> Refund | None:
        """The refund that is decided, and not answered by the payment provider."""
        return self._last_refund(RefundStatus.ASKED)

    @property
    def given_back(self) -> int:
        """How much was given back as admins decided, in minor units."""
        return sum(each.amount.amount for each in self.refunds if each.status is RefundStatus.GIVEN)

    def ruling_on(self, attempt: int) -> Decision | None:
        """Return the decision that stands for that attempt, an earlier one too, if one does."""
        on_it = (each for each in reversed(self.decisions) if each.attempt == attempt)
        return next((each for each in on_it if each.ruling is not Ruling.FIRST_MARK), None)

    def _last_refund(self, status: RefundStatus) -> Refund | None:
        last = self.refunds[-1] if self.refunds else None
        return last if last and last.status is status else None
