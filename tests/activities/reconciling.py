"""A database, a payment provider and an engine that say what they are told to: the scene of a reconciler."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.testing import ActivityEnvironment

from activities.reconcile import Reconciled, Reconciler, Wanted
from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.assignment.standing import Standing, standing
from fulfillment.domain.policy import Policy
from fulfillment.gateways.payments import PaymentFailed, Release
from tests.activities.test_payments import Oracle
from tests.domain.cards import CARDS, captured, held
from tests.domain.people import DAY, ROOT, approves, denies, euros, visit
from tests.store.diaries import Diary, fresh_id

Sessions = async_sessionmaker[AsyncSession]
NOW = timedelta(0)


@dataclass
class Bank(Oracle):
    """A payment provider that says of each hold what it is told to; of others, that it does not answer."""

    says: dict[str, CardSeen] = field(default_factory=dict)
    at_once: int = 0
    most_at_once: int = 0

    async def look(self, intent_id: str) -> CardSeen:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.001)
        self.at_once -= 1
        return self._said(intent_id)

    async def release(self, release: Release) -> CardSeen:
        self.asked.append(release)
        if self._said(release.intent_id).state is CardState.HELD:
            self.says[release.intent_id] = CardSeen(state=CardState.GONE, intent_id=release.intent_id)
        return self._said(release.intent_id)

    def _said(self, intent_id: str) -> CardSeen:
        if intent_id not in self.says:
            raise PaymentFailed("stripe: look: 500")
        return self.says[intent_id]


@dataclass
class Engine:
    """Runs by the ids of their assignments, and what they were told; `deaf` are those that do not answer."""

    runs: dict[str, Standing] = field(default_factory=dict)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    cared_for: list[str] = field(default_factory=list)
    deaf: set[str] = field(default_factory=set)

    async def state(self, assignment_id: str) -> Standing | None:
        if assignment_id in self.deaf:
            raise TimeoutError
        return self.runs.get(assignment_id)

    async def doubt(self, assignment_id: str, *, by: str, reason: str) -> bool:
        self.told.append((assignment_id, by, reason))
        return assignment_id in self.runs

    async def look_after(self, payout_id: str) -> None:
        self.cared_for.append(payout_id)


@dataclass
class Scene:
    """A database, a payment provider and an engine, and the reconciler between them."""

    sessions: Sessions
    bank: Bank = field(default_factory=Bank)
    engine: Engine = field(default_factory=Engine)
    policy: Policy = CARDS

    async def worked(self, *, write: bool = True, at: datetime | None = None) -> Diary:
        """Write an assignment whose work is done and whose price is held on a card, and let its run go on."""
        began = (at or datetime.now(UTC)) - 2 * DAY
        intent = fresh_id("pi_")
        diary = Diary(policy=CARDS, created_at=began, status_entered_at=began, turn_since=began).agree(
            visit(began + DAY)
        )
        diary.wait(until=began + DAY - timedelta(minutes=1))
        seen = CardSeen(
            state=CardState.HELD, intent_id=intent, amount=euros(120), capture_before=began + 6 * DAY
        )
        diary.say(replace(held(), seen=seen))
        diary.finish()
        await diary.write(self.sessions)
        self.bank.says[intent] = seen
        self.goes_on(diary)
        return diary

    async def ended(self, *, run: bool = False) -> Diary:
        """Write one that ended unpaid, its hold still there, its run terminated or not."""
        diary = await self.worked()
        diary.say(denies(ROOT, final=True))
        await diary.write(self.sessions)
        if run:
            self.goes_on(diary)
        else:
            del self.engine.runs[diary.it.id]
        return diary

    async def paid(self) -> Diary:
        """Write one that was paid by card, and whose run is over."""
        diary = await self.worked()
        diary.say(approves(ROOT, reason=""))
        taken = replace(
            captured(euros(120)).seen, intent_id=intent_of(diary), captured=euros(120), amount=euros(120)
        )
        diary.say(replace(captured(euros(120)), seen=taken))
        await diary.write(self.sessions)
        self.bank.says[intent_of(diary)] = taken
        del self.engine.runs[diary.it.id]
        return diary

    def goes_on(self, diary: Diary) -> None:
        self.engine.runs[diary.it.id] = standing(diary.it, diary.policy)

    def reconciler(self) -> Reconciler:
        return Reconciler(self.sessions, cards=self.bank, stories=self.engine, policy=self.policy, grace=NOW)

    async def reconcile(self, before: Reconciled | None = None) -> Reconciled:
        """Reconcile as the schedule does, `before` being what the last time has left."""
        wanted = Wanted(noted=before.marks if before else ())
        return await ActivityEnvironment().run(self.reconciler().reconcile_money, wanted)

    async def edit(self, statement: str, **values: Any) -> None:
        async with self.sessions.begin() as session:
            await session.execute(text(statement), values)

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.sessions() as session:
            return [tuple(row) for row in await session.execute(text(query), values)]

    async def cases(self) -> list[tuple[str, bool]]:
        """Return the type of every case, and whether it is open."""
        found = await self.rows("SELECT type, closed_at IS NULL FROM ops_task ORDER BY type")
        return [(type, is_open) for type, is_open in found]


def intent_of(diary: Diary) -> str:
    assert diary.it.card is not None
    assert diary.it.card.intent_id is not None
    return diary.it.card.intent_id
