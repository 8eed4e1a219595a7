"""What people are called on pages: by the name in the directory, and by their part where there is none."""

from collections.abc import Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.people import Party
from fulfillment.store import directory

UNNAMED: Mapping[Party, str] = {Party.CUSTOMER: "the customer", Party.PROVIDER: "the provider"}


async def names(session: AsyncSession, ids: Iterable[str | None]) -> Mapping[str, str]:
    """Return the names of those people, as far as the directory has them, by id."""
    wanted = {id for id in ids if id}
    found = await directory.find_all(session, *wanted) if wanted else {}
    return {id: person.name for id, person in found.items()}
