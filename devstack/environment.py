"""What has been set for the stack, in the environment or in `.env`, as our own processes read it."""

import os
from pathlib import Path

from dotenv import dotenv_values

PROJECT = Path(__file__).resolve().parent.parent


def given(name: str, *, project: Path = PROJECT) -> str | None:
    """Return what `name` is set to; the environment goes before `.env`, and empty is unset."""
    return os.environ.get(name) or dotenv_values(project / ".env").get(name) or None
