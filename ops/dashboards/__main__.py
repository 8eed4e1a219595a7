"""Write the dashboards to deploy/grafana/dashboards, where Grafana is told to look."""

from ops.dashboards import DASHBOARDS
from ops.dashboards.panels import FOLDER, text

FOLDER.mkdir(parents=True, exist_ok=True)
for dashboard in DASHBOARDS:
    dashboard.file.write_text(text(dashboard), encoding="utf-8")
