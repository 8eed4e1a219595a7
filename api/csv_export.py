"""Tables as CSV that a spreadsheet can be trusted with: what people wrote stays text and is never reckoned.

A spreadsheet takes a cell for a formula when it begins with one of a few characters, whatever file it comes
from. So a text that could be one gets an apostrophe before it, by which spreadsheets mean text. Numbers come
from us and stay numbers. The form is that of RFC 4180, in UTF-8.
"""

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from fastapi import Response
from fastapi.responses import StreamingResponse

from api.schemas.lists import Page
from fulfillment.store.views.paging import LONGEST_PAGE, Turn

T = TypeVar("T")

Cell = str | int | float | Decimal | datetime | None
Columns = Mapping[str, Callable[[T], Cell]]

MOST_ROWS = 10_000
MEDIA_TYPE = "text/csv; charset=utf-8; header=present"

# What a formula begins with, as it is and in the shapes that some programs take for the same: full width,
# small, superscript and subscript ones, and the minus of typographers.
FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207a\u207b\u207c\u208a\u208b\u208c\u2212"
# What is skipped on the way there: blanks, quotation marks, and what nobody sees.
SKIPPED = (
    r"\s\x00-\x1f\x7f-\x9f'\"`\u00ad\u200b-\u200f\u2018-\u201f\u202a-\u202e\u2060-\u206f\ufeff\uff02\uff07"
)
AHEAD = rf"[{SKIPPED}]*[{FORMULA}]"
# Where a cell begins: at the front, and, in a program that expects other separators, behind one of those. A
# comma is ours, and quoted.
RISKY = re.compile(rf"(\A)(?='*[\t\r\n]|{AHEAD})|([;\t\r\n])(?={AHEAD})")


def guarded(text: str) -> str:
    """Return `text` so that no spreadsheet takes it, or a part of it, for a formula."""
    return RISKY.sub(r"\1\2'", text)


def rows(lines: Iterable[Sequence[Cell]]) -> str:
    """Return the lines as CSV, each with its end."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([_said(cell) for cell in line] for line in lines)
    return written.getvalue()


def answer(name: str, header: Sequence[str], lines: Iterable[Sequence[Cell]]) -> Response:
    """Return a file of that name, which browsers save instead of showing it."""
    return Response(rows([header, *lines]), media_type=MEDIA_TYPE, headers=_attached(name))


async def streamed(
    name: str, columns: Columns[T], read: Callable[[Turn], Awaitable[Page[T]]], *, cursor: str | None
) -> Response:
    """Return a list as a file, page after page from `cursor` on, while it is being read.

    It ends after 10 000 rows, with a line that says so and where the rest begins. The first page is read
    before anything is sent: who asks for nonsense, or while the database is away, is told so as ever.
    """
    first = await read(Turn(cursor=cursor, limit=LONGEST_PAGE))
    return StreamingResponse(_told(columns, first, read), media_type=MEDIA_TYPE, headers=_attached(name))


async def _told(
    columns: Columns[T], page: Page[T], read: Callable[[Turn], Awaitable[Page[T]]]
) -> AsyncIterator[str]:
    yield rows([tuple(columns)])
    told = 0
    while True:
        yield rows([cell(item) for cell in columns.values()] for item in page.items)
        told += len(page.items)
        if page.next_cursor is None:
            return
        if told >= MOST_ROWS:
            break
        page = await read(Turn(cursor=page.next_cursor, limit=LONGEST_PAGE))
    word = f"cut off after {told} rows; the rest begins at cursor={page.next_cursor}"
    yield rows([[word, *[None] * (len(columns) - 1)]])


def _said(cell: Cell) -> str | int | float | Decimal:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case datetime():
            return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str():
            return guarded(cell)
        case _:
            return cell


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}.csv"'}
