"""What is kept whole in a table can be read by releases that came before and after the one that wrote it."""

import json

from fulfillment.store import wire
from tests.domain.people import HOUR, ROOT, denies
from tests.store.diaries import Diary, JobDiary
from tests.store.test_job_ledger import quoted


def test_every_field_comes_back() -> None:
    diary = Diary().agree().finish()
    diary.say(denies(ROOT), at=diary.at + HOUR)
    standing = diary.entries[-1].standing

    assert wire.standing_from_json(json.dumps(wire.standing_to_json(standing))) == standing


def test_every_field_of_a_job_comes_back() -> None:
    diary = quoted()

    assert wire.job_from_json(json.dumps(wire.job_to_json(diary.job))) == diary.job


def test_what_a_later_release_added_is_overlooked() -> None:
    job = JobDiary().job
    written = wire.job_to_json(job) | {"colour": "blue"}

    assert wire.job_from_json(json.dumps(written)) == job


def test_what_an_earlier_release_did_not_know_takes_its_default() -> None:
    job = JobDiary().job
    written = {key: value for key, value in wire.job_to_json(job).items() if key != "seeking"}

    assert wire.job_from_json(json.dumps(written)) == job
