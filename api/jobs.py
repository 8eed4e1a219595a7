"""Jobs: posted by customers, read by whom they concern, helped along by operations."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status

from api.accepting import TheHandovers
from api.auth import allow
from api.commanding import TheCommands
from api.desk import TheViewing
from api.errors import Missing
from api.reading import MinVersion, TheSession, TheTurn, once_at, written
from api.schemas.assignments import AssignmentShown
from api.schemas.base import Id
from api.schemas.jobs import (
    DirectAssignmentSent,
    JobExtensionSent,
    JobSent,
    JobShown,
    ReadmissionSent,
    ReasonSent,
    WideningSent,
)
from api.schemas.lists import Page
from fulfillment.domain.ids import derived
from fulfillment.domain.job.commands import (
    AssignProvider,
    CancelJob,
    ExtendJob,
    PostJob,
    ReadmitProvider,
    WidenDispatch,
)
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.job.state import DispatchMode, JobStatus
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor, Role
from fulfillment.domain.window import zone_of
from fulfillment.store.views import jobs

router = APIRouter(prefix="/jobs", tags=["jobs"])

Anybody = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN, Role.CUSTOMER, Role.PROVIDER))]
Customer = Annotated[Actor, Depends(allow(Role.CUSTOMER))]
Owner = Annotated[Actor, Depends(allow(Role.CUSTOMER, Role.OPS, Role.ADMIN))]
Staff = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN))]


@router.post("", status_code=status.HTTP_201_CREATED)
async def post_job(
    body: JobSent,
    actor: Customer,
    commands: TheCommands,
    session: TheSession,
    viewing: TheViewing,
    response: Response,
) -> JobShown:
    """Post a job; it starts to look for a provider at once."""
    zone_of(body.site_timezone)
    envelope = commands.envelope(actor, "")
    command = PostJob(
        **envelope,
        job_id=derived("job", envelope["command_id"]),
        title=body.title,
        description=body.description or "",
        category=body.category or "",
        site_timezone=body.site_timezone,
        site_address=body.site_address or "",
        price_cap=body.price_cap.value(),
        dispatch_mode=body.dispatch_mode,
        wanted_windows=tuple(each.value() for each in body.wanted_windows),
    )
    job = await commands.of_new_job(command)
    await written(session, lambda it: jobs.version(it, job.id), least=1)
    response.headers["Location"] = f"/jobs/{job.id}"
    return viewing(actor).job(job)


@router.get("")
async def list_jobs(
    actor: Anybody,
    session: TheSession,
    viewing: TheViewing,
    turn: TheTurn,
    job_status: Annotated[JobStatus | None, Query(alias="status")] = None,
    mode: Annotated[DispatchMode | None, Query(alias="dispatchMode")] = None,
) -> Page[JobShown]:
    """List jobs, newest first: a customer's own, those a provider may quote for, or for staff all."""
    wanted = jobs.Wanted(
        customer_id=actor.id if actor.role is Role.CUSTOMER else None,
        open_to=actor.id if actor.role is Role.PROVIDER else None,
        status=job_status,
        dispatch_mode=mode,
    )
    found = await jobs.jobs(session, wanted, turn)
    shown = [viewing(actor).job(each.job, projected_at=each.projected_at) for each in found.items]
    return Page(items=shown, next_cursor=found.next_cursor)


@router.get("/{job_id}")
async def read_job(
    job_id: Id, actor: Anybody, session: TheSession, viewing: TheViewing, min_version: MinVersion = None
) -> JobShown:
    """Show a job as it has been written down."""
    found = await once_at(
        lambda: jobs.job(session, job_id), version_of=lambda it: it.job.state_version, least=min_version
    )
    if not may_see(found.job, actor):
        raise Missing
    return viewing(actor).job(found.job, projected_at=found.projected_at)


@router.post("/{job_id}/cancel")
async def cancel(
    job_id: Id, body: ReasonSent, actor: Owner, commands: TheCommands, viewing: TheViewing
) -> JobShown:
    """Call a job off; while a provider has it, its assignment is asked to cancel, and decides."""
    command = CancelJob(**commands.envelope(actor, job_id), reason=body.reason)
    return viewing(actor).job((await commands.of_job("cancel_job", job_id, command)).job)


# What operations do for a job that found nobody.


@router.post("/{job_id}/extend")
async def extend(
    job_id: Id, body: JobExtensionSent, actor: Staff, commands: TheCommands, viewing: TheViewing
) -> JobShown:
    """Give a job more time."""
    command = ExtendJob(
        **commands.envelope(actor, job_id), reason=body.reason, hours=body.hours, until=body.until
    )
    return viewing(actor).job((await commands.of_job("extend_job", job_id, command)).job)


@router.post("/{job_id}/widen")
async def widen(
    job_id: Id, body: WideningSent, actor: Staff, commands: TheCommands, viewing: TheViewing
) -> JobShown:
    """Let an unfilled job search once more, wider."""
    command = WidenDispatch(
        **commands.envelope(actor, job_id),
        reason=body.reason,
        dispatch_mode=body.dispatch_mode,
        wave_size=body.wave_size,
    )
    return viewing(actor).job((await commands.of_job("widen_dispatch", job_id, command)).job)


@router.post("/{job_id}/assign", status_code=status.HTTP_201_CREATED)
async def assign(
    job_id: Id,
    body: DirectAssignmentSent,
    actor: Staff,
    commands: TheCommands,
    handovers: TheHandovers,
    viewing: TheViewing,
) -> AssignmentShown:
    """Give an unfilled job to a provider who agreed to it by other means."""
    command = AssignProvider(
        **commands.envelope(actor, job_id),
        provider_id=body.provider_id,
        amount=Money(amount=body.amount, currency=body.currency),
        reason=body.reason,
    )
    answer = await commands.of_job("assign_provider", job_id, command)
    return viewing(actor).assignment(await handovers.made(answer))


@router.post("/{job_id}/readmit")
async def readmit(
    job_id: Id, body: ReadmissionSent, actor: Staff, commands: TheCommands, viewing: TheViewing
) -> JobShown:
    """Let a provider who gave the job back be asked again."""
    command = ReadmitProvider(
        **commands.envelope(actor, job_id), provider_id=body.provider_id, reason=body.reason
    )
    return viewing(actor).job((await commands.of_job("readmit_provider", job_id, command)).job)
