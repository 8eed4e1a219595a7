"""The stack reads what is set as its processes do: from the environment, then from `.env`."""

from pathlib import Path

import pytest

from devstack.environment import given


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text("PUBLIC_URL=https://of.the.file\nSMTP_HOST=\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("environment", "public"), [("https://of.the.shell", "https://of.the.shell"), ("", "https://of.the.file")]
)
def test_the_environment_goes_before_the_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, environment: str, public: str
) -> None:
    monkeypatch.setenv("PUBLIC_URL", environment)

    assert given("PUBLIC_URL", project=project) == public


def test_empty_and_absent_are_unset(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMTP_HOST", raising=False)
    monkeypatch.delenv("MAIL_FROM", raising=False)

    assert (given("SMTP_HOST", project=project), given("MAIL_FROM", project=project)) == (None, None)
