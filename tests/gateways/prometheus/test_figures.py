"""What Prometheus has counted is shown span by span, and whatever else it may say is not shown at all."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from fulfillment.domain.figures import Spans
from fulfillment.gateways.prometheus import FAILED, SENT, FiguresUnavailable, Prometheus
from tests.gateways.prometheus.fake import FakePrometheus, Mood

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MORNING = Spans(first=NOON, step=HOUR, count=3)


@pytest_asyncio.fixture
async def prometheus() -> AsyncIterator[FakePrometheus]:
    fake = FakePrometheus()
    async with fake.at_work():
        yield fake


def matrix(*values: object, lines: int = 1) -> tuple[int, object]:
    result = [{"metric": {}, "values": values}] * lines
    return 200, {"status": "success", "data": {"resultType": "matrix", "result": result}}


class TestWhatWasCounted:
    async def test_counts_in_the_span_in_which_it_happened(self, prometheus: FakePrometheus) -> None:
        prometheus.counts(SENT, at=NOON + 10 * MINUTE, by=4)
        prometheus.counts(SENT, at=NOON + 30 * MINUTE, by=2)
        prometheus.counts(SENT, at=NOON + 2 * HOUR + 30 * MINUTE, by=5)
        prometheus.counts(FAILED, at=NOON + HOUR + 30 * MINUTE, by=1)

        points = await prometheus.door().reminders(MORNING)

        assert [(each.at, each.sent, each.failed) for each in points] == [
            (NOON, 6, 0),
            (NOON + HOUR, 0, 1),
            (NOON + 2 * HOUR, 5, 0),
        ]

    async def test_one_counter_that_is_not_known_yet_stands_at_nought(
        self, prometheus: FakePrometheus
    ) -> None:
        prometheus.counts(SENT, at=NOON + 10 * MINUTE, by=4)

        points = await prometheus.door().reminders(MORNING)

        assert [(each.sent, each.failed) for each in points] == [(4, 0), (0, 0), (0, 0)]

    async def test_a_gap_in_the_samples_is_nought(self, prometheus: FakePrometheus) -> None:
        prometheus.said = matrix([(NOON + 2 * HOUR).timestamp(), "7.2"])

        points = await prometheus.door().reminders(MORNING)

        assert [(each.sent, each.failed) for each in points] == [(0, 0), (7, 7), (0, 0)]

    async def test_it_is_asked_at_the_end_of_each_span(self, prometheus: FakePrometheus) -> None:
        prometheus.counts(SENT, at=NOON)

        await prometheus.door(path="/behind/a/path/").reminders(MORNING)

        asked = {each["query"]: each for each in prometheus.asked}
        assert asked.keys() == {f"sum(increase({name}[3600s]))" for name in (SENT, FAILED)}
        for each in asked.values():
            assert float(each["start"]) == (NOON + HOUR).timestamp()
            assert float(each["end"]) == (NOON + 3 * HOUR).timestamp()
            assert each["step"] == "3600"


class TestNoFigures:
    async def reason(self, door: Prometheus) -> str:
        with pytest.raises(FiguresUnavailable) as refused:
            await door.reminders(MORNING)
        assert refused.value.__cause__ is None
        return str(refused.value)

    async def test_nobody_there(self) -> None:
        assert await self.reason(Prometheus("http://user:pw@127.0.0.1:1")) == "ConnectError"

    @pytest.mark.parametrize(
        ("mood", "why"),
        [
            (Mood.BUSY, "status 503, timeout"),
            (Mood.BABBLES, "status 200, no JSON"),
            (Mood.ENDLESS, "the answer is too long"),
        ],
    )
    async def test_trouble_has_a_name(self, prometheus: FakePrometheus, mood: Mood, why: str) -> None:
        prometheus.mood = mood

        assert await self.reason(prometheus.door()) == why

    async def test_silence_is_not_waited_for(self, prometheus: FakePrometheus) -> None:
        prometheus.mood = Mood.HANGS
        began = time.monotonic()

        why = await self.reason(prometheus.door(timeout=0.2))

        assert why in {"TimeoutError", "ReadTimeout"}
        assert time.monotonic() - began < 5

    async def test_it_may_be_another_prometheus_that_knows_no_reminders(
        self, prometheus: FakePrometheus
    ) -> None:
        assert await self.reason(prometheus.door()) == "it knows nothing of reminders"

    @pytest.mark.parametrize(
        "said",
        [
            pytest.param((400, {"status": "error", "errorType": "bad_data", "error": "x"}), id="refused"),
            pytest.param((200, {"status": "error", "errorType": "Look <at> me"}), id="strange error"),
            pytest.param(
                (200, {"status": "success", "data": {"resultType": "scalar", "result": []}}), id="scalar"
            ),
            pytest.param((200, {"status": "success"}), id="no data"),
            pytest.param((200, []), id="a list"),
            pytest.param((200, None), id="null"),
            pytest.param((307, {"status": "success"}), id="sent elsewhere"),
            pytest.param(matrix([NOON.timestamp(), "1"]), id="before the first end"),
            pytest.param(matrix([(NOON + 4 * HOUR).timestamp(), "1"]), id="after the last end"),
            pytest.param(matrix([(NOON + HOUR).timestamp() + 1, "1"]), id="beside an end"),
            pytest.param(matrix([(NOON + HOUR).timestamp(), "NaN"]), id="no number"),
            pytest.param(matrix([(NOON + HOUR).timestamp(), "+Inf"]), id="endless"),
            pytest.param(matrix([(NOON + HOUR).timestamp(), "-1"]), id="below nought"),
            pytest.param(matrix([(NOON + HOUR).timestamp(), "one"]), id="a word"),
            pytest.param(matrix([(NOON + HOUR).timestamp(), 1]), id="not as text"),
            pytest.param(matrix(["soon", "1"]), id="no time"),
            pytest.param(matrix(7), id="no pair"),
            pytest.param(matrix([(NOON + HOUR).timestamp(), "1"], lines=2), id="two lines"),
        ],
    )
    async def test_an_answer_to_something_else_is_not_believed(
        self, prometheus: FakePrometheus, said: tuple[int, object]
    ) -> None:
        prometheus.said = said

        why = await self.reason(prometheus.door())

        assert "Look" not in why
        assert "knows nothing" not in why
