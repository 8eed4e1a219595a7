"""Histories of runs: which are meant, and where they come from; the engine, or files somebody has saved."""

import argparse
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes as Started
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from workflows.names import QUEUE


class NoHistory(OSError):
    """There is none where one was said to be; the message names the argument."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A history, and which run of which story it is of."""

    history: WorkflowHistory
    workflow_id: str
    run_id: str
    story: str


def query_of(asked: argparse.Namespace) -> str:
    """Return what the engine is to list: what was asked for, or the open runs of our queue."""
    if getattr(asked, "query", None):
        return str(asked.query)
    ours, is_open = f'TaskQueue = "{QUEUE}"', 'ExecutionStatus = "Running"'
    if asked.since is None:
        return f"{ours} AND {is_open}"
    return f'{ours} AND ({is_open} OR CloseTime >= "{asked.since.isoformat()}")'


async def of_ids(client: Client, ids: list[str]) -> AsyncIterator[Recorded]:
    """Yield the history of the last run of each; see `fetched`."""
    for id in ids:
        found = await fetched(client, id)
        if found:
            yield found


async def of_query(client: Client, query: str, *, limit: int | None) -> AsyncIterator[Recorded]:
    """Yield the history of each run that `query` finds, the newest first; who is gone by then is left out."""
    async for run in client.list_workflows(query, limit=limit):
        found = await fetched(client, run.id, run.run_id)
        if found:
            yield found


def files_in(folder: Path) -> tuple[Path, ...]:
    """Return the saved histories in `folder` and the folders in it.

    Raises:
        NoHistory: there are none.
    """
    files = tuple(sorted(folder.rglob("*.json")))
    if not files:
        raise NoHistory(f"--from: there is no file *.json in {folder}")
    return files


async def of_files(files: tuple[Path, ...]) -> AsyncIterator[Recorded]:
    """Yield the histories in `files`: of ours, the Temporal CLI's and the UI's.

    Raises:
        NoHistory: one of them is something else.
    """
    for file in files:
        yield _read(file)


def save(it: Recorded, folder: Path) -> Path:
    """Write a history as the engine keeps it, sealed if it is sealed, for nobody but us to read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{quote(it.workflow_id, safe='')}.{it.run_id}.json"
    file.touch(mode=0o600)
    file.write_text(it.history.to_json(), encoding="utf-8")
    return file


async def fetched(client: Client, id: str, run_id: str | None = None) -> Recorded | None:
    """Return the history of that run; None if it is gone by now.

    Raises:
        NoHistory: there is no run of that name at all.
    """
    handle = client.get_workflow_handle(id, run_id=run_id)
    try:
        return recorded(await handle.fetch_history())
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    if run_id is None:
        raise NoHistory(f"--id: there is no run called {id}")
    return None


def _read(file: Path) -> Recorded:
    try:
        history = WorkflowHistory.from_json(file.stem, json.loads(file.read_bytes()))
    except Exception:  # noqa: BLE001 - whatever is wrong with a file, the library raises what it happens to meet
        raise NoHistory(f"--from: {file} is no history of a run") from None
    if next(_beginnings(history), None) is None:
        raise NoHistory(f"--from: {file} is no history of a run: it does not begin with its start")
    return recorded(history)


def recorded(history: WorkflowHistory) -> Recorded:
    began = next(_beginnings(history))
    id = began.workflow_id or history.workflow_id
    return Recorded(
        history=WorkflowHistory(id, history.events),
        workflow_id=id,
        run_id=began.original_execution_run_id,
        story=began.workflow_type.name,
    )


def _beginnings(history: WorkflowHistory) -> Iterator[Started]:
    for event in history.events[:1]:
        if event.HasField("workflow_execution_started_event_attributes"):
            yield event.workflow_execution_started_event_attributes
