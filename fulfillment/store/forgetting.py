"""Forgetting a person: what tells who they are and what was written goes; money and audit stay, under an id.

The id of a person is opaque, so what stays names nobody once the directory does not. Rows that the database
lets nobody change (audit, rulings, money, attempts) stay as they are, and with them the chain of the audit.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.payout import OVER
from fulfillment.domain.job.state import ENDED
from fulfillment.store import wire
from fulfillment.store.tables.base import LIVE

FORGOTTEN = "(forgotten)"
WORDS = frozenset(
    {
        "note",
        "statement",
        "forced_reason",
        "cancel_reason",
        "cancel_asked",
        "evidence",
        "title",
        "description",
        "site_address",
    }
)
"""Fields, of an assignment or a job as it is kept whole, in which people write what they like."""
WORDS_OF = frozenset({("dispute", "reason"), ("holds", "reason"), ("requeues", "reason")})
"""The same, where the name alone would not tell: the reasons of admins belong to the money."""

THEIRS = "(customer_id = :id OR provider_id = :id)"
STILL_OPEN = f"""
    SELECT 'assignment ' || id FROM assignment
    WHERE {THEIRS} AND (status = ANY(:live) OR status_entered_at > :before)
    UNION ALL
    SELECT 'job ' || id FROM job
    WHERE customer_id = :id AND (status <> ALL(:ended) OR status_entered_at > :before)
    UNION ALL
    SELECT 'quote ' || quote.id FROM quote JOIN job ON job.id = job_id
    WHERE quote.provider_id = :id AND job.status <> ALL(:ended) AND quote.status IN ('open', 'standby')
    UNION ALL
    SELECT 'offer ' || offer.id FROM offer JOIN job ON job.id = job_id
    WHERE offer.provider_id = :id AND job.status <> ALL(:ended) AND offer.status = 'open'
    UNION ALL
    SELECT 'absence ' || id FROM provider_absence
    WHERE provider_id = :id AND (status = 'running' OR ended_at IS NULL AND until > :before)
    UNION ALL
    SELECT 'payout ' || payout.id FROM payout JOIN assignment ON assignment.id = assignment_id
    WHERE {THEIRS} AND payout.status <> ALL(:over)
    ORDER BY 1"""  # noqa: S608 - words of ours alone

ASSIGNMENTS = f"SELECT id FROM assignment WHERE {THEIRS}"  # noqa: S608
JOBS = "SELECT id FROM job WHERE customer_id = :id"
ABOUT = f"entity_id IN ({ASSIGNMENTS} UNION {JOBS})"
# In this order: what is kept for developers is found by the addresses that go last.
STEPS: Mapping[str, str] = {
    "messages kept for developers": """
        DELETE FROM kept_message USING person
        WHERE person.id = :id AND to_address IN (person.email, person.phone)""",
    "sessions of pages": "DELETE FROM page_session WHERE person_id = :id",
    "calendar feeds": "DELETE FROM calendar_feed WHERE person_id = :id",
    "connections to Google": "DELETE FROM calendar_account WHERE person_id = :id",
    "cards": "DELETE FROM wallet WHERE person_id = :id",
    "accounts to be paid to": "DELETE FROM payout_account WHERE provider_id = :id",
    "calendar files": f"DELETE FROM calendar_artifact WHERE assignment_id IN ({ASSIGNMENTS})",  # noqa: S608
    "old answers": f"DELETE FROM command_outcome WHERE {ABOUT}",  # noqa: S608
    "facts of messages": f"UPDATE notification_outbox SET facts = '{{}}' WHERE {ABOUT}",  # noqa: S608
    "notes to proposals": f"""
        UPDATE schedule_proposal SET note = '', forced_reason = NULL
        WHERE assignment_id IN ({ASSIGNMENTS}) AND (note <> '' OR forced_reason IS NOT NULL)""",  # noqa: S608
    "notes to quotes": f"""
        UPDATE quote SET note = '' WHERE note <> '' AND (provider_id = :id OR job_id IN ({JOBS}))""",  # noqa: S608
    "wordings of quotes": f"""
        UPDATE quote_wording SET note = '' FROM quote
        WHERE quote.id = quote_id AND quote_wording.note <> ''
        AND (provider_id = :id OR quote.job_id IN ({JOBS}))""",  # noqa: S608
    "reasons of absences": """
        UPDATE provider_absence SET reason = '', end_reason = NULL
        WHERE provider_id = :id AND (reason <> '' OR end_reason IS NOT NULL)""",
    "evidence for payouts": f"""
        UPDATE payout SET evidence = '[]', hold_reason = NULL
        WHERE assignment_id IN ({ASSIGNMENTS}) AND (evidence <> '[]' OR hold_reason IS NOT NULL)""",  # noqa: S608
    "reasons of cancellations": f"""
        UPDATE assignment SET cancel_reason = NULL WHERE {THEIRS} AND cancel_reason IS NOT NULL""",  # noqa: S608
    "reasons of returns": f"UPDATE requeue SET reason = '' WHERE job_id IN ({JOBS}) AND reason <> ''",  # noqa: S608
    "jobs": """
        UPDATE job SET title = :forgotten, site_address = '', cancel_reason = NULL WHERE customer_id = :id""",
    "entries of the directory": """
        UPDATE person SET name = :forgotten, email = NULL, phone = NULL, categories = '{}', roles = '{}',
            active = false, sms_consent = false, sms_opted_out_at = NULL
        WHERE id = :id""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What is theirs in other people's houses, and has to be seen to there."""

    stripe: tuple[str, ...]
    files: tuple[str, ...]
    connected_to_google: bool


async def still_open(session: AsyncSession, id: str, *, before: datetime) -> tuple[str, ...]:
    """Return what of theirs goes on, or has ended only after `before`, and so cannot be forgotten yet."""
    told = {"live": list(LIVE), "ended": list(ENDED), "over": list(OVER), "before": before, "id": id}
    return tuple(await session.scalars(text(STILL_OPEN), told))


async def elsewhere(session: AsyncSession, id: str) -> Elsewhere:
    """Return what `forget` cannot reach; to be asked before it."""
    refs = text("""SELECT customer_ref FROM wallet WHERE person_id = :id
        UNION ALL SELECT account_ref FROM payout_account WHERE provider_id = :id""")
    keys = text(f"""SELECT object_key FROM calendar_artifact
        WHERE object_key IS NOT NULL AND assignment_id IN ({ASSIGNMENTS}) ORDER BY 1""")  # noqa: S608
    google = text("SELECT count(*) FROM calendar_account WHERE person_id = :id AND secret IS NOT NULL")
    return Elsewhere(
        stripe=tuple(await session.scalars(refs, {"id": id})),
        files=tuple(await session.scalars(keys, {"id": id})),
        connected_to_google=bool(await session.scalar(google, {"id": id})),
    )


async def forget(session: AsyncSession, id: str) -> Mapping[str, int]:
    """Forget a person within the transaction of `session`; return how many rows of each kind it took.

    A repeat finds little left to do, and harms nothing.
    """
    rows = {
        "assignments as they were": await _blank(session, "assignment", "standing", THEIRS, id),
        "jobs as they were": await _blank(session, "job", "snapshot", "customer_id = :id", id),
        "their quotes in jobs as they were": await _blank_quotes(session, id),
    }
    for what, statement in STEPS.items():
        told = {"id": id} | ({"forgotten": FORGOTTEN} if ":forgotten" in statement else {})
        done: Any = await session.execute(text(statement), told)
        rows[what] = done.rowcount
    return rows


async def _blank_quotes(session: AsyncSession, id: str) -> int:
    """Take a provider's own words out of the jobs of others, which stay as they are otherwise."""
    quoted = text("""SELECT id, snapshot FROM job
        WHERE snapshot IS NOT NULL AND id IN (SELECT job_id FROM quote WHERE provider_id = :id)""")
    changed = 0
    for row_id, kept in (await session.execute(quoted, {"id": id})).all():
        quotes = [
            each | {"note": ""} if each["provider_id"] == id else each for each in kept.get("quotes", ())
        ]
        if quotes != kept.get("quotes", []):
            told = {"blank": json.dumps(kept | {"quotes": quotes}), "row": row_id}
            await session.execute(
                text("UPDATE job SET snapshot = CAST(:blank AS jsonb) WHERE id = :row"), told
            )
            changed += 1
    return changed


async def _blank(session: AsyncSession, table: str, column: str, whose: str, id: str) -> int:
    """Take people's words out of what is kept whole; what remains can be read as before."""
    found = await session.execute(
        text(f"SELECT id, {column} FROM {table} WHERE {whose} AND {column} IS NOT NULL"),  # noqa: S608
        {"id": id},
    )
    read = wire.STANDING if table == "assignment" else wire.JOB
    changed = 0
    for row_id, kept in found.all():
        blank = _without_words(kept)
        read.validate_python(blank)
        if blank != kept:
            await session.execute(
                text(f"UPDATE {table} SET {column} = CAST(:blank AS jsonb) WHERE id = :row"),  # noqa: S608
                {"blank": json.dumps(blank), "row": row_id},
            )
            changed += 1
    return changed


def _without_words(value: Any, within: str = "") -> Any:
    match value:
        case dict():
            return {
                name: _hidden(inner)
                if name in WORDS or (within, name) in WORDS_OF
                else _without_words(inner, name)
                for name, inner in value.items()
            }
        case list():
            return [_without_words(inner, within) for inner in value]
        case _:
            return value


def _hidden(value: Any) -> Any:
    match value:
        case str() if value:
            return FORGOTTEN
        case list():
            return [_hidden(inner) for inner in value]
        case _:
            return value
