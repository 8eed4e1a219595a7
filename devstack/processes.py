"""Our own two processes, worker and API, as children of the stack."""

import http.client
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from devstack import ports
from devstack.addresses import Addresses
from devstack.child import Program
from devstack.environment import PROJECT, given
from devstack.supervisor import Supervisor


def start(addresses: Addresses, supervisor: Supervisor, *, engine_settings: Mapping[str, str]) -> None:
    """Start worker and API side by side, and return once each says that it is ready."""
    settings = {**os.environ, **engine_settings, **_settings(addresses)}
    log = Path(addresses.data_dir) / "log"
    worker = Program(
        name="worker",
        command=(sys.executable, "worker.py"),
        log=log / "worker.log",
        cwd=PROJECT,
        env=settings,
        patience=20.0,  # it finishes the activities it has begun
    )
    api = Program(
        name="api",
        command=(sys.executable, "-m", "api"),
        log=log / "api.log",
        cwd=PROJECT,
        env=settings,
    )
    started = [(supervisor.start(worker), addresses.worker), (supervisor.start(api), addresses.api)]
    for child, address in started:
        supervisor.wait_for(child, partial(is_ready, address))


def is_ready(address: str) -> bool:
    """Tell whether the process at `address` says that it can work."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _settings(addresses: Addresses) -> dict[str, str]:
    return {
        "APP_ENV": "dev",
        "HOST": ports.LOOPBACK,
        "PORT": _port(addresses.api),
        "WORKER_HTTP_PORT": _port(addresses.worker),
        "DATABASE_URL": addresses.database_url,
        "TEMPORAL_ADDRESS": addresses.temporal,
        "TEMPORAL_UI_URL": addresses.temporal_ui or "",
        "DATA_DIR": addresses.data_dir,
        "PUBLIC_URL": given("PUBLIC_URL") or addresses.api,
        "PYTHONUNBUFFERED": "1",  # a process that is killed leaves its last words in its log
    }


def _port(address: str) -> str:
    return str(urlsplit(address).port)
