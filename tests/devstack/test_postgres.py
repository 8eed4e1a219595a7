"""The embedded PostgreSQL keeps what it was given, keeps strangers out, and leaves nothing behind."""

import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from devstack.errors import Unusable
from devstack.postgres import EmbeddedPostgres
from tests.devstack.orphans import all_end, is_running, kill_a_parent_of

START_AND_HANG = """
import sys, time
from pathlib import Path
from devstack.postgres import EmbeddedPostgres

root = Path(sys.argv[1])
EmbeddedPostgres(root, durable=False).start()
print((root / "data" / "postmaster.pid").read_text().split()[0], flush=True)
time.sleep(600)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "postgres"


@pytest.fixture
def server(root: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(root, durable=False)
    yield server
    server.stop()


@pytest.fixture
def durable(root: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(root)
    yield server
    server.stop()


def connect(server: EmbeddedPostgres, **parameters: str) -> psycopg.Connection:
    return psycopg.connect(server.url().replace("+psycopg", ""), **parameters)  # type: ignore[arg-type]


def postmaster(root: Path) -> int:
    return int((root / "data" / "postmaster.pid").read_text().split()[0])


class TestStarting:
    def test_it_has_its_database_and_listens_on_loopback_alone(self, server: EmbeddedPostgres) -> None:
        server.start()

        with connect(server) as connection:
            seen = connection.execute("SELECT current_database(), current_setting('listen_addresses')")
            assert seen.fetchone() == ("fulfillment", "127.0.0.1")

    def test_the_second_start_goes_on_from_the_first(self, server: EmbeddedPostgres) -> None:
        server.start()
        with connect(server) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        server.stop()

        server.start()

        with connect(server) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)

    def test_data_cut_short_in_the_making_do_not_count(self, server: EmbeddedPostgres, root: Path) -> None:
        half_made = root / "new-1234"
        half_made.mkdir(parents=True)
        (half_made / "PG_VERSION").write_text("18\n")

        server.start()

        assert not half_made.exists()

    def test_a_path_too_long_for_a_socket_does_no_harm(self, tmp_path: Path) -> None:
        server = EmbeddedPostgres(tmp_path / ("deep" * 30), durable=False)

        try:
            server.start()
        finally:
            server.stop()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")
    @pytest.mark.skipif(shutil.which("setpriv") is None, reason="the way out that is left needs setpriv")
    def test_root_finds_an_account_without_user_namespaces(
        self, server: EmbeddedPostgres, without_namespaces: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", without_namespaces["PATH"])

        server.start()

        with connect(server) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


class TestWhoMayComeIn:
    def test_a_wrong_password_is_refused(self, server: EmbeddedPostgres) -> None:
        server.start()

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(server, password="a guess")  # noqa: S106 - that is the point

    def test_the_password_is_for_its_owner_alone(self, server: EmbeddedPostgres, root: Path) -> None:
        server.start()

        assert (root / "password").stat().st_mode & 0o777 == 0o600
        assert root.stat().st_mode & 0o777 == 0o700

    def test_a_lost_password_is_said(self, server: EmbeddedPostgres, root: Path) -> None:
        server.start().stop()
        (root / "password").unlink()

        with pytest.raises(Unusable, match="password is gone"):
            server.launch()

    def test_a_second_server_on_the_same_data_is_refused(
        self, server: EmbeddedPostgres, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.start()
        monkeypatch.setattr("devstack.postgres.ORPHAN_PATIENCE", 0.1)

        with pytest.raises(Unusable, match="already serves"):
            EmbeddedPostgres(root).launch()


class TestStopping:
    def test_it_is_clean_even_under_an_open_transaction(self, server: EmbeddedPostgres, root: Path) -> None:
        server.start()
        pid = postmaster(root)
        with connect(server) as connection:
            connection.execute("CREATE TABLE half_done ()")

            server.stop()

            connection.close()
        assert not is_running(pid)
        assert not (root / "data" / "postmaster.pid").exists()

    def test_what_was_committed_survives_a_kill(self, durable: EmbeddedPostgres, root: Path) -> None:
        durable.start()
        with connect(durable) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 300) AS n")
        os.kill(postmaster(root), signal.SIGKILL)

        durable.start()

        with connect(durable) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (300,)

    def test_a_lock_that_names_a_stranger_bars_no_way(self, server: EmbeddedPostgres, root: Path) -> None:
        """As in a new container, where the old server's number belongs to another program by now."""
        server.start().stop()
        (root / "data" / "postmaster.pid").write_text(f"{os.getppid()}\n{root / 'data'}\n")
        (root / f".s.PGSQL.{server.port}.lock").write_text(f"{os.getppid()}\n")

        server.start()

        assert postmaster(root) != os.getppid()

    def test_it_does_not_outlive_its_parent(self, server: EmbeddedPostgres, root: Path) -> None:
        orphans = kill_a_parent_of(START_AND_HANG, root)

        assert all_end(orphans)
        server.start()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")
    @pytest.mark.skipif(shutil.which("setpriv") is None, reason="the way out that is left needs setpriv")
    def test_nor_does_it_under_another_account(
        self, root: Path, without_namespaces: Mapping[str, str]
    ) -> None:
        orphans = kill_a_parent_of(START_AND_HANG, root, env=without_namespaces)

        assert all_end(orphans)


@pytest.fixture
def without_namespaces(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which user namespaces seem to be closed, as in most containers."""
    refusal = tmp_path / "bin" / "unshare"
    refusal.parent.mkdir()
    refusal.write_text("#!/bin/sh\nexit 1\n")
    refusal.chmod(0o755)
    return {**os.environ, "PATH": f"{refusal.parent}{os.pathsep}{os.environ['PATH']}"}
