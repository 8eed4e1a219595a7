"""What `drain` does: looks at the workers, once, or until some of them have nothing left to do."""

import argparse
import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeAlias

from temporalio.client import Client

from fulfillment.settings import read
from ops import fleet
from ops.engine import reaching
from ops.fleet import Fleet
from ops.status import SOMETHING_IS_WRONG
from ops.voice import counting, say, table

EVERY = 2.0
"""Seconds between two looks."""
SURE = 2
"""Looks in a row that have to find nothing: the lists of the engine are a moment behind."""


class NotThere(OSError):
    """Nobody is called so; the message names the argument."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What keeps a version or a worker from being taken away."""

    why: str = ""
    runs: int = 0
    in_hand: int = 0

    @property
    def count(self) -> int:
        return self.runs + self.in_hand + bool(self.why)

    @property
    def told(self) -> str:
        parts = [self.why] if self.why else []
        parts += [f"open runs pinned to it: {self.runs}"] if self.runs else []
        parts += [f"tasks in hand: {self.in_hand}"] if self.in_hand else []
        return "; ".join(parts)


Judge: TypeAlias = Callable[[Fleet], Left]


async def drained(asked: argparse.Namespace) -> int:
    """Look, or wait for what was asked for, report, and return how it ended."""
    async with reaching(read()) as client:
        now = await fleet.look(client)
        judge = _judge(asked)
        if judge is None:
            say(_as_json(now) if asked.json else _as_page(now))
            return 0 if all(queue.pollers for queue in now.queues) else SOMETHING_IS_WRONG
        now, left = await _waited(client, judge, now, asked)
    name = asked.version or asked.worker
    verdict = f"{name} is not drained: {left.told}." if left.count else f"{name} has nothing left to do."
    say(_as_json(now, left) if asked.json else verdict)
    return SOMETHING_IS_WRONG if left.count else 0


async def _waited(client: Client, judge: Judge, now: Fleet, asked: argparse.Namespace) -> tuple[Fleet, Left]:
    """Look until nothing is left, or the time is over."""
    left, clear, loop = judge(now), 0, asyncio.get_running_loop()
    until, most = loop.time() + asked.timeout, left.count
    with counting("drain", total=most) as seen:
        while clear < SURE - 1 or left.count:
            if loop.time() >= until and (left.count or not asked.timeout):
                break
            await asyncio.sleep(EVERY)
            now, before = await fleet.look(client), left
            left = judge(now)
            clear = 0 if left.count else clear + 1
            seen(before.count - left.count)
    return now, left


def _judge(asked: argparse.Namespace) -> Judge | None:
    if asked.version:
        return lambda now: _left_of_version(now, asked.version)
    if asked.worker:
        was_there: list[bool] = []
        return lambda now: _left_of_worker(now, asked.worker, was_there)
    return None


def _left_of_version(now: Fleet, name: str) -> Left:
    """Return what needs that version still.

    Raises:
        NotThere: the engine knows no such version.
    """
    found = next((each for each in now.versions if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in now.versions) or "none at all"
        raise NotThere(f"--version: Temporal knows no version {name}; it knows {known}")
    return Left(
        why=f"it is {found.status}, so new work goes to it" if found.takes_new_work else "",
        runs=found.pinned,
        in_hand=sum(each.in_hand for each in now.workers if each.version == name),
    )


def _left_of_worker(now: Fleet, identity: str, was_there: list[bool]) -> Left:
    """Return what that worker is at; one that was there and is not heard of any more has stopped.

    Raises:
        NotThere: nobody of that name was heard of.
    """
    found = [each for each in now.workers if each.identity == identity]
    if not found and not was_there:
        known = ", ".join(sorted({each.identity for each in now.workers})) or "nobody"
        raise NotThere(f"--worker: nobody called {identity} was heard of lately; there is {known}")
    was_there.append(True)
    takes_work = any(not each.is_stopping for each in found)
    return Left(
        why="it was not told to stop, and takes new work" if takes_work else "",
        in_hand=sum(each.in_hand for each in found),
    )


def _as_json(now: Fleet, left: Left | None = None) -> str:
    waits = {"left": {"why": left.why, "runs": left.runs, "inHand": left.in_hand}} if left else {}
    workers = [
        {
            "identity": each.identity,
            "queue": each.queue,
            "version": each.version,
            "isStopping": each.is_stopping,
            "inHand": each.in_hand,
        }
        for each in now.workers
    ]
    queues, versions = [asdict(each) for each in now.queues], [asdict(each) for each in now.versions]
    return json.dumps({**waits, "queues": queues, "versions": versions, "workers": workers}, indent=2)


def _as_page(now: Fleet) -> str:
    queues = ((each.name, each.kind, str(each.pollers), str(each.backlog)) for each in now.queues)
    parts = [table(("QUEUE", "KIND", "POLLERS", "BACKLOG"), *queues)]
    if now.versions:
        versions = ((each.name, each.status, str(each.pinned)) for each in now.versions)
        parts.append(table(("VERSION", "STATUS", "PINNED RUNS"), *versions))
    if now.workers:
        workers = (
            (
                each.identity,
                each.queue,
                each.version or "-",
                "stopping" if each.is_stopping else "running",
                str(each.in_hand),
            )
            for each in now.workers
        )
        parts.append(table(("WORKER", "QUEUE", "VERSION", "STATE", "IN HAND"), *workers))
    unpolled = [f"{each.name} ({each.kind})" for each in now.queues if not each.pollers]
    parts.append(f"Nobody polls {', '.join(unpolled)}." if unpolled else "Every queue is polled.")
    return "\n\n".join(parts)
