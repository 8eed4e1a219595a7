"""What somebody says about themselves: their name, their clock, how they are reached, what they pay with."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import calendars, people, wallet
from api.desk import Desk, TheDesk
from api.errors import InvalidBody, Missing
from api.reading import TheSession
from api.schemas.calendars import ConnectedShown
from api.schemas.people import PersonSent, PersonShown
from api.schemas.wallet import PaymentMethodShown
from api.ui.commanding import TheSending
from api.ui.counter import counter_of
from api.ui.forms import Draft, Form
from api.ui.guards import signed_in
from api.ui.refusals import REFUSED, faults_of, status_of
from api.ui.rendering import Show, TheShow
from api.ui.sheets import UNTOUCHED
from api.ui.visitor import Visitor
from api.ui.zones import zones_with
from fulfillment.domain.people import Role

PATH = "/ui/me"
FORM = "me"
FIELDS = ("name", "email", "phone", "timezone", "smsConsent")
LANGUAGE = "en"
SAVED = "What you said about yourself is saved."
SPACING = str.maketrans("", "", " -()/\N{NO-BREAK SPACE}")
"""What people put into phone numbers to read them."""
SAYS = {
    "email": "This is no e-mail address.",
    "phone": "Please write it with the code of the country, such as +49 30 123456.",
}

router = APIRouter(prefix=PATH, include_in_schema=False)

Anybody = Annotated[Visitor, Depends(signed_in())]
Payer = Annotated[Visitor, Depends(signed_in(Role.CUSTOMER))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The ways of one's visits into calendars; `feed` and `consent` are shown once, when they were made."""

    connected: ConnectedShown
    has_feeds: bool
    feed: str
    consent: str

    @property
    def feed_for_apps(self) -> str:
        """The address of the feed, as calendars take it by a click."""
        _, _, rest = self.feed.partition("://")
        return f"webcal://{rest}"


class MyPage:
    """Draws what somebody says about themselves."""

    def __init__(
        self, request: Request, visitor: Visitor, session: AsyncSession, desk: Desk, show: Show
    ) -> None:
        self._request = request
        self._visitor = visitor
        self._session = session
        self._desk = desk
        self._show = show
        self._cookies = counter_of(request).cookies

    async def __call__(self, draft: Draft | None = None, *, status: int = 200) -> Response:
        known = await self._known()
        drawn = draft or _draft(known, self._visitor)
        response = self._show(
            "me.html",
            status=status,
            draft=drawn,
            known=known,
            zones=zones_with(drawn.value("timezone")),
            calendar=await self._calendar(),
            card=await self._card(),
            sheet=UNTOUCHED,
            pays=self._visitor.role is Role.CUSTOMER and self._desk.wallet is not None,
            path=PATH,
        )
        for word in (FEED, CONSENT):
            if self._once(word):
                self._cookies.take(response, word)
        return response

    async def _known(self) -> PersonShown | None:
        try:
            return await people.read_me(self._visitor.actor, self._session)
        except Missing:
            return None

    async def _calendar(self) -> Calendar | None:
        if self._visitor.role not in {Role.CUSTOMER, Role.PROVIDER}:
            return None
        connected = await calendars.read_connections(self._visitor.actor, self._session, self._desk)
        return Calendar(
            connected=connected,
            has_feeds=self._desk.house.with_files,
            feed=self._once(FEED),
            consent=self._once(CONSENT),
        )

    async def _card(self) -> PaymentMethodShown | None:
        if self._visitor.role is not Role.CUSTOMER:
            return None
        try:
            return await wallet.read_card(self._visitor.actor, self._session, self._desk)
        except Missing:
            return None

    def _once(self, word: str) -> str:
        """Return what is shown once and to this browser alone; nothing if nothing was just made."""
        said = self._cookies.read(self._request, word, seconds=SECONDS)
        return said if isinstance(said, str) else ""


FEED, CONSENT = "feed", "consent"
SECONDS = 300
"""How long a browser keeps what is shown once."""


async def _page_of(
    request: Request, visitor: Anybody, session: TheSession, desk: TheDesk, show: TheShow
) -> MyPage:
    return MyPage(request, visitor, session, desk, show)


ThePage = Annotated[MyPage, Depends(_page_of)]


@router.get("")
async def read_me(page: ThePage) -> Response:
    """Show what one says about oneself."""
    return await page()


@router.post("")
async def write_me(visitor: Anybody, sent: TheSending, session: TheSession, page: ThePage) -> Response:
    """Say it anew, all of it at once."""
    try:
        await people.keep(session, visitor.id, person_sent(sent.form), roles=visitor.roles)
    except REFUSED as refusal:
        await session.rollback()
        faults = faults_of(refusal, fields=FIELDS, policy=sent.desk.policy)
        return await page(sent.form.draft(FORM, faults), status=status_of(refusal))
    return sent.show.done(PATH, SAVED)


@router.post("/card/forget")
async def forget_card(visitor: Payer, sent: TheSending, session: TheSession) -> Response:
    """Forget the card one pays with."""
    await wallet.forget_card(visitor.actor, session)
    return sent.show.done(PATH, "Your card is forgotten. What is held on it already stays held.")


def person_sent(form: Form) -> PersonSent:
    """Return the form as the body of an entry.

    Raises:
        InvalidBody: names the fields that are wrong.
    """
    reached: dict[str, Any] = {name: form.text(name).strip() or None for name in ("email", "phone")}
    phone = reached["phone"]
    reached["phone"] = phone.translate(SPACING) if phone else None
    try:
        return form.sent(PersonSent, flags=("smsConsent",), **reached)
    except InvalidBody as refusal:
        said = (replace(each, message=SAYS.get(each.field, each.message)) for each in refusal.errors)
        raise InvalidBody(errors=tuple(said)) from None


def _draft(known: PersonShown | None, visitor: Visitor) -> Draft:
    if known is None:
        return Draft.fresh(FORM, name=visitor.name, timezone=visitor.timezone, locale=LANGUAGE)
    return Draft.fresh(
        FORM,
        name=known.name,
        email=known.email,
        phone=known.phone,
        timezone=known.timezone,
        locale=known.locale,
        smsConsent="yes" if known.sms_consent else None,
    )
