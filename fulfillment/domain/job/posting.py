"""Posting a job, and calling it off (J0, J14, J15)."""

from collections.abc import Sequence
from datetime import datetime

from fulfillment.domain.errors import ValueInvalid, WindowInvalid
from fulfillment.domain.job.commands import CancelJob, PostJob
from fulfillment.domain.job.events import CancelForwarded, JobCancelled, JobEvent, JobPosted
from fulfillment.domain.job.parties import expect_id, expect_not_ended, expect_owner
from fulfillment.domain.job.state import Job, JobStatus
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.text import expect_reason, expect_text

LONGEST_TITLE = 200
LONGEST_CATEGORY = 64
LONGEST_ADDRESS = 500
MOST_WINDOWS = 10


def expect_postable(command: PostJob, *, at: datetime, policy: Policy) -> None:
    """Refuse a job that nobody could work on, before its story begins.

    The API asks this, and whether `site_timezone` is one (`window.zone_of`: zones are read from disk,
    which no workflow may do). Wanted windows are wishes: they have to lie ahead, not to be bookable.

    Raises:
        RoleForbidden: only customers post jobs.
        ValueInvalid: a text, the price cap, or the number of windows is out of bounds.
        WindowInvalid: a wanted window is past, or too far ahead.
    """
    command.actor.expect(Role.CUSTOMER)
    expect_id("jobId", command.job_id)
    if not command.title.strip():
        raise ValueInvalid("title: a job needs a title")
    expect_text("title", command.title, most=LONGEST_TITLE)
    expect_text("description", command.description)
    expect_text("category", command.category, most=LONGEST_CATEGORY)
    expect_text("siteAddress", command.site_address, most=LONGEST_ADDRESS)
    if command.price_cap.amount <= 0:
        raise ValueInvalid("priceCap: a job is worth at least one minor unit")
    _expect_ahead(command, at=at, policy=policy)


def post(command: PostJob, *, at: datetime, policy: Policy) -> JobPosted:
    """Return the job at its beginning (J0). What could be refused, `expect_postable` has refused."""
    job = Job(
        id=command.job_id,
        customer_id=command.actor.id,
        title=command.title,
        description=command.description,
        category=command.category,
        site_timezone=command.site_timezone,
        site_address=command.site_address,
        price_cap=command.price_cap,
        dispatch_mode=command.dispatch_mode,
        wanted_windows=command.wanted_windows,
        status_entered_at=at,
        created_at=at,
        expires_at=at + policy.job_expiry,
    )
    return JobPosted(job=job)


def cancel_job(job: Job, command: CancelJob, *, at: datetime) -> Sequence[JobEvent]:
    """Call the job off (J14); while a provider has it, ask its assignment, whose guards decide (J15).

    Raises:
        RoleForbidden, NotAParty: only its customer, or staff.
        JobClosed: it is over.
        ReasonRequired, ValueInvalid: the reason is missing or unfit.
    """
    command.actor.expect(Role.CUSTOMER, Role.OPS, Role.ADMIN)
    expect_owner(job, command.actor)
    expect_not_ended(job)
    expect_reason("reason", command.reason)
    if job.status is JobStatus.ACCEPTED and job.live:
        forwarded = CancelForwarded(
            assignment_id=job.live.assignment_id, actor=command.actor, reason=command.reason, at=at
        )
        return (forwarded,)
    return (JobCancelled(by=command.actor.id, reason=command.reason, at=at),)


def _expect_ahead(command: PostJob, *, at: datetime, policy: Policy) -> None:
    windows = command.wanted_windows
    if len(windows) > MOST_WINDOWS:
        raise ValueInvalid(f"wantedWindows: {len(windows)} windows; at most {MOST_WINDOWS} are taken")
    for window in windows:
        if not at < window.start <= at + policy.max_ahead:
            raise WindowInvalid(
                f"wantedWindows: each begins within {policy.max_ahead.days} days from now, "
                f"not at {window.start.isoformat()}"
            )
