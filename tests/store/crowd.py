"""A marketplace of any size, written straight into the tables: most of it is over, as in life."""

import json
from pathlib import Path

import psycopg

from fulfillment.store import wire
from tests.store.diaries import Diary, JobDiary
from tests.store.server import plain

CROWD = Path(__file__).with_suffix(".sql")


def populate(url: str, *, size: int) -> None:
    """Write `size` jobs, each with an assignment and all that belongs to it, and let the planner know."""
    done = Diary().agree().finish().entries[-1]
    values = {
        "size": size,
        "assignment": json.dumps(wire.standing_to_json(done.standing)["assignment"]),
        "job": json.dumps(wire.job_to_json(JobDiary().job)),
    }
    # A client's cursor fills the values in by itself, which several statements at once need.
    with psycopg.connect(plain(url), autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(CROWD.read_bytes(), values)
        connection.execute("VACUUM ANALYZE")
