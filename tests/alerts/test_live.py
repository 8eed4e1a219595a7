"""With our rules and routes, the real Prometheus and Alertmanager tell people what begins and what ends."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
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
from fulfillment.domain.assignment.drift import DriftKind
from fulfillment.telemetry import (
    ASSIGNMENTS,
    HOLDS_ENDING,
    HTTP_REQUESTS,
    OUTBOX_OLDEST,
    PAYOUTS_OLDEST,
    PAYOUTS_OPEN,
    PROJECTION_LAG,
    QUEUE_POLLERS,
    RECONCILE_DRIFT,
    RECONCILE_ENDED,
    REMINDERS_FAILED,
    RUNS_IN_TROUBLE,
    SWEEP_DRIFT,
    SWEEP_SECONDS,
    Reading,
)
from tests.alerts import rules, watchers

PATIENCE = 60
SPAN = "4s"
RUNBOOKS = "https://runbooks.example/alerts.md"
State = Mapping[Reading, Mapping[tuple[str, ...], float]]
WELL: State = {
    ASSIGNMENTS: {("scheduled",): 3.0},
    RUNS_IN_TROUBLE: {("failing",): 0.0},
    OUTBOX_OLDEST: {("pending",): 10.0},
    PAYOUTS_OPEN: {("pending_approval",): 3.0},
    PAYOUTS_OLDEST: {("pending_approval",): 3600.0},
    HOLDS_ENDING: {("EUR",): 0.0},
    QUEUE_POLLERS: {("notifications", "activity"): 5.0},
}
ILL: State = {
    ASSIGNMENTS: {},
    RUNS_IN_TROUBLE: {("failing",): 2.0},
    OUTBOX_OLDEST: {("pending",): 1800.0},
    PAYOUTS_OPEN: {("pending_approval",): 51.0},
    PAYOUTS_OLDEST: {("pending_approval",): 49 * 3600.0},
    HOLDS_ENDING: {("EUR",): 4.0},
}
ALONE: State = {QUEUE_POLLERS: {("notifications", "activity"): 0.0}}
"""While nobody works, most else that is wrong follows from it, and is not told of."""
REFUSED = REMINDERS_FAILED.labels("rejected")
MISSING_RUN = SWEEP_DRIFT.labels("missing_run")
DIFFERS = RECONCILE_DRIFT.labels(DriftKind.PROJECTION_DIFFERS)
FAILED = HTTP_REQUESTS.labels(route="/jobs", method="GET", status="500")


@dataclass(slots=True)
class Inbox:
    """What Alertmanager has told, by whom, of which alert; and where its links lead."""

    heard: set[tuple[str, str, str]] = field(default_factory=set)
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
        self.heard.add((by, name, alert["status"]))
        self.links[name] = alert["annotations"]["runbook_url"]

    async def until(self, status: str, names: Collection[str], *, by: str = "webhook") -> None:
        """Return as soon as it was told so of each."""
        missing = set(names)
        try:
            async with asyncio.timeout(PATIENCE):
                while missing := {name for name in names if (by, name, status) not in self.heard}:
                    await self.news.wait()
                    self.news.clear()
        except TimeoutError:
            pytest.fail(f"nobody was told that these are {status}: {sorted(missing)}")

    def told(self, by: str, status: str) -> set[str]:
        return {name for who, name, what in self.heard if (who, what) == (by, status)}


class Process:
    """A process of ours, with its real metrics; what it `does` between two scrapes is up to the test."""

    def __init__(self, does: Callable[[], None]) -> None:
        self.does = does
        self.app = health.application({}, read=self._read)
        self._scraped = asyncio.Event()

    async def _read(self) -> None:
        self.does()
        self._scraped.set()

    async def seen(self) -> None:
        """Return when somebody has scraped twice from now on: the first may have begun before."""
        async with asyncio.timeout(PATIENCE):
            for _ in range(2):
                self._scraped.clear()
                await self._scraped.wait()


def work() -> None:
    SWEEP_SECONDS.observe(0.1)
    RECONCILE_ENDED.set_to_current_time()


def rest() -> None:
    pass


def go_wrong() -> None:
    """Count what may be counted: each of these is over when it is longer ago than a rule looks back."""
    REFUSED.inc(200)
    MISSING_RUN.inc(3)
    DIFFERS.inc(3)
    FAILED.inc(50)
    for _ in range(100):
        PROJECTION_LAG.observe(60)


async def test_people_are_told_of_every_alert_when_it_begins_and_when_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, worker, api = Inbox(), Process(work), Process(rest)
    alerts = rules.alerts()
    others = {alert.name for alert in alerts} - {"NoWorkerPolls"}

    def stand(state: State) -> None:
        for gauge, now in state.items():
            monkeypatch.setattr(gauge, "values", now)

    stand(WELL)
    async with AsyncExitStack() as running:
        scraped = await running.enter_async_context(served(worker.app, host="127.0.0.1", port=0))
        hook = await running.enter_async_context(served(inbox, host="127.0.0.1", port=0))
        told = running.enter_context(watchers.alertmanager(tmp_path, telling=f"http://127.0.0.1:{hook}/"))
        hasty = watchers.hasty_rules(tmp_path, span=SPAN)
        async with served(api.app, host="127.0.0.1", port=0) as front:
            jobs = {"worker": scraped, "api": front}
            running.enter_context(watchers.prometheus(tmp_path, rule_file=hasty, scraping=jobs, telling=told))
            await asyncio.gather(worker.seen(), api.seen())

            # Counters grow, clocks stand still, work piles up; and then the API is gone as well.
            go_wrong()
            worker.does = rest
            stand(ILL)
            await inbox.until("firing", others - {"ProcessDown"})
        await inbox.until("firing", others)

        # Time heals the counters; the rest, somebody has seen to.
        worker.does = work
        stand(WELL)
        await running.enter_async_context(served(api.app, host="127.0.0.1", port=front))
        await inbox.until("resolved", others)

        stand(ALONE)
        await inbox.until("firing", {"NoWorkerPolls"})
        stand(WELL)
        await inbox.until("resolved", {"NoWorkerPolls"})
        emergencies = {alert.name for alert in alerts if alert.severity == "critical"}
        await inbox.until("resolved", emergencies, by="pagerduty")

    assert inbox.links == {alert.name: f"{RUNBOOKS}#{alert.name.lower()}" for alert in alerts}
    assert inbox.told("pagerduty", "firing") == inbox.told("pagerduty", "resolved") == emergencies
