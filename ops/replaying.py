"""What `replay` does: histories played to the stories of this code, one after the other."""

import argparse
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer, WorkflowReplayResult
from temporalio.workflow import NondeterminismError

import worker
from api.house import sealing_of
from fulfillment.settings import read
from ops import histories
from ops.engine import reaching, shared_runtime
from ops.histories import Recorded
from ops.status import SOMETHING_IS_WRONG
from ops.voice import counting, say, table
from workflows.sealed import converter

Histories = AsyncIterator[Recorded]

STRANGER = "is not registered on this worker"
"""How the SDK says that the code has no such story."""
LONGEST = 300
"""Letters of a reason that fit on a page; the whole of it is in the JSON."""


class Why(StrEnum):
    """Why this code would not go on with a run."""

    OTHER_STEPS = "other_steps"
    UNKNOWN_STORY = "unknown_story"
    FAILS = "fails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    recorded: Recorded
    why: Why
    what: str


@dataclass(slots=True)
class Report:
    """What was replayed so far, and what was written down of it."""

    replayed: int = 0
    saved: int = 0
    failed: list[Failed] = field(default_factory=list)


async def replayed(asked: argparse.Namespace) -> int:
    """Replay what was asked for, report, and return how it ended."""
    report = Report()
    replayer = worker.replayer(converter(sealing_of(read())), runtime=shared_runtime())
    async with _chosen(asked) as (found, total):
        with counting("replay", total=total) as seen:
            async for each in _played(replayer, found, asked, report):
                report.replayed += 1
                if each.replay_failure:
                    report.failed.append(_failed(each))
                seen(1)
    say(_as_json(report) if asked.json else _as_page(report, asked))
    return SOMETHING_IS_WRONG if report.failed else 0


@asynccontextmanager
async def _chosen(asked: argparse.Namespace) -> AsyncIterator[tuple[Histories, int]]:
    """Yield the histories that are meant, and how many they will be."""
    if asked.folder:
        files = histories.files_in(asked.folder)[: asked.limit]
        yield histories.of_files(files), len(files)
        return
    async with reaching(read()) as client:
        if asked.id:
            ids = asked.id[: asked.limit]
            yield histories.of_ids(client, ids), len(ids)
            return
        query = histories.query_of(asked)
        yield histories.of_query(client, query, limit=asked.limit), await _many(client, query, asked.limit)


async def _many(client: Client, query: str, limit: int | None) -> int:
    count = (await client.count_workflows(query)).count
    return min(count, limit) if limit else count


async def _played(
    replayer: Replayer, found: Histories, asked: argparse.Namespace, report: Report
) -> AsyncIterator[WorkflowReplayResult]:
    """Yield how each of them ended."""

    async def next_ones() -> AsyncIterator[WorkflowHistory]:
        async for each in found:
            if asked.save:
                histories.save(each, asked.save)
                report.saved += 1
            yield each.history

    async with replayer.workflow_replay_iterator(next_ones()) as results:
        async for result in results:
            yield result


def _failed(result: WorkflowReplayResult) -> Failed:
    failure = result.replay_failure
    what = str(failure)
    why = Why.OTHER_STEPS if isinstance(failure, NondeterminismError) else Why.FAILS
    if STRANGER in what:
        why = Why.UNKNOWN_STORY
    return Failed(recorded=histories.recorded(result.history), why=why, what=what)


def _as_json(report: Report) -> str:
    failed = [
        {
            "workflowId": each.recorded.workflow_id,
            "runId": each.recorded.run_id,
            "story": each.recorded.story,
            "why": each.why,
            "what": each.what,
        }
        for each in report.failed
    ]
    return json.dumps({"replayed": report.replayed, "saved": report.saved, "failed": failed}, indent=2)


def _as_page(report: Report, asked: argparse.Namespace) -> str:
    saved = f" {report.saved} histories are in {asked.save}." if asked.save else ""
    runs = f"{report.replayed} {'run' if report.replayed == 1 else 'runs'} replayed."
    if not report.failed:
        return f"{runs} This code would go on with {'it' if report.replayed == 1 else 'all of them'}.{saved}"
    lines = [
        (each.recorded.workflow_id, each.recorded.story, each.why, " ".join(each.what.split())[:LONGEST])
        for each in report.failed
    ]
    verdict = f"{runs} This code would not go on with {len(report.failed)}.{saved}"
    return "\n".join((table(("RUN", "STORY", "WHY", "WHAT"), *lines), "", verdict))
