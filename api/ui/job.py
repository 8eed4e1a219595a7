"""One job of a customer: its page, taking up a quote, proposing a time, and calling the job off."""

from fastapi import APIRouter, Response

from api import jobs as api
from api import quotes as quotes_api
from api import schedule as schedule_api
from api.accepting import TheHandovers
from api.schemas.base import Id
from api.schemas.jobs import QuoteAcceptanceSent, ReasonSent
from api.ui import schedule
from api.ui.bids import form_of
from api.ui.commanding import TheSending
from api.ui.job_page import ThePage
from api.ui.jobs import PATH, Customer
from api.ui.queries import Seen, Since, VisitSince
from api.ui.refusals import REFUSED, newer, status_of
from api.ui.sheets import Sheet, refused

router = APIRouter(prefix=f"{PATH}/{{job_id}}", include_in_schema=False)

ACCEPTED = "The job is in good hands. Next, agree on a time for the visit."
CANCELLED = "The job is cancelled."
CANCEL = "cancel-job"


@router.get("")
async def read_job(
    job_id: Id, page: ThePage, since: Since = None, visit_since: VisitSince = None, seen: Seen = None
) -> Response:
    """Show how the job stands, and its visit."""
    return await page(job_id, since=since, visit_since=visit_since, seen=seen)


@router.post("/quotes/{quote_id}/accept")
async def accept(
    job_id: Id, quote_id: Id, visitor: Customer, sent: TheSending, page: ThePage, handovers: TheHandovers
) -> Response:
    """Take up the wording of a quote that was on the page."""
    try:
        body = sent.form.sent(QuoteAcceptanceSent, numbers=("version",))
        made = await quotes_api.accept_quote(
            job_id, quote_id, body, visitor.actor, sent.commands, handovers, sent.desk.viewing, Response()
        )
    except REFUSED as refusal:
        sheet = refused(refusal, sent.form, form_of(quote_id), policy=sent.desk.policy)
        return await page(job_id, sheet=sheet, status=status_of(refusal))
    return sent.show.done(f"{PATH}/{job_id}", ACCEPTED, visitSince=made.state_version)


@router.post("/cancel")
async def cancel(job_id: Id, visitor: Customer, sent: TheSending, page: ThePage) -> Response:
    """Call the job off."""
    try:
        body = sent.form.sent(ReasonSent)
        job = await api.cancel(job_id, body, visitor.actor, sent.commands, sent.desk.viewing)
    except REFUSED as refusal:
        sheet = refused(refusal, sent.form, CANCEL, policy=sent.desk.policy, fields=("reason",))
        return await page(job_id, sheet=sheet, status=status_of(refusal))
    return sent.show.done(f"{PATH}/{job_id}", CANCELLED, since=job.state_version)


@router.post("/propose")
async def propose(job_id: Id, visitor: Customer, sent: TheSending, page: ThePage) -> Response:
    """Propose a time to whoever has the job."""
    try:
        body = schedule.proposal_sent(sent.form)
        stands = await schedule_api.propose_for_job(
            job_id, body, visitor.actor, sent.commands, sent.desk.viewing, sent.desk, None
        )
    except REFUSED as refusal:
        drafts = schedule.refused(refusal, sent.form, schedule.PROPOSE, policy=sent.desk.policy)
        sheet = Sheet(refused=drafts.propose, meanwhile=drafts.meanwhile)
        return await page(job_id, visit_since=newer(refusal), sheet=sheet, status=status_of(refusal))
    return sent.show.done(f"{PATH}/{job_id}", schedule.PROPOSED, visitSince=stands.state_version)
