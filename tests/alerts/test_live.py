"""With our rules and routes, the real Prometheus and Alertmanager tell people what begins and what ends."""

import asyncio
import json
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import health
from api.serve import served
from fulfillment.telemetry import PAYOUTS_OPEN, QUEUE_POLLERS, REMINDERS_FAILED, Reading
from tests.alerts import watchers

PATIENCE = 60
SPAN = "4s"
WELL: dict[Reading, dict[tuple[str, ...], float]] = {
    PAYOUTS_OPEN: {("pending_approval",): 3.0},
    QUEUE_POLLERS: {("notifications", "activity"): 5.0},
}
ILL: dict[Reading, dict[tuple[str, ...], float]] = {
    PAYOUTS_OPEN: {("pending_approval",): 51.0},
    QUEUE_POLLERS: {("notifications", "activity"): 0.0},
}
STANDING = {"PayoutsPending", "NoWorkerPolls"}


@dataclass(slots=True)
class Inbox:
    """What Alertmanager has told last, by whom it told and of which alert, and where its links lead."""

    told: dict[tuple[str, str], str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        for alert in json.loads(await request.body())["alerts"]:
            self._hear(request.query_params.get("by", "webhook"), alert)
        self.news.set()
        await Response()(scope, receive, send)

    def _hear(self, by: str, alert: Any) -> None:
        name = alert["labels"]["alertname"]
        self.told[by, name] = alert["status"]
        self.links[name] = alert["annotations"]["runbook_url"]

    async def until(self, status: str, names: Collection[str]) -> None:
        """Return as soon as the webhook was told so of each."""
        async with asyncio.timeout(PATIENCE):
            while {self.told.get(("webhook", name)) for name in names} != {status}:
                await self.news.wait()
                self.news.clear()

    def names(self, by: str) -> set[str]:
        return {name for who, name in self.told if who == by}


class Worker:
    """What a worker of ours shows to whoever scrapes it: the real metrics, with values that a test gives."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._scraped = asyncio.Event()

    def stands(self, values: dict[Reading, dict[tuple[str, ...], float]]) -> None:
        for gauge, now in values.items():
            self._monkeypatch.setattr(gauge, "values", now)

    async def read(self) -> None:
        self._scraped.set()

    async def seen(self) -> None:
        """Return when somebody has scraped twice from now on: the first may have begun before."""
        async with asyncio.timeout(PATIENCE):
            for _ in range(2):
                self._scraped.clear()
                await self._scraped.wait()


async def test_people_are_told_what_begins_and_what_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, worker = Inbox(), Worker(monkeypatch)
    worker.stands(WELL)
    failed = REMINDERS_FAILED.labels("rejected")
    async with AsyncExitStack() as running:
        front = health.application({}, read=worker.read)
        scraped = await running.enter_async_context(served(front, host="127.0.0.1", port=0))
        hook = await running.enter_async_context(served(inbox, host="127.0.0.1", port=0))
        told = running.enter_context(watchers.alertmanager(tmp_path, telling=f"http://127.0.0.1:{hook}/"))
        hasty = watchers.hasty_rules(tmp_path, span=SPAN)
        running.enter_context(watchers.prometheus(tmp_path, rule_file=hasty, scraping=scraped, telling=told))
        await worker.seen()

        # A counter grows, queues stand still, payouts pile up.
        failed.inc(200)
        worker.stands(ILL)
        await inbox.until("firing", {*STANDING, "ReminderFailures"})

        # Time heals the counter; the rest, somebody has seen to.
        worker.stands(WELL)
        await inbox.until("resolved", {*STANDING, "ReminderFailures"})

    assert inbox.links["PayoutsPending"] == "https://runbooks.example/alerts.md#payoutspending"
    assert inbox.told["pagerduty", "NoWorkerPolls"] == "resolved"
    # It was no emergency.
    assert "PayoutsPending" not in inbox.names("pagerduty")
