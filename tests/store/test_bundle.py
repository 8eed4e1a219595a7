"""A bundle can be checked by anybody who has it, without us; whatever is changed in it is found."""

import copy
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fulfillment.store.bundle import NAMES, canonical, check_bundle, digest
from fulfillment.store.tables import Json
from tests.domain.people import NOON
from tests.store.diaries import Sessions
from tests.store.test_chain import NASTY, life, refusal
from tests.store.test_evidence import gathered

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbooks" / "evidence.md"


@pytest.fixture
async def whole(sessions: Sessions) -> Json:
    """A bundle of an assignment with a refusal, as it is read from a file."""
    diary = life()
    await diary.write(sessions, refusals=[refusal(detail=NASTY)])
    read: Json = json.loads(json.dumps(await gathered(sessions, diary, at=NOON)))
    return read


def without_us(document: Json) -> bool:
    """Check a bundle as docs/runbooks/evidence.md says that anybody can."""
    prev = None
    for n, record in enumerate(document["records"], start=1):
        told = {name: value for name, value in record.items() if name != "hash"}
        form = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if (record["n"], record["prev"]) != (n, prev):
            return False
        if (prev := hashlib.sha256(form.encode()).hexdigest()) != record["hash"]:
            return False
    return bool(prev == document["head"])


def resealed(document: Json) -> Json:
    """Compute all hashes of the records anew, as somebody could who changes one."""
    prev = None
    for n, record in enumerate(document["records"], start=1):
        record |= {"n": n, "prev": prev}
        told = {name: value for name, value in record.items() if name != "hash"}
        record["hash"] = prev = hashlib.sha256(canonical(told)).hexdigest()
    document["head"] = prev
    return document


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value in a document that has no parts."""
    match value:
        case dict():
            return [leaf for name, each in value.items() for leaf in leaves(each, (*path, name))]
        case list():
            return [leaf for n, each in enumerate(value) for leaf in leaves(each, (*path, n))]
        case _:
            return [path]


def other(value: Any) -> Any:
    """Return something else, of the same kind where there is one."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return ("1" if value[:1] == "0" else "0") + value[1:]
        case _:
            return "something"


def change(document: Json, path: tuple[Any, ...]) -> Json:
    changed = copy.deepcopy(document)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = other(place[path[-1]])
    return changed


def audited(document: Json) -> list[int]:
    return [n for n, record in enumerate(document["records"]) if record["type"] in {"step", "refusal"}]


async def test_what_was_made_is_whole(whole: Json) -> None:
    assert check_bundle(whole) == []
    assert without_us(whole)


async def test_no_value_can_be_changed_but_the_moment_it_was_made(whole: Json) -> None:
    unseen = [path for path in leaves(whole) if not check_bundle(change(whole, path))]

    assert unseen == [("generatedAt",)]
    assert len(leaves(whole)) > 300


async def test_nor_can_one_without_our_program(whole: Json) -> None:
    unseen = [path for path in leaves(whole) if without_us(change(whole, path))]

    assert {path[0] for path in unseen} == {"generatedAt", "schemaVersion", "assignmentId", "auditHead"}


async def test_the_program_in_the_runbook_tells_a_whole_one_from_a_changed_one(
    whole: Json, tmp_path: Path
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", RUNBOOK.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "evidence.json"
    ends = []

    for document in (whole, change(whole, ("records", 4, "content", "reason"))):
        file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        ended = subprocess.run(  # noqa: S603, ASYNC221 - ours, and nobody waits
            [sys.executable, "-X", "utf8", "-c", program, str(file)],
            capture_output=True,
            text=True,
            check=False,
        )
        ends.append((ended.returncode, ended.stderr.rpartition(": ")[2]))

    assert ends == [(0, ""), (1, "record 5 was changed\n")]


def test_the_runbook_names_what_a_row_of_the_audit_is_hashed_over() -> None:
    page = RUNBOOK.read_text(encoding="utf-8")
    said = page[page.index("and then, of the\ncontent,") : page.index("Sorted by `id`")]

    assert re.findall(r"`(\w+)`", said) == list(NAMES.values())


@pytest.mark.parametrize(
    "edit",
    [
        lambda records: records.pop(3),
        lambda records: records.pop(),
        lambda records: records.pop(0),
        lambda records: records.insert(4, copy.deepcopy(records[3])),
        lambda records: records.reverse(),
        lambda records: records.clear(),
        lambda records: records[2].update(note="added"),
    ],
)
async def test_no_record_can_be_taken_out_put_in_or_moved(
    whole: Json, edit: Callable[[list[Json]], Any]
) -> None:
    edit(whole["records"])

    assert check_bundle(whole)
    assert not without_us(whole)


async def test_who_computes_the_records_anew_is_found_out_by_the_audit_in_them(whole: Json) -> None:
    for n in audited(whole):
        changed = copy.deepcopy(whole)
        changed["records"][n]["content"]["reason"] += "."
        missing = copy.deepcopy(whole)
        gone = missing["records"].pop(n)

        assert "does not give its hash" in " ".join(check_bundle(resealed(changed)))
        if gone["content"]["hash"] != whole["auditHead"]:
            assert "is not there any more" in " ".join(check_bundle(resealed(missing)))
        else:
            assert check_bundle(resealed(missing)) == [
                "auditHead: it is not the hash of the last row of the audit"
            ]


async def test_a_record_with_a_hash_of_its_own_still_has_to_follow_and_be_counted(whole: Json) -> None:
    replaced, miscounted = copy.deepcopy(whole), copy.deepcopy(whole)
    for document, name, value in ((replaced, "type", "other"), (miscounted, "n", 7)):
        last = document["records"][3] if document is replaced else document["records"][-1]
        last[name] = value
        last["hash"] = digest({each: last[each] for each in last if each != "hash"})
    miscounted["head"] = miscounted["records"][-1]["hash"]

    assert check_bundle(replaced)[0] == "record 5: it does not follow the one before it"
    assert check_bundle(miscounted)[0] == f"record {len(whole['records'])}: it is numbered 7"


async def test_another_assignments_bundle_is_not_taken_for_this_one(whole: Json) -> None:
    whole["assignmentId"] = "another"

    assert check_bundle(whole)[0] == "assignmentId: it is not the assignment of the records"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "evidence",
        {},
        {"schemaVersion": 1},
        {"schemaVersion": 2, "records": []},
        {"schemaVersion": 1, "records": [], "head": None, "auditHead": None, "assignmentId": "a"},
        {"schemaVersion": 1, "records": [{}], "head": None, "auditHead": None, "assignmentId": "a"},
        {"schemaVersion": 1, "records": 7, "head": None, "auditHead": None, "assignmentId": "a"},
    ],
)
def test_what_is_no_bundle_is_told_so(document: object) -> None:
    assert check_bundle(document)


class TestTheCanonicalForm:
    def test_is_that_of_rfc_8785(self) -> None:
        """As in its section 3.2.2 and 3.2.3, without what never occurs here."""
        value = {"b": [True, None, 9007199254740991, -1, 0], "a": '\u20ac$\x0f\nA\'B"\\\\"/', "B": {}, "": []}

        assert canonical(value).decode() == (
            '{"":[],"B":{},"a":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/","b":[true,null,9007199254740991,-1,0]}'
        )

    @pytest.mark.parametrize("value", [1.5, 2**53, float("nan"), [{"x": 0.0}], {"\u00e9": 1}, "\ud800"])
    def test_refuses_what_has_more_than_one_form(self, value: Any) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - the words differ
            canonical({"value": value})
