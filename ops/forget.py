"""`forget`: a person wants to be forgotten, and the law agrees."""

import argparse
from datetime import UTC, datetime, timedelta

from fulfillment.store import directory
from fulfillment.store.forgetting import Elsewhere, elsewhere, forget, still_open
from ops.database import reading
from ops.status import COULD_NOT_LOOK, SOMETHING_IS_WRONG
from ops.voice import Commands, complain, say

DAYS = 180
"""Longer than a customer's bank takes to want money back."""
FORGET = """\
Take out of the database who somebody is, how they are reached, and what was written in their jobs and
assignments. What money and audit need stays, under an id that then names nobody. Nothing is changed without
--yes: it says what would be. It refuses while something of theirs goes on, or has ended too recently.
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser("forget", help="forget a person", description=FORGET)
    parser.add_argument("person", metavar="PERSON_ID", help="who is to be forgotten")
    parser.add_argument("--yes", action="store_true", help="do it; there is no way back")
    parser.add_argument(
        "--after-days", metavar="N", type=float, default=DAYS, help=f"how long all has to be over ({DAYS})"
    )
    parser.set_defaults(run=run)


async def run(asked: argparse.Namespace) -> int:
    """Forget somebody, or say what that would take; return how it ended."""
    async with reading() as session:
        if await directory.find(session, asked.person) is None:
            complain(f"the directory has nobody called {asked.person}")
            return COULD_NOT_LOOK
        before = datetime.now(UTC) - timedelta(days=asked.after_days)
        if in_the_way := await still_open(session, asked.person, before=before):
            say(f"{asked.person} cannot be forgotten yet: this goes on, or has ended too recently.")
            say("\n".join(in_the_way))
            return SOMETHING_IS_WRONG
        left = await elsewhere(session, asked.person)
        rows = await forget(session, asked.person)
        await (session.commit() if asked.yes else session.rollback())
    say("\n".join(f"{n:6}  {what}" for what, n in rows.items() if n))
    say(_left(left))
    say(f"{asked.person} is forgotten." if asked.yes else "Nothing was changed; --yes does it.")
    return 0


def _left(left: Elsewhere) -> str:
    """Return what has to be done elsewhere, a line each."""
    lines = [f"At Stripe, delete {ref}." for ref in left.stripe]
    lines += [f"In the store of calendar files, delete {key}." for key in left.files]
    if left.connected_to_google:
        lines.append("They have let us into their Google calendar: have them take that back there.")
    lines.append("Histories in Temporal go with its retention; backups with theirs.")
    return "\n".join(lines)
