"""docker-compose.yml as compose itself reads it, held against what our processes and files are."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fulfillment.settings import AppEnv
from tests.alerts.programs import said
from tests.deploy.environments import DEPLOY, started_with, unknown

COMPOSE = Path(sys.executable).parent / "docker-compose"
OURS = ("api", "worker", "migrate")
RELEASE = re.compile(r".+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?")
Service = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of deploy/ in which secrets were made as an operator makes them."""
    copy = tmp_path_factory.mktemp("made") / "deploy"
    leave = shutil.ignore_patterns(".env", "secrets", "fulfillment.env")
    shutil.copytree(DEPLOY, copy, ignore=leave)
    subprocess.run(["sh", str(copy / "secrets.sh")], check=True)  # noqa: S603, S607 - ours
    return copy


def compose(env_file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    files = ("--env-file", str(env_file), "-f", str(DEPLOY / "docker-compose.yml"))
    command = [str(COMPOSE), *files, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours


@pytest.fixture(scope="module")
def whole(made: Path) -> dict[str, Any]:
    done = compose(made / ".env", "config", "--format", "json", "--no-env-resolution")
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@pytest.fixture(scope="module")
def services(whole: dict[str, Any]) -> dict[str, Service]:
    found: dict[str, Service] = whole["services"]
    return found


def test_every_image_is_a_release(services: dict[str, Service]) -> None:
    assert [one["image"] for one in services.values() if not RELEASE.fullmatch(one["image"])] == []


def test_nobody_writes_to_his_image_but_one_that_has_to(services: dict[str, Service]) -> None:
    assert {name for name, one in services.items() if not one.get("read_only")} == {"temporal-ui"}


def test_nobody_gains_rights_or_takes_more_than_his_share(services: dict[str, Service]) -> None:
    soft = {
        name
        for name, one in services.items()
        if one["cap_drop"] != ["ALL"]
        or "no-new-privileges:true" not in one["security_opt"]
        or not {"cpus", "memory", "pids"} <= set(one["deploy"]["resources"]["limits"])
    }

    assert soft == set()


def test_the_proxy_alone_is_root_and_may_do_one_thing_with_it(services: dict[str, Service]) -> None:
    by_image = {"temporal", "temporal-schema", "temporal-namespace"}  # these name their own users
    nameless = {name for name, one in services.items() if not one.get("user")} - by_image

    assert nameless == {"caddy"}
    assert {name: one["cap_add"] for name, one in services.items() if one.get("cap_add")} == {
        "caddy": ["NET_BIND_SERVICE"]
    }


def test_only_the_proxy_is_open_to_the_world(services: dict[str, Service]) -> None:
    published = {
        name: {port.get("host_ip", "everywhere") for port in one["ports"]}
        for name, one in services.items()
        if one.get("ports")
    }

    assert published.pop("caddy") == {"everywhere"}
    assert {address for each in published.values() for address in each} == {"127.0.0.1"}
    assert not {"temporal", "postgres"} & set(published)


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_process_starts_with_what_it_is_given(
    name: str, services: dict[str, Service], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = started_with(services[name]["environment"], monkeypatch, at=tmp_path)

    assert settings.app_env is AppEnv.PROD
    assert settings.host == "0.0.0.0"  # noqa: S104 - of its container
    assert settings.sealing_keys()
    assert not list(tmp_path.iterdir()), "it has written to its image"


@pytest.mark.parametrize("name", OURS)
def test_nothing_is_said_that_nobody_reads(name: str, services: dict[str, Service]) -> None:
    assert unknown(services[name]["environment"]) == set()


def test_what_is_mounted_is_there(services: dict[str, Service]) -> None:
    sources = {
        Path(each["source"])
        for one in services.values()
        for each in one.get("volumes", [])
        if each["type"] == "bind"
    }

    assert DEPLOY.parent / "ops" / "prometheus" / "alerts.yml" in sources
    assert [path for path in sources if not path.exists()] == []


def test_the_schema_is_there_before_whoever_needs_it(services: dict[str, Service]) -> None:
    assert services["migrate"]["command"] == ["migrate"]
    for name in ("api", "worker"):
        waits = {other: how["condition"] for other, how in services[name]["depends_on"].items()}
        assert waits == {
            "migrate": "service_completed_successfully",
            "temporal-namespace": "service_completed_successfully",
        }


def test_prometheus_looks_where_processes_listen(services: dict[str, Service]) -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    token = jobs["api"]["authorization"]["credentials_file"]

    looked = {name: jobs[name]["dns_sd_configs"][0] for name in ("api", "worker")}
    assert {name: (it["names"], str(it["port"])) for name, it in looked.items()} == {
        "api": (["api"], services["api"]["environment"]["PORT"]),
        "worker": (["worker"], services["worker"]["environment"]["WORKER_HTTP_PORT"]),
    }
    assert token == f"/run/secrets/{services['prometheus']['secrets'][0]['source']}"


def test_prometheus_reads_its_configuration() -> None:
    arguments = ("check", "config", "--syntax-only", "prometheus.yml")

    assert said("promtool", *arguments, cwd=DEPLOY / "prometheus")[0] == 0


def test_a_secret_that_is_missing_is_named_before_anything_starts(made: Path, tmp_path: Path) -> None:
    without = tmp_path / ".env"
    lines = (made / ".env").read_text().splitlines(keepends=True)
    without.write_text("".join(line for line in lines if not line.startswith("APPROVAL_SECRET=")))

    done = compose(without, "config", "-q")

    assert done.returncode != 0
    assert "APPROVAL_SECRET" in done.stderr


def test_secrets_that_are_there_are_not_made_anew(made: Path) -> None:
    kept = [made / ".env", *sorted((made / "secrets").iterdir())]
    before = [path.read_text() for path in kept]

    subprocess.run(["sh", str(made / "secrets.sh")], check=True)  # noqa: S603, S607 - ours

    assert [path.read_text() for path in kept] == before
    assert {path.name for path in kept} == {
        ".env", "grafana-password", "metrics-token", "pagerduty-key", "webhook-token",
    }  # fmt: skip


def test_others_do_not_get_at_secrets(made: Path) -> None:
    assert (made / ".env").stat().st_mode & 0o077 == 0
    assert (made / "secrets").stat().st_mode & 0o077 == 0
