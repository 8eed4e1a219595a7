"""`backfill`: rows and steps that the database should have and has not."""

import argparse
from collections.abc import Awaitable, Callable

from ops.status import COULD_NOT_LOOK
from ops.voice import Commands, complain, moment, whole

BATCH = 200
BACKFILL = """\
Write what the database should have and has not: `rows` fills columns from what the rows themselves keep
whole, `steps` fetches steps that are missing altogether from the histories of the runs.
"""
ROWS = """\
Compare every assignment and every job with what its row keeps whole (the state after its last step), and
write each column that says otherwise, in the row itself and in those beside it: payout, hold on a card,
quotes, offers. For a column that a migration has added, and for rows that somebody has changed by hand. It
makes no step, tells nobody anything, asks no engine, and writes nothing that has taken another step since.

Rows are taken in the order of their ids, each batch in a transaction of its own that waits a second for a
lock and then goes on without whoever is locked. Who stops it is told from where to go on.
"""
STEPS = """\
Look into the histories of the runs for steps that the audit, or the row, does not have, and write them as
the run would have: row, audit, reminders, messages and all. For a database that was restored from a backup
older than its runs. What is there already is left alone, and a repeat finds nothing more.

People are sent the messages of these steps unless they are too old for it (NOTICE_PATIENCE_HOURS), even if
they had them before the database was lost. The dry run says how many those are.
"""
ENDS = """\
It ends with 0 when all is written or nothing is missing, with 1 when something could not be written (in a dry
run: when anything was found), and with 2 when it could not look.

try this:
"""
ROWS_TRY = """\
  python -m ops backfill rows --dry-run            what would it write?
  python -m ops backfill rows                      write it
  python -m ops backfill rows --only jobs --after 0198 --batch 50    go on from there, in small steps
  python -m ops backfill rows --only assignments --id ID --json
"""
STEPS_TRY = """\
  python -m ops backfill steps --dry-run           which steps would it write?
  python -m ops backfill steps --since 2d          of open runs, and of those that ended within two days
  python -m ops backfill steps --id assignment-ID  of one run, by the id that Temporal knows it by
"""


def add(commands: Commands) -> None:
    backfill = commands.add_parser(
        "backfill", help="write rows and steps that are missing", description=BACKFILL
    ).add_subparsers(required=True, metavar="COMMAND")
    rows = _parser(backfill, "rows", "fill columns from what the rows keep whole", ROWS, ROWS_TRY, run_rows)
    rows.add_argument("--only", choices=("assignments", "jobs"), help="these alone, instead of both")
    rows.add_argument("--id", metavar="ID", help="this one alone; takes --only")
    rows.add_argument("--after", metavar="ID", default="", help="begin after this id; takes --only")
    rows.add_argument(
        "--batch", metavar="N", type=whole, default=BATCH, help=f"so many to a transaction ({BATCH})"
    )
    steps = _parser(backfill, "steps", "fetch missing steps from the runs", STEPS, STEPS_TRY, run_steps)
    which = steps.add_mutually_exclusive_group()
    which.add_argument("--id", metavar="WORKFLOW_ID", action="append", help="this run; may be given again")
    which.add_argument(
        "--since", metavar="WHEN", type=moment, help="also runs that ended after WHEN: 7d, 12h, 2026-03-02"
    )


async def run_rows(asked: argparse.Namespace) -> int:
    """Fill in rows, report, and return how it ended."""
    if not asked.only and (asked.id or asked.after):
        complain(f"{'--id' if asked.id else '--after'}: say with --only whether it is of assignments or jobs")
        return COULD_NOT_LOOK
    from ops.backfilling import filled  # noqa: PLC0415 - takes a second to load

    return await filled(asked)


async def run_steps(asked: argparse.Namespace) -> int:
    """Fetch steps, report, and return how it ended."""
    from ops.fetching import fetched  # noqa: PLC0415 - engine and activities take two seconds to load

    return await fetched(asked)


def _parser(
    commands: Commands,
    name: str,
    help: str,
    description: str,
    examples: str,
    run: Callable[[argparse.Namespace], Awaitable[int]],
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=help,
        description=description,
        epilog=ENDS + examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dry-run", action="store_true", help="say what is missing, and change nothing")
    parser.add_argument("--json", action="store_true", help="report as one JSON document")
    parser.set_defaults(run=run)
    return parser
