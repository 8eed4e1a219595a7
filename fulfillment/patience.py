"""Waiting no longer than promised, even for work that is slow to be cancelled."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")

_abandoned: set["asyncio.Future[Any]"] = set()


async def within(seconds: float, work: Awaitable[T], *, unless: Callable[[], bool] = lambda: False) -> T:
    """Return the result of `work`, or give it up after `seconds`, `unless` it is then worth waiting for.

    Work that is given up is cancelled and not waited for. `asyncio.timeout` would wait: a driver that
    tells a frozen server about the cancellation can take seconds over it.

    Raises:
        TimeoutError: there was no result in time.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done() and unless():
            await asyncio.wait({task})
    except asyncio.CancelledError:
        _abandon(task)
        raise
    if not task.done():
        _abandon(task)
        raise TimeoutError
    return task.result()


def _abandon(task: "asyncio.Future[Any]") -> None:
    task.cancel()
    # The loop itself holds tasks weakly; without this set one could vanish half done.
    _abandoned.add(task)
    task.add_done_callback(_forget)


def _forget(task: "asyncio.Future[Any]") -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not report it as overlooked
