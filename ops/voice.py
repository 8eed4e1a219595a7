"""How commands speak: what was asked for on stdout, how far they are and what is wrong on stderr."""

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name

SPAN = re.compile(r"(?P<many>\d{1,5})(?P<unit>[dhm])")
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def table(*lines: Sequence[str]) -> str:
    """Return lines of the same number of words as a table, the first of them as its head."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def whole(text: str) -> int:
    """Return the whole number above nought that `text` is."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above nought")
    return int(text)


def moment(text: str) -> datetime:
    """Return the instant that `text` means: one, or a span before now such as 7d, 12h or 30m."""
    if span := SPAN.fullmatch(text):
        return datetime.now(UTC) - int(span["many"]) * UNITS[span["unit"]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a span such as 7d, 12h or 30m nor an instant such as 2026-03-02T12:00:00Z"
        ) from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


@contextmanager
def counting(what: str, *, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar while `what` is gone through, where somebody watches; yield what to tell how much more."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)
