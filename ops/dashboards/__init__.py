"""The dashboards for Grafana; `python -m ops.dashboards` writes their files anew."""

from ops.dashboards.engine import ENGINE
from ops.dashboards.operations import OPERATIONS

DASHBOARDS = (OPERATIONS, ENGINE)
