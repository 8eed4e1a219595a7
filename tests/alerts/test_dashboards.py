"""The dashboards are what the code says, ask for what there is, and say what they show."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from fulfillment.domain.assignment.state import CLOSED
from fulfillment.domain.job.state import ENDED
from ops.dashboards import DASHBOARDS, operations
from ops.dashboards.panels import COLUMNS, FOLDER, Dashboard, Panel, text
from tests.alerts import rules
from tests.alerts.programs import said
from tests.alerts.test_metrics import OF_PROMETHEUS, series

PANELS: Sequence[Panel] = [panel for dashboard in DASHBOARDS for panel in dashboard.panels]
EXPRESSIONS = [expression for panel in PANELS for expression in panel.asks.values()]
UNITS = {"short", "s", "ops", "reqps", "percentunit"}
ALERT = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda it: it.uid)
def test_the_file_is_up_to_date(dashboard: Dashboard) -> None:
    assert dashboard.file.read_text(encoding="utf-8") == text(dashboard), "run: python -m ops.dashboards"


def test_grafana_finds_no_file_of_anything_else() -> None:
    assert {each.file for each in DASHBOARDS} == set(FOLDER.iterdir())


def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    asked = [expression.replace("$__rate_interval", "1m") for expression in EXPRESSIONS]
    recorded = [{"record": f"panel:{n}", "expr": expression} for n, expression in enumerate(asked)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))

    status, told = said("promtool", "check", "rules", "panels.yml", cwd=tmp_path)

    assert status == 0, told
    assert f"{len(EXPRESSIONS)} rules found" in told


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_metrics_that_there_are(expression: str) -> None:
    asked = rules.metrics(expression)

    assert asked
    assert asked - series() - OF_PROMETHEUS == set()


@pytest.mark.parametrize("panel", PANELS, ids=lambda it: it.title)
def test_a_panel_says_what_it_shows(panel: Panel) -> None:
    alerts = {each.name for each in rules.alerts()}

    assert panel.title
    assert panel.unit in UNITS
    assert panel.description.endswith(".")
    assert set(ALERT.findall(panel.description)) <= alerts


def test_a_legend_is_filled_with_labels_that_the_expression_keeps() -> None:
    for panel in PANELS:
        for legend, expression in panel.asks.items():
            kept = {
                label.strip()
                for found in re.findall(r"by \(([^)]*)\)", expression)
                for label in found.split(",")
            }
            assert set(re.findall(r"{{(\w+)}}", legend)) <= kept, panel.title


def test_no_panel_stands_on_another() -> None:
    for dashboard in DASHBOARDS:
        assert all(panel.width <= COLUMNS for panel in dashboard.panels)
        assert len({panel.title for panel in dashboard.panels}) == len(dashboard.panels)


def test_what_is_over_is_left_out() -> None:
    assert set(operations.OVER.split("|")) == CLOSED
    assert set(operations.JOBS_OVER.split("|")) == ENDED
