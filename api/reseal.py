"""Seal people's consents under the newest of SECRETS_KEYS: `python -m api.reseal`, after a key was put first.

It may be repeated, and may run while people connect and disconnect. When it has gone through, and every
process was started with the new list, the old key can be taken off.
"""

import asyncio
import sys

from sqlalchemy.ext.asyncio import AsyncSession

from api.house import sealer_of
from fulfillment.gateways.sealing import Sealer, Unreadable
from fulfillment.settings import WrongSetting, read
from fulfillment.store import calendars
from fulfillment.store.database import engine as database_engine


async def reseal(session: AsyncSession, sealer: Sealer) -> tuple[int, tuple[str, ...]]:
    """Return how many consents were sealed anew, and whose no key opens; the caller commits."""
    done, lost = 0, []
    for person, sealed in await calendars.every_consent(session):
        try:
            renewed = sealer.renew(sealed)
        except Unreadable:
            lost.append(person)
            continue
        await calendars.reseal(session, person, was=sealed, sealed=renewed)
        done += 1
    return done, tuple(lost)


async def main() -> int:
    """Reseal what the settings lead to; return 1 if something could not be opened."""
    settings = read()
    database = database_engine(settings.database_url)
    async with AsyncSession(database) as session, session.begin():
        done, lost = await reseal(session, sealer_of(settings))
    await database.dispose()
    print(f"{done} consents are sealed under the newest key.")  # noqa: T201 - a command speaks to its caller
    for person in lost:
        print(f"No key opens the consent of {person}; they have to connect again.")  # noqa: T201
    return 1 if lost else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except WrongSetting as wrong:
        sys.exit(str(wrong))
