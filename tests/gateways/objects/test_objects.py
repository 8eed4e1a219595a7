"""One promise, three stores: what is kept stays as it is, and nobody finds a way around the keys."""

import asyncio
from pathlib import Path

import pytest
from obstore.store import LocalStore
from structlog.testing import capture_logs

from devstack import ports
from fulfillment.gateways.objects import (
    LONGEST_KEY,
    Differs,
    NoObjects,
    Objects,
    ObjectsFailed,
    ObjectsRefused,
    StoredObjects,
    open_store,
)
from tests.gateways.objects import S3, unused_prefix

KEY = "assignments/0197-a1/customer/3.ics"
ICS = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
CALENDAR = "text/calendar; method=REQUEST"

TRICKS = [
    "",
    "/",
    "..",
    "../a1",
    "a1/../../b2",
    "a1/./b2",
    "a1//b2",
    "/a1",
    "a1/",
    ".hidden",
    "a1/.hidden",
    "a1\\b2",
    "a1%2F..%2Fb2",
    "a1\x00",
    "a1\n",
    "a1#1",
    "a1?b2",
    "ä1",
    "C:/a1",
    "a" * (LONGEST_KEY + 1),
]


async def put(objects: Objects, data: bytes = ICS, *, key: str = KEY) -> None:
    await objects.put(key, data, content_type=CALENDAR)


class TestEveryStore:
    async def test_gives_back_what_it_was_given(self, objects: StoredObjects) -> None:
        await put(objects)

        assert await objects.get(KEY) == ICS

    async def test_has_nothing_where_nothing_was_put(self, objects: StoredObjects) -> None:
        assert await objects.get(KEY) is None

    async def test_takes_a_repeat_as_done(self, objects: StoredObjects) -> None:
        for _ in range(3):
            await put(objects)

        assert await objects.get(KEY) == ICS

    async def test_never_changes_what_it_keeps(self, objects: StoredObjects) -> None:
        await put(objects)

        with pytest.raises(Differs, match=KEY):
            await put(objects, b"something else")

        assert await objects.get(KEY) == ICS

    async def test_keeps_an_empty_file_apart_from_none(self, objects: StoredObjects) -> None:
        await put(objects, b"")

        assert await objects.get(KEY) == b""
        with pytest.raises(Differs):
            await put(objects)

    async def test_has_one_answer_for_many_who_bring_the_same(self, objects: StoredObjects) -> None:
        await asyncio.gather(*(put(objects) for _ in range(10)))

        assert await objects.get(KEY) == ICS

    @pytest.mark.parametrize("key", TRICKS)
    async def test_refuses_keys_that_are_no_ids(self, objects: StoredObjects, key: str) -> None:
        with pytest.raises(ValueError, match="made of ids"):
            await put(objects, key=key)
        with pytest.raises(ValueError, match="made of ids"):
            await objects.get(key)


@pytest.mark.parametrize("objects", ["file", "memory"], indirect=True)
async def test_of_two_who_write_first_at_once_one_is_told(objects: StoredObjects) -> None:
    both = await asyncio.gather(put(objects, b"mine"), put(objects, b"yours"), return_exceptions=True)

    kept = await objects.get(KEY)
    assert [type(answer) for answer in both if answer is not None] == [Differs]
    assert kept == (b"mine" if both[0] is None else b"yours")


class TestOverS3:
    async def test_stores_share_what_they_keep_and_prefixes_do_not(self, s3: S3) -> None:
        prefix = unused_prefix()
        await put(s3.open(prefix))

        assert await s3.open(prefix).get(KEY) == ICS
        assert await s3.open(unused_prefix()).get(KEY) is None

    async def test_the_type_of_the_file_is_kept_with_it(self, s3: S3) -> None:
        objects = s3.open(unused_prefix())
        await put(objects)

        found = await objects._store.get_async(KEY)

        assert found.attributes["Content-Type"] == CALENDAR

    @pytest.mark.parametrize("wrong", [{"secret": "not-the-secret-of-it"}, {"access_key": "AKSOMEBODYELSE"}])
    async def test_a_wrong_key_opens_nothing(self, s3: S3, wrong: dict[str, str]) -> None:
        prefix = unused_prefix()
        await put(s3.open(prefix))
        intruder = s3.open(prefix, **wrong)

        with pytest.raises(ObjectsRefused, match="does not let us"):
            await intruder.get(KEY)
        with pytest.raises(ObjectsRefused, match="does not let us") as refused:
            await put(intruder, key="another")
        assert not [told for told in (s3.secret, *wrong.values()) if told in _all_it_says(refused.value)]
        assert await s3.open(prefix).get("another") is None

    async def test_a_bucket_that_is_not_there_is_refused(self, s3: S3) -> None:
        with pytest.raises(ObjectsRefused, match="no bucket"):
            await put(s3.open("", bucket="nowhere"))

    async def test_a_server_that_is_away_is_worth_asking_again(self, s3: S3) -> None:
        away = s3.open("", endpoint=f"http://127.0.0.1:{ports.free()}")

        with pytest.raises(ObjectsFailed):
            await put(away)
        with pytest.raises(ObjectsFailed):
            await away.get(KEY)

    def test_no_key_shows(self, s3: S3) -> None:
        shown = repr(s3.open("prefix"))

        assert s3.secret not in shown
        assert s3.access_key not in shown


class TestOpening:
    def test_a_directory_is_made(self, tmp_path: Path) -> None:
        store = open_store((tmp_path / "new one" / "deep").as_uri())._store

        assert isinstance(store, LocalStore)
        assert (tmp_path / "new one" / "deep").is_dir()

    @pytest.mark.parametrize(
        "url",
        ["", "calendars", "s3://", "s3:///prefix", "file://elsewhere/dir", "ftp://bucket/x", "gs://bucket"],
    )
    def test_what_is_no_store_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="s3://bucket/prefix"):
            open_store(url)

    @pytest.mark.parametrize("half", [{"access_key": "AKHALF"}, {"secret": "half"}])
    def test_half_a_pair_of_keys_is_refused(self, half: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="both or neither"):
            open_store("s3://bucket", **half)


class TestStayingAtHome:
    async def test_it_keeps_nothing_and_says_so(self) -> None:
        objects: Objects = NoObjects()

        with capture_logs() as lines:
            await put(objects)

        assert await objects.get(KEY) is None
        assert lines == [
            {
                "event": "object.not_kept",
                "log_level": "info",
                "key": KEY,
                "bytes": len(ICS),
                "content_type": CALENDAR,
            }
        ]

    async def test_it_is_as_strict_about_keys_as_the_others(self) -> None:
        with pytest.raises(ValueError, match="made of ids"):
            await put(NoObjects(), key="../a1")


def _all_it_says(error: BaseException) -> str:
    """Return the texts of `error` and of what led to it."""
    said = f"{error!r} {error}"
    for other in (error.__cause__, error.__context__):
        said += _all_it_says(other) if other is not None and not error.__suppress_context__ else ""
    return said
