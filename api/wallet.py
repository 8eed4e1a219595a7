"""What a customer pays with, and where a provider's share goes; cards themselves are told to Stripe alone."""

import asyncio
import math
from collections.abc import Awaitable
from typing import Annotated, TypeVar

import structlog
from fastapi import APIRouter, Depends, status
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import allow
from api.desk import Desk, TheDesk
from api.errors import Missing, Unavailable
from api.idempotency import TheKey
from api.people import Staff, Sub
from api.reading import TheSession
from api.schemas.calendars import NothingSent
from api.schemas.wallet import (
    PaymentMethodSent,
    PaymentMethodShown,
    PayoutAccountSent,
    PayoutAccountShown,
    SetupAsked,
)
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.people import Actor, Role
from fulfillment.gateways.payments import PaymentFailed, PaymentRefused
from fulfillment.gateways.stripe_wallet import Setup, StripeWallet
from fulfillment.store import wallets
from fulfillment.store.wallets import KeptCard, PayoutAccount

T = TypeVar("T")

log = structlog.stdlib.get_logger(__name__)

router = APIRouter(tags=["payments"])
"""To be included before the routes of people, whose ids may have slashes in them."""

PATIENCE = 4.0
"""Seconds that Stripe has for an answer while a person waits; every request of ours is over in five."""
COME_BACK = 10
"""Seconds after which to try again, where Stripe does not say."""
GONE = "resource_missing"
OURS = frozenset({"authentication", "permission", "idempotency_error"})
"""What Stripe refuses of us, and not of the person who asks."""

Customer = Annotated[Actor, Depends(allow(Role.CUSTOMER))]
Provider = Annotated[Actor, Depends(allow(Role.PROVIDER))]


@router.get("/me/payment-method")
async def read_card(actor: Customer, session: TheSession, desk: TheDesk) -> PaymentMethodShown:
    """Show the card one pays with; 404 until there is one."""
    _expect_stripe(desk)
    known = await wallets.find(session, actor.id)
    if known is None or known.card is None:
        raise Missing
    return PaymentMethodShown.of(known.card)


@router.put("/me/payment-method")
async def keep_card(
    body: PaymentMethodSent, actor: Customer, session: TheSession, desk: TheDesk
) -> PaymentMethodShown:
    """Say which card one pays with from now on; a repeat is harmless, and holds on another card stay."""
    stripe = _expect_stripe(desk)
    known = await _customer_ref(session, actor.id)
    stored = await answer_of(stripe.remember(actor.id, body.payment_method, known), about="paymentMethod")
    card = KeptCard(
        method_ref=stored.on_file.method_ref,
        brand=stored.brand,
        last4=stored.last4,
        exp_month=stored.exp_month,
        exp_year=stored.exp_year,
    )
    async with session.begin():
        await wallets.keep_card(session, actor.id, customer_ref=stored.on_file.customer_ref, card=card)
    return PaymentMethodShown.of(card)


@router.delete("/me/payment-method", status_code=status.HTTP_204_NO_CONTENT)
async def forget_card(actor: Customer, session: TheSession) -> None:
    """Forget the card one pays with; what is held on it already stays held."""
    async with session.begin():
        await wallets.forget_card(session, actor.id)


@router.post("/me/payment-method/setup")
async def ask_card(
    actor: Customer, session: TheSession, desk: TheDesk, _: TheKey, __: NothingSent | None = None
) -> SetupAsked:
    """Return what Stripe's form needs to take a card down; the card it ends in is then to be PUT here."""
    stripe = _expect_stripe(desk)
    known = await _customer_ref(session, actor.id)
    setup = await answer_of(_started(stripe, actor.id, known))
    async with session.begin():
        await wallets.keep_customer(session, actor.id, customer_ref=setup.customer_ref)
    return SetupAsked(client_secret=setup.client_secret)


@router.get("/me/payout-account")
async def read_own_account(actor: Provider, session: TheSession, desk: TheDesk) -> PayoutAccountShown:
    """Show where one's share goes; 404 until staff have said so."""
    _expect_stripe(desk)
    return await _account(session, actor.id)


@router.get("/people/{person_id:path}/payout-account")
async def read_account(person_id: Sub, _: Staff, session: TheSession, desk: TheDesk) -> PayoutAccountShown:
    """Show where a provider's share goes; 404 until somebody has said so."""
    _expect_stripe(desk)
    return await _account(session, person_id)


@router.put("/people/{person_id:path}/payout-account")
async def keep_account(
    person_id: Sub, body: PayoutAccountSent, _: Staff, session: TheSession, desk: TheDesk
) -> PayoutAccountShown:
    """Say where a provider's share goes from now on, and ask Stripe whether it could; a repeat asks again."""
    stripe = _expect_stripe(desk)
    ready = await answer_of(stripe.account_ready(body.account), about="account")
    account = PayoutAccount(provider_id=person_id, account_ref=body.account, ready=ready)
    async with session.begin():
        await wallets.keep_account(session, account)
    log.info("payments.account.kept", provider_id=person_id, account=body.account, ready=ready)
    return PayoutAccountShown.of(account)


def _expect_stripe(desk: Desk) -> StripeWallet:
    """Return the way to Stripe.

    Raises:
        Missing: there is none here, so nothing that leads there is.
    """
    if desk.wallet is None:
        raise Missing
    return desk.wallet


async def _customer_ref(session: AsyncSession, person_id: str) -> str | None:
    """Return by which name Stripe knows somebody; no connection is held while Stripe thinks."""
    async with session.begin():
        known = await wallets.find(session, person_id)
    return known.customer_ref if known else None


async def _account(session: AsyncSession, provider_id: str) -> PayoutAccountShown:
    account = await wallets.account_of(session, provider_id)
    if account is None:
        raise Missing
    return PayoutAccountShown.of(account)


async def _started(stripe: StripeWallet, person_id: str, known: str | None) -> Setup:
    """Let somebody leave a card; whom Stripe does not know any more becomes a customer anew."""
    try:
        return await stripe.start(person_id, known)
    except PaymentRefused as refused:
        if known is None or refused.code != GONE:
            raise
        return await stripe.start(person_id, None, spare=1)


async def answer_of(asked: Awaitable[T], *, about: str = "") -> T:
    """Return what Stripe answers; what it does not take of us is left for the guards to complain of.

    Raises:
        ValueInvalid: it does not take what was sent as `about`, and why.
        Unavailable: it does not answer; whatever it did, a repeat does it no second time.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await asked
    except PaymentRefused as refused:
        if not about or refused.code in OURS:
            raise
        log.warning("payments.stripe.refused", about=about, code=refused.code)
        raise ValueInvalid(f"{about}: Stripe does not take it ({refused.code})") from None
    except PaymentFailed as failed:
        raise _away(str(failed), failed.retry_after) from None
    except TimeoutError:
        raise _away(f"no answer in {PATIENCE:.0f} s", None) from None


def _away(why: str, retry_after: float | None) -> Unavailable:
    log.warning("payments.stripe.away", why=why)
    seconds = math.ceil(retry_after or COME_BACK)
    return Unavailable("Stripe does not answer. Nothing has changed; please try again.", retry_after=seconds)
