"""The browser of this machine; nothing is downloaded."""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What Debian, older Ubuntu and Google call it; devstack/test-setup.sh looks for the same."""
MISSING = "pages cannot be looked at without Chromium: see devstack/test-setup.sh"


def find() -> str | None:
    """Return where it is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def expect() -> str:
    """Return where it is; skip the test if there is none, but fail it where CI is set."""
    if found := find():
        return found
    if os.environ.get("CI"):
        pytest.fail(MISSING)
    pytest.skip(MISSING)


def arguments() -> list[str]:
    """Return how to start it: to be its own jailer, Chromium refuses to be root."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []
