"""Looking after a payout whose assignment has ended, for its aftercare."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio import activity
from temporalio.exceptions import ApplicationError

from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.policy import Policy
from fulfillment.gateways.payments import Cards, Chargeback, PaymentFailed, PaymentRefused
from fulfillment.store.views import assignments


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is decided on after the end: the assignment as it is written down, and the rules of today."""

    assignment: Assignment
    policy: Policy


class Aftercare:
    """`policy` is today's: whatever is decided after the end goes by it, and not by what ruled before."""

    def __init__(
        self, cards: Cards, sessions: async_sessionmaker[AsyncSession], *, policy: Policy | None = None
    ) -> None:
        self._cards = cards
        self._sessions = sessions
        self._policy = policy or Policy()

    @activity.defn(name="read_ended")
    async def read_ended(self, assignment_id: str) -> Assignment:
        """Return an assignment that has ended, as it is written down; until that is so, it is tried again."""
        async with self._sessions() as session:
            known = await assignments.assignment(session, assignment_id)
        if known is None or not known.standing.assignment.is_closed:
            raise ApplicationError("the end of the assignment is not written down yet", type="NotEnded")
        return known.standing.assignment

    @activity.defn(name="read_ground")
    async def read_ground(self, assignment_id: str) -> Ground:
        """Return what is decided on about an assignment that has ended; until that is written, as above."""
        return Ground(assignment=await self.read_ended(assignment_id), policy=self._policy)

    @activity.defn(name="look_for_chargeback")
    async def look_for_chargeback(self, intent_id: str) -> Chargeback | None:
        """Return the latest complaint about money taken as `intent_id`, if any; nothing is changed."""
        try:
            return await self._cards.chargeback(intent_id)
        except (PaymentRefused, PaymentFailed) as failure:
            raise ApplicationError(str(failure), type=type(failure).__name__) from failure
