"""The image has what its commands need, runs as nobody in particular, and is made of nothing else."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.environments import DEPLOY

ROOT = DEPLOY.parent
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COPIED = re.compile(r"^COPY (?!--)(?P<sources>.+) \S+$", re.MULTILINE)
IGNORED = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8")


def copied() -> set[str]:
    """Return what is copied from the project into the image."""
    return {source for found in COPIED.finditer(DOCKERFILE) for source in found["sources"].split()}


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which an image's processes find themselves."""
    app = tmp_path_factory.mktemp("app")
    for name in copied():
        (app / name).symlink_to(ROOT / name)
    return app


def imported(file: Path) -> Iterator[str]:
    """Yield the packages that `file` imports from, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (each.name.partition(".")[0] for each in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]


def run(inside: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a container's command as the image would, with nothing in its environment."""
    python = Path(sys.executable).parent
    environment = {"PATH": f"{python}:{os.defpath}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["sh", str(DEPLOY / "entry.sh"), *words]
    return subprocess.run(  # noqa: S603 - ours
        command, cwd=inside, env=environment, capture_output=True, text=True, check=False
    )


def test_its_base_is_a_release_and_its_user_a_number() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    (release,) = re.findall(r"^ARG PYTHON=(\S+)", DOCKERFILE, re.MULTILINE)

    assert set(bases) == {"python:${PYTHON}"}
    assert re.fullmatch(r"3\.\d+\.\d+-slim-\w+", release)
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["10001:10001"]


def test_dependencies_are_those_of_the_lock() -> None:
    installs = re.findall(r"pip install .*?(?=&&|$)", DOCKERFILE, re.MULTILINE)

    assert all("--require-hashes" in each or "-c requirements.lock" in each for each in installs)
    assert len(installs) == 2


def test_the_builder_is_sent_what_is_copied_and_no_more() -> None:
    sent = {line.removeprefix("!") for line in IGNORED.splitlines() if line.startswith("!")}

    assert sent == copied() | {"deploy/entry.sh"}
    assert IGNORED.splitlines()[1] == "*"


def test_what_is_copied_imports_nothing_that_is_not() -> None:
    ours = {path.stem for path in ROOT.glob("*.py")} | {
        path.parent.name for path in ROOT.glob("*/__init__.py")
    }
    files = [file for name in copied() for file in (ROOT / name).rglob("*.py")]
    files += [ROOT / name for name in copied() if name.endswith(".py")]

    assert len(files) > 300
    assert {root for file in files for root in imported(file)} & ours <= {
        Path(name).stem for name in copied()
    }


def test_migrating_asks_for_the_database_and_nothing_else(inside: Path) -> None:
    done = run(inside, "migrate")

    assert (done.returncode, done.stderr.splitlines()) == (1, [done.stderr.strip()])
    assert done.stderr.startswith("DATABASE_URL is missing.")


def test_operations_find_their_commands(inside: Path) -> None:
    done = run(inside, "ops", "--help")

    assert done.returncode == 0, done.stderr
    assert "reconcile" in done.stdout


def test_a_word_that_means_nothing_is_answered_with_those_that_do(inside: Path) -> None:
    done, asked = run(inside, "serve"), run(inside)

    assert (done.returncode, asked.returncode) == (64, 0)
    assert "There is no 'serve'." in done.stderr
    assert "migrate" in asked.stderr
