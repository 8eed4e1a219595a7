"""What a dashboard is made of, and the file that Grafana reads it from.

A panel says in one place what it shows, of which metrics (docs/metrics.md), in which unit, and what it means.
Grafana's own format says the same in a hundred lines, most of them about where it stands.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "dashboards"
SOURCE = {"type": "prometheus", "uid": "${source}"}
VARIABLE = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
"""Grafana asks which Prometheus it is, so the files know no name of one."""
COLUMNS, HEIGHT = 24, 8
LINES = "timeseries"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture. `asks` has an expression of PromQL for each legend; `{{label}}` in a legend is filled in.

    `unit` is one of Grafana's: `short`, `s`, `reqps`, `percentunit`. From `limit` on, where there is one, it
    is red.
    """

    title: str
    unit: str
    description: str
    asks: Mapping[str, str]
    kind: str = LINES
    limit: float | None = None
    width: int = 8
    stacked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    uid: str
    title: str
    description: str
    rows: Mapping[str, Sequence[Panel]]

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.uid.removeprefix('fulfillment-')}.json"

    @property
    def panels(self) -> Sequence[Panel]:
        return [panel for panels in self.rows.values() for panel in panels]


def quantile(share: float, histogram: str, *, over: str, by: str = "le") -> str:
    """Return what asks below which value `share` of a histogram lies; it may come with its selector."""
    name, brace, selector = histogram.partition("{")
    return f"histogram_quantile({share:g}, sum by ({by}) (rate({name}_bucket{brace}{selector}[{over}])))"


def text(dashboard: Dashboard) -> str:
    """Return the file of a dashboard."""
    return json.dumps(_model(dashboard), indent=2) + "\n"


def _model(dashboard: Dashboard) -> Json:
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["fulfillment"],
        "timezone": "browser",
        "schemaVersion": 39,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [VARIABLE]},
        "panels": list(_laid_out(dashboard)),
    }


def _laid_out(dashboard: Dashboard) -> Iterator[Json]:
    """Yield the rows and their panels, from left to right and downwards."""
    ids, top = count(1), 0
    for title, panels in dashboard.rows.items():
        row = {"type": "row", "title": title, "collapsed": False, "panels": []}
        yield row | {"id": next(ids), "gridPos": _at(0, top, COLUMNS, 1)}
        top, left = top + 1, 0
        for panel in panels:
            if left + panel.width > COLUMNS:
                top, left = top + HEIGHT, 0
            place = _at(left, top, panel.width, HEIGHT)
            yield _panel(panel) | {"id": next(ids), "gridPos": place}
            left += panel.width
        top += HEIGHT


def _panel(panel: Panel) -> Json:
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": _drawn(panel), "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}} if panel.kind == LINES else {},
        "targets": [
            {"refId": chr(ord("A") + n), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
            for n, (legend, expression) in enumerate(panel.asks.items())
        ],
    }


def _drawn(panel: Panel) -> Json:
    steps: list[Json] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    lines = {
        "fillOpacity": 20 if panel.stacked else 0,
        "stacking": {"mode": "normal" if panel.stacked else "none"},
        "thresholdsStyle": {"mode": "off" if panel.limit is None else "dashed"},
    }
    return {
        "unit": panel.unit,
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": steps},
        "custom": lines if panel.kind == LINES else {},
    }


def _at(x: int, y: int, w: int, h: int) -> Json:
    return {"x": x, "y": y, "w": w, "h": h}
