"""The page about settings is the one that the settings would write."""

from fulfillment.settings import Settings
from tests.docs import settings_table


def test_the_page_is_up_to_date() -> None:
    written = settings_table.FILE.read_text(encoding="utf-8")

    assert written == settings_table.page(), "run: .venv/bin/python -m tests.docs.settings_table"


def test_every_variable_has_its_row() -> None:
    names = {name.upper() for name in Settings.model_fields}

    assert [name for name in names if settings_table.page().count(f"| `{name}` |") != 1] == []
