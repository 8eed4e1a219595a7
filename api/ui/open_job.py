"""One job that looks for a provider: what it is about, and one's own quote for it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import quotes as api
from api.desk import Desk, TheDesk
from api.errors import Missing
from api.reading import TheSession, written
from api.schemas.base import Id
from api.schemas.jobs import JobShown, QuoteSent, QuoteShown
from api.schemas.values import MoneyShown
from api.ui import live, sheets
from api.ui.amounts import typed
from api.ui.commanding import TheSending
from api.ui.doable import may_in_job
from api.ui.forms import Form
from api.ui.moments import Clock
from api.ui.open_jobs import PATH
from api.ui.refusals import REFUSED, Refusal, status_of
from api.ui.rendering import Show, TheShow
from api.ui.sheets import UNTOUCHED, Sheet
from api.ui.typed import instant_sent, money_sent
from api.ui.visitor import Visitor
from api.ui.work import PATH as WORK
from api.ui.work import Provider
from fulfillment.domain.job.commands import SubmitQuote, WithdrawQuote
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.job.state import Job, Quote
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor
from fulfillment.domain.policy import Policy
from fulfillment.store.views import jobs, own_bids

QUOTE, WITHDRAW = "quote", "withdraw"
OWN = ("amount", "currency", "start", "end", "validUntil", "timezone")
FIELDS = ("amount", "start", "end", "validUntil", "note")
QUOTED = "Your quote is sent. You hear from us when the customer takes it up."
WITHDRAWN = "Your quote is withdrawn."

router = APIRouter(prefix=f"{PATH}/{{job_id}}", include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBid:
    """One's own quote for a job, and what one may do about it. `is_mine` says that one has the job."""

    quote: QuoteShown | None
    price: MoneyShown | None
    may_quote: bool
    may_withdraw: bool
    is_mine: bool


class OpenJobPage:
    """Draws the page of a job for a provider who may quote for it."""

    def __init__(self, visitor: Visitor, session: AsyncSession, desk: Desk, show: Show) -> None:
        self._actor = visitor.actor
        self._session = session
        self._desk = desk
        self._show = show

    async def __call__(self, job_id: str, *, sheet: Sheet = UNTOUCHED, status: int = 200) -> Response:
        """Return the page.

        Raises:
            Missing: there is no such job, or none that is theirs to see.
        """
        found = await jobs.job(self._session, job_id)
        if found is None or not may_see(found.job, self._actor):
            raise Missing
        job = self._desk.viewing(self._actor).job(found.job)
        bid = _bid(found.job, self._actor, policy=self._desk.policy)
        drawn = {name for name, may in ((QUOTE, bid.may_quote), (WITHDRAW, bid.may_withdraw)) if may}
        return self._show(
            "open_jobs/one.html",
            status=status,
            live=live.of(job=job),
            job=job,
            bid=bid,
            quote_form=sheet.draft(QUOTE, **_filled_in(bid.quote, job, self._show.clock)),
            withdraw_form=sheet.draft(WITHDRAW),
            stray=sheet.stray(drawn),
            path=f"{PATH}/{job_id}",
            work_path=WORK,
        )


async def _page_of(visitor: Provider, session: TheSession, desk: TheDesk, show: TheShow) -> OpenJobPage:
    return OpenJobPage(visitor, session, desk, show)


ThePage = Annotated[OpenJobPage, Depends(_page_of)]


@router.get("")
async def read_open_job(job_id: Id, page: ThePage) -> Response:
    """Show what is to be done, and what one has asked for it."""
    return await page(job_id)


@router.post("/quote")
async def quote(
    job_id: Id, visitor: Provider, sent: TheSending, session: TheSession, page: ThePage
) -> Response:
    """Name a price, or another one."""
    try:
        body = _quote_sent(sent.form, visitor)
        said = await api.submit_quote(job_id, body, visitor.actor, sent.commands)
    except REFUSED as refusal:
        return await page(
            job_id, sheet=_sheet(refusal, sent.form, QUOTE, sent.desk.policy), status=status_of(refusal)
        )
    await written(session, lambda it: _is_written(it, said), least=1)
    return sent.show.done(f"{PATH}/{job_id}", QUOTED)


@router.post("/quotes/{quote_id}/withdraw")
async def withdraw(
    job_id: Id, quote_id: Id, visitor: Provider, sent: TheSending, session: TheSession, page: ThePage
) -> Response:
    """Take one's quote back."""
    try:
        said = await api.withdraw_quote(job_id, quote_id, visitor.actor, sent.commands)
    except REFUSED as refusal:
        return await page(
            job_id, sheet=_sheet(refusal, sent.form, WITHDRAW, sent.desk.policy), status=status_of(refusal)
        )
    await written(session, lambda it: _is_written(it, said), least=1)
    return sent.show.done(f"{PATH}/{job_id}", WITHDRAWN)


def _sheet(refusal: Refusal, form: Form, id: str, policy: Policy) -> Sheet:
    return sheets.refused(refusal, form, id, policy=policy, fields=FIELDS if id == QUOTE else ())


def _quote_sent(form: Form, visitor: Visitor) -> QuoteSent:
    """Return the quote: its amount in minor units, its times as instants.

    Raises:
        InvalidBody: names the fields that are wrong.
    """
    zone = form.text("timezone") or visitor.timezone
    asked: dict[str, Any] = dict(money_sent(form, "amount", "currency"))
    if form.text("start").strip() or form.text("end").strip():
        asked["window"] = {
            "start": instant_sent(form, "start", zone),
            "end": instant_sent(form, "end", zone, fold=1),
        }
    if form.text("validUntil").strip():
        asked["validUntil"] = instant_sent(form, "validUntil", zone)
    return form.sent(QuoteSent, drop=OWN, **asked)


def _filled_in(quote: QuoteShown | None, job: JobShown, clock: Clock) -> dict[str, object]:
    """Return what the form begins with: the quote that stands, or the first time that is wanted."""
    if quote is None:
        wished = job.wanted_windows[0] if job.wanted_windows else None
        times = {"start": clock.field(wished.start), "end": clock.field(wished.end)} if wished else {}
        return {"currency": job.price_cap.currency, **times}
    window = quote.window
    return {
        "currency": quote.currency,
        "amount": typed(MoneyShown(amount=quote.amount, currency=quote.currency)),
        "start": clock.field(window.start if window else None),
        "end": clock.field(window.end if window else None),
        "validUntil": clock.field(quote.valid_until),
        "note": quote.note,
    }


def _bid(job: Job, actor: Actor, *, policy: Policy) -> OwnBid:
    known, now = job.quote_of(actor.id), datetime.now(UTC)
    some = SubmitQuote(actor=actor, quote_id="q", price=Money(amount=1, currency=job.price_cap.currency))
    shown = QuoteShown.of(known, job_id=job.id) if known else None
    return OwnBid(
        quote=shown,
        price=MoneyShown.model_validate(known.price) if known else None,
        may_quote=may_in_job(job, some, at=now, policy=policy),
        may_withdraw=known is not None and _may_withdraw(job, known, actor, at=now, policy=policy),
        is_mine=job.live is not None and job.live.provider_id == actor.id,
    )


def _may_withdraw(job: Job, known: Quote, actor: Actor, *, at: datetime, policy: Policy) -> bool:
    take_back = WithdrawQuote(actor=actor, quote_id=known.id)
    return known.is_usable and may_in_job(job, take_back, at=at, policy=policy)


async def _is_written(session: AsyncSession, quote: QuoteShown) -> int:
    """Return 1 once pages show the quote as it stands."""
    return int(await own_bids.quote_stands(session, quote.id) == (quote.status, quote.version))
