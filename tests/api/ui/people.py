"""People of the town whom the directory knows by a name."""

from sqlalchemy import update

from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store.tables import PersonRow
from tests.journeys.people import Person
from tests.journeys.town import Town

BERLIN = "Europe/Berlin"
NOBODY_ASKS = "a trade that nobody asks for"
"""Without a trade they would be offered the jobs of other tests."""


async def named(town: Town, person: Person, name: str = "") -> Person:
    """Put somebody into the directory under that name, or that of their id, and return them."""
    entry = directory.Person(
        id=person.id,
        name=name or person.id,
        timezone=BERLIN,
        roles=(person.role,),
        categories=(NOBODY_ASKS,),
    )
    async with town.sessions.begin() as session:
        await directory.register(session, entry)
    return person


async def of_no_trade(town: Town) -> None:
    """Give every provider without a trade one that nobody asks for; who picks a role at sign-in has none."""
    idle = PersonRow.roles.contains([Role.PROVIDER]) & (PersonRow.categories == [])
    async with town.sessions.begin() as session:
        await session.execute(update(PersonRow).where(idle).values(categories=[NOBODY_ASKS]))
