"""The reconciler: three accounts of the same money compared, one page after another (trap E18, T14).

In health it finds nothing. Rows that drifted are written anew and runs that know too little are told to
look; where money is not where it should be, a person is asked, and nothing is done.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger
from temporalio import activity

from activities.alive import HEARTBEAT
from activities.pictures import Pictures, Shot
from activities.remedies import Deed, Outcome, Remedies
from activities.stories import Stories
from activities.unheard import Unheard
from fulfillment.domain.assignment.drift import DriftKind, Finding, drift
from fulfillment.domain.policy import Policy
from fulfillment.gateways.payments import Cards
from fulfillment.store.views import reconciling
from fulfillment.store.views.reconciling import Scope
from fulfillment.telemetry import RECONCILE_DRIFT, RECONCILE_ENDED, RECONCILE_HEALED, at_nought

log: FilteringBoundLogger = structlog.get_logger(__name__)

PAGE = 100
RECENT = timedelta(days=3)
"""Money that has moved this recently is looked at once more, although nothing of it is open."""
GRACE = timedelta(seconds=2)
"""What is found is looked at again after this long: three pictures of something that moves do not agree."""
MOST_MARKS = 200
NO_CASES = frozenset({DriftKind.RUN_MISSING, DriftKind.HINT_UNHANDLED, DriftKind.UNREACHABLE})
"""Of these the reconciler opens no case, and so closes none."""
CASE_TYPES = tuple(kind.value for kind in DriftKind if kind not in NO_CASES)

at_nought(RECONCILE_DRIFT, DriftKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`noted` are the marks of what the last reconciliation has left as it was."""

    noted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What was found so far: `compared` assignments up to the id `after`, and what is news, by its kind.

    `open_cases` are findings that wait for a person, old ones included; `unreachable` is what could not be
    looked at. `marks` is for the next reconciliation.
    """

    compared: int = 0
    after: str = ""
    hints_are_passed_on: bool = False
    found: Mapping[str, int] = field(default_factory=dict)
    healed: Mapping[str, int] = field(default_factory=dict)
    open_cases: int = 0
    unreachable: int = 0
    marks: tuple[str, ...] = ()


KNOWN = TypeAdapter(Reconciled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What became of one page: how many assignments were looked at, up to which id, and what was found."""

    looked_at: int
    after: str
    outcomes: tuple[Outcome, ...]


class Reconciler:
    """`policy` says whether shares are passed on; it is that of today, not the run's own."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        cards: Cards,
        stories: Stories,
        policy: Policy,
        grace: timedelta | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._pictures = Pictures(sessions, cards=cards, stories=stories)
        self._remedies = Remedies(sessions, cards=cards, stories=stories, clock=clock)
        self._unheard = Unheard(sessions, stories=stories, clock=clock)
        self._policy = policy
        self._grace = GRACE if grace is None else grace
        self._clock = clock

    @activity.defn(name="reconcile_money")
    async def reconcile_money(self, wanted: Wanted) -> Reconciled:
        """Compare all that is in the scope, mend what may be mended, and return what was found.

        A repeat finds less. Each page is reported to the engine, so that another worker goes on after it.
        """
        so_far = _resumed()
        async with _reporting(lambda: so_far):
            if not so_far.hints_are_passed_on:
                heard = await self.hints(noted=wanted.noted)
                so_far = replace(_with(so_far, heard), hints_are_passed_on=True)
            async for page in self.pages(noted=wanted.noted, after=so_far.after):
                so_far = replace(
                    _with(so_far, page.outcomes),
                    compared=so_far.compared + page.looked_at,
                    after=page.after,
                )
        RECONCILE_ENDED.set_to_current_time()
        return replace(so_far, after="")

    async def size(self) -> int:
        """Return how many assignments are in the scope."""
        async with self._sessions() as session:
            return await reconciling.size(session, self._scope())

    async def hints(self, *, noted: Collection[str] = (), dry: bool = False) -> tuple[Outcome, ...]:
        """Pass on the events that nobody has passed on."""
        outcomes = await self._unheard.pass_on(noted=noted, dry=dry)
        return _told_of(outcomes, dry=dry)

    async def pages(
        self, *, noted: Collection[str] = (), after: str = "", dry: bool = False
    ) -> AsyncIterator[Page]:
        """Yield what was found and done, page by page, in the order of ids; a dry run changes nothing."""
        while True:
            async with self._sessions() as session:
                ids = await reconciling.in_turn(session, self._scope(), after=after, limit=PAGE)
            if not ids:
                return
            after = ids[-1]
            yield await self.page(ids, noted=noted, dry=dry)

    async def page(self, ids: Sequence[str], *, noted: Collection[str] = (), dry: bool = False) -> Page:
        """Compare these, and mend what may be mended; ids that are not written down are left out."""
        shots = {shot.kept.id: shot for shot in await self._pictures.of(ids, self._scope())}
        first = {id: self._found(shot) for id, shot in shots.items()}
        again = [id for id, findings in first.items() if findings]
        if again:
            await asyncio.sleep(self._grace.total_seconds())
            shots |= {shot.kept.id: shot for shot in await self._pictures.of(again, self._scope())}
        outcomes: list[Outcome] = []
        for id, shot in shots.items():
            marks = {finding.mark for finding in first[id]}
            outcomes += [Outcome(finding=each, deed=Deed.LEFT) for each in shot.blind]
            lasting = [each for each in self._found(shot) if each.mark in marks] if marks else []
            outcomes += [await self._mended(shot, each, noted=noted, dry=dry) for each in lasting]
            if not dry:
                await self._remedies.close_settled(shot, marks)
        return Page(looked_at=len(shots), after=ids[-1], outcomes=_told_of(outcomes, dry=dry))

    def _found(self, shot: Shot) -> tuple[Finding, ...]:
        return drift(shot.picture, at=self._clock(), policy=self._policy) if shot.picture else ()

    async def _mended(self, shot: Shot, finding: Finding, *, noted: Collection[str], dry: bool) -> Outcome:
        if dry:
            return Outcome(finding=finding, deed=Deed.NOTHING)
        try:
            return await self._remedies.mend(shot, finding, noted=noted)
        except Exception as error:  # noqa: BLE001 - what cannot be mended now must not keep us from the rest
            log.error("reconcile.failed", kind=finding.kind, why=type(error).__name__)  # noqa: TRY400
            return Outcome(finding=finding, deed=Deed.LEFT, is_news=finding.mark not in noted)

    def _scope(self) -> Scope:
        return Scope(since=self._clock() - RECENT, case_types=CASE_TYPES)


def _told_of(outcomes: Sequence[Outcome], *, dry: bool) -> tuple[Outcome, ...]:
    """Count what is news, and say it in the log."""
    for each in outcomes if not dry else ():
        if not each.is_news:
            continue
        finding = each.finding
        RECONCILE_DRIFT.labels(kind=finding.kind).inc()
        if each.is_healed:
            RECONCILE_HEALED.labels(kind=finding.kind).inc()
        log.warning(
            "reconcile.drift",
            kind=finding.kind,
            assignment_id=finding.assignment_id,
            what=finding.what,
            done=each.deed.name.lower(),
        )
    return tuple(outcomes)


def _with(so_far: Reconciled, outcomes: Sequence[Outcome]) -> Reconciled:
    news = Counter(each.finding.kind.value for each in outcomes if each.is_news)
    healed = Counter(each.finding.kind.value for each in outcomes if each.is_healed)
    unreachable = sum(each.finding.kind is DriftKind.UNREACHABLE for each in outcomes)
    done_with = {Deed.WRITTEN, Deed.RELEASED, Deed.PASSED_ON}
    marks = [each.finding.mark for each in outcomes if each.deed not in done_with]
    return replace(
        so_far,
        found=Counter(so_far.found) + news,
        healed=Counter(so_far.healed) + healed,
        open_cases=so_far.open_cases + sum(each.deed is Deed.CASE for each in outcomes),
        unreachable=so_far.unreachable + unreachable,
        marks=(*so_far.marks, *marks)[:MOST_MARKS],
    )


def _resumed() -> Reconciled:
    """Return how far an attempt before this one has come, as it told the engine last."""
    told = activity.info().heartbeat_details
    return KNOWN.validate_python(told[0]) if told else Reconciled()


@asynccontextmanager
async def _reporting(so_far: Callable[[], Reconciled]) -> AsyncIterator[None]:
    """Tell the engine again and again how far we are, for as long as this is open."""

    async def beat() -> None:
        while True:
            activity.heartbeat(so_far())
            await asyncio.sleep(HEARTBEAT)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
