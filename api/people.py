"""People as we reach them: each looks after their own entry in the directory, and staff after everybody's."""

from collections.abc import Collection
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import allow
from api.errors import Missing
from api.reading import TheSession
from api.schemas.people import PersonSent, PersonShown
from api.tokens import Principal
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.people import Actor, Role
from fulfillment.domain.text import expect_text
from fulfillment.domain.window import zone_of
from fulfillment.store import directory
from fulfillment.store.directory import Person

router = APIRouter(tags=["people"])

Anybody = Annotated[Actor, Depends(allow(Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN))]
Staff = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN))]
Sub = Annotated[str, Path(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
"""The `sub` of a token, whatever its issuer puts there."""

LONGEST_NAME = 200


@router.get("/me")
async def read_me(actor: Anybody, session: TheSession) -> PersonShown:
    """Show one's own entry; 404 until there is one."""
    return await _shown(session, actor.id)


@router.put("/me")
async def write_me(body: PersonSent, actor: Anybody, request: Request, session: TheSession) -> PersonShown:
    """Say how one is reached, all of it at once; the id is the token's, and its roles are added."""
    principal: Principal = request.state.principal
    return await keep(session, actor.id, body, roles=principal.roles)


@router.get("/people/{person_id:path}")
async def read_person(person_id: Sub, _: Staff, session: TheSession) -> PersonShown:
    """Show how somebody is reached."""
    return await _shown(session, person_id)


@router.put("/people/{person_id:path}")
async def write_person(person_id: Sub, body: PersonSent, _: Staff, session: TheSession) -> PersonShown:
    """Say how somebody is reached, known so far or not; their roles stay."""
    return await keep(session, person_id, body)


async def _shown(session: AsyncSession, id: str) -> PersonShown:
    person = await directory.find(session, id)
    if person is None:
        raise Missing
    return PersonShown.of(person)


async def keep(
    session: AsyncSession, id: str, body: PersonSent, *, roles: Collection[Role] = ()
) -> PersonShown:
    """Bring the entry up to date and return it; what nobody says here, such as a provider's trades, stays."""
    _expect_sound(body)
    async with session.begin():
        known = await directory.find(session, id) or Person(id=id, name=body.name)
        told = replace(known, **body.model_dump(), roles=tuple(sorted({*known.roles, *roles})))
        await directory.register(session, told)
        return await _shown(session, id)


def _expect_sound(body: PersonSent) -> None:
    """Refuse a name that no mail should carry, and a zone that no clock keeps.

    Raises:
        ValueInvalid: names the field.
    """
    expect_text("name", body.name, most=LONGEST_NAME)
    if not body.name.strip() or "\n" in body.name or "\t" in body.name:
        raise ValueInvalid("name: it takes a name in one line")
    zone_of(body.timezone)
