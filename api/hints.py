"""Who is told when the payment provider says that something about a hold has changed, and when nobody is."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api.engine import Engine
from api.errors import RunMissing
from fulfillment.store import hints
from fulfillment.store.hints import Concerns
from fulfillment.store.views import card_holds
from fulfillment.store.views.card_holds import KnownHold
from workflows.aftercare import LOOK_AGAIN
from workflows.names import aftercare_run, assignment_run

LOOKS, A_MOMENT = 5, 0.4
"""How often, and with what pause in seconds, a hold is looked for that is not written down yet."""
SPEAKER = "stripe"
"""Who the audit says has asked for a look."""


class NotKnown(Exception):
    """Nobody has written down yet whose hold this is; the event is looked at again later."""


class Hints:
    """Needs the way to the runs, and the database for whose hold it is."""

    def __init__(self, engine: Engine, database: AsyncEngine) -> None:
        self._engine = engine
        self._database = database

    async def pass_on(self, intent_id: str, type: str) -> None:
        """Have somebody look at a hold, unless an event of that `type` can tell nothing new about it.

        A repeat has it looked at again, which changes nothing.

        Raises:
            NotKnown: nobody knows yet whose hold it is.
            Unavailable: the engine cannot be reached.
        """
        if not hints.is_news(type):
            return
        known = await self._known(intent_id)
        match hints.concerns(type, known):
            case Concerns.AFTERCARE:
                await self._wake_aftercare(known.assignment_id)
            case Concerns.THE_RUN:
                await self._doubt(known.assignment_id, type)
            case Concerns.NOBODY:
                return

    async def _known(self, intent_id: str) -> KnownHold:
        """Return the hold; an event about one that was just placed is often quicker than its row."""
        for _ in range(LOOKS):
            async with AsyncSession(self._database) as session:
                if known := await card_holds.hold(session, intent_id):
                    return known
            await asyncio.sleep(A_MOMENT)
        raise NotKnown(intent_id)

    async def _doubt(self, assignment_id: str, type: str) -> None:
        try:
            said = {"ops_id": SPEAKER, "reason": type}
            await self._engine.tell(assignment_run(assignment_id), "doubt_card", said)
        except RunMissing:
            return  # it has ended meanwhile, by an answer that is newer than this event

    async def _wake_aftercare(self, payout_id: str) -> None:
        await self._engine.wake(
            "PayoutAftercare", payout_id, workflow_id=aftercare_run(payout_id), signal=LOOK_AGAIN
        )
