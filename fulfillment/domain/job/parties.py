"""Who is let in to a job, and whether it still takes steps."""

from datetime import datetime

from fulfillment.domain.errors import JobClosed, NotAParty, ProviderExcluded, RoleForbidden, WrongState
from fulfillment.domain.job.state import OPEN_TO_PROVIDERS, Job, JobStatus
from fulfillment.domain.people import Actor, Role
from fulfillment.domain.text import LONGEST_WORD, expect_reason

LOOKING = frozenset({JobStatus.OPEN, *OPEN_TO_PROVIDERS})


def may_see(job: Job, actor: Actor) -> bool:
    """Return whether the job exists as far as `actor` may know.

    Providers see a job that looks for somebody, and one they have a quote, an offer or the assignment
    of. One they are excluded from leaves their lists at once (trap D8).
    """
    match actor.role:
        case Role.CUSTOMER:
            return job.customer_id == actor.id
        case Role.PROVIDER:
            return actor.id not in job.excluded and (job.status in LOOKING or _takes_part(job, actor.id))
        case _:
            return True


def expect_owner(job: Job, actor: Actor) -> None:
    """Refuse a customer whose job this is not; staff may pass.

    Raises:
        NotAParty: another's job; they are told it does not exist.
    """
    if actor.role is Role.CUSTOMER and job.customer_id != actor.id:
        raise NotAParty("there is no such job")


def expect_eligible(job: Job, provider_id: str) -> None:
    """Refuse a provider who cannot have this job.

    Raises:
        RoleForbidden: it is their own.
        ProviderExcluded: they gave it back (trap D2).
    """
    if provider_id == job.customer_id:
        raise RoleForbidden("nobody takes on their own job")
    if provider_id in job.excluded:
        raise ProviderExcluded("this provider gave the job back; operations can readmit them")


def expect_running(job: Job, *allowed: JobStatus, at: datetime) -> None:
    """Refuse a step that does not follow from the status, or comes when the job's time is up.

    Raises:
        JobClosed: the job has ended, or its time has run out though the clock has not come to it yet.
        WrongState: it stands elsewhere.
    """
    expect_not_ended(job)
    if job.status is not JobStatus.ACCEPTED and at >= job.expires_at:
        raise JobClosed(f"the job's time ran out at {job.expires_at.isoformat()}")
    if job.status not in allowed:
        raise WrongState(f"not possible while {job.status}; it takes {' or '.join(allowed)}")


def expect_not_ended(job: Job) -> None:
    """Refuse anything once the job is over.

    Raises:
        JobClosed: it is.
    """
    if job.is_ended:
        raise JobClosed(f"the job is {job.status}; nothing more can happen to it")


def expect_id(field: str, id: str) -> None:
    """Refuse an id that is missing or no word.

    Raises:
        ReasonRequired, ValueInvalid: as `text.expect_reason`.
    """
    expect_reason(field, id, most=LONGEST_WORD)


def _takes_part(job: Job, provider_id: str) -> bool:
    holds = job.live is not None and job.live.provider_id == provider_id
    asked = any(offer.provider_id == provider_id for offer in job.offers)
    return holds or asked or job.quote_of(provider_id) is not None
