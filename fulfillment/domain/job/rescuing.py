"""What operations do for a job that found nobody: more time, another search, somebody by name (J16)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fulfillment.domain.assignment.state import Origin
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.job.commands import AssignProvider, ExtendJob, ReadmitProvider, WidenDispatch
from fulfillment.domain.job.dispatching import begin
from fulfillment.domain.job.events import DispatchRestarted, JobEvent, JobExtended, ProviderReadmitted
from fulfillment.domain.job.handover import expect_within, handed
from fulfillment.domain.job.parties import expect_eligible, expect_id, expect_not_ended, expect_running
from fulfillment.domain.job.state import DispatchMode, Job, JobStatus
from fulfillment.domain.people import Actor, Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.text import expect_reason

LARGEST_WAVE = 50
MOST_HOURS = 24 * 366


def extend_job(job: Job, command: ExtendJob, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Give the job more time; an unfilled one searches again in a new round.

    Time may be added before it has run out too, so that nobody has to wait for the loss first.

    Raises:
        RoleForbidden: only staff.
        JobClosed: the job is over.
        ReasonRequired, ValueInvalid: the reason is missing, or the new end is not later, or too far.
    """
    command.actor.expect(Role.OPS, Role.ADMIN)
    expect_not_ended(job)
    expect_reason("reason", command.reason)
    end = _new_end(job, command, at=at, policy=policy)
    extended = JobExtended(expires_at=end, by=command.actor.id, reason=command.reason, at=at)
    if job.status is not JobStatus.UNFILLED:
        return (extended,)
    again = _again(job, command.actor, mode=job.dispatch_mode, size=None, reason=command.reason, at=at)
    return (extended, *again)


def widen_dispatch(job: Job, command: WidenDispatch, *, at: datetime) -> Sequence[JobEvent]:
    """Let an unfilled job search once more, in another mode or larger waves where they are given.

    Raises:
        RoleForbidden: only staff.
        JobClosed, WrongState: the job is over, out of time, or not unfilled.
        ReasonRequired, ValueInvalid: the reason is missing, or the wave size is out of bounds.
    """
    command.actor.expect(Role.OPS, Role.ADMIN)
    expect_running(job, JobStatus.UNFILLED, at=at)
    expect_reason("reason", command.reason)
    if command.wave_size is not None and not 1 <= command.wave_size <= LARGEST_WAVE:
        raise ValueInvalid(f"waveSize: a wave goes to between 1 and {LARGEST_WAVE} providers")
    mode = command.dispatch_mode or job.dispatch_mode
    return _again(job, command.actor, mode=mode, size=command.wave_size, reason=command.reason, at=at)


def assign_provider(job: Job, command: AssignProvider, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Give an unfilled job to a provider by name; they owe the first proposal of a window.

    Raises:
        RoleForbidden: only staff, and never to the customer themselves.
        JobClosed, WrongState: the job is over, out of time, or not unfilled.
        ProviderExcluded: readmit them first.
        ReasonRequired, ValueInvalid, AmountExceedsAuthorised: the reason, the id or the amount is off.
    """
    command.actor.expect(Role.OPS, Role.ADMIN)
    expect_running(job, JobStatus.UNFILLED, at=at)
    expect_reason("reason", command.reason)
    expect_id("providerId", command.provider_id)
    expect_eligible(job, command.provider_id)
    expect_within("amount", command.amount, cap=job.price_cap)
    made = handed(
        job,
        provider_id=command.provider_id,
        origin=Origin.OPS,
        price=command.amount,
        window=None,
        by=command.actor,
        reason=command.reason,
        at=at,
        policy=policy,
    )
    return (made,)


def readmit_provider(job: Job, command: ReadmitProvider, *, at: datetime) -> Sequence[JobEvent]:
    """Lift a provider's exclusion (trap D3), at any time before the job is over; again changes nothing.

    Raises:
        RoleForbidden: only staff.
        JobClosed: the job is over.
        ReasonRequired, ValueInvalid: the reason is missing or unfit.
    """
    command.actor.expect(Role.OPS, Role.ADMIN)
    expect_not_ended(job)
    expect_reason("reason", command.reason)
    if command.provider_id not in job.excluded:
        return ()
    readmitted = ProviderReadmitted(
        provider_id=command.provider_id, by=command.actor.id, reason=command.reason, at=at
    )
    return (readmitted,)


def _again(
    job: Job, actor: Actor, *, mode: DispatchMode, size: int | None, reason: str, at: datetime
) -> tuple[JobEvent, ...]:
    restarted = DispatchRestarted(
        dispatch_mode=mode, wave_size=size or job.wave_size, by=actor.id, reason=reason, at=at
    )
    return (restarted, *begin(mode, round=job.round + 1, at=at))


def _new_end(job: Job, command: ExtendJob, *, at: datetime, policy: Policy) -> datetime:
    match (command.hours, command.until):
        case (int(hours), None) if 1 <= hours <= MOST_HOURS:
            end = max(job.expires_at, at) + timedelta(hours=hours)
        case (None, datetime() as until) if until.tzinfo:
            end = until
        case (int(), None):
            raise ValueInvalid(f"hours: it takes between 1 and {MOST_HOURS}")
        case (None, datetime()):
            raise ValueInvalid("until: it needs a UTC offset")
        case _:
            raise ValueInvalid("hours, until: it takes exactly one of them")
    if not max(job.expires_at, at) < end <= at + policy.max_ahead:
        raise ValueInvalid(
            f"until: it takes an instant later than the present end, within {policy.max_ahead.days} days"
        )
    return end
