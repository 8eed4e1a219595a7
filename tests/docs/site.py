"""The documents as a site of their own, in var/site: `make docs`.

The pages are laid out first as they lie in the repository, so that links between them hold. What leads to a
file that is no page loses its link, or with `--source` leads to where the repository can be read. Then
zensical builds them, and ends with 1 where a page or a heading is not there that a link leads to.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

from tests.docs.pages import FENCE, LINK, PAGES, ROOT

CONFIG = ROOT / "zensical.toml"
LAID_OUT = ROOT / "var" / "pages"
SHALLOW = re.compile(r"^(?P<by> {2,3})(?:```.*?^ {2,3}```|\S.*?)$", re.MULTILINE | re.DOTALL)
DEEP = 4
BESIDE = ("docs/**/*.png", "docs/*.json")
"""What pages show or offer, beside themselves."""


def main() -> int:
    """Build the site, and return what a shell wants to know."""
    parser = argparse.ArgumentParser(prog="python -m tests.docs.site", description=__doc__)
    parser.add_argument(
        "--source", metavar="URL", help="where the repository's files can be read, with a / at its end"
    )
    try:
        lay_out(LAID_OUT, source=parser.parse_args().source)
    except LookupError as wrong:
        sys.exit(str(wrong))
    zensical = Path(sys.executable).with_name("zensical")
    return subprocess.run([zensical, "build", "--strict", "--clean"], cwd=ROOT, check=False).returncode  # noqa: S603


def lay_out(folder: Path, *, source: str | None = None) -> None:
    """Write all pages into `folder`, as they lie in the repository, for a site.

    Raises:
        LookupError: the table of contents lacks a page, or has one that is not there.
    """
    pages = {str(page.relative_to(ROOT)) for page in PAGES}
    if strangers := pages ^ set(contents()):
        raise LookupError(f"either a page or in the nav of {CONFIG.name}, but not both: {sorted(strangers)}")
    shutil.rmtree(folder, ignore_errors=True)
    files = [*PAGES, *(file for pattern in BESIDE for file in ROOT.glob(pattern))]
    for file in files:
        place = folder / file.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        if file in PAGES:
            place.write_text(for_site(file, known=frozenset(files), source=source), encoding="utf-8")
        else:
            shutil.copyfile(file, place)


def contents() -> Iterator[str]:
    """Yield the pages that the site's table of contents has, in its order."""
    yield from _leaves(tomllib.loads(CONFIG.read_text(encoding="utf-8"))["project"]["nav"])


def for_site(page: Path, *, known: frozenset[Path], source: str | None = None) -> str:
    """Return the text of `page`, whose links lead to what is `known`, to `source`, or nowhere."""

    def link(found: re.Match[str]) -> str:
        path, _, anchor = found["target"].partition("#")
        target = (page.parent / path).resolve()
        if "://" in found["target"] or not path or target in known:
            return found[0]
        if source is None:
            return found["text"]
        return f"[{found['text']}]({source}{target.relative_to(ROOT)}{'#' if anchor else ''}{anchor})"

    text = page.read_text(encoding="utf-8")
    blocks = FENCE.findall(text)
    prose = [LINK.sub(link, SHALLOW.sub(_deep, between)) for between in FENCE.split(text)]
    return "".join(part for pair in zip(prose, [*blocks, ""], strict=True) for part in pair)


def _deep(found: re.Match[str]) -> str:
    """Return what stands inside a list where the site's Markdown looks for it: four to the right."""
    return indent(found[0], " " * (DEEP - len(found["by"])))


def _leaves(item: Any) -> Iterator[str]:  # of a TOML file: lists and tables, down to the names of files
    match item:
        case str():
            yield item
        case dict():
            yield from _leaves(list(item.values()))
        case _:
            for each in item:
                yield from _leaves(each)


if __name__ == "__main__":
    sys.exit(main())
