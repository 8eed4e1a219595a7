"""`audit verify`: is every row of the audit as it was written?"""

import argparse

from fulfillment.store import chain
from fulfillment.store.chain import Verified
from fulfillment.store.tables import Entity
from ops.database import reading
from ops.status import COULD_NOT_LOOK, SOMETHING_IS_WRONG
from ops.voice import Commands, complain, counting, say

VERIFY = """\
Compute the chain of the audit anew, and list every place where it does not hold: a row that was changed,
one that was slipped in, one that is gone, a step that has none. What it cannot find: refusals taken off the
end of a chain, and a chain that somebody has written anew from a row to its end. Against the latter, compare
its last hash with one that was written down before (docs/runbooks/evidence.md).
"""


def add(commands: Commands) -> None:
    audit = commands.add_parser("audit", help="look after the audit")
    verify = audit.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "verify", help="find rows that were changed, slipped in or taken away", description=VERIFY
    )
    about = verify.add_mutually_exclusive_group()
    about.add_argument("--assignment", metavar="ID", help="look at this assignment alone")
    about.add_argument("--job", metavar="ID", help="look at this job alone")
    verify.set_defaults(run=run)


async def run(asked: argparse.Namespace) -> int:
    """Verify what was asked for, and return how it ended."""
    about = _about(asked)
    async with reading() as session:
        total = None if about else await chain.size(session)
        with counting("audit", total=total) as seen:
            found = await chain.verify(session, about=about, seen=seen)
    if about and not found.chains and not found.broken:
        complain(f"the audit has nothing on {about[0]} {about[1]}")
        return COULD_NOT_LOOK
    for broken in found.broken:
        say(str(broken))
    say(_told(found))
    return SOMETHING_IS_WRONG if found.broken else 0


def _about(asked: argparse.Namespace) -> tuple[Entity, str] | None:
    if asked.assignment:
        return Entity.ASSIGNMENT, asked.assignment
    return (Entity.JOB, asked.job) if asked.job else None


def _told(found: Verified) -> str:
    old = f", {found.unchained} of them from before the chain" if found.unchained else ""
    broken = len(found.broken)
    verdict = f"{broken} {'places do' if broken > 1 else 'place does'} not hold." if broken else "All hold."
    return f"{_many(found.rows, 'row')} in {_many(found.chains, 'chain')}{old}. {verdict}"


def _many(n: int, what: str) -> str:
    return f"{n} {what}{'s' if n != 1 else ''}"
