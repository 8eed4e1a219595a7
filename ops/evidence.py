"""`evidence`: all that proves what happened in an assignment, and whether such a file is as it was made."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from fulfillment.store.bundle import check_bundle
from fulfillment.store.evidence import evidence
from ops.database import reading
from ops.status import COULD_NOT_LOOK, SOMETHING_IS_WRONG
from ops.voice import Commands, complain, say

MAKE_OR_CHECK = """\
Write all that proves what happened in an assignment as one JSON document, whose records are chained by
hashes; or check such a document, for which no database is needed. Note the head somewhere else: it is what
tells a document from another that somebody has made up.
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "evidence", help="write or check the evidence on an assignment", description=MAKE_OR_CHECK
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("assignment", metavar="ASSIGNMENT_ID", nargs="?", help="whose evidence is written")
    what.add_argument("--check", metavar="FILE", type=Path, help="check this file instead")
    parser.add_argument("--out", metavar="FILE", type=Path, help="where it goes; to stdout if not said")
    parser.set_defaults(run=run)


async def run(asked: argparse.Namespace) -> int:
    """Check a file, or write one; return how it ended."""
    if asked.check:
        return _check(asked.check)
    async with reading() as session:
        found = await evidence(session, asked.assignment, at=datetime.now(UTC))
    if found is None:
        complain(f"there is no assignment {asked.assignment}")
        return COULD_NOT_LOOK
    written = json.dumps(found, indent=2, ensure_ascii=False)
    if not asked.out:
        say(written)
        return 0
    asked.out.write_text(f"{written}\n", encoding="utf-8")
    say(f"{len(found['records'])} records in {asked.out}. Head: {found['head']}")
    return 0


def _check(file: Path) -> int:
    try:
        document = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        say(f"{file} is no JSON: {error}")
        return SOMETHING_IS_WRONG
    problems = check_bundle(document)
    for problem in problems:
        say(problem)
    if problems:
        return SOMETHING_IS_WRONG
    say(f"{len(document['records'])} records, all as they were made. Head: {document['head']}")
    return 0
