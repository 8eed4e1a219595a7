"""The real Prometheus is asked and understood as the fake one is."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
from prometheus_client import CollectorRegistry, Counter, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.serve import served
from devstack import ports
from fulfillment.domain.figures import Point, Spans, spans
from fulfillment.gateways.prometheus import FiguresUnavailable, Prometheus
from tests.alerts.programs import program

PATIENCE = 60


class Worker:
    """What a worker of ours shows to whoever scrapes it."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._sent = Counter("reminder_sent_total", "", ["kind", "channel"], registry=self._registry)
        self._failed = Counter("reminder_failed_total", "", ["reason"], registry=self._registry)
        for counter in (self._sent.labels("visit", "email"), self._failed.labels("no_address")):
            counter.inc(0)

    def counts(self) -> None:
        self._sent.labels("visit", "email").inc(40)
        self._failed.labels("no_address").inc(10)

    async def _metrics(self, _: Request) -> Response:
        return Response(generate_latest(self._registry), media_type="text/plain; version=0.0.4")

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[int]:
        app = Starlette(routes=[Route("/metrics", self._metrics)])
        async with served(app, host="127.0.0.1", port=0) as port:
            yield port


@contextmanager
def running(home: Path, *, scraping: int) -> Iterator[str]:
    """Run Prometheus on a worker's port and yield its address."""
    target = [{"targets": [f"127.0.0.1:{scraping}"]}]
    jobs = [{"job_name": "workers", "scrape_interval": "1s", "static_configs": target}]
    (home / "prometheus.yml").write_text(json.dumps({"scrape_configs": jobs}))  # JSON is YAML
    port = ports.free()
    command = [
        program("prometheus"),
        f"--config.file={home}/prometheus.yml",
        f"--storage.tsdb.path={home}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (home / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:  # noqa: S603 - ours
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


async def in_the_end(door: Prometheus, *, least: int) -> tuple[Point, ...]:
    """Return what it says once it has scraped as much as that; fail if it never does."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                points = await door.reminders(hour())
            except FiguresUnavailable:
                points = ()
            if sum(each.sent for each in points) >= least:
                return points
            await asyncio.sleep(0.2)


def hour() -> Spans:
    return spans(timedelta(hours=1), timedelta(minutes=5), until=datetime.now(UTC))


async def known_at_nought(url: str) -> None:
    """Wait until the counters have been scraped before they grow: their first value is no growth."""
    async with asyncio.timeout(PATIENCE), httpx2.AsyncClient(base_url=url) as http:
        while True:
            try:
                found = await http.get("/api/v1/query", params={"query": "reminder_sent_total == 0"})
            except httpx2.HTTPError:
                found = None
            if found and found.is_success and found.json()["data"]["result"]:
                return
            await asyncio.sleep(0.2)


async def test_it_says_what_a_worker_has_counted(tmp_path: Path) -> None:
    worker = Worker()
    async with worker.at_work() as port:
        with running(tmp_path, scraping=port) as url:
            await known_at_nought(url)
            worker.counts()

            points = await in_the_end(Prometheus(url), least=20)

    # It reckons between samples, and the hour may have turned a span over meanwhile.
    assert len(points) == hour().count
    assert sum(each.sent for each in points[:-2]) == 0
    assert sum(each.failed for each in points[-2:]) > 0


async def test_it_refuses_in_the_shape_that_the_fake_one_has(tmp_path: Path) -> None:
    async with Worker().at_work() as port:
        with running(tmp_path, scraping=port) as url:
            await known_at_nought(url)
            async with httpx2.AsyncClient(base_url=url) as http:
                for wrong in ("sum(", "sum(increase(reminder_sent_total[1h]))"):
                    answer = await http.get("/api/v1/query_range", params={"query": wrong, "start": "soon"})
                    assert (answer.status_code, answer.json()["status"]) == (400, "error")
                    assert answer.json()["errorType"] == "bad_data"
