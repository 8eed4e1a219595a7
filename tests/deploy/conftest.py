"""Where there is no Helm, the tests of the chart are left out."""

import platform

collect_ignore = ["test_chart.py"] if platform.machine() == "aarch64" else []
