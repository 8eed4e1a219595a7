"""Whether our processes would start with an environment, and what of it they would not even read."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from fulfillment.settings import Settings, read

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
OTHERS = {"HOME", "PATH"}
"""What is not ours, and may be there."""


def started_with(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, *, at: Path) -> Settings:
    """Return the settings of a process that has `environment` and nothing else, in the empty folder `at`."""
    for name in [name for name in os.environ if name.lower() in Settings.model_fields]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(at)
    return read()


def unknown(environment: Mapping[str, str]) -> set[str]:
    """Return the names in `environment` that nobody reads."""
    return {name for name in environment if name.lower() not in Settings.model_fields} - OTHERS
