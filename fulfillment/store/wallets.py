"""What people pay with and are paid to, under the names that Stripe has for it."""

from dataclasses import dataclass, field

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.store.tables import PayoutAccountRow, WalletRow


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCard:
    """The card that a customer pays with: `method_ref` (pm_…), and what people know it by."""

    method_ref: str
    brand: str
    last4: str = field(repr=False)
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A customer by their name at Stripe (cus_…), with the card they have left there, if any."""

    person_id: str
    customer_ref: str
    card: KeptCard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutAccount:
    """The account (acct_…) a provider is paid to; `ready` is whether Stripe would pay it, when last asked."""

    provider_id: str
    account_ref: str
    ready: bool


async def find(session: AsyncSession, person_id: str) -> Wallet | None:
    """Return what we know of that customer, who may be known at Stripe and have no card there."""
    query = select(
        WalletRow.customer_ref,
        WalletRow.method_ref,
        WalletRow.brand,
        WalletRow.last4,
        WalletRow.exp_month,
        WalletRow.exp_year,
    ).where(WalletRow.person_id == person_id)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    card = (
        KeptCard(
            method_ref=row.method_ref,
            brand=row.brand,
            last4=row.last4,
            exp_month=row.exp_month,
            exp_year=row.exp_year,
        )
        if row.method_ref
        else None
    )
    return Wallet(person_id=person_id, customer_ref=row.customer_ref, card=card)


async def keep_card(session: AsyncSession, person_id: str, *, customer_ref: str, card: KeptCard) -> None:
    """Keep the card that a customer pays with from now on; the one before is forgotten."""
    known = {
        "customer_ref": customer_ref,
        "method_ref": card.method_ref,
        "brand": card.brand,
        "last4": card.last4,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
        "updated_at": func.clock_timestamp(),
    }
    row = insert(WalletRow).values(person_id=person_id, **known)
    await session.execute(row.on_conflict_do_update(index_elements=[WalletRow.person_id], set_=known))


async def keep_customer(session: AsyncSession, person_id: str, *, customer_ref: str) -> None:
    """Keep by which name Stripe knows a customer; a card of theirs stays, unless it is another customer's."""
    row = insert(WalletRow).values(person_id=person_id, customer_ref=customer_ref)
    anew = _NO_CARD | {"customer_ref": customer_ref, "updated_at": func.clock_timestamp()}
    other = WalletRow.customer_ref != row.excluded.customer_ref
    await session.execute(
        row.on_conflict_do_update(index_elements=[WalletRow.person_id], set_=anew, where=other)
    )


async def forget_card(session: AsyncSession, person_id: str) -> None:
    """Forget what a customer pays with. Their name at Stripe stays, so they are no second customer there."""
    theirs = (WalletRow.person_id == person_id) & WalletRow.method_ref.is_not(None)
    await session.execute(
        update(WalletRow).where(theirs).values(**_NO_CARD, updated_at=func.clock_timestamp())
    )


async def account_of(session: AsyncSession, provider_id: str) -> PayoutAccount | None:
    """Return the account that a provider is paid to, if there is one."""
    query = select(PayoutAccountRow.account_ref, PayoutAccountRow.ready).where(
        PayoutAccountRow.provider_id == provider_id
    )
    row = (await session.execute(query)).one_or_none()
    return (
        PayoutAccount(provider_id=provider_id, account_ref=row.account_ref, ready=row.ready) if row else None
    )


async def keep_account(session: AsyncSession, account: PayoutAccount) -> None:
    """Keep the account that a provider is paid to from now on, or what Stripe says of it now."""
    known = {
        "account_ref": account.account_ref,
        "ready": account.ready,
        "updated_at": func.clock_timestamp(),
    }
    row = insert(PayoutAccountRow).values(provider_id=account.provider_id, **known)
    await session.execute(
        row.on_conflict_do_update(index_elements=[PayoutAccountRow.provider_id], set_=known)
    )


_NO_CARD = {"method_ref": None, "brand": None, "last4": None, "exp_month": None, "exp_year": None}
