"""Every deadline of a job, as one function of its state and the policy; see `deadlines.py` for why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fulfillment.domain.job.state import Job, JobStatus
from fulfillment.domain.policy import Policy

SHORT_TTL = timedelta(minutes=20)
"""An offer that stands for less than this is not reminded of (5.5)."""


class JobDeadlineKind(StrEnum):
    """What a deadline is for, in the order in which simultaneous ones are dealt with.

    The job's own end comes first: past it there is nothing left to wait for (trap D5). A quote lapses
    before the time for quotes ends, so that a lapsed one is never counted as a choice left.
    """

    JOB_EXPIRY = "job_expiry"
    BEGIN = "begin"
    REQUEUE_DELAY = "requeue_delay"
    OFFER_EXPIRING = "offer_expiring"
    WAVE_TTL = "wave_ttl"
    QUOTE_EXPIRY = "quote_expiry"
    QUOTE_DEADLINE = "quote_deadline"
    OPS_SLA = "ops_sla"


ORDER = {kind: place for place, kind in enumerate(JobDeadlineKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDeadline:
    """Something that happens at `due` unless the job moves on first; `about` names the quote or offer."""

    id: str
    kind: JobDeadlineKind
    due: datetime
    about: str = ""


def job_deadlines(job: Job, policy: Policy) -> tuple[JobDeadline, ...]:
    """Return what is still to come, soonest first; nothing for a job that has ended."""
    waiting = (each for each in every_job_deadline(job, policy) if each.id not in job.passed)
    return tuple(sorted(waiting, key=lambda each: (each.due, ORDER[each.kind], each.id)))


def every_job_deadline(job: Job, policy: Policy) -> Iterator[JobDeadline]:
    """Yield each deadline of the state, those already dealt with included."""
    if job.is_ended:
        return
    yield from _stage(job, policy)
    yield from _quotes(job)
    if job.status is JobStatus.ACCEPTED:
        return
    yield JobDeadline(id="job_expiry", kind=JobDeadlineKind.JOB_EXPIRY, due=job.expires_at)


def quote_deadline_id(job: Job) -> str:
    """Return the id of the end of the time for quotes, for the present stay in `quoting`."""
    return f"{JobDeadlineKind.QUOTE_DEADLINE}/e{job.epoch}"


def _stage(job: Job, policy: Policy) -> Iterator[JobDeadline]:
    match job.status:
        case JobStatus.OPEN:
            yield _entered(job, JobDeadlineKind.BEGIN, after=timedelta())
        case JobStatus.REQUEUED:
            yield _entered(job, JobDeadlineKind.REQUEUE_DELAY, after=policy.requeue_delay)
        case JobStatus.QUOTING:
            yield _entered(job, JobDeadlineKind.QUOTE_DEADLINE, after=policy.quote_deadline)
        case JobStatus.UNFILLED:
            yield _entered(job, JobDeadlineKind.OPS_SLA, after=policy.ops_sla)
        case JobStatus.OFFERING:
            yield from _offers(job)


def _entered(job: Job, kind: JobDeadlineKind, *, after: timedelta) -> JobDeadline:
    """Return a deadline that hangs on this stay in the status; a later stay has its own (trap X9)."""
    return JobDeadline(id=f"{kind}/e{job.epoch}", kind=kind, due=job.status_entered_at + after)


def _offers(job: Job) -> Iterator[JobDeadline]:
    offers = job.open_offers
    if not offers:
        return
    yield JobDeadline(
        id=f"wave_ttl/r{job.round}.w{job.wave}",
        kind=JobDeadlineKind.WAVE_TTL,
        due=max(offer.expires_at for offer in offers),
    )
    for offer in offers:
        ttl = offer.expires_at - offer.sent_at
        if ttl >= SHORT_TTL:
            yield JobDeadline(
                id=f"offer_expiring/{offer.id}",
                kind=JobDeadlineKind.OFFER_EXPIRING,
                due=offer.sent_at + ttl / 2,
                about=offer.id,
            )


def _quotes(job: Job) -> Iterator[JobDeadline]:
    for quote in job.usable_quotes:
        if quote.valid_until:
            yield JobDeadline(
                id=f"quote_expiry/{quote.id}/v{quote.version}",
                kind=JobDeadlineKind.QUOTE_EXPIRY,
                due=quote.valid_until,
                about=quote.id,
            )
