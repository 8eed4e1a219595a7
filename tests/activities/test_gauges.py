"""The worker's gauges are read when somebody scrapes; what cannot be read is not there."""

from collections.abc import AsyncIterator, Mapping

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from activities.gauges import OF_ROWS, Gauges
from api import health
from api.serve import served
from devstack import ports
from fulfillment import telemetry
from fulfillment.store.database import engine as database_engine
from tests.store.conftest import alone, alone_url
from tests.store.diaries import Diary, Sessions

__all__ = ["alone", "alone_url"]


class Engine:
    """An engine that says what it is told to, or nothing."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away

    async def pollers(self) -> Mapping[tuple[str, str], int]:
        self._expect_here()
        return {("payments", "activity"): 8}

    async def in_trouble(self) -> Mapping[str, int]:
        self._expect_here()
        return {"failed": 2, "timed_out": 0}

    def _expect_here(self) -> None:
        if self.is_away:
            raise ConnectionError


@pytest.fixture(autouse=True)
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test begin, and end, with gauges that nobody has read."""
    for gauge in (*OF_ROWS, telemetry.QUEUE_POLLERS, telemetry.RUNS_IN_TROUBLE):
        monkeypatch.setattr(gauge, "values", {})


@pytest_asyncio.fixture
async def nowhere() -> AsyncIterator[AsyncEngine]:
    """A database that is away."""
    engine = database_engine(f"postgresql+psycopg://nobody@127.0.0.1:{ports.free()}/none")
    yield engine
    await engine.dispose()


async def scraped(gauges: Gauges) -> dict[str, float]:
    """Return our gauges as somebody has scraped them, by their names and labels."""
    async with (
        served(health.application({}, read=gauges.read), host="127.0.0.1", port=0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        answer = await http.get("/metrics")
    assert answer.status_code == 200
    lines = [line for line in answer.text.splitlines() if line.startswith("fulfillment_")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_a_scrape_says_how_things_stand_at_that_moment(alone: Sessions) -> None:
    gauges = Gauges(alone, Engine())
    await Diary().write(alone)
    before = await scraped(gauges)
    await Diary().agree().finish().write(alone)

    after = await scraped(gauges)

    assert before['fulfillment_assignments{state="awaiting_schedule"}'] == 1
    assert before['fulfillment_payouts_open{status="pending_approval"}'] == 0
    assert after['fulfillment_assignments{state="payout_pending"}'] == 1
    assert after['fulfillment_payouts_open{status="pending_approval"}'] == 1
    assert after["fulfillment_assignments_overdue"] == 0
    assert after['fulfillment_outbox_waiting{status="waiting"}'] > 0
    assert after['fulfillment_queue_pollers{kind="activity",queue="payments"}'] == 8
    assert after['fulfillment_runs_in_trouble{problem="failed"}'] == 2


async def test_a_database_that_is_away_takes_its_gauges_along_and_no_others(
    alone: Sessions, nowhere: AsyncEngine
) -> None:
    await scraped(Gauges(alone, Engine()))

    found = await scraped(Gauges(async_sessionmaker(nowhere), Engine()))

    assert {name.partition("{")[0] for name in found} == {
        "fulfillment_queue_pollers",
        "fulfillment_runs_in_trouble",
    }


async def test_an_engine_that_is_away_takes_its_gauges_along_and_no_others(alone: Sessions) -> None:
    await scraped(Gauges(alone, Engine()))

    found = await scraped(Gauges(alone, Engine(is_away=True)))

    assert 'fulfillment_assignments{state="scheduled"}' in found
    assert [name for name in found if "pollers" in name or "trouble" in name] == []
