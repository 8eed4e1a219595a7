"""What `docs/testing.md` says to try by hand is typed into a shell, and every answer held to what it says."""

import os
import re
import subprocess
from itertools import pairwise

from devstack.environment import PROJECT
from devstack.marketplace import Marketplace
from tests.plant import Plant

SECTION = re.compile(r"^## Trying it by hand$(.*?)^## ", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROMPT = re.compile(r"^\$ ", re.MULTILINE)
TYPED = "--- typed: "


def test_every_line_does_what_it_says(stack: Plant, planted: Marketplace) -> None:
    del planted  # it only has to be there
    told = _told()
    lines = [f"echo {TYPED}{number}\n{command}" for number, (command, _) in enumerate(told)]
    shell = subprocess.run(  # noqa: S603 - our own words, whichever bash
        ("bash", "-c", "\n".join(lines)),  # noqa: S607 - whichever there is
        env={"PATH": os.environ["PATH"], "API": stack.api_url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert told
    answers = re.split(rf"^{TYPED}\d+\n", shell.stdout, flags=re.MULTILINE)[1:]

    assert list(zip((command for command, _ in told), answers, strict=True)) == told, shell.stderr


def _told() -> list[tuple[str, str]]:
    """Return each command of the section, with the answer that is said to come."""
    found = SECTION.search((PROJECT / "docs" / "testing.md").read_text(encoding="utf-8"))
    assert found is not None
    typed = "".join(CONSOLE.findall(found[1]))
    prompts = [each.start() for each in PROMPT.finditer(typed)] + [len(typed)]
    several = (typed[start:end].removeprefix("$ ").partition("\n") for start, end in pairwise(prompts))
    return [(command, answer) for command, _, answer in several]
