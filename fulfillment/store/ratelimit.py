"""How often somebody has asked, counted in one place for all processes, or in memory if need be.

The `limits` library asks a storage up to three times for each request; this takes one statement, which
is what a limit on every request can cost. Fixed windows, because one statement can count them exactly.
"""

import time
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Requests in the present window, this one included, and the seconds until the next window."""

    hits: int
    seconds_left: float


class Hits(Protocol):
    async def hit(self, key: str, *, seconds: int) -> Count:
        """Count one more request under `key`, in windows of `seconds` that begin with a first request."""


# `now()` stands still within a statement, so both columns are judged by one clock; and the row's lock
# makes the next process wait for this one's count. The table is unlogged: a crash only forgives.
HIT = text("""
    INSERT INTO rate_limit AS r (key, hits, expires)
    VALUES (:key, 1, now() + make_interval(secs => :seconds))
    ON CONFLICT (key) DO UPDATE SET
        hits = CASE WHEN r.expires <= now() THEN 1 ELSE r.hits + 1 END,
        expires = CASE WHEN r.expires <= now() THEN excluded.expires ELSE r.expires END
    RETURNING hits, extract(epoch FROM expires - now())::float8
""")
SWEEP = text("DELETE FROM rate_limit WHERE expires < now()")
SWEEP_EVERY = 1000
"""Hits of this process between two looks for windows that are over."""


class PostgresHits:
    """Counts in the table `rate_limit`: exact over all processes."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database
        self._hits = 0

    async def hit(self, key: str, *, seconds: int) -> Count:
        self._hits += 1
        async with self._database.connect() as connection:
            # One statement needs no transaction around it, and saves the round trips of one. As an option
            # of the engine this would be set before `async with` has the connection: whoever is cancelled
            # in that moment would leave it to the garbage collector, open.
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            if self._hits % SWEEP_EVERY == 0:
                await connection.execute(SWEEP)
            row = (await connection.execute(HIT, {"key": key, "seconds": seconds})).one()
        return Count(hits=row[0], seconds_left=max(0.0, row[1]))


MOST_KEYS = 20_000


class MemoryHits:
    """Counts for this process alone, in bounded memory."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, float]] = {}

    async def hit(self, key: str, *, seconds: int) -> Count:
        now = time.monotonic()
        hits, ends = self._windows.get(key, (0, 0.0))
        if ends <= now:
            hits, ends = 0, now + seconds
        if len(self._windows) >= MOST_KEYS and key not in self._windows:
            self._make_room(now)
        self._windows[key] = hits + 1, ends
        return Count(hits=hits + 1, seconds_left=ends - now)

    def _make_room(self, now: float) -> None:
        self._windows = {key: window for key, window in self._windows.items() if window[1] > now}
        if len(self._windows) >= MOST_KEYS:
            self._windows.clear()  # twenty thousand at once: forgiving them costs less than keeping them
