"""What `backfill rows` does: batch after batch of the database, with a word on where it stopped."""

import argparse
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import async_sessionmaker

from activities.backfill import Backfill, Filled
from fulfillment.settings import read
from fulfillment.store.database import engine as database_engine
from fulfillment.store.tables import Entity
from ops.status import COULD_NOT_LOOK, SOMETHING_IS_WRONG
from ops.voice import complain, counting, say, table

WORDS = {"assignments": Entity.ASSIGNMENT, "jobs": Entity.JOB}


@dataclass(slots=True)
class Report:
    """What was found so far."""

    looked_at: int = 0
    changed: int = 0
    columns: Counter[str] = field(default_factory=Counter)
    left: dict[str, str] = field(default_factory=dict)

    def take(self, batch: Filled) -> None:
        self.looked_at += batch.looked_at
        self.changed += batch.changed
        self.columns.update(batch.columns)
        self.left |= batch.left


async def filled(asked: argparse.Namespace) -> int:
    """Fill in what was asked for, report, and return how it ended."""
    report = Report()
    async with _at_work() as backfill:
        for word, entity in WORDS.items():
            if asked.only in {None, word}:
                await _through(backfill, word, entity, asked, report)
    if asked.id and not report.looked_at:
        complain(f"--id: there is nothing called {asked.id} among the {asked.only}")
        return COULD_NOT_LOOK
    say(_as_json(report, asked) if asked.json else _as_page(report, asked))
    return SOMETHING_IS_WRONG if report.left or (asked.dry_run and report.changed) else 0


async def _through(
    backfill: Backfill, word: str, entity: Entity, asked: argparse.Namespace, report: Report
) -> None:
    if asked.id:
        report.take(await backfill.batch(entity, [asked.id], dry=asked.dry_run))
        return
    after, done = asked.after, False
    try:
        with counting(f"backfill {word}", total=await backfill.size(entity, after=after)) as seen:
            async for batch in backfill.batches(entity, after=after, size=asked.batch, dry=asked.dry_run):
                report.take(batch)
                seen(batch.looked_at)
                after = batch.after
        done = True
    finally:
        if not done:
            rest = f" --after {after}" if after else ""
            complain(f"stopped; python -m ops backfill rows --only {word}{rest} goes on from here")


@asynccontextmanager
async def _at_work() -> AsyncIterator[Backfill]:
    database = database_engine(read().database_url, pool_size=1)
    try:
        yield Backfill(async_sessionmaker(database))
    finally:
        await database.dispose()


def _as_json(report: Report, asked: argparse.Namespace) -> str:
    found = {
        "lookedAt": report.looked_at,
        "changed": report.changed,
        "dryRun": asked.dry_run,
        "columns": dict(sorted(report.columns.items())),
        "left": report.left,
    }
    return json.dumps(found, indent=2)


def _as_page(report: Report, asked: argparse.Namespace) -> str:
    changed = f"{report.changed} {'would be' if asked.dry_run else 'were'} written anew"
    left = f", {len(report.left)} left as they are" if report.left else ""
    verdict = f"{report.looked_at} looked at, {changed}{left}."
    parts = [
        verdict
        if report.changed or report.left
        else f"{report.looked_at} looked at. All say what they should."
    ]
    if report.left:
        parts.insert(0, table(("LEFT", "WHY"), *report.left.items()))
    if report.columns:
        lines = sorted(report.columns.items())
        parts.insert(0, table(("COLUMN", "ROWS"), *((name, str(rows)) for name, rows in lines)))
    return "\n\n".join(parts)
