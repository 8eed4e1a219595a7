"""What the documents name exists: pages, files, and the tests that are said to prove something.

That the heading is there to which a link leads is seen where the site is built: `make docs`, by `make lint`.
"""

import re
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.pages import CODE, NODE, PAGES, ROOT, TEST

PLACED = re.compile(r"`(?P<name>\w+)(?:\.(?P<part>\w+))?` in \[?`(?P<path>[\w/]+\.py)`")
PROVING = [ROOT / "README.md", ROOT / "docs" / "architecture.md", ROOT / "docs" / "M4-Fulfillment.md"]


def test_every_link_leads_somewhere() -> None:
    assert [str(link) for link in pages.links() if not link.path.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_exists(page: Path) -> None:
    assert [path for path in pages.paths(page) if not pages.exists(path)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_name_is_in_the_file_it_is_said_to_be_in(page: Path) -> None:
    placed = list(PLACED.finditer(page.read_text(encoding="utf-8")))

    for said in placed:
        text = (ROOT / said["path"]).read_text(encoding="utf-8")
        words = [word for word in (said["name"], said["part"]) if word]
        assert [word for word in words if not re.search(rf"\b{word}\b", text)] == [], said[0]


def test_a_test_that_a_link_names_is_in_that_file() -> None:
    named = [link for link in pages.links() if TEST.fullmatch(link.text)]

    assert [str(link) for link in named if link.text not in pages.tests(link.path)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = [name for name in CODE.findall(text) if TEST.fullmatch(name)]
    nodes = [(ROOT / node["path"], node["name"]) for node in NODE.finditer(text) if node["name"]]

    assert [name for name in named if name not in pages.all_tests()] == []
    assert [f"{file}::{name}" for file, name in nodes if name not in pages.tests(file)] == []


@pytest.mark.parametrize("page", PROVING, ids=lambda page: page.name)
def test_whoever_promises_names_the_proof(page: Path) -> None:
    assert [link for link in pages.links() if link.page == page and TEST.fullmatch(link.text)]
