"""Sessions of the pages: opened at sign-in, found at each request, ended by many things.

A session is named by a hash: what the browser keeps is never written down here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Text, cast, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.people import Role
from fulfillment.store.tables import PageSessionRow, PersonRow

GRAIN = timedelta(minutes=1)
"""How exactly it is noted that somebody was here; a write for each page would be one too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A session about to begin: `roles` are what the person may act in, `role` is what they act in."""

    id: str
    person_id: str
    name: str
    role: Role
    roles: frozenset[Role]
    known_roles: frozenset[Role] | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A session that has not run out, and what the directory says of its person now.

    `roles_now` is None where the directory does not know them; then they have no `timezone` either.
    """

    person_id: str
    name: str
    role: Role
    roles: frozenset[Role]
    known_roles: frozenset[Role] | None
    roles_now: frozenset[Role] | None
    active: bool
    timezone: str | None
    seen_at: datetime

    @property
    def holds(self) -> bool:
        """Whether they still are who they were when they signed in.

        Whoever was unknown to the directory then and is in it now has to have a place there for their role.
        """
        if self.roles_now is None:
            return self.known_roles is None
        same = self.role in self.roles_now if self.known_roles is None else self.known_roles == self.roles_now
        return self.active and same


async def open_session(session: AsyncSession, opening: Opening) -> None:
    """Write a session down, and end those that its person had with other roles, and those that ran out."""
    outdated = cast(sorted(opening.roles), ARRAY(Text)) != PageSessionRow.roles
    theirs = (PageSessionRow.person_id == opening.person_id) & outdated
    await session.execute(delete(PageSessionRow).where(theirs))
    await session.execute(delete(PageSessionRow).where(PageSessionRow.until < func.now()))
    known = opening.known_roles
    await session.execute(
        insert(PageSessionRow).values(
            id=opening.id,
            person_id=opening.person_id,
            name=opening.name,
            role=opening.role,
            roles=sorted(opening.roles),
            known_roles=None if known is None else sorted(known),
            until=opening.until,
        )
    )


async def find_session(session: AsyncSession, id: str, *, idle: timedelta) -> Found | None:
    """Return the session, unless it has run out or nobody used it for as long as `idle`."""
    row = PageSessionRow
    query = (
        select(
            row.person_id,
            func.coalesce(PersonRow.name, row.name).label("name"),
            row.role,
            row.roles,
            row.known_roles,
            PersonRow.roles.label("roles_now"),
            PersonRow.active,
            PersonRow.timezone,
            row.seen_at,
        )
        .outerjoin(PersonRow, PersonRow.id == row.person_id)
        .where(row.id == id, row.until > func.now(), row.seen_at > func.now() - idle)
    )
    found = (await session.execute(query)).one_or_none()
    if found is None:
        return None
    return Found(
        person_id=found.person_id,
        name=found.name,
        role=Role(found.role),
        roles=_roles(found.roles),
        known_roles=None if found.known_roles is None else _roles(found.known_roles),
        roles_now=None if found.roles_now is None else _roles(found.roles_now),
        active=found.active is not False,
        timezone=found.timezone,
        seen_at=found.seen_at,
    )


async def note_seen(session: AsyncSession, id: str) -> None:
    """Note that the session is in use."""
    await session.execute(update(PageSessionRow).where(PageSessionRow.id == id).values(seen_at=func.now()))


async def act_as(session: AsyncSession, id: str, *, anew: str, role: Role) -> bool:
    """Let the session go on under the id `anew` and in that role, and return whether it may."""
    changed = (
        update(PageSessionRow)
        .where(PageSessionRow.id == id, PageSessionRow.roles.contains([role]))
        .values(id=anew, role=role)
        .returning(PageSessionRow.id)
    )
    return await session.scalar(changed) is not None


async def end_session(session: AsyncSession, id: str) -> None:
    """End a session; one that has ended stays so."""
    await session.execute(delete(PageSessionRow).where(PageSessionRow.id == id))


def _roles(names: Collection[str]) -> frozenset[Role]:
    return frozenset(Role(name) for name in names)
