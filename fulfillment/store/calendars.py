"""What lies in people's calendars: files as they were made, subscriptions, and accounts we may write to."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.messages import CalendarMethod
from fulfillment.domain.people import Role
from fulfillment.store.tables import CalendarAccountRow, CalendarRow, FeedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Revision `sequence` of a visit's entry, for one side, byte for byte as it is sent."""

    assignment_id: str
    role: Role
    sequence: int
    uid: str
    method: CalendarMethod
    ics: bytes = field(repr=False)


async def keep_artifact(session: AsyncSession, artifact: Artifact) -> Artifact:
    """Keep a file, and return the one that is kept: whoever was first made it, and all send the same (I4)."""
    row = insert(CalendarRow).values(
        assignment_id=artifact.assignment_id,
        recipient_role=artifact.role,
        sequence=artifact.sequence,
        uid=artifact.uid,
        method=artifact.method,
        sha256=hashlib.sha256(artifact.ics).hexdigest(),
        ics=artifact.ics,
    )
    await session.execute(row.on_conflict_do_nothing())
    kept = await find_artifact(
        session, artifact.assignment_id, role=artifact.role, sequence=artifact.sequence
    )
    return kept or artifact


async def find_artifact(
    session: AsyncSession, assignment_id: str, *, role: Role, sequence: int
) -> Artifact | None:
    """Return that revision for that side, if it was made."""
    query = select(CalendarRow.uid, CalendarRow.method, CalendarRow.ics).where(
        CalendarRow.assignment_id == assignment_id,
        CalendarRow.recipient_role == role,
        CalendarRow.sequence == sequence,
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    return Artifact(
        assignment_id=assignment_id,
        role=role,
        sequence=sequence,
        uid=row.uid,
        method=CalendarMethod(row.method),
        ics=row.ics,
    )


async def mark_artifact_sent(
    session: AsyncSession, assignment_id: str, *, role: Role, sequence: int, object_key: str | None
) -> None:
    """Note that a file went out, and where a copy of it lies; the first time counts."""
    row = (
        (CalendarRow.assignment_id == assignment_id)
        & (CalendarRow.recipient_role == role)
        & (CalendarRow.sequence == sequence)
    )
    sent = func.coalesce(CalendarRow.sent_at, func.clock_timestamp())
    copy = func.coalesce(CalendarRow.object_key, object_key)
    await session.execute(update(CalendarRow).where(row).values(sent_at=sent, object_key=copy))


# Subscriptions.


def hash_of(token: str) -> str:
    """Return what is kept of a secret that grants access by itself: nobody finds the way back (S12)."""
    return hashlib.sha256(token.encode()).hexdigest()


async def subscribe(session: AsyncSession, person_id: str, role: Role, *, token: str) -> None:
    """Let `token` read the visits of that person; one that was given out before reads nothing any more."""
    row = insert(FeedRow).values(person_id=person_id, role=role, token_hash=hash_of(token))
    fresh = {"token_hash": row.excluded.token_hash, "created_at": func.clock_timestamp()}
    await session.execute(
        row.on_conflict_do_update(index_elements=[FeedRow.person_id, FeedRow.role], set_=fresh)
    )


async def unsubscribe(session: AsyncSession, person_id: str, role: Role) -> bool:
    """Take the token back, and return whether there was one."""
    theirs = (FeedRow.person_id == person_id) & (FeedRow.role == role)
    gone = await session.scalar(delete(FeedRow).where(theirs).returning(FeedRow.person_id))
    return gone is not None


async def subscriber(session: AsyncSession, token: str) -> tuple[str, Role] | None:
    """Return whose visits `token` reads, and in which role."""
    query = select(FeedRow.person_id, FeedRow.role).where(FeedRow.token_hash == hash_of(token))
    row = (await session.execute(query)).one_or_none()
    return (row.person_id, Role(row.role)) if row else None


# Accounts elsewhere.


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A consent that somebody was sent to give, and has come back with."""

    person_id: str
    sealed: bytes = field(repr=False)


async def ask_consent(
    session: AsyncSession, person_id: str, *, state: str, sealed: bytes, until: datetime
) -> None:
    """Note that a person was sent to give their consent; `sealed` is needed when they come back."""
    pending = {"pending_state_hash": hash_of(state), "pending_secret": sealed, "pending_until": until}
    row = insert(CalendarAccountRow).values(person_id=person_id, **pending)
    await session.execute(
        row.on_conflict_do_update(index_elements=[CalendarAccountRow.person_id], set_=pending)
    )


async def take_consent(session: AsyncSession, state: str) -> Asked | None:
    """Return who comes back with `state`, once; None if nobody was sent with it, or long ago."""
    theirs = CalendarAccountRow.pending_state_hash == hash_of(state)
    query = select(
        CalendarAccountRow.person_id,
        CalendarAccountRow.pending_secret,
        (CalendarAccountRow.pending_until > func.now()).label("in_time"),
    ).where(theirs)
    row = (await session.execute(query.with_for_update())).one_or_none()
    if row is None:
        return None
    nothing = {"pending_state_hash": None, "pending_secret": None, "pending_until": None}
    await session.execute(update(CalendarAccountRow).where(theirs).values(**nothing))
    return Asked(person_id=row.person_id, sealed=row.pending_secret) if row.in_time else None


async def connect(session: AsyncSession, person_id: str, *, sealed: bytes, scope: str) -> None:
    """Keep a person's consent, sealed."""
    given = {"secret": sealed, "scope": scope, "connected_at": func.clock_timestamp(), "gone_at": None}
    row = insert(CalendarAccountRow).values(person_id=person_id, **given)
    await session.execute(
        row.on_conflict_do_update(index_elements=[CalendarAccountRow.person_id], set_=given)
    )


async def consent_of(session: AsyncSession, person_id: str) -> bytes | None:
    """Return a person's consent, sealed, if they have given it and not taken it back."""
    theirs = CalendarAccountRow.person_id == person_id
    sealed: bytes | None = await session.scalar(select(CalendarAccountRow.secret).where(theirs))
    return sealed


async def disconnect(session: AsyncSession, person_id: str, *, was: bytes | None = None) -> bytes | None:
    """Forget a person's consent, and return what it was, so that it can be revoked as well.

    With `was`, only that one: they may have given another meanwhile.
    """
    sealed = await consent_of(session, person_id)
    theirs = CalendarAccountRow.person_id == person_id
    if was is not None:
        theirs &= CalendarAccountRow.secret == was
    gone = {"secret": None, "gone_at": func.clock_timestamp()}
    await session.execute(update(CalendarAccountRow).where(theirs).values(**gone))
    return sealed


async def reseal(session: AsyncSession, person_id: str, *, was: bytes, sealed: bytes) -> None:
    """Keep a consent under another key, unless it has changed meanwhile."""
    theirs = (CalendarAccountRow.person_id == person_id) & (CalendarAccountRow.secret == was)
    await session.execute(update(CalendarAccountRow).where(theirs).values(secret=sealed))


async def every_consent(session: AsyncSession) -> tuple[tuple[str, bytes], ...]:
    """Return every consent that is kept, with whose it is."""
    query = select(CalendarAccountRow.person_id, CalendarAccountRow.secret).where(
        CalendarAccountRow.secret.is_not(None)
    )
    return tuple((row.person_id, row.secret) for row in await session.execute(query))
