"""Waiting ends when it was promised to end."""

import asyncio
import time

import pytest

from fulfillment.patience import within


async def stubborn() -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(60)


async def quick() -> int:
    return 7


async def failing() -> None:
    raise ZeroDivisionError


async def test_a_result_in_time_is_returned() -> None:
    assert await within(1, quick()) == 7


async def test_a_failure_in_time_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await within(1, failing())


async def test_work_that_resists_cancelling_is_not_waited_for() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await within(0.05, stubborn())

    assert time.monotonic() - began < 1


async def test_work_worth_waiting_for_is_waited_for() -> None:
    assert await within(0.01, asyncio.sleep(0.1, 7), unless=lambda: True) == 7


async def test_who_is_cancelled_takes_the_work_along() -> None:
    stopped = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    waiting = asyncio.create_task(within(60, work()))
    await asyncio.sleep(0.01)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(stopped.wait(), 1)
