"""Plant the demo marketplace in a running stack: `python -m devstack.seed`. A repeat changes nothing."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from devstack import background
from devstack.addresses import Addresses
from devstack.client import Api
from devstack.environment import PROJECT
from devstack.errors import DevStackError
from devstack.marketplace import Marketplace, job_of
from devstack.people import RESIDENTS, entry_of, signed_in
from devstack.stories import LAST, STORIES
from devstack.voice import complain, leave, say
from fulfillment.store import directory
from fulfillment.store.database import engine as database_engine


async def seed(addresses: Addresses) -> Sequence[str]:
    """Make the marketplace unless it is there, and return what to tell the person at the keyboard.

    Raises:
        DevStackError: the system did not get where it should.
    """
    await fill_directory(addresses.database_url)
    async with Api(addresses.api) as api:
        people = await signed_in(api)
        marketplace = Marketplace(api, people)
        known = await people["ada"].get("/jobs", limit=100)
        if not any(job["title"] == LAST for job in known["items"]):
            await marketplace.tell(STORIES)
            await people["ada"].post("/jobs", job_of(LAST, "heating", "quotes"), key="seed/last")
    return _greeting(addresses)


async def fill_directory(database_url: str) -> None:
    database = database_engine(database_url)
    async with AsyncSession(database) as session, session.begin():
        for resident in RESIDENTS:
            await directory.register(session, entry_of(resident))
    await database.dispose()


def _greeting(addresses: Addresses) -> Sequence[str]:
    """Return who there is to sign in as, and a line to paste."""
    sign_in = f"curl -s {addresses.api}/dev/token -H 'Content-Type: application/json' -d"
    pick = "python3 -c 'import json,sys; print(json.load(sys.stdin)[\"accessToken\"])'"
    admin = '{"sub": "ruth", "role": "admin"}'
    people = [f"  {each.role.value:<10}{each.id:<6}{each.name}" for each in RESIDENTS]
    return (
        "Sign in as any of these (POST /dev/token gives a token for sub and role):",
        *people,
        "",
        "Try: the payouts that wait for an admin",
        f"  TOKEN=$({sign_in} '{admin}' | {pick})",
        f'  curl -s {addresses.api}/admin/payouts -H "Authorization: Bearer $TOKEN"',
        "",
        "Next: `make demo` follows one job live, from its posting to a paid provider.",
    )


def main() -> int:
    """Plant the marketplace in the stack that runs on a data directory, and say who is in it."""
    parser = argparse.ArgumentParser(prog="python -m devstack.seed", description=__doc__)
    parser.add_argument(
        "--data", default=PROJECT / "var", type=Path, metavar="DIR", help="default: %(default)s"
    )
    data = parser.parse_args().data.expanduser().resolve()
    try:
        say("\n".join(asyncio.run(seed(background.find(data).addresses))))
    except DevStackError as error:
        complain(str(error))
        return 1
    return 0


if __name__ == "__main__":
    leave(main())
