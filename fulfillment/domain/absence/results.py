"""How an absence gets on: whom it touches, and what became of each."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.absence.consequences import Consequence, What, consequence
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.errors import (
    DomainError,
    ProposalExpired,
    ProposalNotOpen,
    ProposalSuperseded,
    VersionMismatch,
)
from fulfillment.domain.window import VisitWindow


class AbsenceStatus(StrEnum):
    """Whether its assignments are being gone through, all are, or somebody ended it before its time."""

    RUNNING = "running"
    DONE = "done"
    ENDED = "ended"


class Outcome(StrEnum):
    """What became of one assignment."""

    WAITING = "waiting"
    DONE = "done"
    LEFT = "left"
    REFUSED = "refused"
    UNTOUCHED = "untouched"
    UNREACHED = "unreached"
    SPARED = "spared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """An assignment that an absence touches, as it stood when that was looked at, and what is to be done.

    `late` says that it was not written down yet when the absence began.
    """

    assignment_id: str
    job_id: str
    customer_id: str
    status: Status
    wanted: Consequence
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an assignment when its turn came.

    `did` is what was tried, `command_id` and `number` lead to the step in its audit. `code` is the name of
    the refusal it met, and `detail` says in words why it came otherwise than wanted.
    """

    assignment_id: str
    outcome: Outcome
    at: datetime
    did: What | None = None
    command_id: str = ""
    number: int | None = None
    code: str = ""
    detail: str = ""

    @property
    def is_out_of_step(self) -> bool:
        """The schedule has moved on under us, so that another look may find something else to do."""
        return self.outcome is Outcome.REFUSED and self.code in OUT_OF_STEP


_MOVED_ON: tuple[type[DomainError], ...] = (
    ProposalExpired,
    ProposalNotOpen,
    ProposalSuperseded,
    VersionMismatch,
)
OUT_OF_STEP = frozenset(refusal.__name__ for refusal in _MOVED_ON)


def touched(assignment: Assignment, span: VisitWindow, *, reported_at: datetime) -> Affected | None:
    """Return `assignment` with what an absence in `span` does to it; None if that is nothing."""
    wanted = consequence(assignment, span, reported_at=reported_at)
    if wanted is None:
        return None
    return Affected(
        assignment_id=assignment.id,
        job_id=assignment.job_id,
        customer_id=assignment.customer_id,
        status=assignment.status,
        wanted=wanted,
    )


def soonest_first(affected: list[Affected]) -> tuple[Affected, ...]:
    """Return them in the order in which their customers have to know."""
    return tuple(sorted(affected, key=lambda each: (each.wanted.window.start, each.assignment_id)))
