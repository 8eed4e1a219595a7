"""The stack that `make up` starts: killed without a word it leaves nothing running, and loses nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from devstack import record
from devstack.addresses import Addresses
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.job.state import JobStatus
from tests.chaos.parties import window
from tests.devstack.orphans import REPOSITORY, all_end

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(not Path("/proc").exists(), reason="it finds the stack's children in /proc"),
]

Json = dict[str, Any]
PATIENCE = 120.0
"""Seconds in which a stack has to be ready, its seed planted; this machine may be busy."""
IN_PASSING = {JobStatus.OPEN, JobStatus.REQUEUED}
"""A job that takes quotes or is offered to somebody is at once no longer there."""
# As `python dev.py up`, but on free ports from the start: the usual ones belong to whoever works here.
UP = """
import sys
from devstack import ports
ports.choose = lambda name, wanted: ports.free()
import dev
sys.argv = ["dev.py", "up", "--data", sys.argv[1]]
dev.leave(dev.main())
"""


def test_a_killed_stack_leaves_nothing_running_and_the_next_one_goes_on_where_it_was(tmp_path: Path) -> None:
    # A stack comes up, with a small marketplace in it, and Ada has one more wish.
    with _up(tmp_path) as (first, addresses):
        with httpx2.Client(base_url=addresses.api, timeout=15) as http:
            ada = _signed_in(http, "ada", "customer")
            posted = http.post("/jobs", json=_wish(), headers=ada).json()
            before = _everything(http, ada)
            waiting = next(each for each in before["assignments"] if _waits_for_a_proposal(each))
            seeded = _settled(http, _signed_in(http, "olga", "ops"))

        assert {each["status"] for each in seeded["jobs"]} == {*JobStatus} - IN_PASSING
        assert {each["status"] for each in seeded["assignments"]} == {*Status}

        # Its parent is killed, and none of its children is left.
        children = _children_of(first.pid)
        assert len(children) >= 4
        first.kill()
        first.wait()
        assert all_end(children)
        assert record.read(tmp_path) is None

    # The next one has all of that, and its runs go on.
    with _up(tmp_path) as (second, addresses):
        with httpx2.Client(base_url=addresses.api, timeout=15) as http:
            ada, bob = (
                _signed_in(http, "ada", "customer"),
                _signed_in(http, waiting["providerId"], "provider"),
            )
            after = _everything(http, ada)
            assert posted["id"] in [job["id"] for job in after["jobs"]]
            assert _ids(after) == _ids(before)
            body = window() | {"expectedVersion": waiting["scheduleVersion"]}
            proposed = http.post(f"/assignments/{waiting['id']}/schedule", json=body, headers=bob)
            assert (proposed.status_code, proposed.json()["scheduleVersion"]) == (
                200,
                body["expectedVersion"] + 1,
            )

        # Told to stop, it stops in good order.
        children = _children_of(second.pid)
        second.send_signal(signal.SIGINT)
        assert second.wait(PATIENCE) == 0
        assert all_end(children)


@contextmanager
def _up(data: Path) -> Iterator[tuple[subprocess.Popen[bytes], Addresses]]:
    log = data / "said.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            (sys.executable, "-c", UP, str(data)),
            cwd=REPOSITORY,
            env=_bare(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process, _ready(process, data, log)
    finally:
        process.kill()
        process.wait()


def _ready(process: subprocess.Popen[bytes], data: Path, log: Path) -> Addresses:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        running = record.read(data)
        if running is not None and running.ready is not None:
            assert any(line.startswith("READY in") for line in log.read_text().splitlines())
            return running.ready.addresses
        time.sleep(0.1)
    raise AssertionError(f"the stack did not get ready: {log.read_text()}")


def _bare() -> dict[str, str]:
    """Return an environment that names no servers of other people."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _signed_in(http: httpx2.Client, sub: str, role: str) -> dict[str, str]:
    minted = http.post("/dev/token", json={"sub": sub, "role": role}).json()
    return {"Authorization": f"Bearer {minted['accessToken']}"}


def _everything(http: httpx2.Client, who: dict[str, str]) -> dict[str, list[Json]]:
    return {
        noun: http.get(f"/{noun}", params={"limit": 100}, headers=who).json()["items"]
        for noun in ("jobs", "assignments")
    }


def _settled(http: httpx2.Client, who: dict[str, str]) -> dict[str, list[Json]]:
    """Return everything once no job is in passing: the last of the seed may just be on its way."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = _everything(http, who)
        if not any(each["status"] in IN_PASSING for each in found["jobs"]):
            return found
        assert time.monotonic() < deadline, found["jobs"]
        time.sleep(0.2)


def _ids(found: dict[str, list[Json]]) -> dict[str, list[str]]:
    return {noun: [each["id"] for each in items] for noun, items in found.items()}


def _waits_for_a_proposal(assignment: Json) -> bool:
    return assignment["status"] == "awaiting_schedule" and assignment["openProposal"] is None


def _wish() -> Json:
    return {
        "title": "Hang the curtains",
        "siteTimezone": "Europe/Berlin",
        "priceCap": {"amount": 9_000, "currency": "EUR"},
        "dispatchMode": "quotes",
    }
