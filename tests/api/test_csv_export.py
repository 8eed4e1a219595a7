"""What people wrote comes out of a file as they wrote it, and no spreadsheet reckons with any of it."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import httpx2
import pytest
from fastapi import APIRouter, Response
from hypothesis import example, given
from hypothesis import strategies as st

from api import csv_export
from api.auth import OPEN_TO_ALL
from api.csv_export import AHEAD, MOST_ROWS, Cell, guarded, rows, streamed
from api.schemas.lists import Page
from api.serve import served
from fulfillment.store.views.paging import LONGEST_PAGE, Turn
from tests.api.front import front, knocking

PRINTED = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
MEAN = st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20\u2212\t\r\n;,'\" \u00a0\u200b\ufeff|a1")
texts = st.text(PRINTED | MEAN, max_size=20) | st.text(MEAN, max_size=8)


def unguarded(text: str) -> str:
    """Return what was guarded: each apostrophe that was put in is taken out again."""
    return re.sub(rf"(\A)'(?='*[\t\r\n]|{AHEAD})|([;\t\r\n])'(?={AHEAD})", r"\1\2", text)


def read(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def may_be_a_formula(cell: str) -> bool:
    """Tell by other means than ours: by what a cell begins with once all that is blank or odd is gone."""
    seen = (each for each in cell if not each.isspace() and unicodedata.category(each) not in {"Cc", "Cf"})
    return unicodedata.normalize("NFKC", next(seen, "")) in {"=", "+", "-", "@", "\u2212"}


class TestFormulas:
    @pytest.mark.parametrize(
        "text",
        [
            "=1+1",
            "+1+1",
            "-1+1",
            "@SUM(A1)",
            "\tharmless, but OWASP says no",
            "  =1",
            "\u00a0=1",
            "\u200b=1",
            "\ufeff=1",
            '"=1',
            "'=1",
            "\u201c=1",
            "\uff1d1+1",
            "\uff0b1",
            "\uff0d1",
            "\uff20SUM",
            "\ufe661",
            "\u22121",
            "=cmd|' /C calc'!A0",
            '=HYPERLINK("http://evil.test","Click")',
        ],
    )
    def test_it_is_text_now(self, text: str) -> None:
        assert guarded(text) == f"'{text}"

    @pytest.mark.parametrize(
        ("text", "safe"),
        [
            ("a;=1+1", "a;'=1+1"),
            ('a; "=1+1', "a;' \"=1+1"),
            ("a\n=1+1", "a\n'=1+1"),
            ("a\t@x", "a\t'@x"),
            ("\n=1", "'\n'=1"),
            ("\t=1", "'\t'=1"),
        ],
    )
    def test_nor_does_one_begin_where_another_program_sees_a_new_cell(self, text: str, safe: str) -> None:
        assert guarded(text) == safe

    @pytest.mark.parametrize(
        "text",
        ["", "Ada", "a=b", "Mend it, -urgent", "1", "O'Neill", "2026-03-02", "a;b", "two\nlines", "(-1)"],
    )
    def test_what_is_harmless_stays_as_it_is(self, text: str) -> None:
        assert guarded(text) == text

    @given(texts)
    @example("=")
    @example("\n'=;-")
    def test_it_can_be_had_back(self, text: str) -> None:
        assert unguarded(guarded(text)) == text

    @given(st.lists(st.lists(texts, min_size=2, max_size=4), min_size=1, max_size=3))
    def test_no_cell_is_one_whichever_separator_a_program_expects(self, lines: list[list[str]]) -> None:
        written = rows(lines)

        cells = [cell for separator in ",;\t" for line in read(written, separator) for cell in line]
        assert [cell for cell in cells if may_be_a_formula(cell)] == []
        assert [cell for line in read(written) for cell in line if cell[:1] in {"\t", "\r"}] == []


class TestTheRoundTrip:
    @given(st.lists(st.lists(texts, min_size=1, max_size=4), max_size=4))
    def test_texts_come_back_as_they_were(self, lines: list[list[str]]) -> None:
        found = read(rows(lines))

        assert [[unguarded(cell) for cell in line] for line in found] == lines

    @given(
        st.lists(
            st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.decimals(allow_nan=False, allow_infinity=False),
            min_size=1,
        )
    )
    def test_numbers_stay_numbers(self, numbers: list[int | float | Decimal]) -> None:
        (found,) = read(rows([numbers]))

        assert [type(was)(now) for was, now in zip(numbers, found, strict=True)] == numbers

    @pytest.mark.parametrize(
        ("cell", "written"),
        [
            (None, '""'),
            (True, "true"),
            (-5, "-5"),
            ("-5", "'-5"),
            (datetime(2026, 3, 2, 13, tzinfo=timezone(timedelta(hours=1))), "2026-03-02T12:00:00Z"),
            ('say "hi", ok', '"say ""hi"", ok"'),
        ],
    )
    def test_each_kind_has_its_form(self, cell: Cell, written: str) -> None:
        assert rows([[cell]]) == f"{written}\r\n"


COLUMNS: dict[str, Callable[[int], Cell]] = {"n": lambda n: n, "square": lambda n: n * n}


def numbers(count: int, *, failing_from: int | None = None) -> APIRouter:
    """Return a route that exports the numbers below `count`, and breaks down where it is told to."""
    routes = APIRouter()

    async def page(turn: Turn) -> Page[int]:
        first = int(turn.cursor or 0)
        if failing_from is not None and first >= failing_from:
            raise RuntimeError("a secret of the house")
        last = min(first + turn.limit, count)
        return Page(items=list(range(first, last)), next_cursor=str(last) if last < count else None)

    @routes.get("/numbers", dependencies=[OPEN_TO_ALL])
    async def export(cursor: str | None = None) -> Response:
        return await streamed("numbers", COLUMNS, page, cursor=cursor)

    return routes


async def exported(routes: APIRouter, **query: str) -> httpx2.Response:
    async with knocking(front(routers=[routes])) as http:
        answer: httpx2.Response = await http.get("/numbers", params=query)
        return answer


class TestALongList:
    async def test_all_its_pages_follow_one_another(self) -> None:
        answer = await exported(numbers(2 * LONGEST_PAGE + 1))

        head, *lines = read(answer.text)
        assert head == ["n", "square"]
        assert [int(n) for n, _ in lines] == list(range(2 * LONGEST_PAGE + 1))
        assert answer.headers["Content-Disposition"] == 'attachment; filename="numbers.csv"'
        assert answer.headers["Content-Type"].startswith("text/csv; charset=utf-8")

    async def test_what_is_cut_off_says_so_and_goes_on_from_there(self) -> None:
        routes = numbers(MOST_ROWS + 3)

        *lines, last = read((await exported(routes)).text)[1:]
        told, _, cursor = last[0].partition("cursor=")
        rest = read((await exported(routes, cursor=cursor)).text)[1:]

        assert told == f"cut off after {MOST_ROWS} rows; the rest begins at "
        assert [int(line[0]) for line in (*lines, *rest)] == list(range(MOST_ROWS + 3))

    async def test_one_that_just_fits_is_whole(self) -> None:
        lines = read((await exported(numbers(MOST_ROWS))).text)

        assert len(lines) == 1 + MOST_ROWS
        assert lines[-1][0] == str(MOST_ROWS - 1)

    async def test_trouble_before_the_first_line_is_an_answer_like_any_other(self) -> None:
        answer = await exported(numbers(5, failing_from=0))

        assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
        assert "Content-Disposition" not in answer.headers

    async def test_one_that_breaks_off_is_seen_to_be_broken(self) -> None:
        app = front(routers=[numbers(500, failing_from=200)])

        async with (
            served(app, host="127.0.0.1", port=0) as port,
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
        ):
            with pytest.raises(httpx2.RemoteProtocolError):
                await http.get("/numbers")


def test_a_short_table_is_a_file_too() -> None:
    answer = csv_export.answer("figures", ("figure", "count"), [("scheduled", 3)])

    assert bytes(answer.body) == b"figure,count\r\nscheduled,3\r\n"
