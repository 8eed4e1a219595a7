"""The roles that deploy/ makes in a new cluster own their databases, and do not get into those of others."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from devstack import postgres
from devstack.postgres import EmbeddedPostgres
from fulfillment.store import migrate
from tests.store import server

SCRIPT = Path(__file__).parents[2] / "deploy" / "postgres" / "roles.sh"
PASSWORDS = {"fulfillment": "it's-ours", "temporal": "theirs"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a cluster of its own, for names in it are taken once, on which the script has run."""
    cluster = EmbeddedPostgres(tmp_path_factory.mktemp("roles") / "postgres", durable=False).start()
    try:
        root = server.plain(cluster.url("postgres"))
        with psycopg.connect(root, autocommit=True) as connection:
            connection.execute("DROP DATABASE fulfillment")
        at = urlsplit(root)
        environment = {
            "PATH": f"{postgres.binary('psql').parent}:{os.defpath}",
            "POSTGRES_USER": str(at.username),
            "PGHOST": str(at.hostname),
            "PGPORT": str(at.port),
            "PGPASSWORD": str(at.password),
            "FULFILLMENT_DB_PASSWORD": PASSWORDS["fulfillment"],
            "TEMPORAL_DB_PASSWORD": PASSWORDS["temporal"],
        }
        subprocess.run(["sh", str(SCRIPT)], env=environment, check=True)  # noqa: S603, S607 - ours
        yield f"{at.hostname}:{at.port}"
    finally:
        cluster.stop()


def test_our_role_brings_its_database_to_the_head(place: str) -> None:
    url = f"postgresql+psycopg://fulfillment:{PASSWORDS['fulfillment']}@{place}/fulfillment"

    migrate.upgrade(url)

    with psycopg.connect(server.plain(url)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrate.head(),)]


@pytest.mark.parametrize(("role", "database"), [("temporal", "fulfillment"), ("fulfillment", "temporal")])
def test_a_role_does_not_get_into_the_database_of_another(place: str, role: str, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(f"postgresql://{role}:{PASSWORDS[role]}@{place}/{database}")
