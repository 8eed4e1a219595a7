"""Posting a job: what it takes, and the form for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from api import jobs as api
from api.errors import FieldError, InvalidBody
from api.reading import TheSession
from api.schemas.jobs import JobSent
from api.ui.commanding import TheSending
from api.ui.forms import Draft, Form
from api.ui.jobs import PATH, Customer
from api.ui.refusals import REFUSED, status_of
from api.ui.rendering import Show, TheShow
from api.ui.sheets import UNTOUCHED, Sheet, refused
from api.ui.typed import CURRENCIES, instant_sent, money_sent, wrong
from api.ui.visitor import Visitor
from api.ui.zones import zones_with
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.job.state import DispatchMode
from fulfillment.domain.window import zone_of

FORM = "job"
HERE = f"{PATH}/new"
MOST_WISHES = 3
WISHES = range(1, MOST_WISHES + 1)
POSTED = "Your job is posted. You hear from us as soon as there is news."
OWN = ("price", "currency", *(f"{end}{n}" for n in WISHES for end in ("start", "end")))
"""Fields of the page that the body has in another shape."""
FIELDS = ("title", "description", "category", "siteAddress", "siteTimezone", "dispatchMode", *OWN)
MODES = (
    (DispatchMode.BOTH, "Both: ask providers who fit, and let others send quotes"),
    (DispatchMode.QUOTES, "Quotes: providers name their price, and you choose"),
    (DispatchMode.AUTO, "Offers: we ask providers who fit, and the first yes gets the job"),
)
TRADES = ("Heating", "Plumbing", "Electrics", "Painting", "Roofing", "Garden", "Cleaning", "Moving")
"""What people are reminded of when they say what it is about; they may say anything."""

router = APIRouter(prefix=HERE, include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What there is to choose from."""

    zones: tuple[tuple[str, str], ...]
    currencies: tuple[tuple[str, str], ...] = tuple((code, code) for code in CURRENCIES)
    modes: tuple[tuple[str, str], ...] = MODES
    trades: tuple[str, ...] = TRADES
    wishes: tuple[int, ...] = tuple(WISHES)


@router.get("")
async def begin(visitor: Customer, show: TheShow) -> Response:
    """Show the form to post a job with."""
    return _page(show, visitor, UNTOUCHED)


@router.post("")
async def post(visitor: Customer, sent: TheSending, session: TheSession) -> Response:
    """Post a job, and go to its page."""
    try:
        body = job_sent(sent.form)
        made = await api.post_job(body, visitor.actor, sent.commands, session, sent.desk.viewing, Response())
    except REFUSED as refusal:
        sheet = refused(refusal, sent.form, FORM, policy=sent.desk.policy, fields=FIELDS)
        return _page(sent.show, visitor, sheet, status=status_of(refusal))
    return sent.show.done(f"{PATH}/{made.id}", POSTED, since=made.state_version)


def job_sent(form: Form) -> JobSent:
    """Return the form as the body of a posting; what is wrong is said of all fields at once.

    Raises:
        InvalidBody: names the fields that are wrong.
    """
    errors: list[FieldError] = []
    zone = form.text("siteTimezone")
    more: dict[str, Any] = {"wantedWindows": []}
    try:
        zone_of(zone)
        more["wantedWindows"] = list(_wishes(form, zone))
    except ValueInvalid:
        errors += wrong("siteTimezone", "Please choose the zone by whose clocks people live there.").errors
    except InvalidBody as refusal:
        errors += refusal.errors
    try:
        more["priceCap"] = money_sent(form, "price", "currency")
    except InvalidBody as refusal:
        errors += refusal.errors
    try:
        body = form.sent(JobSent, drop=OWN, **more)
    except InvalidBody as refusal:
        # What was wrong with a part of ours is missing in the body, too, which nobody has to be told.
        errors += [each for each in refusal.errors if each.field in FIELDS or not errors]
    if errors:
        raise InvalidBody(errors=tuple(errors))
    return body


def _wishes(form: Form, zone: str) -> Iterator[dict[str, str]]:
    for n in WISHES:
        start, end = f"start{n}", f"end{n}"
        if not form.text(start).strip() and not form.text(end).strip():
            continue
        window = {"start": instant_sent(form, start, zone), "end": instant_sent(form, end, zone)}
        if window["end"] <= window["start"]:
            raise wrong(end, "This is not after the beginning.")
        yield window


def _page(show: Show, visitor: Visitor, sheet: Sheet, *, status: int = 200) -> Response:
    draft = _draft(sheet, visitor)
    zones = zones_with(draft.value("siteTimezone"))
    return show("jobs/new.html", status=status, draft=draft, offered=Offered(zones=zones), path=HERE)


def _draft(sheet: Sheet, visitor: Visitor) -> Draft:
    return sheet.draft(
        FORM, siteTimezone=visitor.timezone, currency=CURRENCIES[0], dispatchMode=DispatchMode.BOTH.value
    )
