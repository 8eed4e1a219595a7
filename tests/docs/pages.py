"""What the documents say about the repository: links, headings, paths, and names of tests."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))

LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
TEST = re.compile(r"(?:Test[A-Z]\w+(?:::test_\w+)?|test_\w+)")
NODE = re.compile(r"(?P<path>tests/[\w/]+\.py)(?:::(?P<name>\w+(?:::\w+)?))?")
FILE = re.compile(r"[\w-]+\.(?:py|md|sql|sh|toml|css|lock)")
MADE = ("var", ".venv", "deploy/.env", "deploy/fulfillment.env", "deploy/secrets")
"""What comes to be in a checkout and is not in the repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    page: Path
    text: str
    target: str

    @property
    def path(self) -> Path:
        """Where it leads; a link into its own page leads there."""
        file, _, _ = self.target.partition("#")
        return (self.page.parent / file).resolve() if file else self.page

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: [{self.text}]({self.target})"


def links() -> Iterator[Link]:
    """Yield every link that stays in the repository."""
    for page in PAGES:
        for found in LINK.finditer(FENCE.sub("", page.read_text(encoding="utf-8"))):
            if "://" not in found["target"]:
                yield Link(page=page, text=found["text"].strip("`"), target=found["target"])


def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of the headings of `page`, as GitHub makes them."""
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+)$", prose, re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def paths(page: Path) -> Iterator[str]:
    """Yield what looks like a path of the repository: in backticks, and in blocks of commands."""
    text = page.read_text(encoding="utf-8")
    said = [*CODE.findall(FENCE.sub("", text)), *FENCE.findall(text)]
    for token in re.split(r"[\s=\"'`(),;:]+", " ".join(said)):
        first = token.partition("/")[0]
        made = any(token == each or token.startswith(f"{each}/") for each in MADE)
        if not made and (FILE.fullmatch(token) or ("/" in token and first in _top_level())):
            yield token.rstrip("./")


def exists(path: str) -> bool:
    """Tell whether `path` is there; a bare name may be anywhere."""
    return (ROOT / path).exists() or ("/" not in path and path in _names())


@cache
def _top_level() -> frozenset[str]:
    return frozenset(path.name for path in ROOT.iterdir() if path.is_dir())


@cache
def _names() -> frozenset[str]:
    folders = [each for each in ROOT.iterdir() if each.is_dir() and each.name not in {*MADE, ".git"}]
    return frozenset(path.name for folder in folders for path in folder.rglob("*.*"))


@cache
def tests(file: Path) -> frozenset[str]:
    """Return the names of the tests in `file`: functions, classes, and `Class::method`."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {node.name, *(f"{node.name}::{each.name}" for each in methods)}
            found |= {each.name for each in methods}
    return frozenset(found)


@cache
def all_tests() -> frozenset[str]:
    return frozenset[str]().union(*map(tests, ROOT.glob("tests/**/test_*.py")))
