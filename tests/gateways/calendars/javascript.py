"""Read calendar files by ical.js and node-ical: one process of Node, however many files."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.gateways.calendars.reading import Event, Reading, Unsound, reading

READERS = Path(__file__).resolve().parents[2] / "readers"
PACKAGES = ("ical.js", "node-ical")


def has_node() -> bool:
    return shutil.which("node") is not None


def has_packages() -> bool:
    return all((READERS / "node_modules" / package).is_dir() for package in PACKAGES)


def read(files: Sequence[bytes]) -> dict[str, list[Reading]]:
    """Return what each library understands of each file, by the library's name.

    Raises:
        Unsound: one of them cannot read one of the files.
    """
    asked = "".join(json.dumps(file.decode()) + "\n" for file in files)
    node = subprocess.run(  # noqa: S603 - our own script
        [shutil.which("node") or "node", READERS / "read.mjs"],
        input=asked,
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
        # A time without its Z would be read as Samoa's, which is nobody's here.
        env={**os.environ, "TZ": "Pacific/Apia"},
    )
    said = [json.loads(line) for line in node.stdout.splitlines()]
    return {name: [_reading(name, each[name]) for each in said] for name in PACKAGES}


def _reading(reader: str, said: Mapping[str, Any]) -> Reading:
    if "error" in said:
        raise Unsound(f"{reader}: {said['error']}")
    return reading(said["method"], [_event(reader, event) for event in said["events"]])


def _event(reader: str, said: Mapping[str, Any]) -> Event:
    if said["kind"] != "vevent":
        raise Unsound(f"{reader}: {said['kind']} where an event belongs")
    return Event(
        uid=said["uid"],
        sequence=said["sequence"],
        status=said["status"],
        start=datetime.fromisoformat(said["start"]),
        end=datetime.fromisoformat(said["end"]),
        summary=said.get("summary") or "",
        description=said.get("description") or "",
        location=said.get("location") or "",
        organizer=said["organizer"],
        attendees=tuple(said["attendees"]),
    )
