"""The contract in docs/openapi.json is the one that the API serves."""

import json
from pathlib import Path

import pytest

from api import export
from api.main import create
from api.openapi import document
from fulfillment.settings import Settings


def test_the_file_is_up_to_date() -> None:
    assert export.FILE.read_text(encoding="utf-8") == export.text(), "run: make openapi"


def test_an_api_in_dev_serves_this_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("api.main.configure_logging", lambda **_: None)  # it would hold for all other tests
    settings = Settings(
        app_env="dev", database_url="postgresql://nobody@127.0.0.1:1/nothing", data_dir=tmp_path
    )

    assert document(create(settings)) == json.loads(export.FILE.read_text(encoding="utf-8"))
