"""One plant for all of these tests: each finds it whole, and hires its own people."""

from collections.abc import Iterator

import pytest

from tests.plant import Plant, running


@pytest.fixture(scope="session")
def started_plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with running(tmp_path_factory.mktemp("plant")) as started:
        yield started


@pytest.fixture
def plant(started_plant: Plant) -> Plant:
    """All parts are at work, whatever the test before this one has killed, or how it ended."""
    started_plant.make_whole()
    return started_plant
