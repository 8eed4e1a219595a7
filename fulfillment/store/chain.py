"""The chain of the audit: each row of an assignment or job carries a hash over the row before it and itself.

The database computes it (migration 0008); here it is computed once more, of what the tables say now, and
compared. So whoever changes, deletes or slips in a row past the guards is found out, unless they rewrite all
that follows as well, or what they take away is at the end. Steps taken off the end are missed by their
numbers, for the assignment or job itself says how many there were; refusals have none.
"""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.store.tables import Entity
from fulfillment.store.views.paging import Line

FORM = "audit/1"
COLUMNS = (
    *("id", "entity", "entity_id", "state_version", "applied", "command", "command_id", "request_id"),
    *("actor_id", "actor_role", "on_behalf_of", "source", "from_status", "to_status", "code", "reason"),
    *("events", "workflow_id", "run_id", "at", "recorded_at"),
)
"""What a hash is over, in this order; a column that comes later takes another form."""
INSTANTS = frozenset({"at", "recorded_at"})
LEAST = -(2**63)
PAGE = 1_000
"""Rows that are read at a time."""


def utc(column: str) -> str:
    """Return `column` as text that no setting of a session changes: `2026-03-02T12:00:00.000000Z`."""
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


CONTENT = ", ".join((f"'{FORM}'", *(utc(name) if name in INSTANTS else name for name in COLUMNS)))
"""What a row says, as arguments of `jsonb_build_array`."""


class Flaw(StrEnum):
    """What is wrong with a row, or with a step that should have one."""

    CHANGED = "changed"
    FORGED = "forged"
    UNHASHED = "unhashed"
    ORPHANED = "orphaned"
    MISSING = "missing"
    TOO_LATE = "too_late"


SAYS = {
    Flaw.CHANGED: "what it says does not give its hash: it was changed, or written past the trigger",
    Flaw.FORGED: "the chain goes on without it: it was slipped in",
    Flaw.UNHASHED: "it has no hash, though the audit was chained already: it was slipped in",
    Flaw.ORPHANED: "the row it follows is not there any more, or was rewritten",
    Flaw.MISSING: "the step was taken, and has no row",
    Flaw.TOO_LATE: "so many steps were never taken",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A place where a chain does not hold: at `row`, at `steps`, or both."""

    entity: Entity
    entity_id: str
    flaw: Flaw
    row: int | None = None
    steps: range = range(0)

    def __str__(self) -> str:
        return f"{self.entity} {self.entity_id}, {place(self.row, self.steps)}: {SAYS[self.flaw]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How much was looked at, and what was found; `unchained` rows are from before the chain."""

    chains: int
    rows: int
    unchained: int
    broken: tuple[Broken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One row as the chain sees it; `sound` says that its contents give its hash."""

    id: int
    number: int | None
    prev: bytes | None
    hash: bytes | None
    sound: bool

    @property
    def steps(self) -> range:
        return range(self.number, self.number + 1) if self.number is not None else range(0)


async def verify(
    session: AsyncSession,
    *,
    about: tuple[Entity, str] | None = None,
    seen: Callable[[int], None] = lambda _: None,
    page: int = PAGE,
) -> Verified:
    """Walk the chain of one assignment or job, or all, and return every place where one does not hold.

    Rows are read `page` at a time, and `seen` hears how many after each. People may go on working.
    """
    since = await session.scalar(text("SELECT min(id) FROM audit_event WHERE hash IS NOT NULL"))
    chains = rows = unchained = 0
    broken: list[Broken] = []
    async for entity, entity_id, links, reached in _chains(session, about, seen=seen, page=page):
        chains, rows = chains + 1, rows + len(links)
        unchained += sum(link.hash is None for link in links)
        found = (*flaws(links, since=since), *miscounted(links, reached))
        broken += (
            Broken(entity=entity, entity_id=entity_id, flaw=flaw, row=row, steps=steps)
            for flaw, row, steps in found
        )
    broken += [each async for each in _silent(session, about, page=page)]
    return Verified(chains=chains, rows=rows, unchained=unchained, broken=tuple(broken))


async def size(session: AsyncSession) -> int:
    """Return about how many rows there are, without counting them."""
    said = await session.scalar(text("SELECT reltuples FROM pg_class WHERE oid = 'audit_event'::regclass"))
    return max(0, int(said or 0))


def hash_of(prev: bytes | None, content: str) -> bytes:
    """Return the hash of a row that says `content` and follows the one with the hash `prev`."""
    return hashlib.sha256((prev or b"") + content.encode()).digest()


def place(row: int | None, steps: range) -> str:
    """Return in words where a flaw is."""
    rows = [f"row {row}"] if row is not None else []
    if steps:
        last = f" to {steps[-1]}" if len(steps) > 1 else ""
        rows.append(f"step{'s' if last else ''} {steps[0]}{last}")
    return ", ".join(rows)


Found = tuple[Flaw, int | None, range]


def flaws(links: Sequence[Link], *, since: int | None) -> Iterator[Found]:
    """Yield what is wrong with the rows of one chain, which come in the order of their ids.

    `since` is the first row of all that has a hash: after it, none is without.
    """
    chained = [link for link in links if link.hash is not None]
    to_come = Counter(link.prev for link in chained)
    sound_to_come = Counter(link.prev for link in chained if link.sound)
    head: bytes | None = None
    for link in chained:
        to_come[link.prev] -= 1
        sound_to_come[link.prev] -= link.sound
        flaw = _flaw(
            link,
            fits=link.prev == head,
            is_followed=to_come[link.hash] > 0,
            is_passed_by=sound_to_come[head] > 0,
        )
        if flaw:
            yield flaw, link.id, link.steps
        if flaw is not Flaw.FORGED:
            head = link.hash
    for link in links:
        if link.hash is None and since is not None and link.id > since:
            yield Flaw.UNHASHED, link.id, link.steps


def _flaw(link: Link, *, fits: bool, is_followed: bool, is_passed_by: bool) -> Flaw | None:
    """Return what is wrong with a row; some later row may follow it, or the one that it should follow."""
    match fits, link.sound:
        case True, sound:
            if is_passed_by and not is_followed:
                return Flaw.FORGED
            return None if sound else Flaw.CHANGED
        case False, True:
            return Flaw.FORGED if is_passed_by else Flaw.ORPHANED
        case _:
            return Flaw.CHANGED if is_followed and not is_passed_by else Flaw.FORGED


def miscounted(links: Sequence[Link], reached: int) -> Iterator[Found]:
    """Yield the steps up to `reached` that have no row, and rows of steps that were never taken."""
    rows = {link.number: link for link in links if link.number is not None}
    taken = sorted(number for number in rows if 1 <= number <= reached)
    for before, after in pairwise((0, *taken, reached + 1)):
        if before + 1 < after:
            yield Flaw.MISSING, None, range(before + 1, after)
    for number in sorted(rows.keys() - set(taken)):
        yield Flaw.TOO_LATE, rows[number].id, rows[number].steps


# Reading: a page at a time, in the order of an index. What a row is compared with is read beside it.

REACHED = """CASE entity
    WHEN 'assignment' THEN (SELECT state_version FROM assignment WHERE assignment.id = entity_id)
    ELSE (SELECT state_version FROM job WHERE job.id = entity_id)
END"""
LINKS = f"""
    SELECT id, entity, entity_id, state_version, prev_hash, hash, jsonb_build_array({CONTENT})::text AS says,
        coalesce({REACHED}, 0) AS reached
    FROM audit_event
"""  # noqa: S608 - every name in it is ours
ALL = text(f"""{LINKS} WHERE (entity, entity_id, id) >= (:entity, :entity_id, :id)
    ORDER BY entity, entity_id, id LIMIT :page""")
ONE = text(f"""{LINKS} WHERE entity = :entity AND entity_id = :entity_id AND id >= :id
    ORDER BY entity, entity_id, id LIMIT :page""")


async def _chains(
    session: AsyncSession, about: tuple[Entity, str] | None, *, seen: Callable[[int], None], page: int
) -> AsyncIterator[tuple[Entity, str, list[Link], int]]:
    """Yield each chain whole, with the step that its assignment or job has reached."""
    pages = ALL if about is None else ONE
    entity, entity_id, begin = *(about or ("", "")), LEAST
    links: list[Link] = []
    reached = 0
    while True:
        after = {"entity": entity, "entity_id": entity_id, "id": begin, "page": page}
        rows = (await session.execute(pages, after)).all()
        for key, chain in groupby(rows, key=lambda row: (row.entity, row.entity_id)):
            if links and key != (entity, entity_id):
                yield Entity(entity), entity_id, links, reached
                links = []
            (entity, entity_id), read = key, list(chain)
            links += map(_link, read)
            begin, reached = read[-1].id + 1, read[-1].reached
        seen(len(rows))
        if len(rows) < page:
            break
    if links:
        yield Entity(entity), entity_id, links, reached


def _link(row: Line) -> Link:
    return Link(
        id=row.id,
        number=row.state_version,
        prev=row.prev_hash,
        hash=row.hash,
        sound=row.hash == hash_of(row.prev_hash, row.says),
    )


def _heads(table: str) -> TextClause:
    return text(f"""
        SELECT head.id, head.state_version, (
            SELECT true FROM audit_event WHERE entity = '{table}' AND entity_id = head.id LIMIT 1
        ) AS is_told
        FROM (
            SELECT id, state_version FROM {table} WHERE id > :after AND (:id = '' OR id = :id)
            ORDER BY id LIMIT :page
        ) AS head ORDER BY head.id
    """)  # noqa: S608 - every name in it is ours


HEADS = {entity: _heads(entity) for entity in Entity}


async def _silent(
    session: AsyncSession, about: tuple[Entity, str] | None, *, page: int
) -> AsyncIterator[Broken]:
    """Yield the steps of assignments and jobs whose audit has no row at all."""
    for entity in Entity if about is None else (about[0],):
        after = ""
        while rows := (
            await session.execute(
                HEADS[entity], {"after": after, "id": about[1] if about else "", "page": page}
            )
        ).all():
            for row in rows:
                if row.state_version and not row.is_told:
                    steps = range(1, row.state_version + 1)
                    yield Broken(entity=entity, entity_id=row.id, flaw=Flaw.MISSING, steps=steps)
            after = rows[-1].id
