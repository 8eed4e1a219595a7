"""A Prometheus on this machine: counters with their samples, asked by the HTTP API as it is documented.

prometheus = FakePrometheus()
prometheus.counts("reminder_sent_total", at=NOON, by=3)
async with prometheus.at_work():
    await prometheus.door().reminders(spans)
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.serve import served
from fulfillment.gateways.prometheus import Prometheus

SCRAPED_EVERY = 60.0
"""Seconds between samples, as Prometheus has it by default."""
MOST_POINTS = 11_000
QUESTION = re.compile(r"sum\(increase\((?P<name>[a-z_]+)\[(?P<seconds>\d+)s\]\)\)")

Sample = tuple[float, float]


class Mood(StrEnum):
    """How it answers: as it should, not at all, with an error as documented, or like a proxy in its place."""

    WELL = "well"
    HANGS = "hangs"
    BUSY = "busy"
    BABBLES = "babbles"
    ENDLESS = "endless"


@dataclass(slots=True)
class FakePrometheus:
    """`said` answers every question once it is set, with a status; `asked` has the questions that came."""

    mood: Mood = Mood.WELL
    said: tuple[int, object] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    _steps: dict[str, list[tuple[datetime, int]]] = field(default_factory=dict)

    def counts(self, name: str, *, at: datetime, by: int = 1) -> None:
        """Let a counter, which has long been known at nought, grow at that instant."""
        self._steps.setdefault(name, []).append((at, by))

    def door(self, *, timeout: float = 5.0, path: str = "") -> Prometheus:
        return Prometheus(f"{self.url}{path}", timeout=timeout)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        methods = ["GET", "POST"]
        routes = [
            Route("/api/v1/query_range", self._query_range, methods=methods),
            Route("/behind/a/path/api/v1/query_range", self._query_range, methods=methods),
        ]
        async with served(Starlette(routes=routes), host="127.0.0.1", port=0) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield

    async def _query_range(self, request: Request) -> Response:
        asked = {**request.query_params, **(await request.form())}
        self.asked.append({name: str(value) for name, value in asked.items()})
        if self.said:
            status, body = self.said
            return JSONResponse(body, status_code=status)
        match self.mood:
            case Mood.HANGS:
                await asyncio.Event().wait()
            case Mood.BUSY:
                return error(503, "timeout", "query timed out in expression evaluation")
            case Mood.BABBLES:
                return Response("<html>502 Bad Gateway</html>", media_type="text/html")
            case Mood.ENDLESS:
                return Response(b" " * 2_000_000, media_type="application/json")
        return self._answer(self.asked[-1])

    def _answer(self, asked: dict[str, str]) -> Response:
        """Answer as prometheus.io/docs/prometheus/latest/querying/api has it."""
        numbers: dict[str, float] = {}
        for name in ("start", "end", "step"):
            try:
                numbers[name] = float(asked[name])
            except (KeyError, ValueError):
                return error(400, "bad_data", f'invalid parameter "{name}": cannot parse it')
        start, end, step = numbers["start"], numbers["end"], numbers["step"]
        if end < start:
            return error(
                400, "bad_data", 'invalid parameter "end": end timestamp must not be before start time'
            )
        if step <= 0 or (end - start) / step > MOST_POINTS:
            return error(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries")
        question = QUESTION.fullmatch(asked.get("query", ""))
        if question is None:
            return error(
                400, "bad_data", 'invalid parameter "query": 1:1: parse error: unexpected end of input'
            )
        times = [start + n * step for n in range(int((end - start) // step) + 1)]
        values = self._matrix(question["name"], times, window=float(question["seconds"]))
        lines = [{"metric": {}, "values": values}] if values else []
        return JSONResponse({"status": "success", "data": {"resultType": "matrix", "result": lines}})

    def _matrix(self, name: str, times: list[float], *, window: float) -> list[tuple[float, str]]:
        steps = self._steps.get(name)
        if steps is None:
            return []
        grown = ((at, increase(samples(steps, at - window, at), at - window, at)) for at in times)
        return [(at, f"{by:g}") for at, by in grown if by is not None]


def samples(steps: list[tuple[datetime, int]], since: float, until: float) -> list[Sample]:
    """Return what was scraped of a counter in that window, which excludes its beginning."""
    first = int(since // SCRAPED_EVERY) + 1
    last = int(until // SCRAPED_EVERY)
    return [
        (at, float(sum(by for grew, by in steps if grew.timestamp() <= at)))
        for at in (n * SCRAPED_EVERY for n in range(first, last + 1))
    ]


def increase(found: list[Sample], since: float, until: float) -> float | None:
    """Return the growth over the window as Prometheus reckons it: extrapolated to both ends of it."""
    if len(found) < 2:
        return None
    grown = sum(now - before if now >= before else now for (_, before), (_, now) in pairwise(found))
    sampled = found[-1][0] - found[0][0]
    usual = sampled / (len(found) - 1)
    to_start, to_end = found[0][0] - since, until - found[-1][0]
    if grown > 0 and found[0][1] >= 0:
        to_start = min(to_start, sampled * found[0][1] / grown)  # no counter was ever below nought
    reach = sampled
    for gap in (to_start, to_end):
        reach += gap if gap < usual * 1.1 else usual / 2
    return grown * reach / sampled


def error(status: int, kind: str, why: str) -> Response:
    """Return a refusal in the shape of Prometheus's API."""
    return JSONResponse({"status": "error", "errorType": kind, "error": why}, status_code=status)
