"""The real Prometheus and the real Alertmanager, with our rules, and a receiver of what they tell."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from devstack import ports
from tests.alerts import rules
from tests.alerts.programs import OPS, program

INTERVAL = "500ms"
PATIENCE = 60
SPAN = re.compile(r"\[\d+[mh]\]")


def hasty_rules(home: Path, *, span: str) -> Path:
    """Write our own rules for people in a hurry: no alert waits, and each looks back for `span` only.

    What may be late by three hours may here be late by as many seconds: no process of a test is older.
    """
    said: dict[str, Any] = yaml.safe_load(rules.FILE.read_text(encoding="utf-8"))
    for rule in (rule for group in said["groups"] for rule in group["rules"]):
        rule.pop("for", None)
        rule["expr"] = SPAN.sub(f"[{span}]", rule["expr"]).replace("> 3 * 3600", "> 3")
    file = home / "alerts.yml"
    file.write_text(json.dumps(said))  # JSON is YAML
    return file


@contextmanager
def alertmanager(home: Path, *, telling: str) -> Iterator[int]:
    """Run Alertmanager with our routes, in a hurry and to a receiver of the test's own; yield its port."""
    said: dict[str, Any] = yaml.safe_load((OPS / "alertmanager" / "alertmanager.yml").read_text())
    said["route"] |= {"group_wait": "0s", "group_interval": INTERVAL}
    hook = {"url": telling, "send_resolved": True}
    said["receivers"] = [
        {"name": "pagerduty", "webhook_configs": [hook | {"url": f"{telling}?by=pagerduty"}]},
        {"name": "webhook", "webhook_configs": [hook]},
    ]
    (home / "alertmanager.yml").write_text(json.dumps(said))
    port = ports.free()
    arguments = [
        f"--config.file={home}/alertmanager.yml",
        f"--storage.path={home}/alertmanager",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with _running(home, program("alertmanager", "prometheus-alertmanager"), *arguments):
        yield port


@contextmanager
def prometheus(home: Path, *, rule_file: Path, scraping: Mapping[str, int], telling: int) -> Iterator[None]:
    """Run Prometheus on the port of each job, with those rules."""
    said = {
        "global": {
            "scrape_interval": INTERVAL,
            "scrape_timeout": INTERVAL,
            "evaluation_interval": INTERVAL,
            "external_labels": {"runbooks": "https://runbooks.example/alerts.md"},
        },
        "rule_files": [str(rule_file)],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{telling}"]}]}]},
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            for job, port in scraping.items()
        ],
    }
    (home / "prometheus.yml").write_text(json.dumps(said))
    arguments = [
        f"--config.file={home}/prometheus.yml",
        f"--storage.tsdb.path={home}/prometheus",
        f"--web.listen-address=127.0.0.1:{ports.free()}",
        "--rules.alert.resend-delay=1s",
    ]
    with _running(home, program("prometheus"), *arguments):
        yield


@contextmanager
def _running(home: Path, *command: str) -> Iterator[None]:
    with (
        (home / f"{Path(command[0]).name}.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,  # noqa: S603 - ours
    ):
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)
