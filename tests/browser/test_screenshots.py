"""The pictures of the documentation are those that can be taken anew, and each is shown."""

from collections.abc import Sequence

from devstack.people import RESIDENTS
from tests.browser.engine_sights import ENGINE_PICTURES, EngineSight
from tests.browser.sights import FOLDER, PICTURES, TOLD, UNPICTURED, Sight
from tests.docs import pages

ALL: Sequence[Sight | EngineSight] = (*PICTURES, *ENGINE_PICTURES)


def test_every_picture_is_there_and_none_that_nobody_takes() -> None:
    assert sorted(FOLDER.iterdir()) == sorted(picture.file for picture in ALL)


def test_every_picture_is_shown_somewhere() -> None:
    shown = {link.path for link in pages.links()}

    assert [picture.name for picture in ALL if picture.file not in shown] == []


def test_pictures_are_of_people_and_stories_that_are_planted() -> None:
    sights = (*PICTURES, *UNPICTURED)

    assert {each.who for each in sights if each.who} <= {each.id for each in RESIDENTS}
    assert {each.story for each in sights if each.story} <= TOLD


def test_no_picture_is_too_large_for_a_repository() -> None:
    assert [picture.name for picture in ALL if picture.file.stat().st_size > 150_000] == []
