"""Offers to a provider: those that wait, with until when, and what became of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import offers as api
from api.accepting import TheHandovers
from api.desk import Desk, TheDesk
from api.reading import TheSession, TheTurn, written
from api.schemas.base import Id
from api.schemas.jobs import JobShown, OfferDeclineSent, OfferShown
from api.ui import live, sheets
from api.ui.choices import REFUSALS_OF_OFFERS
from api.ui.commanding import TheSending
from api.ui.refusals import REFUSED, status_of
from api.ui.rendering import Show, TheShow
from api.ui.sheets import UNTOUCHED, Sheet
from api.ui.visitor import Visitor
from api.ui.work import PATH as WORK
from api.ui.work import Provider
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.job.state import OfferStatus
from fulfillment.store.views import bids, jobs, own_bids
from fulfillment.store.views.bids import Offered
from fulfillment.store.views.paging import FIRST, Turn

PATH = "/ui/offers"
MOST = Turn(limit=100)
TAKEN = "The job is yours. Now agree on a time with the customer."
DECLINED = "You declined the offer. You are not asked again in this round."

router = APIRouter(prefix=PATH, include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLine:
    """An offer, and its job as far as it is theirs to see. `now` is when the page was drawn."""

    offer: OfferShown
    title: str
    category: str
    site_timezone: str
    job: JobShown | None
    now: datetime

    @property
    def waits(self) -> bool:
        """Whether it can still be answered; the clock may not have come to one that has run out."""
        return self.offer.status is OfferStatus.OPEN and self.now < self.offer.expires_at

    @property
    def accept(self) -> str:
        """The name of the form that accepts it."""
        return f"accept-{self.offer.id}"

    @property
    def decline(self) -> str:
        return f"decline-{self.offer.id}"


class OffersPage:
    """Draws the offers of a provider."""

    def __init__(self, visitor: Visitor, session: AsyncSession, desk: Desk, show: Show) -> None:
        self._actor = visitor.actor
        self._session = session
        self._desk = desk
        self._show = show

    async def __call__(self, turn: Turn = FIRST, *, sheet: Sheet = UNTOUCHED, status: int = 200) -> Response:
        """Return the page: what waits, soonest over first, and on each page some that are answered."""
        id, session, watched = self._actor.id, self._session, live.of_list()
        opened = await bids.offers(session, id, MOST, status=OfferStatus.OPEN)
        listed = await bids.offers(session, id, turn)
        answered = [each for each in listed.items if not each.offer.is_open]
        waiting = sorted(opened.items, key=lambda each: each.offer.expires_at)
        lines = await self._lines(waiting)
        drawn = {form for line in lines if line.waits for form in (line.accept, line.decline)}
        return self._show(
            "offers/list.html",
            status=status,
            live=watched,
            waiting=lines,
            answered=await self._lines(answered),
            next_cursor=listed.next_cursor,
            reasons=REFUSALS_OF_OFFERS,
            path=PATH,
            sheet=sheet,
            stray=sheet.stray(drawn),
        )

    async def _lines(self, offered: Sequence[Offered]) -> list[OfferLine]:
        known = await jobs.some(self._session, [each.job_id for each in offered])
        look, now = self._desk.viewing(self._actor), self._show.clock.now
        seen = {id: look.job(each.job) for id, each in known.items() if may_see(each.job, self._actor)}
        return [
            OfferLine(
                offer=OfferShown.of(each.offer, job_id=each.job_id),
                title=each.title,
                category=each.category,
                site_timezone=each.site_timezone,
                job=seen.get(each.job_id),
                now=now,
            )
            for each in offered
        ]


async def _page_of(visitor: Provider, session: TheSession, desk: TheDesk, show: TheShow) -> OffersPage:
    return OffersPage(visitor, session, desk, show)


ThePage = Annotated[OffersPage, Depends(_page_of)]


@router.get("")
async def list_offers(page: ThePage, turn: TheTurn) -> Response:
    """List the offers made to oneself."""
    return await page(turn)


@router.post("/{offer_id}/accept")
async def accept(
    offer_id: Id,
    visitor: Provider,
    sent: TheSending,
    session: TheSession,
    handovers: TheHandovers,
    page: ThePage,
) -> Response:
    """Take the offered job, and go to where its time is agreed on."""
    try:
        made = await api.accept_offer(
            offer_id, visitor.actor, sent.commands, session, handovers, sent.desk.viewing, Response()
        )
    except REFUSED as refusal:
        sheet = sheets.refused(refusal, sent.form, f"accept-{offer_id}", policy=sent.desk.policy)
        return await page(sheet=sheet, status=status_of(refusal))
    return sent.show.done(f"{WORK}/{made.id}", TAKEN, since=made.state_version)


@router.post("/{offer_id}/decline")
async def decline(
    offer_id: Id, visitor: Provider, sent: TheSending, session: TheSession, page: ThePage
) -> Response:
    """Say no to an offer, with a reason."""
    try:
        body = sent.form.sent(OfferDeclineSent)
        said = await api.decline_offer(offer_id, body, visitor.actor, sent.commands, session)
    except REFUSED as refusal:
        sheet = sheets.refused(
            refusal, sent.form, f"decline-{offer_id}", policy=sent.desk.policy, fields=("reasonCode",)
        )
        return await page(sheet=sheet, status=status_of(refusal))
    await written(session, lambda it: _is_written(it, said), least=1)
    return sent.show.done(PATH, DECLINED)


async def _is_written(session: AsyncSession, offer: OfferShown) -> int:
    """Return 1 once lists show the offer as it stands."""
    return int(await own_bids.offer_stands(session, offer.id) is offer.status)
