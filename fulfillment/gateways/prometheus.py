"""Figures over time from Prometheus, by its HTTP API."""

import asyncio
import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx2

from fulfillment.domain.figures import Point, Spans, series

SENT, FAILED = "reminder_sent_total", "reminder_failed_total"
TIMEOUT = 1.5
"""Seconds that all of it may take; whoever looks at a page has the history to fall back on."""
MOST_BYTES = 1_000_000
"""An answer with 500 points has some twenty thousand."""
KIND = re.compile(r"[a-z_]{1,40}")

Counted = Mapping[datetime, int]


class FiguresUnavailable(Exception):
    """Prometheus is away, says no, or says what nobody asked; the message is in words of our own."""


class Prometheus:
    """A Prometheus that scrapes our workers, and nobody else's."""

    def __init__(self, base: str, *, timeout: float = TIMEOUT) -> None:
        """Remember where it is; `base` may have a path, a user and a password. `timeout` is in seconds."""
        self._url = httpx2.URL(f"{base.rstrip('/')}/api/v1/query_range")
        self._timeout = timeout
        self._tls = httpx2.create_ssl_context()

    async def reminders(self, spans: Spans) -> tuple[Point, ...]:
        """Return how many reminders were sent, and how many failed, in each of the spans.

        Prometheus reckons from samples some seconds apart, so a number may be off by a few; a counter that it
        has not seen at nought lacks its first.

        Raises:
            FiguresUnavailable: there is no answer that can be shown.
        """
        try:
            async with asyncio.timeout(self._timeout), self._client() as http:
                sent, failed = await asyncio.gather(
                    self._increase(http, SENT, spans), self._increase(http, FAILED, spans)
                )
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            # Not `from` it: the request inside knows the address, and with it maybe a password.
            raise FiguresUnavailable(type(error).__name__) from None
        if not sent and not failed:
            raise FiguresUnavailable("it knows nothing of reminders")
        return series(spans, {at: (sent.get(at, 0), failed.get(at, 0)) for at in {*sent, *failed}})

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(timeout=self._timeout, verify=self._tls)

    async def _increase(self, http: httpx2.AsyncClient, counter: str, spans: Spans) -> Counted:
        """Return by how much a counter grew, by the start of the span; it is asked at each end."""
        step = int(spans.step.total_seconds())
        question = {
            "query": f"sum(increase({counter}[{step}s]))",
            "start": str((spans.first + spans.step).timestamp()),
            "end": str(spans.end.timestamp()),
            "step": str(step),
        }
        async with http.stream("GET", self._url, params=question) as answer:
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise FiguresUnavailable("the answer is too long")
            said = _said(answer, body)
        return _counted(said, spans)


def _said(answer: httpx2.Response, body: bytes) -> Any:
    """Return the data of a good answer.

    Raises:
        FiguresUnavailable: it is none; Prometheus's own words stay out of it, for they quote what was asked.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise FiguresUnavailable(f"status {answer.status_code}, no JSON") from None
    if not isinstance(said, dict) or said.get("status") != "success" or not answer.is_success:
        kind = str(said.get("errorType")) if isinstance(said, dict) else ""
        told = f", {kind}" if KIND.fullmatch(kind) and kind != "None" else ""
        raise FiguresUnavailable(f"status {answer.status_code}{told}")
    return said.get("data")


def _counted(data: Any, spans: Spans) -> Counted:
    """Return the numbers of a matrix with one line at most, by the start of their span.

    Raises:
        FiguresUnavailable: it is anything else.
    """
    match data:
        case {"resultType": "matrix", "result": []}:
            return {}
        case {"resultType": "matrix", "result": [{"values": [*values]}]}:
            return dict(_number(value, spans) for value in values)
        case _:
            raise _odd()


def _number(value: Any, spans: Spans) -> tuple[datetime, int]:
    match value:
        case [int() | float() as at, str() as told]:
            try:
                n, off = divmod(at - spans.first.timestamp(), spans.step.total_seconds())
                number = float(told)
            except (ValueError, OverflowError):
                raise _odd() from None
        case _:
            raise _odd()
    if off or not 1 <= n <= spans.count or not math.isfinite(number) or number < 0:
        raise _odd()
    return spans.first + (int(n) - 1) * spans.step, round(number)


def _odd() -> FiguresUnavailable:
    return FiguresUnavailable("the answer is none to what was asked")
