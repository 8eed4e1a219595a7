"""The chart says what the numbers say, to eyes and screen readers, on a page that allows hardly anything."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ui.charts import BOTTOM, LEAST_HEIGHT, LEFT, RIGHT, SEAM, TOP, bars, figure, summary, table
from api.ui.ticks import numbers, times
from fulfillment.domain.figures import MOST_POINTS, Point

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
SVG = "{http://www.w3.org/2000/svg}"
CALLED_BAD = re.compile(r"style|script|^on|href", re.IGNORECASE)

counts = st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)) | st.tuples(
    st.integers(0, 3), st.integers(0, 3)
)


def points(*both: tuple[int, int], step: timedelta = HOUR) -> list[Point]:
    return [Point(at=NOON + n * step, sent=sent, failed=failed) for n, (sent, failed) in enumerate(both)]


def drawn(shown: Sequence[Point], *, step: timedelta = HOUR, zone: ZoneInfo = BERLIN) -> ET.Element:
    return ET.fromstring(bars(shown, step=step, zone=zone, title="Reminders", id="sent"))  # noqa: S314 - ours


def of(kind: str, picture: ET.Element) -> list[ET.Element]:
    """Return the elements of that class."""
    return [each for each in picture.iter() if kind in each.get("class", "").split()]


def box(block: ET.Element) -> tuple[float, float, float, float]:
    """Return left, right, top and bottom of a block, following its path."""
    x = y = 0.0
    xs, ys = [], []
    for letter, told in re.findall(r"([Mvhq])([^A-Za-z]*)", block.get("d", "")):
        by = [float(each) for each in told.split()]
        dx, dy = {"v": (0.0, by[0]), "h": (by[0], 0.0)}.get(letter, (by[-2] if by[1:] else 0.0, by[-1]))
        x, y = (by[0], by[1]) if letter == "M" else (x + dx, y + dy)
        xs.append(x)
        ys.append(y)
    return min(xs), max(xs), min(ys), max(ys)


class TestTheScale:
    @given(st.integers(0, 10**15))
    def test_is_round_reaches_far_enough_and_wastes_little(self, most: int) -> None:
        scale = numbers(most)

        step = scale[1]
        assert scale == tuple(range(0, scale[-1] + 1, step))
        assert str(step).rstrip("0") in {"1", "2", "5"}
        assert scale[-1] >= max(most, 1)
        assert scale[-1] - step < max(most, 1)
        assert 2 <= len(scale) <= 6

    @given(st.lists(counts, min_size=1, max_size=60))
    def test_every_block_is_as_high_as_its_number_and_inside(self, both: list[tuple[int, int]]) -> None:
        picture = drawn(points(*both))

        top = numbers(max(sent + failed for sent, failed in both))[-1]
        blocks = of("chart-sent", picture) + of("chart-failed", picture)
        wanted = [sent for sent, _ in both if sent] + [failed for _, failed in both if failed]
        assert len(blocks) == len(wanted)
        for block, number in zip(blocks, wanted, strict=True):
            left, right, upper, lower = box(block)
            exact = (BOTTOM - TOP) * number / top
            assert lower - upper == pytest.approx(max(exact, LEAST_HEIGHT), abs=SEAM + 0.05)
            assert LEFT <= left < right <= RIGHT
            assert upper >= TOP - LEAST_HEIGHT - 0.05
            assert lower <= BOTTOM + 0.05

    @given(st.lists(counts, min_size=2, max_size=60))
    def test_no_two_bars_overlap_and_what_failed_stands_on_what_was_sent(
        self, both: list[tuple[int, int]]
    ) -> None:
        ends = []
        for group in of("chart-bar", drawn(points(*both))):
            boxes = [box(each) for each in group.findall(f"{SVG}path")]
            ends += [(left, right) for left, right, _, _ in boxes[:1]]
            if len(boxes) == 2:
                assert boxes[1][3] <= boxes[0][2] + 0.05
                assert boxes[1][:2] == pytest.approx(boxes[0][:2], abs=0.05)

        assert all(right <= left for (_, right), (left, _) in pairwise(ends))

    @pytest.mark.parametrize(
        ("most", "scale"), [(0, (0, 1)), (1, (0, 1)), (3, (0, 1, 2, 3)), (26, (0, 10, 20, 30))]
    )
    def test_there_are_no_halves_of_a_reminder(self, most: int, scale: tuple[int, ...]) -> None:
        assert numbers(most) == scale


class TestThePicture:
    @pytest.mark.parametrize(
        "both",
        [
            pytest.param([(3, 1)], id="one"),
            pytest.param([(n, n % 3) for n in range(24)], id="a day"),
            pytest.param([(n * n, n % 7) for n in range(MOST_POINTS)], id="as many as can be had"),
            pytest.param([(0, 0)] * 24, id="nothing"),
            pytest.param([(0, n) for n in range(12)], id="all failed"),
        ],
    )
    def test_is_whole_whatever_is_in_it(self, both: list[tuple[int, int]]) -> None:
        picture = drawn(points(*both))

        assert len(of("chart-bar", picture)) == len(both)
        assert len(of("chart-sent", picture)) == sum(sent > 0 for sent, _ in both)
        assert len(of("chart-failed", picture)) == sum(failed > 0 for _, failed in both)
        assert bool(of("chart-nothing", picture)) == (not any(map(any, both)))
        assert len(of("chart-open", picture)) == 1

    def test_has_no_style_and_no_script_and_reaches_for_nothing(self) -> None:
        whole = figure(points((3, 1), (0, 0)), step=HOUR, zone=BERLIN, title="Reminders", id="sent")

        for each in ET.fromstring(f"<div>{whole}</div>").iter():  # noqa: S314 - ours
            assert not CALLED_BAD.search(each.tag)
            assert [name for name in each.attrib if CALLED_BAD.search(name)] == []

    def test_is_known_by_a_name_and_a_summary(self) -> None:
        picture = drawn(points((3, 1), (5, 0)))

        assert picture.get("role") == "img"
        said = {each.get("id"): each.text for each in picture if each.tag in {f"{SVG}title", f"{SVG}desc"}}
        assert picture.get("aria-labelledby") == " ".join(map(str, said))
        assert list(said.values()) == ["Reminders", summary(points((3, 1), (5, 0)), step=HOUR, zone=BERLIN)]

    def test_a_title_is_text_whatever_is_in_it(self) -> None:
        evil = "</title><script>\"&'x"

        picture = bars(points((1, 1)), step=HOUR, zone=BERLIN, title=evil, id='a"b')
        whole = figure(points((1, 1)), step=HOUR, zone=BERLIN, title=evil, id='a"b')

        assert "<script" not in whole
        assert ET.fromstring(picture)[0].text == evil  # noqa: S314 - ours

    def test_each_bar_says_what_it_is_and_the_last_one_that_it_is_not_over(self) -> None:
        said = [each[0].text for each in of("chart-bar", drawn(points((1_200, 1), (5, 0))))]

        assert said == [
            "Mon 2 Mar, 13:00 to 14:00: 1,200 sent, 1 failed",
            "Mon 2 Mar, 14:00 to 15:00: 5 sent, 0 failed so far",
        ]


class TestTheAxisOfTime:
    def labels(self, shown: Sequence[Point], zone: str, step: timedelta) -> list[str | None]:
        picture = drawn(shown, step=step, zone=ZoneInfo(zone))
        return [
            each.text
            for kind in ("chart-day", "chart-label")
            for each in of(kind, picture)
            if each.get("y") == f"{BOTTOM + 22}"
        ]

    @pytest.mark.parametrize(
        ("zone", "expected"),
        [
            ("UTC", ["3 Mar", "12:00", "15:00", "18:00", "21:00", "03:00", "06:00", "09:00"]),
            ("Europe/Berlin", ["3 Mar", "15:00", "18:00", "21:00", "03:00", "06:00", "09:00", "12:00"]),
            ("Asia/Kathmandu", ["3 Mar", "18:00", "21:00", "03:00", "06:00", "09:00", "12:00", "15:00"]),
        ],
    )
    def test_is_round_by_the_clock_of_whoever_reads_it(self, zone: str, expected: list[str]) -> None:
        assert self.labels(points(*[(1, 0)] * 24), zone, HOUR) == expected

    def test_weeks_begin_with_mondays_and_days_with_midnight(self) -> None:
        days = points(*[(1, 0)] * 42, step=DAY)

        assert self.labels(days, "Europe/Berlin", DAY) == [
            "9 Mar",
            "16 Mar",
            "23 Mar",
            "30 Mar",
            "6 Apr",
            "13 Apr",
        ]

    @pytest.mark.parametrize(
        "zone", ["Europe/Berlin", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu"]
    )
    @given(
        start=st.integers(0, 365 * 24),
        step=st.sampled_from([5, 15, 60, 360, 1440, 4320]),
        n=st.integers(1, 120),
    )
    def test_ticks_are_few_in_order_and_true_to_the_clock(
        self, zone: str, start: int, step: int, n: int
    ) -> None:
        first, local = NOON + start * HOUR, ZoneInfo(zone)

        found = times(first, first + n * step * timedelta(minutes=1), local)

        assert len(found) <= 14
        assert [each.at for each in found] == sorted({each.at for each in found})
        for each in found:
            told = each.at.astimezone(local)
            assert first <= each.at
            assert each.label in {f"{told:%H:%M}", f"{told.day} {told:%b}"}


class TestTheTable:
    def test_has_every_number_the_latest_first(self) -> None:
        whole = ET.fromstring(table(points((1_200, 1), (5, 0)), step=HOUR, zone=BERLIN, title="Reminders"))  # noqa: S314 - ours

        lines = [[cell.text for cell in line] for line in whole.iter("tr")]
        assert lines == [
            ["When", "Sent", "Failed"],
            ["Mon 2 Mar, 14:00 to 15:00", "5", "0"],
            ["Mon 2 Mar, 13:00 to 14:00", "1,200", "1"],
        ]

    def test_the_summary_says_how_many_and_when_there_were_most(self) -> None:
        told = summary(points((3, 1), (5, 0), (0, 0)), step=HOUR, zone=BERLIN)

        assert told == (
            "From Mon 2 Mar, 13:00 to Mon 2 Mar, 16:00, Europe/Berlin: 8 sent, 1 failed."
            " Most from Mon 2 Mar, 14:00 to 15:00: 5 sent, 0 failed."
        )
