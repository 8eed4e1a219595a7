"""The table of signals in docs/running.md has what can be typed in, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from fulfillment.domain.command import Command
from tests.docs.pages import ROOT
from workflows.assignment import SIGNALS as ASSIGNMENT
from workflows.job import SIGNALS as JOB
from workflows.reading import PARTS, command_of

ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<of>\w+) \|(?P<needs>[^|]*)\|(?P<may>[^|]*)\|$", re.MULTILINE)
ENVELOPE = {field.name for field in fields(Command)} | {"voucher"}

Row = tuple[str, str, tuple[str, ...], tuple[str, ...]]

TYPED: Mapping[str, Any] = {
    **dict.fromkeys(("start", "to", "until", "valid_until"), "2026-03-02T12:00:00Z"),
    "end": "2026-03-02T14:00:00Z",
    **dict.fromkeys(("expected_version", "version", "attempt", "hours", "wave_size"), 1),
    **dict.fromkeys(("amount", "final_amount", "price"), 1),
    **dict.fromkeys(("force", "keep_job", "final"), True),
    "currency": "EUR",
    "evidence": ["a photo"],
    "dispatch_mode": "both",
}


def test_the_table_has_what_can_be_typed_in() -> None:
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    told = [(row["name"], row["of"], _words(row["needs"]), _words(row["may"])) for row in ROW.finditer(page)]

    assert told == [*_readable("assignment", ASSIGNMENT), *_readable("job", JOB)]


def _words(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`(\w+)`", cell))


def _readable(of: str, signals: Mapping[str, type[Any]]) -> Iterator[Row]:
    for name, kind in signals.items():
        own = [field for field in fields(kind) if field.name not in ENVELOPE]
        needs = _parts(field for field in own if field.default is MISSING)
        if not _is_read(kind, needs):
            continue
        may = [field for field in own if field.default is not MISSING and _is_read(kind, needs, field)]
        yield name, of, needs, _parts(may)


def _parts(wanted: Any) -> tuple[str, ...]:
    return tuple(part for field in wanted for part in PARTS.get(field.name, (field.name,)))


def _is_read(kind: type[Any], needs: tuple[str, ...], *more: Field[Any]) -> bool:
    payload = {part: TYPED.get(part, "text") for part in (*needs, *_parts(more))}
    try:
        command_of(kind, {"ops_id": "olga"} | payload, command_id="typed")
    except Exception:  # noqa: BLE001 - a run records whatever goes wrong with a signal as a refusal
        return False
    return True
