"""Every metric is documented, bounded, and well-formed; and an alert asks for none that is not there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from activities.gauges import Gauges
from fulfillment import telemetry
from fulfillment.telemetry import SHARED, Reading
from tests.alerts import rules
from tests.alerts.programs import OPS, said
from tests.journeys.town import Town
from workflows.watching import EngineWatch

PAGE = rules.RUNBOOK.parents[1] / "metrics.md"
ROW = re.compile(r"^\| `(?P<name>\w+)(?:\{(?P<labels>[\w,]+)\})?` \|", re.MULTILINE)
OF_THE_SDK = re.compile(r"^\| (?P<kind>\w+) \| `(?P<name>temporal_\w+)` \|", re.MULTILINE)
OF_PROMETHEUS = {"up", "process_start_time_seconds"}
BOUNDED = {
    "channel": "Channel",
    "command": "the signals and updates of our workflows",
    "currency": "ISO 4217",
    "kind": "ReminderKind, DriftKind, what the sweep looks for, or what a queue has",
    "method": "those of our routes",
    "outcome": "DeliveryStatus, or the codes of refusals",
    "problem": "two that the engine marks",
    "queue": "our three",
    "reason": "WhyRefused and why we give up",
    "role": "Role",
    "route": "those we have",
    "state": "Status, JobStatus",
    "status": "PayoutStatus, OutboxStatus, or a status of HTTP",
    "type": "the tasks that our code opens",
}
"""Where the values of a label come from; who adds one has to say so."""


def ours() -> dict[str, tuple[str, ...]]:
    """Return our metrics, by the names under which they are asked for, with their labels."""
    found = {}
    for metric in vars(telemetry).values():
        if isinstance(metric, Reading):
            found[metric.name] = metric.labels
        elif isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = tuple(metric._labelnames)
    return found


def of_the_sdk() -> set[str]:
    """Return the names of the series of Temporal's SDK that are on the page."""
    rows = OF_THE_SDK.finditer(PAGE.read_text(encoding="utf-8"))
    return {f"{row['name']}_bucket" if row["kind"] == "histogram" else row["name"] for row in rows}


def series() -> set[str]:
    """Return the names of all series that our metrics have, and those of the SDK that we name."""
    histograms = [each for each in vars(telemetry).values() if isinstance(each, Histogram)]
    parts = {f"{each._name}_{part}" for each in histograms for part in ("bucket", "count", "sum")}
    return {*ours(), *parts, *of_the_sdk()}


def test_every_metric_is_on_the_page_with_its_labels_and_no_other_is() -> None:
    rows = ROW.finditer(PAGE.read_text(encoding="utf-8"))

    written = {row["name"]: tuple((row["labels"] or "").split(",")) if row["labels"] else () for row in rows}

    assert written == ours()


def test_no_label_is_one_that_anybody_can_fill() -> None:
    assert {label for labels in ours().values() for label in labels} == set(BOUNDED)


@pytest.mark.parametrize("alert", rules.alerts(), ids=lambda alert: alert.name)
def test_an_alert_asks_for_metrics_that_there_are(alert: rules.Alert) -> None:
    assert alert.metrics
    assert alert.metrics - series() - OF_PROMETHEUS == set()


def test_the_tests_of_the_rules_feed_them_metrics_that_there_are() -> None:
    tried = (OPS / "prometheus" / "alerts.test.yml").read_text(encoding="utf-8")

    fed = set(re.findall(r"series: '(\w+)", tried))

    assert fed - series() - OF_PROMETHEUS == set()


def test_prometheus_has_nothing_to_say_against_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for metric in vars(telemetry).values():
        if isinstance(metric, Reading):
            monkeypatch.setattr(metric, "values", {tuple("x" for _ in metric.labels): 1.0})

    status, told = said("promtool", "check", "metrics", cwd=OPS, given=generate_latest())

    assert (status, told) == (0, "")


async def test_nor_against_what_a_town_at_work_has_counted(town: Town) -> None:
    await (await town.completed()).written()
    await Gauges(town.sessions, EngineWatch(town.engine)).read()

    scraped = await town.http.get("/metrics")
    status, told = said("promtool", "check", "metrics", cwd=OPS, given=scraped.content)

    assert (status, told) == (0, "")
    for alive in ("http_requests_total{", "commands_total{", "fulfillment_queue_pollers{", "process_cpu_"):
        assert f"\n{alive}" in scraped.text


COUNT = "from fulfillment import telemetry as it; it.RATE_LIMITED.labels(role='ops').inc({n})"
EXPOSE = "import sys; from fulfillment.telemetry import exposed; sys.stdout.buffer.write(exposed())"


def test_processes_behind_one_port_say_what_all_of_them_have_counted(tmp_path: Path) -> None:
    where = {SHARED: str(tmp_path), "PYTHONPATH": str(OPS.parent)}
    scraped = b""
    for code in (COUNT.format(n=1), COUNT.format(n=2), EXPOSE):
        done = subprocess.run((sys.executable, "-c", code), env=where, capture_output=True, check=True)  # noqa: S603 - ours
        scraped = done.stdout

    assert b'rate_limited_total{role="ops"} 3.0\n' in scraped
    assert said("promtool", "check", "metrics", cwd=OPS, given=scraped) == (0, "")
