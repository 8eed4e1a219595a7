"""How much of everything a rate of assignments takes, reckoned from what one of them costs.

`python -m tests.bench.capacity` writes the tables of docs/runbooks/scaling.md anew.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.costs import FILE, Costs
from worker import NOTICES_PER_SECOND

PAGE = Path(__file__).resolve().parents[2] / "docs" / "runbooks" / "scaling.md"
TABLE = re.compile(r"(<!-- (?P<name>\w+): made .*? -->\n\n)(?P<table>.*?)(\n\n<!-- end -->)", re.DOTALL)
RATES = (10, 1_000, 100_000)
"""Assignments a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What we have not measured, and have to take from elsewhere; whoever knows better puts in their own."""

    busy: float = 0.6
    """The share of a core that a process uses at most, so that bursts do not queue."""
    least: int = 2
    """Processes of a kind, so that one may go away."""
    cores: int = 2
    """Cores as each process counts them: it opens two connections to Postgres a core."""
    reads: float = 40
    """Requests by people who look, for each assignment, beside those of the measurement."""
    replay: float = 0.000_18
    """Seconds of a worker's CPU for an event of a run that is not in its memory any more."""
    shard: float = 20
    """Transitions a second that a history shard takes in comfort: a write each, one after another."""
    days_kept: int = 7
    """Days for which the engine keeps a history after its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a number of assignments a minute takes, with `costs` each."""

    per_minute: int
    costs: Costs
    assumed: Assumptions = Assumptions()

    @property
    def rate(self) -> float:
        return self.per_minute / 60

    @property
    def replayed(self) -> float:
        """Seconds of CPU for an assignment whose every wake finds it forgotten, half of its history long."""
        wakes = self.costs.commands + self.costs.timers_fired
        return wakes * self.costs.events / 2 * self.assumed.replay

    @property
    def workers(self) -> int:
        return self._processes(self.costs.cpu["worker"] + self.replayed)

    @property
    def apis(self) -> int:
        each = self.costs.cpu["api"] / self.costs.requests
        return self._processes(self.costs.cpu["api"] + self.assumed.reads * each)

    @property
    def connections(self) -> int:
        """At most: two a core for every process, and one by which an API hears of news."""
        of_one = 2 * self.assumed.cores
        return self.workers * of_one + self.apis * (of_one + 1)

    @property
    def transactions(self) -> float:
        return self.rate * self.costs.database["transactions"]

    @property
    def database_cores(self) -> float:
        return self.rate * self.costs.cpu["postgres"] / self.assumed.busy

    @property
    def log_megabytes(self) -> float:
        return self.rate * self.costs.database["log_bytes"] / 1e6

    @property
    def gigabytes_a_day(self) -> float:
        return self.per_minute * 60 * 24 * self.costs.database["disk_bytes"] / 1e9

    @property
    def transitions(self) -> float:
        return self.rate * self.costs.transitions

    @property
    def shards(self) -> int:
        """A power of two; they are chosen once, when the cluster is made, so never fewer than usual."""
        needed = max(512, math.ceil(self.transitions / self.assumed.shard))
        return 1 << (needed - 1).bit_length()

    @property
    def actions(self) -> float:
        return self.rate * self.costs.actions

    @property
    def histories_gigabytes(self) -> float:
        return self.per_minute * 60 * 24 * self.assumed.days_kept * self.costs.history_bytes / 1e9

    @property
    def deliveries(self) -> float:
        return self.rate * self.costs.activities["deliver"]

    def _processes(self, seconds: float) -> int:
        return max(self.assumed.least, math.ceil(self.rate * seconds / self.assumed.busy))


ROWS: Sequence[tuple[str, Callable[[Capacity], float]]] = (
    ("workers", lambda it: it.workers),
    ("APIs", lambda it: it.apis),
    ("connections to Postgres, at most", lambda it: it.connections),
    ("transactions a second", lambda it: it.transactions),
    ("cores of Postgres", lambda it: it.database_cores),
    ("write-ahead log, MB a second", lambda it: it.log_megabytes),
    ("growth of tables and indexes, GB a day", lambda it: it.gigabytes_a_day),
    ("state transitions a second", lambda it: it.transitions),
    ("history shards", lambda it: it.shards),
    ("actions a second", lambda it: it.actions),
    ("histories kept, GB", lambda it: it.histories_gigabytes),
    ("deliveries a second (`NOTICES_PER_SECOND`)", lambda it: it.deliveries),
)


def measured() -> Costs:
    """Return what was measured last."""
    return Costs(**json.loads(FILE.read_text(encoding="utf-8")))


def page(text: str, costs: Costs) -> str:
    """Return the page with its tables made anew."""
    tables = {"costs": _costs(costs), "capacity": _capacity(costs)}
    return TABLE.sub(lambda found: f"{found[1]}{tables[found['name']]}{found[4]}", text)


def _capacity(costs: Costs) -> str:
    rates = [Capacity(per_minute=rate, costs=costs) for rate in RATES]
    head = f"| | {' | '.join(f'{rate:,} a minute' for rate in RATES)} |\n|---|{'--:|' * len(RATES)}"
    rows = [f"| {name} | {' | '.join(_said(of(each)) for each in rates)} |" for name, of in ROWS]
    return "\n".join([head, *rows])


def _costs(costs: Costs) -> str:
    activities = ", ".join(f"`{name}` {_said(n)}" for name, n in _largest(costs.activities))
    cpu = ", ".join(f"{name} {n * 1000:.0f}" for name, n in costs.cpu.items())
    said: dict[str, Any] = {
        "commands": costs.commands,
        "requests, with those that look whether it is paid": costs.requests,
        "workflow tasks": costs.workflow_tasks,
        "activities": f"{_said(sum(costs.activities.values()))}: {activities}",
        "timers that fired": costs.timers_fired,
        "events in histories": costs.events,
        "bytes of histories": costs.history_bytes,
        "actions, as Temporal Cloud counts them": costs.actions,
        "state transitions": costs.transitions,
        "transactions": costs.database["transactions"],
        "rows inserted": costs.database["rows_inserted"],
        "rows updated": costs.database["rows_updated"],
        "bytes of write-ahead log": costs.database["log_bytes"],
        "bytes of tables and indexes": costs.database["disk_bytes"],
        "mails": costs.mails,
        "milliseconds of CPU": cpu,
        f"assignments a minute that {NOTICES_PER_SECOND:.0f} deliveries a second are enough for": _pace(
            costs
        ),
    }
    rows = [
        f"| {name} | {value if isinstance(value, str) else _said(value)} |" for name, value in said.items()
    ]
    return "\n".join(["| | for each assignment |", "|---|---|", *rows])


def _pace(costs: Costs) -> float:
    return NOTICES_PER_SECOND / costs.activities["deliver"] * 60


def _largest(numbers: Mapping[str, float]) -> Sequence[tuple[str, float]]:
    return sorted(numbers.items(), key=lambda each: -each[1])


def _said(number: float) -> str:
    """Return a number as people say it: whole when it is large, with what matters when it is small."""
    if number >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 1 else f"{number:.2g}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), measured()), encoding="utf-8")
