"""Moving money, for a workflow: each call repeatable, and none before its reason is written down."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.alive import alive
from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.assignment.payout import NO_MONEY_YET, PayoutStatus
from fulfillment.domain.assignment.refund import RefundStatus
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import (
    ApprovedPayout,
    Authorisation,
    Capture,
    CardOnFile,
    Cards,
    PaymentFailed,
    PaymentRefused,
    Refund,
    Release,
    Settlement,
    Transfer,
    settled_by_hand,
)
from fulfillment.store import wallets
from fulfillment.store.views import payouts

log: FilteringBoundLogger = structlog.get_logger(__name__)

REFUSED = "PaymentRefused"
"""The type of a failure that is an answer; its first detail is the payment provider's code."""
FAILED = "PaymentFailed"
NOT_WRITTEN = "DecisionNotWritten"
OVERTAKEN = "overtaken"
"""Our own code: the payout has gone another way than the run that asks believes."""
NO_ACCOUNT = "no_account"
GIVING_BACK = "RefundUnderWay"
A_WHILE = timedelta(seconds=10)
"""As long as it takes to give money back, most times."""
OURS_TO_MEND = frozenset({"authentication", "permission"})
"""A wrong or missing key is no fault of the customer's card, and asking again helps once it is mended."""
ANSWERS_PER_KEY = 3
"""After as many failures another key is used: the provider may have one stored, and repeat it (trap M6)."""
A_MOMENT = timedelta(milliseconds=200)
"""As long as the ledger usually takes."""
CAPTURABLE = NO_MONEY_YET | {PayoutStatus.CAPTURING, PayoutStatus.CAPTURE_UNKNOWN}
GOES_BACK = frozenset({RefundStatus.ASKED, RefundStatus.GIVEN})
NOT_YET = frozenset({PayoutStatus.PENDING_APPROVAL, PayoutStatus.APPROVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldWanted:
    """The `n`th hold for an assignment, on whatever card its customer has on file by now."""

    assignment_id: str
    customer_id: str
    n: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyWanted:
    """What admins approved for that attempt, to be taken from the hold; `tries` as in `Payout`."""

    payout_id: str
    attempt: int
    tries: int
    amount: Money
    intent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareWanted:
    """A provider's share of what was charged as `charge_id`."""

    payout_id: str
    provider_id: str
    amount: Money
    charge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWanted:
    """What admins decided to give back of what was taken as `intent_id`, as the payout's `n`th refund."""

    payout_id: str
    n: int
    amount: Money
    intent_id: str


class PaymentsDoor:
    """Needs the database, for who pays by which card and for what was decided, and the way to the cards."""

    def __init__(self, cards: Cards, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._cards = cards
        self._sessions = sessions

    @activity.defn(name="settle_payout")
    async def settle_payout(self, approved: ApprovedPayout) -> Settlement:
        """Take the admin's word that they moved the money by hand; a repeat gives the same answer."""
        return settled_by_hand(approved)

    @activity.defn(name="place_hold")
    async def place_hold(self, wanted: HoldWanted) -> CardSeen:
        """Hold money on the customer's card and return how it stands; a repeat holds no more.

        Refusals are answers: the customer has to see to their card. Only what is wrong on our side, such
        as a key, is tried again.
        """
        async with self._sessions() as session:
            wallet = await wallets.find(session, wanted.customer_id)
        if wallet is None or wallet.card is None:
            return CardSeen(state=CardState.MISSING)
        hold = Authorisation(
            assignment_id=wanted.assignment_id,
            n=wanted.n,
            amount=wanted.amount,
            card=CardOnFile(customer_ref=wallet.customer_ref, method_ref=wallet.card.method_ref),
            spare=_spare(),
        )
        async with _asking():
            try:
                return await self._cards.authorise(hold)
            except PaymentRefused as refusal:
                if refusal.code in OURS_TO_MEND:
                    raise
                return CardSeen(state=CardState.NEEDS_CUSTOMER, problem=refusal.code)

    @activity.defn(name="take_money")
    async def take_money(self, wanted: MoneyWanted) -> CardSeen:
        """Take approved money from a hold and return how it stands; a repeat takes no more.

        Money moves only once the decision can be read in the database, and only if the payout has not gone
        another way there: a run that was reset to before its end finds that it is over.

        Raises:
            ApplicationError: PaymentRefused with the provider's code, which is final; anything else is
                tried again.
        """
        if await self._may_be_taken(wanted):
            call = self._cards.capture(
                Capture(
                    payout_id=wanted.payout_id,
                    attempt=wanted.attempt,
                    amount=wanted.amount,
                    intent_id=wanted.intent_id,
                    try_=wanted.tries,
                    spare=_spare(),
                )
            )
        else:
            call = self._cards.look(wanted.intent_id)
        async with _asking(no_is_final=True):
            seen = await call
            if seen.state is CardState.HELD:
                raise PaymentRefused("the payout has gone another way", code=OVERTAKEN)
            return seen

    @activity.defn(name="look_at_card")
    async def look_at_card(self, intent_id: str) -> CardSeen:
        """Return how a hold stands; nothing is changed."""
        async with _asking():
            return await self._cards.look(intent_id)

    @activity.defn(name="let_hold_go")
    async def let_hold_go(self, release: Release) -> CardSeen:
        """Let a hold go and return how it stands then; a repeat changes nothing."""
        async with _asking():
            return await self._cards.release(release)

    @activity.defn(name="pass_on")
    async def pass_on(self, share: ShareWanted) -> str | None:
        """Transfer the share to the provider's account and return the transfer's id; a repeat sends no more.

        An account that is missing, or not ready, is somebody's to see to: it is tried again until then. None
        if the money has gone back to the customer meanwhile.
        """
        async with self._sessions() as session:
            account = await wallets.account_of(session, share.provider_id)
            known = await payouts.payout(session, share.payout_id)
        if known and known.payout.status is PayoutStatus.REVERSED:
            return None
        if known and known.payout.refund_under_way:
            # It may be all of it; what is on its way back is not passed on as well.
            raise ApplicationError("a refund is under way", type=GIVING_BACK, next_retry_delay=A_WHILE)
        if account is None:
            raise ApplicationError("the provider has no account to be paid to", NO_ACCOUNT, type=REFUSED)
        transfer = Transfer(
            payout_id=share.payout_id,
            amount=share.amount,
            charge_id=share.charge_id,
            account=account.account_ref,
            spare=_spare(),
        )
        async with _asking():
            return await self._cards.transfer(transfer)

    @activity.defn(name="give_back")
    async def give_back(self, wanted: RefundWanted) -> str:
        """Give money back and return the refund's id; a repeat gives back no more.

        Money moves only once the decision can be read in the database, and not for a refund that has failed
        there: another one may be under way in its place.

        Raises:
            ApplicationError: PaymentRefused with the provider's code, which is final unless the fault is
                ours; anything else is tried again.
        """
        async with _asking(no_is_final=True, ours_is_not=True):
            await self._expect_decided(wanted)
            return await self._cards.refund(
                Refund(
                    payout_id=wanted.payout_id,
                    n=wanted.n,
                    amount=wanted.amount,
                    intent_id=wanted.intent_id,
                    spare=_spare(),
                )
            )

    async def _expect_decided(self, wanted: RefundWanted) -> None:
        """Refuse to give back what the database does not know to be decided.

        Raises:
            ApplicationError: it is not written down yet; that is tried again.
            PaymentRefused: it has failed, or is of another amount.
        """
        async with self._sessions() as session:
            known = await payouts.payout(session, wanted.payout_id)
        refunds = known.payout.refunds if known else ()
        refund = next((each for each in refunds if each.n == wanted.n), None)
        if refund is None or refund.status is RefundStatus.FIRST_MARK:
            raise ApplicationError(
                "the refund is not written down yet", type=NOT_WRITTEN, next_retry_delay=A_MOMENT
            )
        if refund.status not in GOES_BACK or refund.amount != wanted.amount:
            log.warning("payout.refund.overtaken", payout_id=wanted.payout_id, n=wanted.n)
            raise PaymentRefused("the refund has gone another way", code=OVERTAKEN)

    async def _may_be_taken(self, wanted: MoneyWanted) -> bool:
        """Return whether the database knows of this approval, and of nothing that came after it.

        Raises:
            ApplicationError: it is not written down yet; that is tried again.
        """
        async with self._sessions() as session:
            known = await payouts.approved(session, wanted.payout_id, attempt=wanted.attempt)
        if known is None or known.status in NOT_YET:
            raise ApplicationError(
                "the approval is not written down yet", type=NOT_WRITTEN, next_retry_delay=A_MOMENT
            )
        if known.status in CAPTURABLE and known.amount == wanted.amount:
            return True
        log.warning("payout.capture.overtaken", payout_id=wanted.payout_id, status=known.status)
        return False


def _spare() -> int:
    return (activity.info().attempt - 1) // ANSWERS_PER_KEY


@asynccontextmanager
async def _asking(*, no_is_final: bool = False, ours_is_not: bool = False) -> AsyncIterator[None]:
    """Say that somebody is at it, and fail as the engine understands it where there is no good answer.

    Silence is tried again, when the payment provider likes; so is a no, unless it `no_is_final`. Where
    `ours_is_not`, a no to our key is tried again all the same: it does not tell what became of a try before.
    """
    try:
        async with alive():
            yield
    except PaymentRefused as refusal:
        raise ApplicationError(
            str(refusal),
            refusal.code,
            type=REFUSED,
            non_retryable=no_is_final and not (ours_is_not and refusal.code in OURS_TO_MEND),
        ) from refusal
    except PaymentFailed as failure:
        wait = timedelta(seconds=failure.retry_after) if failure.retry_after else None
        raise ApplicationError(str(failure), type=FAILED, next_retry_delay=wait) from failure
