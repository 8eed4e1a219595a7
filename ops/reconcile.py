"""`reconcile`: do the runs, the database and the payment provider agree on everybody's money?"""

import argparse

from ops.voice import Commands

RECONCILE = """\
Compare three accounts of the same money: what the run of an assignment believes, what the database has, and
what Stripe says. Looked at is whatever is open, what has moved in the last three days, and what is a case.

Mended at once are rows that somebody has changed (they are written anew), runs that know less than Stripe
(they are told to look), holds that are left on a customer's card after work that ended unpaid (they are let
go), and events that nobody has passed on. Nothing else moves: money that is not where it should be becomes
a case in `ops_task`, once, and the case is closed when the matter is found in order.

The worker does the same every hour (RECONCILE_CRON). This command may run beside it, and while people work.
"""
ENDS = """\
It ends with 0 when nothing is wrong or all of it is mended, with 1 when something waits for a person (in a
dry run: when anything was found), and with 2 when not all could be looked at.

try this:
  python -m ops reconcile --dry-run              what would it do?
  python -m ops reconcile --assignment ID        one assignment alone
  python -m ops reconcile --json | jq .findings  for other programs

docs/runbooks/reconciling.md says what each kind means, and what to do about it.
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "reconcile",
        help="compare runs, database and Stripe, and mend what may be mended",
        description=RECONCILE,
        epilog=ENDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dry-run", action="store_true", help="say what is wrong, and change nothing")
    parser.add_argument("--assignment", metavar="ID", help="look at this assignment alone, whatever it is")
    parser.add_argument("--json", action="store_true", help="report as one JSON document")
    parser.set_defaults(run=run)


async def run(asked: argparse.Namespace) -> int:
    """Reconcile what was asked for, report, and return how it ended."""
    # Engine and Stripe take two seconds to load, and the other commands need neither.
    from ops.reconciling import reconciled  # noqa: PLC0415

    return await reconciled(asked)
