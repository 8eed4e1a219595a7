"""`python -m ops` runs one command of operations; `--help` says which there are."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from fulfillment.settings import WrongSetting
from ops import audit, backfill, drain, evidence, forget, reconcile, replay
from ops.status import COULD_NOT_LOOK, INTERRUPTED
from ops.voice import complain

COMMANDS = (audit, backfill, drain, evidence, forget, reconcile, replay)
"""One module a command: its `add` says what it takes, and sets as `run` what it does."""

EPILOG = """\
try this:
  python -m ops audit verify                     is every row of the audit as it was written?
  python -m ops audit verify --assignment ID     the same for one assignment
  python -m ops backfill rows --dry-run          which columns do not say what their rows keep whole?
  python -m ops backfill steps --dry-run         which steps of runs does the database not have?
  python -m ops drain                            who works, and on what?
  python -m ops drain --version NAME:BUILD       wait until nothing needs that version of the worker any more
  python -m ops evidence ID --out evidence.json  all that proves what happened in an assignment
  python -m ops evidence --check evidence.json   is that file as it was made? asks no database
  python -m ops forget ID                        what would it take to forget that person?
  python -m ops forget ID --yes                  forget them; there is no way back
  python -m ops reconcile --dry-run              do runs, database and Stripe agree on the money?
  python -m ops reconcile                        the same, and mend what may be mended
  python -m ops replay                           would this code go on with the runs that are open?

Commands take their settings as api and worker do: from the environment, and a file .env. They may run while
people work. Only `backfill`, `reconcile` and `forget --yes` change anything. They end with 0 when all is
well, 1 when they have found something wrong, and 2 when they could not look.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what `arguments` ask for and return its exit status."""
    asked = parser().parse_args(arguments)
    try:
        return asyncio.run(carried_out(asked))
    except KeyboardInterrupt:
        return INTERRUPTED


async def carried_out(asked: argparse.Namespace) -> int:
    """Do what was asked for and return how it ended; what keeps it from that is one sentence."""
    try:
        status: int = await asked.run(asked)
    except DBAPIError as error:
        complain(f"the database refused: {error.orig}")
    except (WrongSetting, OSError) as error:
        complain(str(error))
    else:
        return status
    return COULD_NOT_LOOK


def parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    whole = argparse.ArgumentParser(
        prog="python -m ops", description="Commands of operations.", epilog=EPILOG, formatter_class=raw
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for each in COMMANDS:
        each.add(commands)
    return whole


if __name__ == "__main__":
    ended = main()
    sys.stdout.flush()
    # The engine's library has threads of its own. One that hands something over while Python takes itself
    # apart has been seen to abort the process, after all was said (temporalio/sdk-python#300).
    os._exit(ended)
