"""What operations type, and what they read and can rely on: words, files, and the exit status."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fulfillment.store.bundle import check_bundle
from ops.__main__ import COMMANDS, main, parser
from tests.store.breaking import break_in
from tests.store.diaries import Diary, JobDiary, Sessions
from tests.store.looking import sql
from tests.store.test_chain import life, refusal

ROOT = Path(__file__).parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(alone_url: str, tmp_path: Path) -> Run:
    """Run `python -m ops` as an operator does, against a database of its own."""

    def it(*arguments: str, url: str = alone_url) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "ops", *arguments)
        environment = {"APP_ENV": "dev", "DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
        return subprocess.run(  # noqa: S603 - ours
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return it


class TestVerifyingTheAudit:
    async def test_a_sound_one_ends_well(self, alone: Sessions, run: Run) -> None:
        await life().write(alone, refusals=[refusal()])
        await JobDiary().write(alone)

        ended = run("audit", "verify")

        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout == "11 rows in 2 chains. All hold.\n"

    async def test_a_broken_one_is_listed_and_ends_with_one(
        self, alone: Sessions, alone_url: str, run: Run
    ) -> None:
        diary, other, job = life(), Diary(), JobDiary()
        for each in (diary, other):
            await each.write(alone)
        await job.write(alone)
        ((row,),) = sql(
            alone_url,
            "SELECT id FROM audit_event WHERE entity_id = %s AND state_version = 4",
            diary.it.id,
        )
        break_in(alone_url, "UPDATE audit_event SET reason = 'agreed' WHERE id = %s", row)

        whole = run("audit", "verify")
        its = run("audit", "verify", "--assignment", diary.it.id)
        others = run("audit", "verify", "--assignment", other.it.id)
        jobs = run("audit", "verify", "--job", job.job.id)

        said = (
            f"assignment {diary.it.id}, row {row}, step 4: what it says does not give its hash:"
            " it was changed, or written past the trigger\n"
        )
        assert (whole.returncode, its.returncode, others.returncode, jobs.returncode) == (1, 1, 0, 0)
        assert whole.stdout == f"{said}11 rows in 3 chains. 1 place does not hold.\n"
        assert its.stdout == f"{said}9 rows in 1 chain. 1 place does not hold.\n"
        assert others.stdout == jobs.stdout == "1 row in 1 chain. All hold.\n"

    def test_what_is_not_there_is_not_called_sound(self, run: Run) -> None:
        ended = run("audit", "verify", "--assignment", "missing")

        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == "the audit has nothing on assignment missing\n"


class TestEvidence:
    async def test_goes_into_a_file_that_is_checked_without_a_database(
        self, alone: Sessions, run: Run, tmp_path: Path
    ) -> None:
        diary = life()
        await diary.write(alone)

        made = run("evidence", diary.it.id, "--out", "evidence.json")
        checked = run("evidence", "--check", "evidence.json", url="postgresql://nobody@127.0.0.1:1/nothing")
        document = json.loads((tmp_path / "evidence.json").read_bytes())

        head, count = document["head"], len(document["records"])
        assert (made.returncode, made.stderr) == (0, "")
        assert made.stdout == f"{count} records in evidence.json. Head: {head}\n"
        assert checked.returncode == 0
        assert checked.stdout == f"{count} records, all as they were made. Head: {head}\n"
        assert check_bundle(document) == []

    async def test_or_to_stdout_and_nothing_else_with_it(self, alone: Sessions, run: Run) -> None:
        diary = Diary()
        await diary.write(alone)

        ended = run("evidence", diary.it.id)

        assert json.loads(ended.stdout)["assignmentId"] == diary.it.id

    async def test_that_was_changed_is_found_and_told(
        self, alone: Sessions, run: Run, tmp_path: Path
    ) -> None:
        diary = life()
        await diary.write(alone)
        run("evidence", diary.it.id, "--out", "evidence.json")
        file = tmp_path / "evidence.json"
        file.write_text(file.read_text().replace("Show the pipe.", "Show the pump."))

        ended = run("evidence", "--check", "evidence.json")

        assert ended.returncode == 1
        assert "what it says does not give its hash" in ended.stdout

    def test_on_what_is_not_there_is_none(self, run: Run) -> None:
        ended = run("evidence", "missing")

        assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "there is no assignment missing\n")

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"{}", b'"text"'])
    def test_a_file_that_is_none_is_told_so(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
    ) -> None:
        file = tmp_path / "other.json"
        file.write_bytes(content)

        assert main(["evidence", "--check", str(file)]) == 1
        assert "no " in capsys.readouterr().out


class TestCalledWrongly:
    def test_a_database_that_is_away_is_one_sentence(self, run: Run) -> None:
        ended = run("audit", "verify", url="postgresql://nobody:secret@127.0.0.1:1/nothing")

        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith("the database refused: ")
        assert "Traceback" not in ended.stderr
        assert "secret" not in ended.stderr

    def test_so_are_settings_that_do_not_work(self, run: Run) -> None:
        ended = run("audit", "verify", url="mysql://x")

        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith("DATABASE_URL is set to")

    def test_so_is_a_file_that_is_not_there(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["evidence", "--check", str(tmp_path / "none.json")]) == 2
        assert "none.json" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["audit"],
            ["evidence"],
            ["evidence", "a1", "--check", "x.json"],
            ["audit", "verify", "--job", "j1", "--assignment", "a1"],
            ["reconsider"],
        ],
    )
    def test_what_makes_no_sense_is_refused(self, arguments: list[str]) -> None:
        with pytest.raises(SystemExit) as left:
            main(arguments)

        assert left.value.code == 2


class TestHelp:
    def test_names_every_command(self) -> None:
        told = parser().format_help()

        for command in COMMANDS:
            assert command.__name__.rpartition(".")[2] in told
        assert "python -m ops audit verify" in told

    @pytest.mark.parametrize(
        "words",
        [
            ["audit"],
            ["audit", "verify"],
            ["backfill"],
            ["backfill", "rows"],
            ["backfill", "steps"],
            ["drain"],
            ["evidence"],
            ["replay"],
        ],
    )
    def test_is_there_for_each(self, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
        with pytest.raises(SystemExit) as left:
            main([*words, "--help"])

        assert left.value.code == 0
        assert f"usage: python -m ops {' '.join(words)}" in capsys.readouterr().out
