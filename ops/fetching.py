"""What `backfill steps` does: steps that the database does not have, out of the histories of the runs."""

import argparse
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.ledger import AssignmentBatch, JobBatch, Ledger
from fulfillment.settings import read
from fulfillment.store.database import engine as database_engine
from fulfillment.store.tables import Entity
from fulfillment.store.views import whole
from ops import histories
from ops.engine import reaching
from ops.histories import Recorded
from ops.status import SOMETHING_IS_WRONG
from ops.voice import counting, say, table

Batch = AssignmentBatch | JobBatch
WRITES: Mapping[str, type[Batch]] = {"project_assignment": AssignmentBatch, "project_job": JobBatch}
"""The activities by which runs write their steps down, and what each is given."""
STORIES = 'WorkflowType IN ("Assignment", "Job")'


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Steps of one assignment or job that the database does not have, and the batches they came in."""

    entity: Entity
    id: str
    steps: tuple[int, ...]
    messages: int
    batches: tuple[Batch, ...]


@dataclass(slots=True)
class Report:
    """What was found so far; `left` says of which run nothing more could be written, and why."""

    looked_at: int = 0
    missing: list[Missing] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


async def fetched(asked: argparse.Namespace) -> int:
    """Fetch what was asked for, report, and return how it ended."""
    settings, report = read(), Report()
    async with _database(settings.database_url) as sessions, reaching(settings) as client:
        runs = await _runs(client, asked)
        with counting("backfill steps", total=len(runs)) as seen:
            for run in runs:
                found = await histories.fetched(client, *run)
                if found:
                    await _through(found, client, sessions, asked, report)
                seen(1)
    say(_as_json(report, asked) if asked.json else _as_page(report, asked))
    return SOMETHING_IS_WRONG if report.left or (asked.dry_run and report.missing) else 0


async def _runs(client: Client, asked: argparse.Namespace) -> list[tuple[str, str | None]]:
    """Return the runs that are meant, the oldest first: a job is written before what it was put into."""
    if asked.id:
        return [(id, None) for id in asked.id]
    query = f"{histories.query_of(asked)} AND {STORIES}"
    found = [(each.start_time, each.id, each.run_id) async for each in client.list_workflows(query)]
    return [(id, run_id) for _, id, run_id in sorted(found)]


async def _through(
    found: Recorded,
    client: Client,
    sessions: async_sessionmaker[AsyncSession],
    asked: argparse.Namespace,
    report: Report,
) -> None:
    report.looked_at += 1
    batches = [each async for each in _batches(found, client)]
    if not batches:
        return
    missing = await _missing(sessions, batches)
    if missing is None:
        return
    try:
        for batch in () if asked.dry_run else missing.batches:
            await _write(Ledger(sessions), batch)
    except (ApplicationError, IntegrityError) as error:
        report.left[found.workflow_id] = _why(error)
        return
    report.missing.append(missing)


async def _batches(found: Recorded, client: Client) -> AsyncIterator[Batch]:
    """Yield what the run has asked to be written down, in the order in which it did."""
    for event in found.history.events:
        asked = event.activity_task_scheduled_event_attributes
        kind = WRITES.get(asked.activity_type.name)
        if kind:
            (batch,) = await client.data_converter.decode(asked.input.payloads, [kind])
            yield batch


async def _missing(sessions: async_sessionmaker[AsyncSession], batches: list[Batch]) -> Missing | None:
    """Return what of that the database does not have; None if it has it all."""
    entity, id = _about(batches[0])
    async with sessions() as session:
        written, step = await whole.steps_of(session, entity, id), await whole.step_of(session, entity, id)
    lacking = [each for each in batches if any(n > step or n not in written for n in _numbers(each))]
    steps = sorted({n for each in lacking for n in _numbers(each) if n > step or n not in written})
    if not steps:
        return None
    return Missing(
        entity=entity,
        id=id,
        steps=tuple(steps),
        messages=sum(
            len(entry.notices) + len(entry.reminders)
            for each in lacking
            for entry in each.entries
            if entry.step.number in steps
        ),
        batches=tuple(lacking),
    )


async def _write(ledger: Ledger, batch: Batch) -> None:
    if isinstance(batch, AssignmentBatch):
        await ledger.project_assignment(batch)
    else:
        await ledger.project_job(batch)


def _about(batch: Batch) -> tuple[Entity, str]:
    if isinstance(batch, AssignmentBatch):
        return Entity.ASSIGNMENT, batch.assignment_id
    return Entity.JOB, batch.job_id


def _numbers(batch: Batch) -> Iterator[int]:
    return (entry.step.number for entry in batch.entries)


def _why(error: ApplicationError | IntegrityError) -> str:
    """Return why the database would not take it, without a word of what people wrote."""
    if isinstance(error, ApplicationError):
        return error.message
    diagnosis = getattr(error.orig, "diag", None)
    return f"the database refused: {getattr(diagnosis, 'constraint_name', None) or 'a constraint'}"


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    database = database_engine(url, pool_size=1)
    try:
        yield async_sessionmaker(database)
    finally:
        await database.dispose()


def _as_json(report: Report, asked: argparse.Namespace) -> str:
    missing = [
        {"entity": each.entity, "id": each.id, "steps": each.steps, "messages": each.messages}
        for each in report.missing
    ]
    found = {"lookedAt": report.looked_at, "dryRun": asked.dry_run, "missing": missing, "left": report.left}
    return json.dumps(found, indent=2)


def _as_page(report: Report, asked: argparse.Namespace) -> str:
    steps = sum(len(each.steps) for each in report.missing)
    runs = f"{report.looked_at} {'run' if report.looked_at == 1 else 'runs'} looked at."
    if not report.missing and not report.left:
        return f"{runs} No step is missing."
    verb = "would be" if asked.dry_run else "were"
    messages = sum(each.messages for each in report.missing)
    left = f" {len(report.left)} could not be." if report.left else ""
    parts = [f"{runs} {steps} steps {verb} written, which owe {messages} messages.{left}"]
    if report.left:
        parts.insert(0, table(("LEFT", "WHY"), *report.left.items()))
    if report.missing:
        lines = ((each.entity, each.id, _spans(each.steps), str(each.messages)) for each in report.missing)
        parts.insert(0, table(("OF", "ID", "STEPS", "MESSAGES"), *lines))
    return "\n\n".join(parts)


def _spans(steps: tuple[int, ...]) -> str:
    """Return 1, 2, 3, 7 as 1-3, 7."""
    spans: list[tuple[int, int]] = []
    for step in steps:
        if spans and spans[-1][1] == step - 1:
            spans[-1] = (spans[-1][0], step)
        else:
            spans.append((step, step))
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in spans)
