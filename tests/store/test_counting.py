"""Requests counted in the database, by people who are sent away before the count is done."""

import asyncio
import gc
import types
import warnings
from collections.abc import Coroutine, Generator
from typing import Any

from fulfillment.store.database import engine
from fulfillment.store.ratelimit import PostgresHits

SECONDS = 60
MOST_WAITS = 200
"""More than any request waits for the database; a bound, so that a mistake ends."""


async def test_who_is_cancelled_at_any_wait_leaves_no_connection_behind(database_url: str) -> None:
    pool = engine(database_url, pool_size=1)
    hits = PostgresHits(pool)
    await hits.hit("cancelled", seconds=SECONDS)

    for wait in range(MOST_WAITS):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            cancelled = await _cancelled_at(wait, hits.hit("cancelled", seconds=SECONDS))
            gc.collect()
        assert [str(warning.message) for warning in said] == [], f"cancelled at wait {wait}"
        if not cancelled:
            break

    assert 0 < wait < MOST_WAITS - 1
    assert (await hits.hit("cancelled", seconds=SECONDS)).hits > 1
    await pool.dispose()


@types.coroutine
def _cancelled_at(wait: int, work: Coroutine[Any, Any, object]) -> Generator[Any, Any, bool]:
    """Run `work` and cancel it at its wait number `wait`; return whether it came to that many."""
    waits = 0
    error: BaseException | None = None
    try:
        while True:
            future = work.send(None) if error is None else work.throw(error)
            if waits == wait:
                error = asyncio.CancelledError()
            else:
                error = yield from _awaited(future)
            waits += 1
    except StopIteration:
        return False
    except asyncio.CancelledError:
        return True


def _awaited(future: object) -> Generator[Any, Any, BaseException | None]:
    try:
        yield future
    except BaseException as error:  # noqa: BLE001 — it is for the work to deal with
        return error
    return None
