"""The directory: who people are, how to reach them, and which providers could take a job."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.people import Role
from fulfillment.store.tables import PersonRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody we can reach. A provider without `categories` does everything."""

    id: str
    name: str
    email: str | None = None
    phone: str | None = None
    timezone: str = "UTC"
    locale: str = "en"
    roles: tuple[Role, ...] = ()
    categories: tuple[str, ...] = ()
    active: bool = True


async def register(session: AsyncSession, person: Person) -> None:
    """Put `person` into the directory, or bring their entry up to date; their place in it stays."""
    known = {
        "name": person.name,
        "email": person.email,
        "phone": person.phone,
        "timezone": person.timezone,
        "locale": person.locale,
        "roles": list(person.roles),
        "categories": list(person.categories),
        "active": person.active,
    }
    row = insert(PersonRow).values(id=person.id, **known)
    await session.execute(row.on_conflict_do_update(index_elements=[PersonRow.id], set_=known))


async def find(session: AsyncSession, id: str) -> Person | None:
    """Return the person of that id, if there is one."""
    query = select(
        PersonRow.id,
        PersonRow.name,
        PersonRow.email,
        PersonRow.phone,
        PersonRow.timezone,
        PersonRow.locale,
        PersonRow.roles,
        PersonRow.categories,
        PersonRow.active,
    ).where(PersonRow.id == id)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    roles, categories = tuple(Role(role) for role in row.roles), tuple(row.categories)
    return Person(**{**row._mapping, "roles": roles, "categories": categories})  # noqa: SLF001 - SQLAlchemy's public name


async def candidates(
    session: AsyncSession, *, category: str, excluded: Collection[str], limit: int
) -> tuple[str, ...]:
    """Return at most `limit` active providers of `category` (empty: any), last registered first."""
    everything = func.cardinality(PersonRow.categories) == 0
    does_it = or_(everything, PersonRow.categories.contains([category])) if category else true()
    query = (
        select(PersonRow.id)
        .where(
            PersonRow.active,
            PersonRow.roles.contains([Role.PROVIDER]),
            PersonRow.id.not_in(tuple(excluded)),
            does_it,
        )
        .order_by(PersonRow.created_at.desc(), PersonRow.id.desc())
        .limit(limit)
    )
    return tuple(await session.scalars(query))
