"""`replay`: would this code go on with the runs that are there?"""

import argparse
from pathlib import Path

from ops.voice import Commands, moment, whole

REPLAY = """\
Play the histories of runs to the stories of this code, as a worker does that takes a run over, and say which
of them this code would not go on with, and why. It changes nothing, calls no activity and asks no database.
Do it before new code is deployed: from a checkout of the new code, against the engine that has the runs.

Looked at are all runs of our queue that are open. What is sealed is opened with PAYLOAD_KEYS; a run that
cannot be opened is one that a worker with these settings would not go on with either.
"""
ENDS = """\
It ends with 0 when this code would go on with all of them, with 1 when it would not with any, and with 2 when
it could not look: there is no engine, no such run, no history in a file.

try this:
  python -m ops replay                            all open runs
  python -m ops replay --since 7d --limit 500     and those that ended within a week; 500 at most
  python -m ops replay --id assignment-ID         one run, by the id that Temporal knows it by
  python -m ops replay --query 'FulfillmentStatus = "scheduled"'
  python -m ops replay --save /tmp/histories      write them down as well
  python -m ops replay --from /tmp/histories      those that were written down; asks no engine
  python -m ops replay --json | jq -r '.failed[].workflowId'

docs/runbooks/commands.md says what to do with a run that fails.
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "replay",
        help="would this code go on with the runs that are there?",
        description=REPLAY,
        epilog=ENDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--id", metavar="WORKFLOW_ID", action="append", help="this run; may be given again")
    which.add_argument("--query", metavar="QUERY", help="what Temporal lists for QUERY, of any queue")
    which.add_argument(
        "--since", metavar="WHEN", type=moment, help="also runs that ended after WHEN: 7d, 12h, 2026-03-02"
    )
    which.add_argument(
        "--from", dest="folder", metavar="DIR", type=Path, help="the *.json in DIR, instead of the engine's"
    )
    parser.add_argument("--limit", metavar="N", type=whole, help="at most so many, the newest first")
    parser.add_argument("--save", metavar="DIR", type=Path, help="write each history into DIR")
    parser.add_argument("--json", action="store_true", help="report as one JSON document")
    parser.set_defaults(run=run)


async def run(asked: argparse.Namespace) -> int:
    """Replay what was asked for, report, and return how it ended."""
    # The stories and all that they know take two seconds to load, and the other commands need them not.
    from ops.replaying import replayed  # noqa: PLC0415

    return await replayed(asked)
