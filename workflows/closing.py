"""What an assignment tells its job when it ends, and by which signal."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from fulfillment.domain.assignment.state import Assignment
    from fulfillment.domain.window import VisitWindow

ASSIGNMENT_CLOSED = "assignment_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentClosed:
    """How an assignment ended. `window` is what had been agreed; `late` says the visit was near."""

    assignment_id: str
    provider_id: str
    outcome: str
    reason: str
    keep_job: bool
    late: bool
    window: VisitWindow | None
    at: datetime


def closed(assignment: Assignment) -> AssignmentClosed:
    """Return the news of the end of `assignment`."""
    return AssignmentClosed(
        assignment_id=assignment.id,
        provider_id=assignment.provider_id,
        outcome=assignment.status,
        reason=assignment.reject_reason or assignment.cancel_reason or "",
        keep_job=assignment.keep_job,
        late=assignment.late_rejection or assignment.late_cancel,
        window=assignment.agreed.window if assignment.agreed else None,
        at=assignment.status_entered_at,
    )
