"""The programs of Prometheus and Alertmanager that tests run; `make test` installs them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

OPS = Path(__file__).parents[2] / "ops"
LONGEST = 60


def program(*names: str) -> str:
    """Return where the first of them is; without any, skip the test loudly, but fail it where CI is set."""
    for name in names:
        if found := shutil.which(name):
            return found
    reason = f"NO `{names[0]}` ON PATH, so only our own code has looked at this: see devstack/test-setup.sh"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def said(name: str, *arguments: str, cwd: Path, given: bytes = b"") -> tuple[int, str]:
    """Run a program to its end; return its exit status and all that it has said."""
    done = subprocess.run(  # noqa: S603 - ours
        [program(name), *arguments], cwd=cwd, input=given, capture_output=True, check=False, timeout=LONGEST
    )
    return done.returncode, (done.stdout + done.stderr).decode()
