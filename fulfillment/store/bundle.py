"""The form of an evidence bundle: records that are chained by hashes, and how anybody checks them.

A record's hash is SHA-256 over its canonical JSON without the hash: keys sorted, nothing between tokens,
UTF-8 as it is. There are no fractions in it and all keys are plain ASCII, for which this is RFC 8785. How to
check a bundle without us is in docs/runbooks/evidence.md.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic.alias_generators import to_camel

from fulfillment.store import chain
from fulfillment.store.tables import Entity, Json

SCHEMA = 1
"""Raised when records change their form, or what a type of them has in it changes its meaning."""
LARGEST = 2**53 - 1
STEP, REFUSAL = "step", "refusal"
AUDITED = frozenset({STEP, REFUSAL})
"""Records that are rows of the audit, and carry the hashes of its chain."""
NAMES = {column: to_camel(column) for column in chain.COLUMNS}


def bundle(assignment_id: str, told: Iterable[Mapping[str, Any]], *, at: datetime) -> Json:
    """Return what was `told` (type, at, content), in that order, as a bundle made at the instant `at`."""
    records: list[Json] = []
    for n, each in enumerate(told, start=1):
        record = {"n": n, **each, "prev": records[-1]["hash"] if records else None}
        records.append({**record, "hash": digest(record)})
    return {
        "schemaVersion": SCHEMA,
        "assignmentId": assignment_id,
        "generatedAt": at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "head": records[-1]["hash"] if records else None,
        "auditHead": _audit_head(_audited(records)),
        "records": records,
    }


def digest(value: Json) -> str:
    """Return the SHA-256 of the canonical form of `value`, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def canonical(value: Json) -> bytes:
    """Return the one form in which `value` is hashed.

    Raises:
        ValueError: there is a number in it that has more than one form, or a text that is no Unicode.
    """
    _expect_plain(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _expect_plain(value: object) -> None:
    match value:
        case dict():
            for name, each in value.items():
                if not name.isascii():
                    raise ValueError(f"{name!r} is no name that is sorted alike everywhere")
                _expect_plain(each)
        case list() | tuple():
            for each in value:
                _expect_plain(each)
        case float():
            raise ValueError(f"{value} is a fraction, which is written in many ways")
        case int() if abs(value) > LARGEST:
            raise ValueError(f"{value} is more than every reader of JSON can count to")


# Checking.


def check_bundle(document: object) -> list[str]:
    """Return a sentence for everything in a bundle that does not hold; none says that it is whole.

    It takes no database. That a bundle is whole says that nobody has changed it since its head was written
    down, and that the audit in it is chained; not that it was made by us.
    """
    try:
        if not isinstance(document, dict) or document.get("schemaVersion") != SCHEMA:
            return [f"this is no evidence bundle of schema version {SCHEMA}"]
        records = document["records"]
        return [*_links(document, records), *_facts(document, records), *_audit(document, records)]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return [f"this is no evidence bundle: {type(error).__name__}: {error}"]


def _links(document: Json, records: Sequence[Json]) -> Iterator[str]:
    before = None
    for n, record in enumerate(records, start=1):
        if record["n"] != n:
            yield f"record {n}: it is numbered {record['n']}"
        if record["prev"] != before:
            yield f"record {n}: it does not follow the one before it"
        if record["hash"] != digest({name: record[name] for name in record if name != "hash"}):
            yield f"record {n}: what it says does not give its hash"
        before = record["hash"]
    if document["head"] != before:
        yield "head: it is not the hash of the last record"


def _facts(document: Json, records: Sequence[Json]) -> Iterator[str]:
    ids = [record["content"]["id"] for record in records if record["type"] == "assignment"]
    if ids != [document["assignmentId"]]:
        yield "assignmentId: it is not the assignment of the records"


def _audit(document: Json, records: Sequence[Json]) -> Iterator[str]:
    rows = _audited(records)
    links = [_link(row) for row in rows]
    if document["auditHead"] != _audit_head(rows):
        yield "auditHead: it is not the hash of the last row of the audit"
    if any((row["entity"], row["entityId"]) != (Entity.ASSIGNMENT, document["assignmentId"]) for row in rows):
        yield "audit: there are rows of another assignment"
    since = next((link.id for link in links if link.hash is not None), None)
    (reached,) = (each["content"]["stateVersion"] for each in records if each["type"] == "assignment")
    for flaw, id, steps in (*chain.flaws(links, since=since), *chain.miscounted(links, reached)):
        yield f"audit, {chain.place(id, steps)}: {chain.SAYS[flaw]}"


def _audited(records: Sequence[Json]) -> list[Json]:
    """Return the rows of the audit in the order of their chain, which is that of their ids."""
    rows = [record["content"] for record in records if record["type"] in AUDITED]
    return sorted(rows, key=lambda row: int(row["id"]))


def _audit_head(rows: Sequence[Json]) -> str | None:
    return next((row["hash"] for row in reversed(rows) if row["hash"] is not None), None)


def _link(row: Json) -> chain.Link:
    prev, own = (bytes.fromhex(row[name]) if row[name] is not None else None for name in ("prevHash", "hash"))
    says = json.dumps([chain.FORM, *(row[name] for name in NAMES.values())], ensure_ascii=False)
    return chain.Link(
        id=row["id"],
        number=row["stateVersion"],
        prev=prev,
        hash=own,
        sound=own == chain.hash_of(prev, says),
    )
