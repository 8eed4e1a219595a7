"""A provider's own absences: what one would touch, reporting it, following it, and being back early."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import absences as api
from api.absence_commands import AbsenceCommands
from api.desk import Desk, TheDesk
from api.reading import TheSession, TheTurn, written
from api.schemas.absences import (
    AbsenceBegun,
    AbsenceListed,
    AbsenceSent,
    AffectedShown,
    EndOfAbsenceSent,
)
from api.schemas.base import Id
from api.schemas.lists import Page
from api.schemas.values import WindowShown
from api.ui import sheets
from api.ui.choices import ABSENCES
from api.ui.commanding import Sending, TheSending
from api.ui.forms import Form
from api.ui.people import UNNAMED, names
from api.ui.refusals import REFUSED, Refusal, status_of
from api.ui.rendering import Show, TheShow
from api.ui.sheets import UNTOUCHED, Sheet
from api.ui.typed import instant_sent
from api.ui.visitor import Visitor
from api.ui.work import Provider
from fulfillment.domain.absence.results import AbsenceStatus
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.people import Party
from fulfillment.store.views import absences, jobs
from fulfillment.store.views.paging import FIRST, Turn

PATH = "/ui/away"
FORM, SURE, END = "away", "sure", "end"
FIELDS = ("from", "to", "reason", "reasonCode")
OWN = ("from", "to", "timezone")
ENDED = "Welcome back. What was not given back yet stays yours."

router = APIRouter(prefix=PATH, include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedLine:
    """Some work that an absence touches, with what it is about and for whom."""

    shown: AffectedShown
    title: str
    other: str


class AwayPages:
    """Draws the pages about a provider's absences."""

    def __init__(self, visitor: Visitor, session: AsyncSession, desk: Desk, show: Show) -> None:
        self.visitor = visitor
        self.session = session
        self._desk = desk
        self._show = show

    async def overview(self, turn: Turn = FIRST, *, sheet: Sheet = UNTOUCHED, status: int = 200) -> Response:
        """Return the form to report an absence, and those that there were."""
        listed = await self._listed(turn)
        return self._show(
            "away/list.html",
            status=status,
            draft=sheet.draft(FORM),
            listed=listed.items,
            next_cursor=listed.next_cursor,
            reasons=ABSENCES,
            path=PATH,
        )

    async def preview(self, begun: AbsenceBegun, form: Form) -> Response:
        """Return what the absence would touch, and the button that reports it."""
        return self._show(
            "away/preview.html",
            span=WindowShown(start=begun.since, end=begun.until),
            lines=await self._lines(begun.affected),
            draft=form.draft(FORM, ()),
            sure=UNTOUCHED.draft(SURE),
            asked=list(form.values.items()),
            path=PATH,
        )

    async def one(self, id: str, *, sheet: Sheet = UNTOUCHED, status: int = 200) -> Response:
        """Return how an absence gets on."""
        shown = await api.read_absence(self.visitor.id, id, self.visitor.actor, self.session)
        is_on = shown.status is not AbsenceStatus.ENDED and shown.until > self._show.clock.now
        return self._show(
            "away/one.html",
            status=status,
            absence=shown,
            span=WindowShown(start=shown.since, end=shown.until),
            results={each.assignment_id: each for each in shown.results},
            lines=await self._lines(shown.results),
            draft=sheet.draft(END),
            may_end=is_on,
            stray=sheet.stray({END} if is_on else ()),
            path=PATH,
        )

    async def _listed(self, turn: Turn) -> Page[AbsenceListed]:
        return await api.list_absences(self.visitor.id, self.visitor.actor, self.session, turn)

    async def _lines(self, touched: Sequence[AffectedShown]) -> list[TouchedLine]:
        titles = await self._titles([each.job_id for each in touched])
        called = await names(self.session, [each.customer_id for each in touched])
        return [
            TouchedLine(
                shown=each,
                title=titles.get(each.job_id, "A job you gave back"),
                other=called.get(each.customer_id, UNNAMED[Party.CUSTOMER]),
            )
            for each in touched
        ]

    async def _titles(self, ids: Sequence[str]) -> Mapping[str, str]:
        known = await jobs.some(self.session, ids)
        actor = self.visitor.actor
        return {id: each.job.title for id, each in known.items() if may_see(each.job, actor)}


async def _pages_of(visitor: Provider, session: TheSession, desk: TheDesk, show: TheShow) -> AwayPages:
    return AwayPages(visitor, session, desk, show)


ThePages = Annotated[AwayPages, Depends(_pages_of)]


@router.get("")
async def list_absences(pages: ThePages, turn: TheTurn) -> Response:
    """Show the form to report an absence, and those that there were."""
    return await pages.overview(turn)


@router.post("/preview")
async def preview(sent: TheSending, pages: ThePages) -> Response:
    """Show what an absence would touch; nothing is done yet."""
    try:
        begun = await _report(sent, pages, dry_run=True)
    except REFUSED as refusal:
        return await pages.overview(sheet=_sheet(refusal, sent, FORM), status=status_of(refusal))
    return await pages.preview(begun, sent.form)


@router.post("")
async def report(sent: TheSending, pages: ThePages) -> Response:
    """Report an absence, and go to how it gets on."""
    try:
        begun = await _report(sent, pages, dry_run=False)
    except REFUSED as refusal:
        return await pages.overview(sheet=_sheet(refusal, sent, FORM), status=status_of(refusal))
    id = begun.id or ""
    await written(pages.session, lambda it: _is_written(it, id), least=1)
    return sent.show.done(f"{PATH}/{id}", "We know that you are away, and see to what it touches.")


@router.get("/{absence_id}")
async def read_absence(absence_id: Id, pages: ThePages) -> Response:
    """Show how an absence gets on."""
    return await pages.one(absence_id)


@router.post("/{absence_id}/end")
async def end(absence_id: Id, sent: TheSending, pages: ThePages) -> Response:
    """Be back before the time."""
    try:
        body = sent.form.sent(EndOfAbsenceSent)
        await api.end(
            pages.visitor.id,
            absence_id,
            body,
            pages.visitor.actor,
            sent.commands,
            _commands(sent, pages),
            pages.session,
        )
    except REFUSED as refusal:
        return await pages.one(absence_id, sheet=_sheet(refusal, sent, END), status=status_of(refusal))
    return sent.show.done(f"{PATH}/{absence_id}", ENDED)


async def _report(sent: Sending, pages: AwayPages, *, dry_run: bool) -> AbsenceBegun:
    """Have the API preview an absence, or report it.

    Raises:
        DomainError, ApiError: why not.
    """
    visitor = pages.visitor
    zone = sent.form.text("timezone") or visitor.timezone
    span = {"from": instant_sent(sent.form, "from", zone), "to": instant_sent(sent.form, "to", zone, fold=1)}
    body = sent.form.sent(AbsenceSent, drop=OWN, dryRun=dry_run, **span)
    return await api.report(
        visitor.id,
        body,
        visitor.actor,
        sent.commands,
        _commands(sent, pages),
        pages.session,
        Response(),
    )


def _commands(sent: Sending, pages: AwayPages) -> AbsenceCommands:
    return AbsenceCommands(pages.session, sent.desk.engine, sent.commands)


def _sheet(refusal: Refusal, sent: Sending, form: str) -> Sheet:
    return sheets.refused(refusal, sent.form, form, policy=sent.desk.policy, fields=FIELDS)


async def _is_written(session: AsyncSession, id: str) -> int:
    return int(await absences.absence(session, id) is not None)
