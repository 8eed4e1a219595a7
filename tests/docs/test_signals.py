"""The table of signals in docs/running.md has what can be typed in, and nothing else."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from fulfillment.domain.command import Command
from tests.docs.pages import ROOT
from workflows.assignment_requests import SIGNALS as ASSIGNMENT
from workflows.job import SIGNALS as JOB
from workflows.reading import typed_as
from workflows.refunding import SIGNALS as PAYOUT

ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<of>\w+) \|(?P<needs>[^|]*)\|(?P<may>[^|]*)\|$", re.MULTILINE)
ENVELOPE = {field.name for field in fields(Command)} | {"voucher"}

Row = tuple[str, str, tuple[str, ...], tuple[str, ...]]


def test_the_table_has_what_can_be_typed_in() -> None:
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    told = [(row["name"], row["of"], _words(row["needs"]), _words(row["may"])) for row in ROW.finditer(page)]

    assert told == [*_rows("assignment", ASSIGNMENT), *_rows("payout", PAYOUT), *_rows("job", JOB)]


def _words(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`(\w+)`", cell))


def _rows(of: str, signals: Mapping[str, type[Any]]) -> Iterator[Row]:
    for name, kind in signals.items():
        own = [field for field in fields(kind) if field.name not in ENVELOPE]
        needs = [field for field in own if field.default is MISSING]
        yield name, of, _typed(needs), _typed(field for field in own if field not in needs)


def _typed(wanted: Iterable[Field[Any]]) -> tuple[str, ...]:
    return tuple(part for field in wanted for part in typed_as(field))
