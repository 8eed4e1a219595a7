"""What an assignment's end means for its job: done, over, or on the search again (J8, J9, J11 to J13)."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from fulfillment.domain.assignment.state import Status
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.job.commands import NoteAssignmentClosed
from fulfillment.domain.job.dispatching import unfilled
from fulfillment.domain.job.events import (
    JobCancelled,
    JobCompleted,
    JobEvent,
    JobRequeued,
    ProviderLost,
    Unfilled,
)
from fulfillment.domain.job.state import Job, Live, Requeue
from fulfillment.domain.people import SYSTEM, Role
from fulfillment.domain.policy import Policy

MOST_RETURNS = 20
"""However a job came back so often, operations should look at it before it goes out once more."""


def note_closed(
    job: Job, command: NoteAssignmentClosed, *, at: datetime, policy: Policy
) -> Sequence[JobEvent]:
    """Draw the consequence of an assignment's end, once: hearing of it again changes nothing (E17).

    Raises:
        RoleForbidden: only the system reports it.
        ValueInvalid: the assignment has not ended.
    """
    command.actor.expect(Role.SYSTEM)
    live = job.live
    if live is None or live.assignment_id != command.assignment_id:
        return ()
    match command.outcome:
        case Status.PAID | Status.CLOSED_UNPAID:
            return (JobCompleted(assignment_id=live.assignment_id, at=at),)
        case Status.CANCELLED if not command.keep_job:
            return (_cancelled(live, command.reason, at=at),)
        case Status.CANCELLED | Status.REJECTED:
            return _lost(job, live, command, at=at, policy=policy)
        case Status.AWAITING_SCHEDULE | Status.SCHEDULED | Status.IN_PROGRESS | Status.PAYOUT_PENDING:
            raise ValueInvalid(f"outcome: an assignment that is {command.outcome} has not ended")
        case _:
            assert_never(command.outcome)


def _lost(
    job: Job, live: Live, command: NoteAssignmentClosed, *, at: datetime, policy: Policy
) -> Sequence[JobEvent]:
    """Search again, or hand the job to operations once it came back too often or too late (J8, J9, J11)."""
    rejected = command.outcome is Status.REJECTED
    lost = ProviderLost(
        assignment_id=live.assignment_id,
        provider_id=live.provider_id,
        rejected=rejected,
        excluded=rejected or command.exclude,
        late=command.late,
        window=command.window,
        price=live.price,
        at=at,
    )
    wish = _wish(job, live, at=at) if rejected else ()
    if (rejected and job.requeue_count >= policy.max_requeues) or len(job.requeues) >= MOST_RETURNS:
        return (lost, unfilled(job, Unfilled.TOO_MANY_REQUEUES, at=at, policy=policy), *wish)
    if at >= job.expires_at:
        return (lost, unfilled(job, Unfilled.OUT_OF_TIME, at=at, policy=policy), *wish)
    requeue = Requeue(
        no=len(job.requeues) + 1,
        from_assignment=live.assignment_id,
        provider_id=live.provider_id,
        reason=command.reason,
        late=command.late,
        at=command.at,
        counted=rejected,
    )
    return (lost, JobRequeued(requeue=requeue, at=at), *wish)


def _wish(job: Job, live: Live, *, at: datetime) -> Sequence[JobEvent]:
    """Carry out a cancellation that was asked for before the provider left by themselves (J15).

    The return is noted all the same, so that each rejection is found in exactly one row; but nobody new
    is asked for a job that its customer has given up.
    """
    return () if job.cancel_asked is None else (_cancelled(live, job.cancel_asked, at=at),)


def _cancelled(live: Live, reason: str, *, at: datetime) -> JobCancelled:
    return JobCancelled(by=SYSTEM.id, reason=reason, assignment_id=live.assignment_id, at=at)
