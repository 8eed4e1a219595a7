"""What one assignment costs, from the posting of its job to a paid provider: `make bench`.

PostgreSQL, Temporal, worker, API and a mail server run as they do everywhere else, each a process of its own,
and many assignments are lived through them. What is counted is exact; seconds of CPU are this machine's. Both
are written to tests/bench/costs.json, from which tests/bench/capacity.py reckons what many of them take.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from temporalio.client import Client

from devstack.client import Api
from devstack.marketplace import Marketplace
from devstack.people import signed_in
from devstack.seed import fill_directory
from devstack.voice import leave, say
from tests.bench import histories, life, processes
from tests.bench.histories import Histories
from tests.gateways.channels.postbox import Postbox, beside
from tests.plant import Plant, running, server_of

FILE = Path(__file__).with_name("costs.json")
WARMING_UP = 8
IDLE = 5.0
"""Seconds for which nothing is asked, to know what standing by costs."""
QUIET = 1.5
"""Seconds after which the database has certainly counted what was done before."""
PATIENCE = 60.0
MANY = "1000000/minute"
LIMITS = (
    *(
        f"{role}_{kind}"
        for role in ("CUSTOMER", "PROVIDER", "OPS", "ADMIN")
        for kind in ("COMMANDS", "READS")
    ),
    "ANONYMOUS",
)

COUNTERS = """
    SELECT xact_commit, tup_inserted, tup_updated, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint,
           pg_database_size(datname)
    FROM pg_stat_database WHERE datname = current_database()
"""
COUNTED = ("transactions", "rows_inserted", "rows_updated", "log_bytes", "disk_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What one assignment costs, on the average of `assignments`; `cpu` in seconds, by process."""

    assignments: int
    commands: int
    requests: float
    events: float
    history_bytes: float
    actions: float
    workflow_tasks: float
    timers_fired: float
    transitions: float
    activities: Mapping[str, float]
    mails: float
    database: Mapping[str, float]
    cpu: Mapping[str, float]
    idle_cpu: Mapping[str, float]
    """Seconds of CPU per second in which nothing is asked; taken off `cpu`."""


REQUESTS = re.compile(r"^http_requests_total\{.*\} (?P<count>\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What everybody has used and written since they started."""

    at: float
    cpu: dict[str, float]
    database: dict[str, float]
    requests: float
    mails: int


def main() -> int:
    """Measure, print and keep it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.costs", description=__doc__)
    parser.add_argument("-n", "--assignments", type=int, default=20, help="how many (default: %(default)s)")
    many = parser.parse_args().assignments
    if sys.platform != "linux":
        parser.error("what processes have used is read from /proc, which only Linux has")
    limits = {f"RATE_LIMIT_{name}": MANY for name in LIMITS}
    with beside() as postbox, tempfile.TemporaryDirectory() as root:
        mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(postbox.port), "SMTP_SECURITY": "none"}
        with running(Path(root), **limits, **mail) as plant:
            costs = asyncio.run(_measured(plant, postbox, many))
    FILE.write_text(json.dumps(asdict(costs), indent=2) + "\n", encoding="utf-8")
    say(FILE.read_text(encoding="utf-8"))
    return 0


async def _measured(plant: Plant, postbox: Postbox, many: int) -> Costs:
    """Live some to warm up, stand by, and live `many`; look before and after each."""
    await fill_directory(plant.postgres.url())
    client = await Client.connect(plant.temporal.address)
    async with Api(plant.api_url) as api:
        market = Marketplace(api, await signed_in(api))
        say(f"Warming up with {WARMING_UP} assignments.")
        await life.live_all(market, range(WARMING_UP))
        await _settle(plant)
        say(f"Standing by for {IDLE:.0f} s.")
        standing = _look(plant, postbox)
        await asyncio.sleep(IDLE)
        await _settle(plant)
        waited = _look(plant, postbox)
        past = await histories.read(client)  # which is work, too, and not that of an assignment
        before = _look(plant, postbox)
        say(f"Measuring {many}.")
        await life.live_all(market, range(WARMING_UP, WARMING_UP + many))
        await _settle(plant)
        after = _look(plant, postbox)
        runs = (await histories.read(client)) - past
    say(f"{many} assignments in {after.at - before.at:.1f} s")
    idle = {name: (waited.cpu[name] - n) / (waited.at - standing.at) for name, n in standing.cpu.items()}
    return _costs(before, after, runs=runs, idle=idle, many=many)


def _costs(before: Look, after: Look, *, runs: Histories, idle: dict[str, float], many: int) -> Costs:
    def each(total: float) -> float:
        return round(total / many, 4)

    took = after.at - before.at
    return Costs(
        assignments=many,
        commands=life.COMMANDS,
        requests=each(after.requests - before.requests),
        events=each(runs.events.total()),
        history_bytes=each(runs.bytes),
        actions=each(runs.actions),
        workflow_tasks=each(runs.workflow_tasks),
        timers_fired=each(runs.timers_fired),
        transitions=each(runs.transitions),
        activities={name: each(n) for name, n in sorted(runs.activities.items())},
        mails=each(after.mails - before.mails),
        database={name: each(n - before.database[name]) for name, n in after.database.items()},
        cpu={name: each(n - before.cpu[name] - idle[name] * took) for name, n in after.cpu.items()},
        idle_cpu={name: round(n, 4) for name, n in idle.items()},
    )


async def _settle(plant: Plant) -> None:
    """Return when the database has had nothing to do for a while: all is written and all mails have left."""
    give_up, before = time.monotonic() + PATIENCE, -1
    while (now := int(_counters(plant)["rows_updated"])) != before:
        if time.monotonic() > give_up:
            raise TimeoutError(f"the system has not come to rest within {PATIENCE:.0f} s")
        before = now
        await asyncio.sleep(QUIET)


def _look(plant: Plant, postbox: Postbox) -> Look:
    return Look(
        at=time.monotonic(),
        cpu=_cpu(plant),
        database=_counters(plant),
        requests=_requests(plant),
        mails=len(postbox.taken),
    )


def _cpu(plant: Plant) -> dict[str, float]:
    children = {
        "api": plant.api,
        "worker": plant.worker,
        "postgres": server_of(plant.postgres),
        "temporal": server_of(plant.temporal),
    }
    return {name: processes.cpu_seconds(child.process.pid) for name, child in children.items()}


def _counters(plant: Plant) -> dict[str, float]:
    (row,) = plant.rows(COUNTERS)
    return dict(zip(COUNTED, map(float, row), strict=True))


def _requests(plant: Plant) -> float:
    with urllib.request.urlopen(f"{plant.api_url}/metrics") as answer:  # noqa: S310 - our own API
        said = answer.read().decode()
    return sum(float(found["count"]) for found in REQUESTS.finditer(said))


if __name__ == "__main__":
    leave(main())
