"""Jobs for operations: the list, and what they do for one while it looks for a provider."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api import jobs as api
from api.accepting import Handovers, TheHandovers
from api.desk import TheViewing
from api.reading import TheSession, TheTurn
from api.schemas.base import Id
from api.schemas.history import AuditedShown
from api.schemas.jobs import (
    DirectAssignmentSent,
    JobExtensionSent,
    JobShown,
    ReadmissionSent,
    ReasonSent,
    WideningSent,
)
from api.ui import live
from api.ui.commanding import Sending, TheSending
from api.ui.forms import Form
from api.ui.ops.job import TheJob
from api.ui.ops.one import deeds_in
from api.ui.ops.staff import ASSIGNMENTS, JOBS, Staff
from api.ui.people import names
from api.ui.queries import Since
from api.ui.refusals import REFUSED, status_of
from api.ui.rendering import TheShow
from api.ui.sheets import refused
from api.ui.typed import instant_sent, money_sent
from api.ui.words import STATUSES
from fulfillment.domain.job.state import JobStatus
from fulfillment.domain.people import Actor
from fulfillment.store.tables import Entity
from fulfillment.store.views import history

router = APIRouter(prefix=JOBS, include_in_schema=False)

UNTIL = ("until", "timezone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Helping:
    """A form that was sent for the job `id`, and by whom."""

    id: str
    actor: Actor
    sent: Sending
    handovers: Handovers

    @property
    def form(self) -> Form:
        return self.sent.form

    async def done(self, shown: JobShown, says: str) -> Response:
        return self.sent.show.done(f"{JOBS}/{self.id}", says, since=shown.state_version)


Help = Callable[[Helping], Awaitable[Response]]
Route = Callable[..., Coroutine[Any, Any, Response]]


@router.get("")
async def list_jobs(
    visitor: Staff,
    session: TheSession,
    viewing: TheViewing,
    turn: TheTurn,
    show: TheShow,
    status: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """List jobs, newest first: all, or those of one status."""
    watched = live.of_list()
    known = JobStatus(status) if status in set(JobStatus) else None
    page = await api.list_jobs(visitor.actor, session, viewing, turn, known)
    return show(
        "ops/jobs.html",
        live=watched,
        path=JOBS + (f"?status={known}" if known else ""),
        chosen=known,
        statuses=[("", "All"), *((each.value, STATUSES[JobStatus][each].says) for each in JobStatus)],
        jobs=page.items,
        called=await names(
            session, [id for each in page.items for id in (each.customer_id, each.provider_id)]
        ),
        next_cursor=page.next_cursor,
    )


@router.get("/{job_id}")
async def read_job(job_id: Id, page: TheJob, since: Since = None) -> Response:
    """Show how the search stands, and what can be done for it."""
    return await page(job_id, since=since)


@router.get("/{job_id}/audit")
async def read_audit(
    job_id: Id, visitor: Staff, session: TheSession, viewing: TheViewing, turn: TheTurn, show: TheShow
) -> Response:
    """Show who did what, newest first."""
    await api.read_job(job_id, visitor.actor, session, viewing)
    page = await history.audit(session, job_id, turn, entity=Entity.JOB)
    return show(
        "ops/audit.html",
        title="Who did what",
        back=f"{JOBS}/{job_id}",
        back_label="The job",
        path=f"{JOBS}/{job_id}/audit",
        audit=await deeds_in(session, [AuditedShown.of(each) for each in page.items]),
        next_cursor=page.next_cursor,
    )


async def extend(it: Helping) -> Response:
    until = instant_sent(it.form, "until", it.form.text("timezone"))
    body = it.form.sent(JobExtensionSent, drop=UNTIL, until=until)
    shown = await api.extend(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)
    return await it.done(shown, "The job has more time.")


async def widen(it: Helping) -> Response:
    body = it.form.sent(WideningSent, numbers=("waveSize",))
    shown = await api.widen(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)
    return await it.done(shown, "The job is searching once more.")


async def assign(it: Helping) -> Response:
    money = money_sent(it.form, "amount", "currency")
    body = it.form.sent(
        DirectAssignmentSent, drop=("amount", "currency"), amount=money["amount"], currency=money["currency"]
    )
    made = await api.assign(it.id, body, it.actor, it.sent.commands, it.handovers, it.sent.desk.viewing)
    says = "The job is theirs; they are asked to propose a time."
    return it.sent.show.done(f"{ASSIGNMENTS}/{made.id}", says, since=made.state_version)


async def readmit(it: Helping) -> Response:
    body = it.form.sent(ReadmissionSent)
    shown = await api.readmit(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)
    return await it.done(shown, "They may be asked again.")


async def cancel(it: Helping) -> Response:
    body = it.form.sent(ReasonSent)
    shown = await api.cancel(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)
    asked = shown.status is not JobStatus.CANCELLED
    return await it.done(shown, "Its assignment is asked to cancel." if asked else "The job is cancelled.")


HELPS: dict[str, tuple[Help, tuple[str, ...]]] = {
    "extend": (extend, ("until", "reason")),
    "widen": (widen, ("dispatchMode", "waveSize", "reason")),
    "assign": (assign, ("providerId", "amount", "reason")),
    "readmit": (readmit, ("providerId", "reason")),
    "cancel": (cancel, ("reason",)),
}
"""By the name of their form, which is that of their path: what is done, and what a refusal may be about."""


def _route(name: str, help: Help, fields: tuple[str, ...]) -> Route:
    """Return the route by which a form has its command carried out."""

    async def carry_out(
        job_id: Id, visitor: Staff, sent: TheSending, handovers: TheHandovers, page: TheJob
    ) -> Response:
        try:
            return await help(Helping(id=job_id, actor=visitor.actor, sent=sent, handovers=handovers))
        except REFUSED as refusal:
            sheet = refused(refusal, sent.form, name, policy=sent.desk.policy, fields=fields)
            return await page(job_id, sheet=sheet, status=status_of(refusal))

    carry_out.__name__ = name
    return carry_out


for _name, (_help, _fields) in HELPS.items():
    router.post(f"/{{job_id}}/{_name}")(_route(_name, _help, _fields))
