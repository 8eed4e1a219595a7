"""People of the town whom the directory knows by a name."""

from fulfillment.store import directory
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
