"""The reminders of the last hours: from Prometheus or our own history, and never an error page for it."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from api import figures
from api.figures import usual_step
from fulfillment.domain.figures import spans
from fulfillment.domain.messages import ReminderKind
from fulfillment.domain.people import Role
from fulfillment.gateways.prometheus import SENT, Prometheus
from fulfillment.store.tables import AssignmentRow, ReminderRow, ReminderStatus
from tests.api.front import front, holding, knocking
from tests.gateways.prometheus.fake import FakePrometheus, Mood
from tests.store.diaries import fresh_id

PATH = "/metrics/fulfillment/reminders"
HOUR = timedelta(hours=1)
NOBODY = Prometheus("http://127.0.0.1:1")


@pytest_asyncio.fixture
async def prometheus() -> AsyncIterator[FakePrometheus]:
    fake = FakePrometheus()
    async with fake.at_work():
        yield fake


async def ask(
    database: AsyncEngine, path: str = PATH, *, prometheus: Prometheus | None = None, **headers: str
) -> httpx2.Response:
    """Ask as operations do."""
    app = front(database=database, routers=[figures.router])
    app.state.desk = replace(app.state.desk, prometheus=prometheus)
    async with knocking(app) as http:
        answer: httpx2.Response = await http.get(path, headers={**holding(Role.OPS), **headers})
        return answer


async def ended(database: AsyncEngine, status: ReminderStatus, *, at: datetime) -> None:
    """Write down a reminder that was claimed at `at` and ended like that."""
    id = fresh_id()
    assignment = {"id": id, "job_id": id, "customer_id": "ada", "provider_id": "bob", "price": 1}
    reminder = {
        "assignment_id": id,
        "kind": ReminderKind.VISIT,
        "recipient_role": Role.CUSTOMER,
        "recipient_id": "ada",
        "channel": "email",
        "basis": "v1",
        "n": 1,
        "due_at": at,
        "planned_at": at,
        "dedupe_key": id,
        "status": status,
        "claimed_at": at - timedelta(seconds=5),
        "sent_at": at if status is ReminderStatus.SENT else None,
    }
    async with database.begin() as connection:
        await connection.execute(
            insert(AssignmentRow).values(currency="EUR", status="scheduled", created_at=at, **assignment)
        )
        await connection.execute(insert(ReminderRow).values(reminder))


class TestTheHistory:
    async def test_counts_what_was_sent_and_failed_where_it_happened(self, postgres: AsyncEngine) -> None:
        before = (await ask(postgres, f"{PATH}?range=6h&step=1h")).json()["points"]
        asked = spans(6 * HOUR, HOUR, until=datetime.now(UTC))
        half_past = asked.first + HOUR / 2
        for status, hour in (("sent", 0), ("sent", 0), ("failed", 0), ("sent", 3), ("unknown", 3)):
            await ended(postgres, ReminderStatus(status), at=half_past + hour * HOUR)
        await ended(postgres, ReminderStatus.SENT, at=asked.first - HOUR / 2)

        found = (await ask(postgres, f"{PATH}?range=6h&step=1h")).json()

        was, now = (
            [(each["sent"], each["failed"]) for each in points] for points in (before, found["points"])
        )
        more = [
            (sent - b_sent, failed - b_failed)
            for (b_sent, b_failed), (sent, failed) in zip(was, now, strict=True)
        ]
        assert more == [(2, 1), (0, 0), (0, 0), (1, 0), (0, 0), (0, 0)]
        assert found["points"][0]["at"] == asked.first.isoformat().replace("+00:00", "Z")
        assert {key: found[key] for key in ("range", "step", "source")} == {
            "range": "6h",
            "step": "1h",
            "source": "history",
        }

    async def test_the_last_day_by_the_hour_needs_no_question(self, postgres: AsyncEngine) -> None:
        found = (await ask(postgres)).json()

        assert (found["range"], found["step"], len(found["points"])) == ("24h", "1h", 24)


class TestPrometheus:
    async def test_says_what_it_has_counted(self, postgres: AsyncEngine, prometheus: FakePrometheus) -> None:
        asked = spans(6 * HOUR, HOUR, until=datetime.now(UTC))
        prometheus.counts(SENT, at=asked.first + HOUR / 2, by=7)

        found = (await ask(postgres, f"{PATH}?range=6h", prometheus=prometheus.door())).json()

        assert (found["source"], len(found["points"])) == ("prometheus", 24)
        assert sum(each["sent"] for each in found["points"]) == 7

    @pytest.mark.parametrize("mood", [Mood.BUSY, Mood.BABBLES, Mood.HANGS, Mood.ENDLESS, Mood.WELL])
    async def test_the_history_steps_in_and_says_so(
        self,
        postgres: AsyncEngine,
        prometheus: FakePrometheus,
        mood: Mood,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        prometheus.mood = mood

        answer = await ask(postgres, prometheus=prometheus.door(timeout=0.5))

        assert (answer.status_code, answer.json()["source"]) == (200, "history")
        assert len(answer.json()["points"]) == 24
        assert "figures.prometheus.unavailable" in capsys.readouterr().out

    async def test_so_it_does_for_one_that_is_not_there(self, postgres: AsyncEngine) -> None:
        answer = await ask(postgres, prometheus=NOBODY)

        assert (answer.status_code, answer.json()["source"]) == (200, "history")


class TestTheQuestion:
    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("range=59m", "range"),
            ("range=91d", "range"),
            ("range=13w", "range"),
            ("range=0h", "range"),
            ("range=yesterday", "range"),
            ("range=24H", "range"),
            ("range=1.5h", "range"),
            ("range=%D9%A1h", "range"),
            ("range=-1h", "range"),
            ("range=", "range"),
            ("range=99999999d", "range"),
            ("step=0m", "step"),
            ("step=30s", "step"),
            ("step=25h", "step"),
            ("step=1m", "step"),
            ("range=90d&step=1h", "step"),
            ("format=xml", "format"),
        ],
    )
    async def test_that_makes_no_sense_is_refused_by_its_field(
        self, postgres: AsyncEngine, query: str, field: str
    ) -> None:
        answer = await ask(postgres, f"{PATH}?{query}")

        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_PARAMETER")
        (wrong,) = answer.json()["errors"]
        assert wrong["field"] == field
        assert wrong["message"]

    @pytest.mark.parametrize("range", ["1h", "2h", "8h", "24h", "30h", "1w", "8d", "31d", "90d"])
    async def test_without_a_step_has_a_useful_one(self, postgres: AsyncEngine, range: str) -> None:
        found = (await ask(postgres, f"{PATH}?range={range}")).json()

        assert 12 <= len(found["points"]) <= 40

    def test_a_step_fits_its_range_however_long(self) -> None:
        for hours in range(1, 90 * 24 + 1):
            assert usual_step(hours * HOUR)


class TestTheFile:
    async def test_has_the_same_figures(self, postgres: AsyncEngine) -> None:
        shown = (await ask(postgres, f"{PATH}?range=2h&step=1h")).json()

        by_header = await ask(postgres, f"{PATH}?range=2h&step=1h", Accept="text/csv")
        by_link = await ask(postgres, f"{PATH}?range=2h&step=1h&format=csv", Accept="application/json")

        assert by_header.text == by_link.text
        lines = list(csv.DictReader(io.StringIO(by_header.text)))
        assert [
            {"at": line["at"], "sent": int(line["sent"]), "failed": int(line["failed"])} for line in lines
        ] == shown["points"]
        assert {line["source"] for line in lines} == {"history"}

    async def test_is_saved_under_a_name_and_kept_by_no_cache(self, postgres: AsyncEngine) -> None:
        answer = await ask(postgres, f"{PATH}?format=csv")

        assert answer.headers["Content-Disposition"] == 'attachment; filename="reminders-24h.csv"'
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert (answer.headers["Vary"], answer.headers["Cache-Control"]) == ("Accept", "no-store")

    async def test_the_counts_of_the_moment_are_one_too(self, postgres: AsyncEngine) -> None:
        shown = (await ask(postgres, "/metrics/fulfillment")).json()

        answer = await ask(postgres, "/metrics/fulfillment", Accept="text/csv")

        head, *lines = csv.reader(io.StringIO(answer.text))
        assert head == ["figure", "count"]
        assert {figure: int(count) for figure, count in lines} == shown
