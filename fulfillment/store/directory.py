"""The directory: who people are, how to reach them, and which providers could take a job."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, case, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.people import Role
from fulfillment.store.tables import AbsenceRow, PersonRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody we can reach. A provider without `categories` does everything.

    `sms_consent` says that they want to be texted; whoever has `sms_opted_out` by answering STOP never is.
    """

    id: str
    name: str
    email: str | None = None
    phone: str | None = None
    timezone: str = "UTC"
    locale: str = "en"
    roles: tuple[Role, ...] = ()
    categories: tuple[str, ...] = ()
    active: bool = True
    sms_consent: bool = False
    sms_opted_out: bool = False

    @property
    def may_be_texted(self) -> bool:
        return self.phone is not None and self.sms_consent and not self.sms_opted_out


async def register(session: AsyncSession, person: Person) -> None:
    """Put `person` into the directory, or bring their entry up to date; their place in it stays.

    Somebody who opted out of texts stays out until they give another phone number.
    """
    known = {
        "name": person.name,
        "email": person.email,
        "phone": person.phone,
        "timezone": person.timezone,
        "locale": person.locale,
        "roles": list(person.roles),
        "categories": list(person.categories),
        "active": person.active,
        "sms_consent": person.sms_consent,
    }
    row = insert(PersonRow).values(id=person.id, **known)
    same_phone = PersonRow.phone.is_not_distinct_from(row.excluded.phone)
    out = case((same_phone, PersonRow.sms_opted_out_at), else_=None)
    await session.execute(
        row.on_conflict_do_update(index_elements=[PersonRow.id], set_=known | {"sms_opted_out_at": out})
    )


async def find(session: AsyncSession, id: str) -> Person | None:
    """Return the person of that id, if there is one."""
    return (await find_all(session, id)).get(id)


async def find_all(session: AsyncSession, *ids: str) -> Mapping[str, Person]:
    """Return the people of those ids, as far as they are in the directory, by id."""
    found = await session.execute(_people().where(PersonRow.id.in_(ids)))
    return {row.id: _person(row) for row in found}


async def staff(session: AsyncSession, role: Role, *, limit: int = 20) -> tuple[Person, ...]:
    """Return the active people of that role, first registered first."""
    query = _people().where(PersonRow.active, PersonRow.roles.contains([role]))
    query = query.order_by(PersonRow.created_at, PersonRow.id).limit(limit)
    return tuple(_person(row) for row in await session.execute(query))


async def earliest(session: AsyncSession, *, limit: int) -> tuple[Person, ...]:
    """Return those who have been in the directory for the longest."""
    query = _people().order_by(PersonRow.created_at, PersonRow.id).limit(limit)
    return tuple(_person(row) for row in await session.execute(query))


async def opt_out(session: AsyncSession, id: str, *, phone: str) -> None:
    """Note that whoever has that phone wants no texts, for good (trap R13); a new number is asked anew."""
    them = (PersonRow.id == id) & (PersonRow.phone == phone) & PersonRow.sms_opted_out_at.is_(None)
    await session.execute(update(PersonRow).where(them).values(sms_opted_out_at=func.now()))


def _people() -> Select[*tuple[Any, ...]]:
    return select(
        PersonRow.id,
        PersonRow.name,
        PersonRow.email,
        PersonRow.phone,
        PersonRow.timezone,
        PersonRow.locale,
        PersonRow.roles,
        PersonRow.categories,
        PersonRow.active,
        PersonRow.sms_consent,
        PersonRow.sms_opted_out_at.is_not(None).label("sms_opted_out"),
    )


def _person(row: Row[*tuple[Any, ...]]) -> Person:
    roles, categories = tuple(Role(role) for role in row.roles), tuple(row.categories)
    return Person(**{**row._mapping, "roles": roles, "categories": categories})  # noqa: SLF001 - SQLAlchemy's public name


async def candidates(
    session: AsyncSession, *, category: str, excluded: Collection[str], limit: int
) -> tuple[str, ...]:
    """Return at most `limit` active providers of `category` (empty: any), last registered first.

    Who is away at the moment is left out.
    """
    everything = func.cardinality(PersonRow.categories) == 0
    does_it = or_(everything, PersonRow.categories.contains([category])) if category else true()
    away = select(AbsenceRow.id).where(
        AbsenceRow.provider_id == PersonRow.id,
        AbsenceRow.ended_at.is_(None),
        AbsenceRow.since <= func.now(),
        AbsenceRow.until > func.now(),
    )
    query = (
        select(PersonRow.id)
        .where(
            PersonRow.active,
            PersonRow.roles.contains([Role.PROVIDER]),
            PersonRow.id.not_in(tuple(excluded)),
            does_it,
            ~away.exists(),
        )
        .order_by(PersonRow.created_at.desc(), PersonRow.id.desc())
        .limit(limit)
    )
    return tuple(await session.scalars(query))
