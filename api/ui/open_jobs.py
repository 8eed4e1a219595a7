"""Jobs that look for a provider, and what one has quoted for them: the lists."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from api.desk import TheDesk
from api.reading import TheSession, TheTurn
from api.schemas.jobs import JobShown, QuoteShown
from api.schemas.values import MoneyShown
from api.ui.rendering import TheShow
from api.ui.work import Provider
from fulfillment.domain.job.state import QuoteStatus
from fulfillment.store.views import jobs, own_bids
from fulfillment.store.views.own_bids import OwnQuote

PATH = "/ui/open-jobs"

router = APIRouter(prefix=PATH, include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """A job to quote for, and one's own quote if there is one."""

    job: JobShown
    quote: QuoteShown | None

    @property
    def price(self) -> MoneyShown | None:
        """What one has asked for it, while that stands."""
        if self.quote is None or self.quote.status not in {QuoteStatus.OPEN, QuoteStatus.STANDBY}:
            return None
        return MoneyShown(amount=self.quote.amount, currency=self.quote.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """One of one's own quotes, whatever has become of the job."""

    quote: OwnQuote
    price: MoneyShown


@router.get("")
async def list_open_jobs(
    visitor: Provider, session: TheSession, desk: TheDesk, turn: TheTurn, show: TheShow
) -> Response:
    """List the jobs that one may quote for, newest first."""
    found = await jobs.jobs(session, jobs.Wanted(open_to=visitor.id), turn)
    look = desk.viewing(visitor.actor)
    lines = []
    for each in found.items:
        quote = each.job.quote_of(visitor.id)
        shown = QuoteShown.of(quote, job_id=each.job.id) if quote else None
        lines.append(OpenLine(job=look.job(each.job), quote=shown))
    return show("open_jobs/list.html", lines=lines, next_cursor=found.next_cursor)


@router.get("/quotes")
async def list_own_quotes(visitor: Provider, session: TheSession, turn: TheTurn, show: TheShow) -> Response:
    """List what one has asked for, newest first."""
    found = await own_bids.own_quotes(session, visitor.id, turn)
    lines = [
        QuoteLine(quote=each, price=MoneyShown.model_validate(each.price))
        for each in found.items
        if not each.excluded
    ]
    return show("open_jobs/quotes.html", lines=lines, next_cursor=found.next_cursor)
