"""A browser's end of a stream of server-sent events, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2


@dataclass(slots=True)
class Stream:
    """What has arrived so far: the fields of each event, comments aside."""

    response: httpx2.Response
    events: list[dict[str, str]] = field(default_factory=list)
    is_over: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def heard(self, count: int, *, event: str = "changed") -> list[dict[str, str]]:
        """Return the events of that kind, once there are `count` of them."""
        async with asyncio.timeout(20):
            while len(found := [each for each in self.events if each.get("event") == event]) < count:
                assert not self.is_over, self.events
                await self._news.wait()
                self._news.clear()
        return found

    async def begun(self) -> None:
        """Wait for the first word, which says that somebody listens."""
        async with asyncio.timeout(20):
            while not self.events:
                await self._news.wait()
                self._news.clear()

    async def over(self) -> None:
        async with asyncio.timeout(20):
            while not self.is_over:
                await self._news.wait()
                self._news.clear()

    async def read(self) -> None:
        fields: dict[str, str] = {}
        async for line in self.response.aiter_lines():
            name, colon, value = line.partition(":")
            if name and colon:
                fields[name] = value.strip()
            elif not line and fields:
                self.events.append(fields)
                fields = {}
                self._news.set()
        self.is_over = True
        self._news.set()


@asynccontextmanager
async def listening(client: httpx2.AsyncClient, address: str, **headers: str) -> AsyncIterator[Stream]:
    """Yield the stream at `address` while it is read in the background."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.stream("GET", address, headers=named) as response:
        assert response.status_code == 200, await response.aread()
        stream = Stream(response=response)
        reading = asyncio.create_task(stream.read())
        try:
            yield stream
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
