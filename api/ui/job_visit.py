"""What a customer does about the visit of a job: answer, report, complain, hold, pay, and call it off."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api import assignments as api
from api import calendars, incidents, payment
from api import schedule as schedule_api
from api.desk import TheDesk
from api.reading import TheSession
from api.schemas.assignments import AnswerSent, AssignmentShown, CancellationSent, HoldSent, ResumptionSent
from api.schemas.base import Id
from api.schemas.incidents import IncidentAnswerSent, NoShowSent
from api.schemas.payouts import DisputeSent, RetrySent
from api.ui import schedule
from api.ui.commanding import Sending, TheSending
from api.ui.forms import Form
from api.ui.job_page import JobPage, ThePage
from api.ui.jobs import PATH, Customer
from api.ui.refusals import REFUSED, newer, status_of
from api.ui.sheets import refused
from api.ui.typed import instant_sent
from fulfillment.domain.people import Actor
from fulfillment.store.views import jobs

router = APIRouter(prefix=f"{PATH}/{{job_id}}/visits/{{assignment_id}}", include_in_schema=False)

REASON = ("reason",)
HOLD_FIELDS = ("until", "reason")
NUMBERS = ("version",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visiting:
    """A form about a visit: who sent it, where it came from, and what draws its page."""

    job_id: str
    id: str
    actor: Actor
    timezone: str
    sent: Sending
    page: JobPage

    async def done(
        self,
        form: str,
        ask: Callable[[Form], Awaitable[AssignmentShown]],
        says: str,
        *,
        fields: tuple[str, ...] = (),
        **since: int,
    ) -> Response:
        """Have it carried out by `ask`; return the way to what was done, or the page with what was wrong."""
        sent = self.sent
        try:
            stands = await ask(sent.form)
        except REFUSED as refusal:
            sheet = refused(refusal, sent.form, form, policy=sent.desk.policy, fields=fields)
            return await self.page(
                self.job_id, visit_since=newer(refusal), sheet=sheet, status=status_of(refusal)
            )
        return sent.show.done(f"{PATH}/{self.job_id}", says, visitSince=stands.state_version, **since)


async def _visiting(
    job_id: Id, assignment_id: Id, visitor: Customer, sent: TheSending, page: ThePage
) -> Visiting:
    return Visiting(
        job_id=job_id,
        id=assignment_id,
        actor=visitor.actor,
        timezone=visitor.timezone,
        sent=sent,
        page=page,
    )


TheVisit = Annotated[Visiting, Depends(_visiting)]


@router.post("/confirm")
async def confirm(it: TheVisit) -> Response:
    """Confirm the time that was proposed for that visit."""

    async def ask(form: Form) -> AssignmentShown:
        body = schedule.confirmation_sent(form)
        return await schedule_api.confirm(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing, None)

    return await it.done(schedule.CONFIRM, ask, schedule.CONFIRMED)


@router.post("/decline")
async def decline(it: TheVisit) -> Response:
    """Decline the time that was proposed; the next proposal is the customer's."""

    async def ask(form: Form) -> AssignmentShown:
        body = form.sent(AnswerSent, numbers=NUMBERS)
        return await schedule_api.decline(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing, None)

    return await it.done("decline", ask, "You declined. Please propose a time that suits you.", fields=REASON)


@router.post("/withdraw")
async def withdraw(it: TheVisit) -> Response:
    """Take one's own proposal back."""

    async def ask(form: Form) -> AssignmentShown:
        body = form.sent(AnswerSent, numbers=NUMBERS)
        return await schedule_api.withdraw(
            it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing, None
        )

    return await it.done("withdraw", ask, "Your proposal is taken back.")


@router.post("/cancel")
async def cancel(it: TheVisit, session: TheSession) -> Response:
    """Call the visit off, and the job with it unless it is kept."""
    # The job hears of it from the visit, one step later.
    before = await jobs.version(session, it.job_id) or 0
    keep = bool(it.sent.form.text("keepJob"))

    async def ask(form: Form) -> AssignmentShown:
        body = form.sent(CancellationSent, flags=("keepJob",))
        return await api.cancel(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)

    says = "The visit is cancelled, and we look for somebody else." if keep else "The visit is cancelled."
    return await it.done("cancel", ask, says, fields=REASON, since=before + 1)


@router.post("/hold")
async def hold(it: TheVisit) -> Response:
    """Stop the clock of patience for a while."""

    async def ask(form: Form) -> AssignmentShown:
        body = form.sent(HoldSent, drop=("until",), until=instant_sent(form, "until", it.timezone))
        return await api.hold(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)

    return await it.done("hold", ask, "The clock stands still.", fields=HOLD_FIELDS)


@router.post("/resume")
async def resume(it: TheVisit) -> Response:
    """Let the clock run again."""

    async def ask(form: Form) -> AssignmentShown:
        body = form.sent(ResumptionSent)
        return await api.resume(it.id, it.actor, it.sent.commands, it.sent.desk.viewing, body)

    return await it.done("resume", ask, "The clock runs again.")


@router.post("/no-show")
async def report(it: TheVisit) -> Response:
    """Say that nobody came."""

    async def ask(form: Form) -> AssignmentShown:
        body = form.sent(NoShowSent)
        return await incidents.report_no_show(it.id, it.actor, it.sent.commands, it.sent.desk.viewing, body)

    says = "We have noted it and ask the provider what happened."
    return await it.done("no-show", ask, says, fields=("note",))


@router.post("/answer")
async def answer(it: TheVisit) -> Response:
    """Say what happened, as the side that is said not to have come."""

    async def ask(form: Form) -> AssignmentShown:
        body = form.sent(IncidentAnswerSent)
        return await incidents.answer_incident(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)

    says = "Thank you. Our team has heard you, and decides how it goes on."
    return await it.done("answer", ask, says, fields=("statement",))


@router.post("/dispute")
async def dispute(it: TheVisit) -> Response:
    """Say that something is wrong with the work."""

    async def ask(form: Form) -> AssignmentShown:
        body = form.sent(DisputeSent)
        return await payment.open_dispute(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)

    says = "Nothing is paid until our team has settled this. You hear from us."
    return await it.done("dispute", ask, says, fields=REASON)


@router.post("/pay")
async def retry(it: TheVisit) -> Response:
    """Have the money held anew."""

    async def ask(form: Form) -> AssignmentShown:
        body = form.sent(RetrySent)
        return await payment.retry_payment(it.id, it.actor, it.sent.commands, it.sent.desk.viewing, body)

    return await it.done("pay", ask, "Your bank is being asked again.")


@router.get("/calendar.ics")
async def download(
    assignment_id: Id, visitor: Customer, request: Request, session: TheSession, desk: TheDesk
) -> Response:
    """Return the agreed visit as a file for one's own calendar."""
    return await calendars.download_visit(assignment_id, visitor.actor, request, session, desk)
