"""Four libraries that we did not write read our calendar files, and have to agree on what is in them.

Any test that has files in its hands may ask `expect_sound`; `make test` installs what it needs.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

import pytest

from tests.gateways.calendars import javascript, libical, vobjects
from tests.gateways.calendars.reading import Reading, Unsound

LONGEST_LINE = 75
"""Octets, without the line's end (RFC 5545, 3.1)."""


def expect_sound(files: Sequence[bytes]) -> list[Reading]:
    """Return what is in the files, after every reader has taken each and understood the same.

    Skips the test where a reader is not installed, but fails it where CI is set.

    Raises:
        Unsound: a reader refuses a file, or two read it differently.
    """
    expect_readers()
    for file in files:
        expect_lines(file)
    by_libical = [libical.read(file) for file in files]
    others = {"vobject": [vobjects.read(file) for file in files], **javascript.read(files)}
    for name, readings in others.items():
        for ours, theirs in zip_longest(by_libical, readings):
            if _comparable(ours) != _comparable(theirs):
                raise Unsound(f"libical reads {ours}\nand {name} reads {theirs}")
    return by_libical


def expect_readers() -> None:
    """Skip the test where a reader is not installed, but fail it where CI is set."""
    if missing := _missing():
        reason = (
            f"calendar files cannot be read back without {', '.join(missing)}: see devstack/test-setup.sh"
        )
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def expect_lines(file: bytes) -> None:
    """Refuse a file whose lines end otherwise than in CRLF, or are too long for some reader."""
    *lines, rest = file.split(b"\r\n")
    if rest or any(b"\r" in line or b"\n" in line for line in lines):
        raise Unsound("a line does not end in CRLF")
    if longest := max((line for line in lines if len(line) > LONGEST_LINE), key=len, default=b""):
        raise Unsound(f"{len(longest)} octets in a line: {longest!r}")


def _missing() -> list[str]:
    needed = {
        "libical (apt-get install libical3)": libical.is_there(),
        "Node (apt-get install nodejs npm)": javascript.has_node(),
        "ical.js and node-ical (npm ci --prefix tests/readers)": javascript.has_packages(),
    }
    return [what for what, is_there in needed.items() if not is_there]


def _comparable(reading: Reading | None) -> Reading | None:
    """Return `reading` without what its readers are known to quarrel about.

    node-ical takes a backslash before an n for a line break, and quotes around a text for no part of it.
    """
    if reading is None:
        return None
    return replace(
        reading,
        events=tuple(
            replace(
                event,
                summary=_plain(event.summary),
                description=_plain(event.description),
                location=_plain(event.location),
            )
            for event in reading.events
        ),
    )


def _plain(text: str) -> str:
    return re.sub(r'\\+[nN,;]?|^"|"$|\s', "", text)
