"""The payout of finished work: what is owed, who ruled on it, and how it was settled."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.command import Source
from fulfillment.domain.money import Money


class PayoutStatus(StrEnum):
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    CAPTURED = "captured"
    SETTLED_MANUAL = "settled_manual"
    DENIED = "denied"
    CLOSED_DENIED = "closed_denied"


SETTLED = frozenset({PayoutStatus.CAPTURED, PayoutStatus.SETTLED_MANUAL})


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What the provider is owed. `id` is the assignment's own: an assignment is paid once.

    `attempt` counts submissions from 1; `authorised` is what the card was authorised for, if it was.
    """

    id: str
    attempt: int
    amount: Money
    status: PayoutStatus
    submitted_by: str
    submitted_at: datetime
    evidence: tuple[str, ...] = ()
    authorised: Money | None = None
    capture_before: datetime | None = None
    decisions: tuple[Decision, ...] = ()
    settled_at: datetime | None = None
    settled_by: str | None = None
    reference: str | None = None

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

    def ruling_on(self, attempt: int) -> Decision | None:
        """Return the decision that stands for that attempt, an earlier one too, if one does."""
        on_it = (each for each in reversed(self.decisions) if each.attempt == attempt)
        return next((each for each in on_it if each.ruling is not Ruling.FIRST_MARK), None)
