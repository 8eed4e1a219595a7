"""The site has every page, leads nowhere that is not there, and stops whoever wants it to."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs import site
from tests.docs.pages import PAGES, ROOT

KNOWN = frozenset(PAGES)


def test_every_page_is_in_the_table_of_contents_once() -> None:
    listed = list(site.contents())

    assert sorted(listed) == sorted(str(page.relative_to(ROOT)) for page in PAGES)


def test_a_page_that_is_in_no_table_of_contents_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "PAGES", [*PAGES, ROOT / "docs" / "forgotten.md"])

    with pytest.raises(LookupError, match="forgotten"):
        site.lay_out(tmp_path)


class TestALink:
    PAGE = ROOT / "docs" / "architecture.md"

    def test_to_a_page_stays(self) -> None:
        text = site.for_site(self.PAGE, known=KNOWN)

        assert "[the glossary](glossary.md)" in text

    def test_to_a_file_that_is_no_page_becomes_its_text(self) -> None:
        text = site.for_site(self.PAGE, known=KNOWN)

        assert "| `activities`](" not in text
        assert not re.search(r"\]\([^)]*\.py\)", text)

    def test_to_a_file_leads_to_the_repository_where_that_can_be_read(self) -> None:
        text = site.for_site(self.PAGE, known=KNOWN, source="https://code.example/main/")

        assert "(https://code.example/main/pyproject.toml)" in text

    def test_in_a_block_of_code_is_left_alone(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text("```md\n[a](../b.py)\n```\n")

        assert site.for_site(page, known=KNOWN) == page.read_text()


def test_a_block_in_a_list_stays_in_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("1. Do\n   this:\n\n   ```sh\n   if a; then\n     b\n   ```\n\n2. Then that\n")

    text = site.for_site(page, known=KNOWN)

    assert text == "1. Do\n    this:\n\n    ```sh\n    if a; then\n      b\n    ```\n\n2. Then that\n"


def test_a_heading_that_is_gone_stops_it(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.md").write_text("# Here\n\n[There](#nowhere)\n")
    (tmp_path / "zensical.toml").write_text('[project]\nsite_name = "x"\ndocs_dir = "pages"\n')
    zensical = Path(sys.executable).with_name("zensical")

    built = subprocess.run([zensical, "build", "--strict"], cwd=tmp_path, capture_output=True, check=False)  # noqa: S603

    assert built.returncode != 0
    assert b"anchor does not exist" in built.stdout + built.stderr
