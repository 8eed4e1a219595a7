"""What the clock does to a job (J1, J7, J10, J17, and the patience of customer and operations)."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from fulfillment.domain.assignment.events import DeadlinePassed, Escalated, ReminderFellDue
from fulfillment.domain.job.commands import PassJobDeadline
from fulfillment.domain.job.deadlines import JobDeadline, JobDeadlineKind, job_deadlines
from fulfillment.domain.job.dispatching import begin, end_wave, unfilled
from fulfillment.domain.job.events import ChoiceOverdue, JobEvent, JobExpired, Unfilled
from fulfillment.domain.job.quoting import lapse_quote
from fulfillment.domain.job.state import Job, Offer
from fulfillment.domain.messages import Recipient, Reminder, ReminderKind, Verdict
from fulfillment.domain.people import Party, Role
from fulfillment.domain.policy import Policy


def pass_job_deadline(
    job: Job, command: PassJobDeadline, *, at: datetime, policy: Policy
) -> Sequence[JobEvent]:
    """Do what a deadline that has come asks for. One that no longer applies does nothing (trap X8)."""
    command.actor.expect(Role.SYSTEM)
    due = {each.id: each for each in job_deadlines(job, policy) if each.due <= at}
    deadline = due.get(command.deadline_id)
    if deadline is None:
        return ()
    passed = DeadlinePassed(deadline_id=deadline.id, at=at)
    return (passed, *_consequences(job, deadline, at=at, policy=policy))


def _consequences(job: Job, deadline: JobDeadline, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    match deadline.kind:
        case JobDeadlineKind.JOB_EXPIRY:
            return (JobExpired(at=at),)
        case JobDeadlineKind.BEGIN | JobDeadlineKind.REQUEUE_DELAY:
            return begin(job.dispatch_mode, round=job.round, at=at)
        case JobDeadlineKind.OFFER_EXPIRING:
            return _remind(job.offer(deadline.about), deadline, at=at)
        case JobDeadlineKind.WAVE_TTL:
            return end_wave(job, at=at, policy=policy)
        case JobDeadlineKind.QUOTE_EXPIRY:
            return lapse_quote(job, deadline.about, at=at, policy=policy)
        case JobDeadlineKind.QUOTE_DEADLINE:
            return _quotes_due(job, at=at, policy=policy)
        case JobDeadlineKind.OPS_SLA:
            return (Escalated(owed_by=Party.ADMIN, at=at),)
        case _:
            assert_never(deadline.kind)


def _quotes_due(job: Job, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Close the time for quotes. A job that has some keeps them: only the customer chooses.

    Customer and operations are told that a choice is owed, and the job stays open to it until it expires;
    when its last quote lapses or is withdrawn after this, it is unfilled. A job without a quote is
    unfilled now, unless a wave of offers is about to go out.
    """
    if job.usable_quotes:
        return (ChoiceOverdue(at=at),)
    if job.seeking:
        return ()
    return (unfilled(job, Unfilled.NO_QUOTE, at=at, policy=policy),)


def _remind(offer: Offer | None, deadline: JobDeadline, *, at: datetime) -> Sequence[JobEvent]:
    """Tell the provider that half of their time to answer is gone (trap D6)."""
    if offer is None:
        return ()
    reminder = Reminder(
        kind=ReminderKind.OFFER_EXPIRING,
        to=Recipient(role=Role.PROVIDER, id=offer.provider_id),
        basis=f"o{offer.id}",
        n=1,
        due=deadline.due,
        verdict=Verdict.SKIPPED_LATE if at >= offer.expires_at else Verdict.PLANNED,
    )
    return (ReminderFellDue(reminder=reminder, at=at),)
