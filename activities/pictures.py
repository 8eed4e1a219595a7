"""Taking the three pictures of an assignment's money: the rows, the run, the payment provider."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger

from activities.stories import Stories
from fulfillment.domain.assignment.card import CardSeen
from fulfillment.domain.assignment.drift import DriftKind, Finding, Picture, Written
from fulfillment.domain.assignment.standing import Standing
from fulfillment.gateways.payments import Cards, PaymentFailed, PaymentRefused
from fulfillment.store.ledger.restating import differing
from fulfillment.store.tables import OPEN_HOLDS
from fulfillment.store.views import reconciling
from fulfillment.store.views.reconciling import Kept, Scope

log: FilteringBoundLogger = structlog.get_logger(__name__)

AT_ONCE = 4
"""Assignments that are looked at side by side; each has the payment provider look at one hold at a time."""
LONGEST_PAUSE = 5.0
"""Seconds that we wait, once, when the payment provider wants to be left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """What was seen of one assignment. `picture` is None if its run, or its row, could not be read.

    `right` is what the rows are to say, at the step that they are of. `blind` is what could not be seen.
    """

    kept: Kept
    picture: Picture | None = None
    right: Standing | None = None
    blind: tuple[Finding, ...] = ()


class Pictures:
    def __init__(self, sessions: async_sessionmaker[AsyncSession], *, cards: Cards, stories: Stories) -> None:
        self._sessions = sessions
        self._cards = cards
        self._stories = stories

    async def of(self, ids: Sequence[str], scope: Scope) -> list[Shot]:
        """Return a shot of each of these that is written down; what cannot be seen stops nobody."""
        async with self._sessions() as session:
            written = await reconciling.kept(session, ids, scope)
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(kept: Kept) -> Shot:
            async with turn:
                return await self._of(kept)

        return list(await asyncio.gather(*map(one, written)))

    async def _of(self, kept: Kept) -> Shot:
        try:
            run = await self._stories.state(kept.id)
        except Exception as error:  # noqa: BLE001 - whatever keeps one run from answering, the others may
            blind = _unreachable(kept.id, "its run", type(error).__name__)
            return Shot(kept=kept, blind=(blind,))
        right = _right(kept, run)
        if right is None:
            blind = _unreachable(kept.id, "its row", "what is written there is no assignment")
            return Shot(kept=kept, blind=(blind,))
        seen, blind_to = await self._looked(kept, run)
        picture = Picture(written=_written(kept, right), run=run.assignment if run else None, seen=seen)
        return Shot(kept=kept, picture=picture, right=right, blind=blind_to)

    async def _looked(
        self, kept: Kept, run: Standing | None
    ) -> tuple[dict[str, CardSeen], tuple[Finding, ...]]:
        """Look at every hold that anybody knows of, those included that should be over: that is the point."""
        seen: dict[str, CardSeen] = {}
        blind = []
        for intent in sorted({*kept.holds, *_known(kept.standing), *_known(run)}):
            try:
                seen[intent] = await self._look(intent)
            except (PaymentFailed, PaymentRefused) as failure:
                blind.append(_unreachable(kept.id, intent, str(failure)))
        return seen, tuple(blind)

    async def _look(self, intent: str) -> CardSeen:
        try:
            return await self._cards.look(intent)
        except PaymentFailed as busy:
            if busy.retry_after is None:
                raise
            await asyncio.sleep(min(busy.retry_after, LONGEST_PAUSE))
        return await self._cards.look(intent)


def _right(kept: Kept, run: Standing | None) -> Standing | None:
    """Return what the rows are to say: what the run says at that step, or what they have said themselves."""
    if run and run.assignment.state_version == kept.head["state_version"]:
        return run
    return kept.standing


def _written(kept: Kept, right: Standing) -> Written:
    columns = differing(right, head=kept.head, payout=kept.payout, holds=kept.holds)
    unreadable = () if kept.standing else ("assignment.standing",)
    return Written(
        assignment=(kept.standing or right).assignment,
        version=kept.head["state_version"],
        differing=(*unreadable, *columns),
        open_holds=frozenset(id for id, row in kept.holds.items() if row["status"] in OPEN_HOLDS),
        booked=kept.booked,
    )


def _known(standing: Standing | None) -> tuple[str, ...]:
    if standing is None:
        return ()
    it = standing.assignment
    own = (it.card.intent_id,) if it.card and it.card.intent_id else ()
    return (*own, *it.let_go)


def _unreachable(id: str, about: str, why: str) -> Finding:
    log.warning("reconcile.unreachable", assignment_id=id, about=about, why=why)
    return Finding(
        kind=DriftKind.UNREACHABLE,
        assignment_id=id,
        about=about,
        what=f"{about} could not be looked at: {why}",
    )
