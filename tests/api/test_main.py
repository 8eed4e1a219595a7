"""The API as a process: it starts without what it stands on, says so, and in prod keeps its doors shut."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from cryptography.fernet import Fernet

from api.stripe_hooks import LARGEST, PATH
from devstack import ports
from tests.api.issuer import Issuer, claims, signed
from tests.gateways.stripe.webhooks import signature
from tests.journeys.collector import Collector, collecting

ROOT = Path(__file__).parent.parent.parent
PROD = {"AUTH_ISSUER": "https://issuer.test", "APPROVAL_SECRET": "a" * 32, "METRICS_TOKEN": "m" * 16}

SECRET = "a-secret-that-opens-somebodys-calendar"  # noqa: S105


def environment(**settings: str) -> dict[str, str]:
    nothing_there = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
    }
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | nothing_there | settings


@contextmanager
def api(home: Path, **settings: str) -> Iterator[tuple[httpx2.Client, subprocess.Popen[str]]]:
    port = ports.free()
    process = subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=home,
        env=environment(PORT=str(port), DATA_DIR=str(home), **settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            until_it_answers(client, process)
            yield client, process
    finally:
        process.kill()
        process.communicate()


def until_it_answers(client: httpx2.Client, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            client.get("/healthz")
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the API did not start")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> Iterator[tuple[httpx2.Client, subprocess.Popen[str]]]:
    also = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "PAYLOAD_KEYS": Fernet.generate_key().decode()}
    with api(tmp_path_factory.mktemp("dev"), APP_ENV="dev", **also) as running:
        yield running


class TestInDev:
    def test_it_lives_without_database_and_engine_and_is_not_ready(
        self, running: tuple[httpx2.Client, subprocess.Popen[str]]
    ) -> None:
        client, _ = running
        ready = client.get("/readyz")

        assert client.get("/healthz").status_code == 200
        assert ready.status_code == 503
        assert [check["ok"] for check in ready.json()["checks"].values()] == [False, False, False]

    def test_its_doors_for_developers_are_open(
        self, running: tuple[httpx2.Client, subprocess.Popen[str]]
    ) -> None:
        client, _ = running
        token = client.post("/dev/token", json={"sub": "ada", "role": "customer"}).json()["accessToken"]

        assert client.get("/docs").status_code == 200
        assert client.get("/metrics").status_code == 200
        assert client.get("/jobs", headers={"Authorization": f"Bearer {token}"}).status_code == 503
        assert client.post("/codec/decode", json={}).status_code == 401

    def test_told_to_stop_it_stops_and_every_line_it_wrote_is_json(
        self, running: tuple[httpx2.Client, subprocess.Popen[str]], collector: Collector
    ) -> None:
        client, process = running
        client.get("/nowhere", headers={"X-Request-Id": "to-be-found"})
        client.get(f"/calendar/{SECRET}.ics")
        client.get(f"/calendar/google/callback?state={SECRET}&code={SECRET}")
        client.close()
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=15)

        lines = [json.loads(line) for line in output.splitlines()]
        assert process.returncode in {0, -signal.SIGTERM}
        assert any(line.get("request_id") == "to-be-found" for line in lines)
        assert {line["service"] for line in lines} == {"api"}
        assert "/calendar/{token}.ics" in [line.get("route") for line in lines]
        assert SECRET not in output
        # What it had not sent of its traces it sends before it goes; a secret in a path is in none.
        assert "GET /calendar/{token}.ics" in {span.name for span in collector.spans}
        assert not {span.name for span in collector.spans} & {"GET /healthz", "HTTP"}
        assert SECRET.encode() not in b"".join(collector.raw)


def test_in_prod_only_what_is_for_everybody_is_open(tmp_path: Path, issuer: Issuer) -> None:
    with api(tmp_path, APP_ENV="prod", AUTH_JWKS_URL=issuer.url, **PROD) as (client, _):
        assert client.post("/dev/token", json={"sub": "ada", "role": "ops"}).status_code == 404
        assert client.get("/dev/emails").status_code == 404
        assert client.get("/docs").status_code == 404
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Bearer " + "m" * 16}).status_code == 200
        assert client.get("/openapi.json").status_code == 200
        assert client.post(PATH, content=b"{}").status_code == 404
        assert client.post("/codec/decode", json={}).status_code == 404
        assert client.get("/jobs", headers={"Authorization": "Bearer a.b.c"}).status_code == 401
        assert (
            client.get("/jobs", headers={"Authorization": f"Bearer {signed(**claims())}"}).status_code == 503
        )
    assert list(tmp_path.iterdir()) == []


def test_with_a_key_it_listens_to_stripe(tmp_path: Path) -> None:
    keys = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRETS": "whsec_new, whsec_old"}
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "ping",
        "created": 1,
        "data": {"object": {"object": "ping"}},
    }
    body = json.dumps(event, indent=2)
    by_old, by_eve = (signature(body, secret, at=int(time.time())) for secret in ("whsec_old", "whsec_eve"))

    with api(tmp_path, APP_ENV="dev", **keys) as (client, _):
        believed = client.post(PATH, content=body.encode(), headers={"Stripe-Signature": by_old})
        forged = client.post(PATH, content=body.encode(), headers={"Stripe-Signature": by_eve})
        large = client.post(PATH, content=b"x" * (LARGEST + 1))

    # There is no database to keep it in, so Stripe is to come back.
    assert [answer.status_code for answer in (believed, forged, large)] == [503, 400, 413]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"APP_ENV": "prod"}, "AUTH_ISSUER is missing"),
        ({"APP_ENV": "dev", "MAX_PROPOSALS": "many"}, "MAX_PROPOSALS is 'many'"),
    ],
)
def test_a_wrong_setting_ends_it_with_a_sentence(
    tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "api"],
        cwd=tmp_path,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith(sentence)
    assert "Traceback" not in ended.stderr
