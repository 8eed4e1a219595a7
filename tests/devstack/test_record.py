"""A data directory belongs to one stack at a time, and a killed one gives it back."""

from pathlib import Path

import pytest

from devstack import background, record
from devstack.addresses import Addresses
from devstack.errors import AlreadyRunning, Unusable
from devstack.record import Ready, Running
from tests.devstack.orphans import kill_a_parent_of

HOLD_AND_HANG = """
import os, sys, time
from pathlib import Path
from devstack import record

with record.held(Path(sys.argv[1])):
    print(os.getpid(), flush=True)
    time.sleep(600)
"""

READY = Ready(
    addresses=Addresses(
        api="http://127.0.0.1:1",
        worker="http://127.0.0.1:2",
        temporal="127.0.0.1:3",
        temporal_ui=None,
        database_url="postgresql+psycopg://postgres:secret@127.0.0.1:4/fulfillment",
        data_dir="/srv/var",
    ),
    announcement=("READY in 2.0 s", "curl http://127.0.0.1:1"),
)


def test_a_second_stack_is_refused(tmp_path: Path) -> None:
    with record.held(tmp_path), pytest.raises(AlreadyRunning), record.held(tmp_path):
        pass


def test_others_find_what_runs(tmp_path: Path) -> None:
    with record.held(tmp_path):
        record.write(tmp_path, Running(pid=42, ready=READY))

        assert record.read(tmp_path) == Running(pid=42, ready=READY)
        assert background.find(tmp_path) == READY


def test_the_note_with_the_password_is_for_its_owner_alone(tmp_path: Path) -> None:
    with record.held(tmp_path):
        assert (tmp_path / "dev.json").stat().st_mode & 0o777 == 0o600


def test_the_note_of_a_killed_stack_does_not_count(tmp_path: Path) -> None:
    kill_a_parent_of(HOLD_AND_HANG, tmp_path)

    assert (tmp_path / "dev.json").exists()
    assert record.read(tmp_path) is None
    assert background.stop(tmp_path) is False
    with record.held(tmp_path):
        assert record.is_held(tmp_path)


def test_where_nothing_runs_there_is_nothing_to_find(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="Nothing runs"):
        background.find(tmp_path)


def test_a_new_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    record.open_directory(tmp_path / "var")

    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
