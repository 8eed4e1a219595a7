"""Money given back to the customer's card after it was taken: who decided it, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.command import Source
from fulfillment.domain.money import Money


class RefundStatus(StrEnum):
    """A first mark waits for a second admin; what is asked is decided, and the payment provider is asked."""

    FIRST_MARK = "first_mark"
    ASKED = "asked"
    GIVEN = "given"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """The `n`th time that money of a payout is given back, from 1; payout and `n` are its identity.

    `by` is who asked, `second` who set the second mark where it took two, and `request_id` is the request of
    whoever decided it. `commands` are the ids of the commands that led here, so that a repeat is known.
    `reference` is the payment provider's id for it, `problem` its code for why it gave nothing back.
    """

    n: int
    amount: Money
    status: RefundStatus
    reason: str
    by: str
    at: datetime
    source: Source
    request_id: str = ""
    commands: tuple[str, ...] = ()
    second: str | None = None
    decided_at: datetime | None = None
    reference: str = ""
    problem: str = ""
    ended_at: datetime | None = None

    @property
    def decided_by(self) -> str:
        """Whose word made it happen: the second of two marks, or the only one."""
        return self.second or self.by
