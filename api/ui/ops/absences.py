"""When a provider is away, for operations: what it would touch, how it gets on, and its end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import absences as api
from api.absence_commands import AbsenceCommands
from api.people import Sub
from api.reading import TheSession, TheTurn
from api.schemas.absences import (
    AbsenceBegun,
    AbsenceListed,
    AbsenceResultShown,
    AbsenceSent,
    AffectedShown,
    EndOfAbsenceSent,
)
from api.schemas.base import Id
from api.ui import live
from api.ui.commanding import Sending, TheSending
from api.ui.forms import Draft, Form
from api.ui.ops.staff import ADMIN, Staff, absences_of
from api.ui.ops.words import ABSENCES, AWAY, OUTCOMES, WHATS
from api.ui.people import names
from api.ui.refusals import REFUSED, faults_of, status_of
from api.ui.rendering import Show, TheShow
from api.ui.sheets import UNTOUCHED, Sheet, refused
from api.ui.typed import instant_sent
from api.ui.visitor import Visitor
from api.ui.words import Badge
from fulfillment.domain.absence.results import Outcome
from fulfillment.store.views import jobs
from fulfillment.store.views.paging import FIRST, Turn

router = APIRouter(prefix=f"{ADMIN}/providers/{{provider_id:path}}/unavailable", include_in_schema=False)

REPORT, RUN, END = "report", "run", "end"
FIELDS = ("from", "to", "reasonCode", "reason")
TIMES = ("from", "to", "timezone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """An absence in words: how it stands, and how many of its assignments are seen to."""

    shown: AbsenceListed
    badge: Badge
    why: str
    path: str

    @property
    def start(self) -> datetime:
        return self.shown.since

    @property
    def end(self) -> datetime:
        return self.shown.until

    @property
    def total(self) -> int:
        return sum(self.shown.counts.values())

    @property
    def settled(self) -> int:
        return self.total - self.shown.counts[Outcome.WAITING]

    @property
    def is_on(self) -> bool:
        """Whether it has not ended yet, and so can be ended."""
        return self.shown.ended_at is None and self.shown.until > datetime.now(UTC)

    @property
    def counts(self) -> tuple[tuple[int, Badge], ...]:
        return tuple((n, OUTCOMES[outcome]) for outcome, n in self.shown.counts.items() if n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """An assignment that an absence touches: its job and customer, what is done, and what became of it."""

    shown: AffectedShown
    title: str
    customer: str
    what: str
    badge: Badge | None = None
    detail: str = ""


class AbsencesPage:
    """Draws the list of a provider's absences with the form to report one."""

    def __init__(self, visitor: Visitor, session: AsyncSession, show: Show) -> None:
        self._actor = visitor.actor
        self._session = session
        self._show = show

    async def __call__(
        self, provider_id: str, *, turn: Turn = FIRST, draft: Draft | None = None, status: int = 200
    ) -> Response:
        """Return the page; `draft` is the form as it was refused."""
        page = await api.list_absences(provider_id, self._actor, self._session, turn)
        zone = self._show.clock.place.name
        return self._show(
            "ops/absences.html",
            status=status,
            provider_id=provider_id,
            provider=await _name(self._session, provider_id),
            path=absences_of(provider_id),
            absences=[_absence(each) for each in page.items],
            next_cursor=page.next_cursor,
            draft=draft or Draft.fresh(REPORT, timezone=zone),
            reasons=list(AWAY.items()),
        )


async def _page_of(visitor: Staff, session: TheSession, show: TheShow) -> AbsencesPage:
    return AbsencesPage(visitor, session, show)


TheAbsences = Annotated[AbsencesPage, Depends(_page_of)]


@router.get("")
async def list_absences(provider_id: Sub, turn: TheTurn, page: TheAbsences) -> Response:
    """List when a provider is and was away, and offer to report an absence."""
    return await page(provider_id, turn=turn)


@router.post("/preview")
async def preview(
    provider_id: Sub, visitor: Staff, sent: TheSending, session: TheSession, page: TheAbsences
) -> Response:
    """Show what an absence would touch; nothing is done, and nothing is written."""
    try:
        begun = await _reported(provider_id, visitor, sent, session, dry_run=True)
    except REFUSED as refusal:
        faults = faults_of(refusal, fields=FIELDS, policy=sent.desk.policy)
        return await page(provider_id, draft=sent.form.draft(REPORT, faults), status=status_of(refusal))
    return sent.show(
        "ops/absence_preview.html",
        provider_id=provider_id,
        provider=await _name(session, provider_id),
        path=absences_of(provider_id),
        begun=begun,
        span=_Span(start=begun.since, end=begun.until),
        why=AWAY[begun.reason_code],
        affected=await _affected(session, begun.affected),
        draft=Draft.fresh(RUN, **sent.form.values),
        fields=[(name, sent.form.text(name)) for name in (*TIMES, "reasonCode", "reason")],
    )


@router.post("")
async def report(
    provider_id: Sub, visitor: Staff, sent: TheSending, session: TheSession, page: TheAbsences
) -> Response:
    """Begin an absence; its page says how it gets on."""
    try:
        begun = await _reported(provider_id, visitor, sent, session, dry_run=False)
    except REFUSED as refusal:
        faults = faults_of(refusal, fields=FIELDS, policy=sent.desk.policy)
        return await page(provider_id, draft=sent.form.draft(REPORT, faults), status=status_of(refusal))
    return sent.show.done(f"{absences_of(provider_id)}/{begun.id}", "The absence is reported.")


@router.get("/{batch_id}")
async def read_absence(
    provider_id: Sub, batch_id: Id, visitor: Staff, session: TheSession, show: TheShow
) -> Response:
    """Show how an absence gets on: what became of each assignment."""
    return await _drawn(provider_id, batch_id, visitor, session, show)


@router.post("/{batch_id}/end")
async def end(
    provider_id: Sub, batch_id: Id, visitor: Staff, sent: TheSending, session: TheSession
) -> Response:
    """End an absence before its time."""
    asked = AbsenceCommands(session, sent.desk.engine, sent.commands)
    try:
        body = sent.form.sent(EndOfAbsenceSent)
        await api.end(provider_id, batch_id, body, visitor.actor, sent.commands, asked, session)
    except REFUSED as refusal:
        sheet = refused(refusal, sent.form, END, policy=sent.desk.policy, fields=("reason",))
        return await _drawn(
            provider_id, batch_id, visitor, session, sent.show, sheet=sheet, status=status_of(refusal)
        )
    says = "The absence is over: what is done stays done, and offers come again."
    return sent.show.done(f"{absences_of(provider_id)}/{batch_id}", says)


async def _reported(
    provider_id: str, visitor: Visitor, sent: Sending, session: AsyncSession, *, dry_run: bool
) -> AbsenceBegun:
    body = _sent(sent.form, dry_run=dry_run)
    asked = AbsenceCommands(session, sent.desk.engine, sent.commands)
    return await api.report(provider_id, body, visitor.actor, sent.commands, asked, session, Response())


def _sent(form: Form, *, dry_run: bool) -> AbsenceSent:
    """Return what is reported, its times by the clocks of the form's own zone.

    Raises:
        InvalidBody: a field is wrong or missing.
    """
    zone = form.text("timezone")
    times = {name: instant_sent(form, name, zone) for name in ("from", "to")}
    return form.sent(AbsenceSent, drop=TIMES, dryRun=dry_run, **times)


async def _drawn(
    provider_id: str,
    batch_id: str,
    visitor: Visitor,
    session: AsyncSession,
    show: Show,
    *,
    sheet: Sheet = UNTOUCHED,
    status: int = 200,
) -> Response:
    shown = await api.read_absence(provider_id, batch_id, visitor.actor, session)
    called = await names(session, [provider_id, shown.reported_by, shown.ended_by])
    return show(
        "ops/absence.html",
        status=status,
        live=live.of(absence=shown),
        provider_id=provider_id,
        provider=called.get(provider_id, provider_id),
        path=absences_of(provider_id),
        absence=_absence(shown),
        called=called,
        affected=await _affected(session, shown.results),
        sheet=sheet,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    start: datetime
    end: datetime


def _absence(shown: AbsenceListed) -> Absence:
    return Absence(
        shown=shown,
        badge=ABSENCES[shown.status],
        why=AWAY[shown.reason_code],
        path=f"{absences_of(shown.provider_id)}/{shown.id}",
    )


async def _affected(session: AsyncSession, shown: Iterable[AffectedShown]) -> tuple[Affected, ...]:
    listed = list(shown)
    known = await jobs.some(session, {each.job_id for each in listed})
    called = await names(session, [each.customer_id for each in listed])
    titles = {id: found.job.title for id, found in known.items()}
    return tuple(_line(each, titles, called) for each in listed)


def _line(shown: AffectedShown, titles: Mapping[str, str], called: Mapping[str, str]) -> Affected:
    result = shown if isinstance(shown, AbsenceResultShown) else None
    return Affected(
        shown=shown,
        title=titles.get(shown.job_id, shown.job_id),
        customer=called.get(shown.customer_id, shown.customer_id),
        what=WHATS[(result.did if result else None) or shown.what],
        badge=OUTCOMES[result.outcome] if result else None,
        detail=(result.detail if result else None) or shown.why,
    )


async def _name(session: AsyncSession, id: str) -> str:
    return (await names(session, [id])).get(id, id)
