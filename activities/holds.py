"""Taking a provider's time, for a workflow that is about to let a visit be confirmed."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio import activity
from temporalio.exceptions import ApplicationError

from fulfillment.domain.window import VisitWindow
from fulfillment.store import ledger
from fulfillment.store.ledger import Taking

BUSY = "ProviderBusy"
OVERTAKEN = "HoldOvertaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """`wanted` is taken beside what is `agreed`; `version` is the schedule's, `claim` was drawn for this."""

    assignment_id: str
    provider_id: str
    wanted: VisitWindow
    agreed: VisitWindow | None
    version: int
    claim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a hold of unknown fate has to be: the window that is `agreed`, or nothing."""

    assignment_id: str
    provider_id: str
    agreed: VisitWindow | None
    version: int
    claim: int


class Holds:
    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    @activity.defn(name="reserve_hold")
    async def reserve_hold(self, reservation: Reservation) -> None:
        """Take the time; a repeat changes nothing.

        That somebody else has it is final (ProviderBusy), and so is coming too late, after a younger
        claim (HoldOvertaken); every other failure is tried again.
        """
        try:
            async with self._sessions.begin() as session:
                await ledger.reserve(
                    session, _taking(reservation), wanted=reservation.wanted, agreed=reservation.agreed
                )
        except ledger.Busy:
            raise _final("the provider has another visit at that time", BUSY) from None
        except ledger.Overtaken:
            raise _final("this reservation was given up before it arrived", OVERTAKEN) from None

    @activity.defn(name="settle_hold")
    async def settle_hold(self, settled: Settled) -> None:
        """Set the hold right. A repeat changes nothing, nor does one that comes after a younger claim."""
        async with self._sessions.begin() as session:
            await ledger.settle(session, _taking(settled), agreed=settled.agreed)


def _taking(asked: Reservation | Settled) -> Taking:
    return Taking(
        assignment_id=asked.assignment_id,
        provider_id=asked.provider_id,
        version=asked.version,
        claim=asked.claim,
    )


def _final(message: str, type: str) -> ApplicationError:
    return ApplicationError(message, type=type, non_retryable=True)
