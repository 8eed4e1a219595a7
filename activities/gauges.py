"""The gauges of the worker: how things stand in Postgres and at the engine, read when somebody scrapes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger

from fulfillment import telemetry
from fulfillment.patience import within
from fulfillment.store.views.pulse import Pile, pulse
from fulfillment.telemetry import QUEUE_POLLERS, RUNS_IN_TROUBLE, Reading

log: FilteringBoundLogger = structlog.get_logger(__name__)

PATIENCE = 3.0
"""Seconds that Postgres and the engine have, side by side; the route itself is given up after five."""

OF_ROWS = (
    telemetry.ASSIGNMENTS,
    telemetry.ASSIGNMENTS_OVERDUE,
    telemetry.JOBS,
    telemetry.PAYOUTS_OPEN,
    telemetry.PAYOUTS_OLDEST,
    telemetry.HOLDS_ENDING,
    telemetry.HOLDS_ENDING_MINOR,
    telemetry.OUTBOX_WAITING,
    telemetry.OUTBOX_OLDEST,
    telemetry.TASKS_OPEN,
    telemetry.TASKS_OLDEST,
)

Values = Mapping[tuple[str, ...], float]


class Engine(Protocol):
    async def pollers(self) -> Mapping[tuple[str, str], int]:
        """Return how many have lately asked for work, by queue and kind of work."""

    async def in_trouble(self) -> Mapping[str, int]:
        """Return how many runs cannot go on, by what happens to their workflow tasks."""


class Gauges:
    def __init__(self, sessions: async_sessionmaker[AsyncSession], engine: Engine) -> None:
        self._sessions = sessions
        self._engine = engine

    async def read(self) -> None:
        """Read all gauges anew; those that cannot be read in time are left without a value."""
        await asyncio.gather(
            _read(self._rows, OF_ROWS),
            _read(self._pollers, (QUEUE_POLLERS,)),
            _read(self._trouble, (RUNS_IN_TROUBLE,)),
        )

    async def _rows(self) -> Mapping[Reading, Values]:
        async with self._sessions() as session:
            found = await pulse(session)
        return {
            telemetry.ASSIGNMENTS: _by_name(found.assignments),
            telemetry.ASSIGNMENTS_OVERDUE: {(): found.overdue},
            telemetry.JOBS: _by_name(found.jobs),
            telemetry.PAYOUTS_OPEN: _counts(found.payouts),
            telemetry.PAYOUTS_OLDEST: _ages(found.payouts),
            telemetry.HOLDS_ENDING: _by_name({name: each.count for name, each in found.ending.items()}),
            telemetry.HOLDS_ENDING_MINOR: _by_name({name: each.minor for name, each in found.ending.items()}),
            telemetry.OUTBOX_WAITING: _counts(found.outbox),
            telemetry.OUTBOX_OLDEST: _ages(found.outbox),
            telemetry.TASKS_OPEN: _counts(found.tasks),
            telemetry.TASKS_OLDEST: _ages(found.tasks),
        }

    async def _pollers(self) -> Mapping[Reading, Values]:
        found = await self._engine.pollers()
        return {QUEUE_POLLERS: {(queue, kind): n for (queue, kind), n in found.items()}}

    async def _trouble(self) -> Mapping[Reading, Values]:
        return {RUNS_IN_TROUBLE: _by_name(await self._engine.in_trouble())}


async def _read(
    look: Callable[[], Awaitable[Mapping[Reading, Values]]], readings: tuple[Reading, ...]
) -> None:
    """Give each of the readings what `look` finds, or nothing."""
    found: Mapping[Reading, Values] = {}
    try:
        found = await within(PATIENCE, look())
    except Exception as error:  # noqa: BLE001 - what is away may say so in any way; the other metrics are asked for
        log.warning("gauges.unread", what=readings[0].name, why=type(error).__name__)
    for reading in readings:
        reading.values = found.get(reading, {})


def _by_name(numbers: Mapping[str, int]) -> Values:
    return {(name,): n for name, n in numbers.items()}


def _counts(piles: Mapping[str, Pile]) -> Values:
    return {(name,): pile.count for name, pile in piles.items()}


def _ages(piles: Mapping[str, Pile]) -> Values:
    return {(name,): pile.oldest.total_seconds() for name, pile in piles.items()}
