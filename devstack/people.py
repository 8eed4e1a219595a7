"""Who lives in the demo marketplace."""

from dataclasses import dataclass

from devstack.client import Api, Person
from fulfillment.domain.people import Role
from fulfillment.store import directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Somebody to sign in as; providers do the `trades` listed."""

    id: str
    role: Role
    name: str
    trades: tuple[str, ...] = ()


ADA = Resident(id="ada", role=Role.CUSTOMER, name="Ada Albrecht")
CEM = Resident(id="cem", role=Role.CUSTOMER, name="Cem Calik")
BOB = Resident(id="bob", role=Role.PROVIDER, name="Bob Baumann, heating", trades=("heating", "plumbing"))
BEA = Resident(id="bea", role=Role.PROVIDER, name="Bea Brandt, plumbing", trades=("plumbing", "painting"))
BEN = Resident(id="ben", role=Role.PROVIDER, name="Ben Bauer, heating", trades=("heating",))
OLGA = Resident(id="olga", role=Role.OPS, name="Olga Orlova")
RUTH = Resident(id="ruth", role=Role.ADMIN, name="Ruth Richter")
RITA = Resident(id="rita", role=Role.ADMIN, name="Rita Rossi")

RESIDENTS = (ADA, CEM, BOB, BEA, BEN, OLGA, RUTH, RITA)


def entry_of(resident: Resident) -> directory.Person:
    """Return the directory's entry, with an address at which nobody real lives (RFC 2606)."""
    return directory.Person(
        id=resident.id,
        name=resident.name,
        email=f"{resident.id}@example.org",
        timezone="Europe/Berlin",
        roles=(resident.role,),
        categories=resident.trades,
    )


async def signed_in(api: Api, *residents: Resident) -> dict[str, Person]:
    """Return each of `residents`, or all of them, with a token, by id."""
    return {each.id: await api.person(each.id, each.role, each.name) for each in residents or RESIDENTS}
