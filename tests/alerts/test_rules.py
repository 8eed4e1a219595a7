"""Every alert is sound, is raised by what it says and by nothing else, and leads to a page that helps."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from fulfillment.domain.alerts import Name, Thresholds, Vitals, alarms
from tests.alerts import rules
from tests.alerts.programs import OPS, said
from tests.docs import pages

ALERTS = rules.alerts()
SECTION = re.compile(r"^## (?P<name>[A-Z]\w+)$\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
PARTS = ("**Means.**", "**Look.**", "**Do.**", "**Ends**")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The folders as somebody would install them: a copy, with the secrets beside it."""
    for name, secrets in (
        ("prometheus", ["metrics-token"]),
        ("alertmanager", ["pagerduty-key", "webhook-token"]),
    ):
        shutil.copytree(OPS / name, tmp_path / name)
        (tmp_path / name / "secrets").mkdir()
        for secret in secrets:
            (tmp_path / name / "secrets" / secret).write_text("s3cret")
    return tmp_path


def sections() -> dict[str, str]:
    found = SECTION.finditer(rules.RUNBOOK.read_text(encoding="utf-8"))
    return {section["name"]: section["text"] for section in found}


class TestTheFiles:
    def test_prometheus_takes_its_own(self, installed: Path) -> None:
        status, told = said("promtool", "check", "config", "prometheus.yml", cwd=installed / "prometheus")

        assert status == 0, told
        assert f"{len(ALERTS)} rules found" in told

    def test_prometheus_is_let_in_by_a_token_that_is_a_file(self, installed: Path) -> None:
        (installed / "prometheus" / "secrets" / "metrics-token").unlink()

        status, told = said("promtool", "check", "config", "prometheus.yml", cwd=installed / "prometheus")

        assert (status, "metrics-token" in told) == (1, True)

    def test_the_rules_do_what_their_tests_say(self, installed: Path) -> None:
        status, told = said("promtool", "test", "rules", "alerts.test.yml", cwd=installed / "prometheus")

        assert status == 0, told

    def test_alertmanager_takes_its_own(self, installed: Path) -> None:
        status, told = said("amtool", "check-config", "alertmanager.yml", cwd=installed / "alertmanager")

        assert status == 0, told

    @pytest.mark.parametrize(
        ("severity", "receivers"), [("critical", "pagerduty,webhook"), ("warning", "webhook")]
    )
    def test_what_is_critical_wakes_somebody(self, installed: Path, severity: str, receivers: str) -> None:
        status, told = said(
            "amtool",
            "config",
            "routes",
            "test",
            "--config.file=alertmanager.yml",
            f"--verify.receivers={receivers}",
            f"severity={severity}",
            cwd=installed / "alertmanager",
        )

        assert status == 0, told

    def test_every_alert_is_tested_to_fire_and_to_stay_quiet(self) -> None:
        tried = (OPS / "prometheus" / "alerts.test.yml").read_text(encoding="utf-8")

        for alert in ALERTS:
            assert tried.count(f"alertname: {alert.name}\n        exp_alerts:") >= 1, alert.name
            assert tried.count(f"eval_time: 4h, alertname: {alert.name}}}") == 1, alert.name


class TestTheRunbook:
    def test_every_alert_has_a_section_and_every_section_an_alert(self) -> None:
        assert list(sections()) == [alert.name for alert in ALERTS]

    @pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
    def test_the_link_of_an_alert_leads_to_its_section(self, alert: rules.Alert) -> None:
        base, _, anchor = alert.runbook_url.partition("#")

        assert base == "{{ $externalLabels.runbooks }}"
        assert anchor == alert.name.lower()
        assert anchor in pages.anchors(rules.RUNBOOK)

    @pytest.mark.parametrize("name", sections())
    def test_a_section_says_what_it_means_what_to_look_at_what_to_do_and_when_it_ends(
        self, name: str
    ) -> None:
        text = sections()[name]

        assert [part for part in PARTS if text.count(part) != 1] == []
        assert "```" in text, "there is nothing to paste"

    @pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
    def test_an_alert_says_how_grave_it_is_and_what_is_wrong(self, alert: rules.Alert) -> None:
        assert alert.severity in {"critical", "warning"}
        assert 20 < len(alert.summary) < 150


class TestTheMonitor:
    def test_its_alerts_are_those_of_prometheus_and_as_grave(self) -> None:
        of_prometheus = {alert.name: alert.severity for alert in ALERTS}
        everything = Vitals(
            reminder_failures=10**6,
            oldest_message=timedelta(days=9),
            payouts=10**6,
            oldest_payout=timedelta(days=9),
            ending_holds=1,
            runs_in_trouble=1,
        )

        raised = {alarm.name: alarm.severity for alarm in alarms(everything, Thresholds()).values() if alarm}

        assert set(raised) == set(Name)
        assert {name: of_prometheus.get(name) for name in raised} == raised

    def test_the_runbook_says_which_it_sees(self) -> None:
        (row,) = re.findall(r"^\| it sees \|.*$", rules.RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)

        assert set(re.findall(r"`(\w+)`", row)) == set(Name)
