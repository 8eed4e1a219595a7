"""Who watches what: passes on what has moved to the streams of this process."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing, contextmanager, suppress
from types import TracebackType
from typing import Self

import psycopg
import structlog

from api.errors import TooManyRequests
from fulfillment.store.news import Moved

log = structlog.stdlib.get_logger(__name__)

EVERYTHING = "everything"
"""The topic of lists that show all there is."""
MOST, MOST_OF_ONE = 1000, 8
"""Streams of this process, and of one person; browsers themselves open six to one host."""
PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds until a connection that was lost is tried anew."""


class Watch:
    """One stream's view: `topics` it is about, and the newest of them that it has not told of yet."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self._news = asyncio.Event()
        self._version: int | None = None
        self.is_over = False

    def tell(self, version: int | None) -> None:
        """Note that something has moved to `version`; None says that nobody knows to which."""
        self._version = version
        self._news.set()

    def end(self) -> None:
        """Let the stream come to its end."""
        self.is_over = True
        self._news.set()

    async def news(self, *, seconds: float) -> tuple[int | None] | None:
        """Return the version there is news of, after `seconds` at the most; None if there is no news."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        if not self._news.is_set() or self.is_over:
            return None
        self._news.clear()
        return (self._version,)


class Hub:
    """Listens by one connection for as long as it is entered, and tells all watches.

    Without the database there is silence; once it is back, everybody is told that something may have moved.
    """

    def __init__(self, listen: Callable[[], AsyncGenerator[Moved | None, None]]) -> None:
        self._listen = listen
        self._watches: dict[Watch, str] = {}
        self._is_over = False
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._is_over = False
        self._listening = asyncio.create_task(self._go_on_listening())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    def __len__(self) -> int:
        return len(self._watches)

    def close(self) -> None:
        """End all streams, and begin none: the process is about to stop."""
        self._is_over = True
        for watch in self._watches:
            watch.end()

    @contextmanager
    def watching(self, person: str, topics: Iterable[str]) -> Iterator[Watch]:
        """Watch `topics` in the name of `person` for as long as the block lasts.

        Raises:
            TooManyRequests: they watch enough, or all together do.
        """
        theirs = sum(1 for owner in self._watches.values() if owner == person)
        if theirs >= MOST_OF_ONE or len(self._watches) >= MOST:
            raise TooManyRequests("Too many pages are open.", retry_after=30)
        watch = Watch(topics)
        if self._is_over:
            watch.end()
        self._watches[watch] = person
        try:
            yield watch
        finally:
            del self._watches[watch]

    def tell(self, moved: Moved) -> None:
        """Pass on what has moved to those who watch it."""
        touched = topics_of(moved)
        for watch in self._watches:
            if watch.topics & touched:
                watch.tell(moved.version)

    def _tell_all(self) -> None:
        for watch in self._watches:
            watch.tell(None)

    async def _go_on_listening(self) -> None:
        pause, was_lost = PAUSE, False
        while True:
            try:
                async with aclosing(self._listen()) as heard:
                    async for moved in heard:
                        pause = PAUSE
                        self._heard(moved, was_lost=was_lost)
                        was_lost = False
            except (psycopg.Error, OSError, ValueError, KeyError) as error:
                log.warning("ui.live.lost", reason=type(error).__name__)
            was_lost = True
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _heard(self, moved: Moved | None, *, was_lost: bool) -> None:
        if moved is not None:
            self.tell(moved)
        elif was_lost:
            log.info("ui.live.back")
            self._tell_all()


def topics_of(moved: Moved) -> frozenset[str]:
    """Return what is touched: the thing itself, and the lists it stands in."""
    if moved.absence_id:
        return frozenset({absence(moved.absence_id)})
    topics = {EVERYTHING}
    topics |= {customer(moved.customer_id)} if moved.customer_id else set()
    topics |= {visit(moved.assignment_id)} if moved.assignment_id else {job(moved.job_id or "")}
    topics |= {provider(moved.provider_id)} if moved.provider_id else set()
    topics |= {provider(id) for id in moved.asked}
    return frozenset(topics)


def job(id: str) -> str:
    return f"job:{id}"


def visit(id: str) -> str:
    return f"visit:{id}"


def absence(id: str) -> str:
    return f"absence:{id}"


def customer(id: str) -> str:
    return f"customer:{id}"


def provider(id: str) -> str:
    return f"provider:{id}"
