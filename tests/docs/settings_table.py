"""docs/settings.md as the settings have it; `python -m tests.docs.settings_table` writes it anew."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from pydantic.fields import FieldInfo

from fulfillment.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "docs" / "settings.md"
SECTION = re.compile(r"^# -- (?P<title>.+) --$")
VARIABLE = re.compile(r"^(?:# )?(?P<name>[A-Z][A-Z0-9_]+)=")
HEAD = """\
# Settings

Everything that api and worker read from their environment, once, when they start. A file `.env` in the
working directory is read too; the environment wins over it, and an empty value counts as none. A wrong value
stops the process with [a sentence that names it](running.md#in-production). Spans of time take fractions, so
that tests and demonstrations can work in seconds.

What belongs to the rules of an assignment or a job travels with its run, so a new value holds for runs that
start afterwards ([decision 0007](decisions/0007-the-policy-travels-with-the-run.md)). `make up` chooses the
environment, the ports, the data directory and, where you have named none, the servers by itself.

This page is made from `fulfillment/settings`, in the order of [`.env.example`](../.env.example), which is
there to be copied. `.venv/bin/python -m tests.docs.settings_table` writes it anew, and a test fails while it
is out of date.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD.rstrip(), *_tables()]) + "\n"


def _tables() -> Iterator[str]:
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if section := SECTION.match(line):
            yield from ("", f"## {section['title']}", "", "| variable | default | meaning |", "|---|---|---|")
        elif variable := VARIABLE.match(line):
            yield _row(variable["name"], Settings.model_fields[variable["name"].lower()])


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{name}` | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    match field.default:
        case None:
            return ""
        case tuple() as several:
            said = ",".join(_plain(each) for each in several)
        case one:
            said = _plain(one)
    return f"`{said}`"


def _plain(value: object) -> str:
    match value:
        case Enum():
            return str(value.value)
        case bool():
            return str(value).lower()
        case _:
            return str(value)


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
