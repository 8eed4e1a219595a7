"""The outbox, as whoever delivers it sees it: look, claim, send by a channel, mark (trap R9).

A message is claimed as a whole, so that one sender works on it. Beneath it each channel has a row of its
own: `begun` before anything leaves the house, and how it ended afterwards. A sender that died leaves a claim
without a mark and a channel that has begun. After a while another may claim the message; what it does about
a channel that may have been used already is for that channel to say.

What a message tells other systems (`asides.py`) neither waits for the person to be reached nor holds it up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, case, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.messages import Channel, Facts, Recipient, ReminderKind
from fulfillment.domain.people import Role
from fulfillment.store import wire
from fulfillment.store.tables import (
    AttemptRow,
    DeliveryRow,
    DeliveryStatus,
    Entity,
    Json,
    OutboxRow,
    OutboxStatus,
    ReminderRow,
    ReminderStatus,
)
from fulfillment.store.views.paging import Line

UNMARKED = timedelta(minutes=2)
"""A claim that is older than this and has no mark is up for claiming again."""
OURS_AGAIN = timedelta(seconds=25)
"""So old has one's own claim to be: younger, and an attempt that was given up may still be at work on it."""

OPEN = (OutboxStatus.WAITING, OutboxStatus.CLAIMED)
CLAIMABLE = or_(
    OutboxRow.status == OutboxStatus.WAITING,
    (OutboxRow.status == OutboxStatus.CLAIMED) & (OutboxRow.claimed_at < func.now() - UNMARKED),
)
OLDEST_FIRST = (OutboxRow.created_at, OutboxRow.state_version, OutboxRow.dedupe_key)
ENDED_AS = {
    OutboxStatus.SENT: ReminderStatus.SENT,
    OutboxStatus.FAILED: ReminderStatus.FAILED,
    OutboxStatus.UNKNOWN: ReminderStatus.UNKNOWN,
    OutboxStatus.SKIPPED: ReminderStatus.SKIPPED_OBSOLETE,
}
"""What its reminder says when a message has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminding:
    """Which reminder a message is; `late` is by how much it fell due too late."""

    kind: ReminderKind
    basis: str
    n: int
    due: datetime
    late: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One message that is owed. `reminder` is set when it is one; `number` is the step that owes it.

    `at` is when that happened by the clock of its run, and `age` how long it has been owed since: a run that
    was moved ahead in time has another clock than the wall. `ours` says that whoever looks has claimed it.
    """

    key: str
    entity: Entity
    about: str
    number: int
    event: str
    to: Recipient
    facts: Facts
    reminder: Reminding | None
    request_id: str
    at: datetime
    age: timedelta
    attempts: int
    owed_since: datetime
    ours: bool = False

    @property
    def now(self) -> datetime:
        """What time it is for the run that owes the message."""
        return self.at + self.age


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How far a message has come on one channel, and what is known of how it ended."""

    status: DeliveryStatus
    attempts: int
    reason: str | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt on one channel ended; `reason` is a word of a closed set, never anybody's text."""

    channel: Channel
    status: DeliveryStatus
    reason: str | None = None
    message_id: str | None = None


async def waiting(
    session: AsyncSession, about: str, *, by: str = "", limit: int = 100
) -> tuple[Waiting, ...]:
    """Return what is owed about an assignment or job, oldest first; `by` sees its own claims as well."""
    ours = (OutboxRow.status == OutboxStatus.CLAIMED) & (OutboxRow.claimed_by == by)
    query = owed().where(
        OutboxRow.entity.in_(tuple(Entity)), OutboxRow.entity_id == about, or_(CLAIMABLE, ours)
    )
    query = query.order_by(OutboxRow.state_version, OutboxRow.dedupe_key).limit(limit)
    return tuple(waiting_of(row, by=by) for row in await session.execute(query))


async def forgotten(
    session: AsyncSession, *, after: Waiting | None = None, limit: int
) -> tuple[Waiting, ...]:
    """Return a page of what nobody has taken care of for a while, whoever it is about, oldest first.

    `after` is the last of the page before.
    """
    query = owed().where(CLAIMABLE, OutboxRow.created_at < func.now() - UNMARKED)
    if after:
        since = literal(after.owed_since, OutboxRow.created_at.type)
        last = tuple_(since, literal(after.number), literal(after.key))
        query = query.where(tuple_(*OLDEST_FIRST) > last)
    query = query.order_by(*OLDEST_FIRST).limit(limit)
    return tuple(waiting_of(row) for row in await session.execute(query))


async def claim(session: AsyncSession, key: str, *, by: str) -> bool:
    """Take the message for sending and return whether that worked.

    One's own claim may be taken again soon, but not at once: an attempt that the engine has given up, on a
    worker that was slow, may be in the middle of sending. Commit before sending: a claim that others cannot
    see keeps nobody off.
    """
    ours = (
        (OutboxRow.status == OutboxStatus.CLAIMED)
        & (OutboxRow.claimed_by == by)
        & (OutboxRow.claimed_at < func.now() - OURS_AGAIN)
    )
    taken = await session.scalar(
        update(OutboxRow)
        .where(OutboxRow.dedupe_key == key, or_(CLAIMABLE, ours))
        .values(
            status=OutboxStatus.CLAIMED,
            claimed_by=by,
            claimed_at=func.clock_timestamp(),
            attempts=OutboxRow.attempts + 1,
        )
        .returning(OutboxRow.dedupe_key)
    )
    if taken is None:
        return False
    await _note(session, key, status=ReminderStatus.CLAIMED, claimed_at=func.clock_timestamp())
    return True


async def release(session: AsyncSession, key: str, *, by: str) -> None:
    """Give a claim back: the message was not sent, and may be tried again at once."""
    ours = (OutboxRow.status == OutboxStatus.CLAIMED) & (OutboxRow.claimed_by == by)
    waits = {"status": OutboxStatus.WAITING, "claimed_by": None, "claimed_at": None}
    await session.execute(update(OutboxRow).where(OutboxRow.dedupe_key == key, ours).values(**waits))


async def tried(session: AsyncSession, key: str) -> Mapping[Channel, Tried]:
    """Return how far the message has come, by channel; those that were not tried yet are not in it."""
    query = select(
        DeliveryRow.channel,
        DeliveryRow.status,
        DeliveryRow.attempts,
        DeliveryRow.reason,
        DeliveryRow.message_id,
    ).where(DeliveryRow.dedupe_key == key)
    return {
        Channel(row.channel): Tried(
            status=DeliveryStatus(row.status),
            attempts=row.attempts,
            reason=row.reason,
            message_id=row.message_id,
        )
        for row in await session.execute(query)
    }


async def begin(session: AsyncSession, key: str, channel: Channel) -> None:
    """Note that the message is about to go out by `channel`. Commit before it does."""
    now = func.clock_timestamp()
    row = insert(DeliveryRow).values(
        dedupe_key=key, channel=channel, status=DeliveryStatus.BEGUN, attempts=1, begun_at=now
    )
    again = {"status": DeliveryStatus.BEGUN, "attempts": DeliveryRow.attempts + 1, "begun_at": now}
    await session.execute(
        row.on_conflict_do_update(index_elements=[DeliveryRow.dedupe_key, DeliveryRow.channel], set_=again)
    )


async def end(session: AsyncSession, key: str, outcome: Outcome) -> None:
    """Note how an attempt ended, in the channel's row and, for ever, as an attempt of its own.

    One that never began, because there is no way to this person, ends all the same.
    """
    now = func.clock_timestamp()
    ended = {
        "status": outcome.status,
        "reason": outcome.reason,
        "message_id": outcome.message_id,
        "ended_at": now,
    }
    row = insert(DeliveryRow).values(
        dedupe_key=key, channel=outcome.channel, attempts=1, begun_at=now, **ended
    )
    row = row.on_conflict_do_update(index_elements=[DeliveryRow.dedupe_key, DeliveryRow.channel], set_=ended)
    n = await session.scalar(row.returning(DeliveryRow.attempts))
    await session.execute(
        insert(AttemptRow).values(
            dedupe_key=key,
            channel=outcome.channel,
            n=n,
            outcome=outcome.status,
            reason=outcome.reason,
            message_id=outcome.message_id,
        )
    )


async def finish(
    session: AsyncSession, key: str, status: OutboxStatus, *, by: Sequence[Outcome] = (), reason: str = ""
) -> bool:
    """Note what has become of the message, and return whether nobody had noted its end before.

    `by` is how the channels ended that counted; the last of them gives the message its id, and its reminder
    the channel it went by.
    """
    last = by[-1] if by else None
    mark = {
        "sent_at": func.clock_timestamp() if status is OutboxStatus.SENT else None,
        "provider_message_id": last.message_id if last else None,
        "reason": reason or (last.reason if last else None),
    }
    done = await session.scalar(
        update(OutboxRow)
        .where(OutboxRow.dedupe_key == key, OutboxRow.status.in_(OPEN))
        .values(status=status, **mark)
        .returning(OutboxRow.dedupe_key)
    )
    if done is None:
        return False
    channel = {"channel": last.channel} if last and status is OutboxStatus.SENT else {}
    await _note(session, key, status=ENDED_AS[status], **mark, **channel)
    return True


async def _note(session: AsyncSession, key: str, **mark: object) -> None:
    """Let the reminder of that key, if there is one, say the same as the message."""
    await session.execute(update(ReminderRow).where(ReminderRow.dedupe_key == key).values(**mark))


def owed() -> Select[*tuple[object, ...]]:
    """Return the question for messages, whichever."""
    late = case((ReminderRow.late_by_s.is_(None), 0), else_=ReminderRow.late_by_s)
    return select(
        OutboxRow.dedupe_key,
        OutboxRow.entity,
        OutboxRow.entity_id,
        OutboxRow.state_version,
        OutboxRow.event,
        OutboxRow.recipient_role,
        OutboxRow.recipient_id,
        OutboxRow.reminder_kind,
        OutboxRow.facts,
        OutboxRow.request_id,
        OutboxRow.at,
        OutboxRow.attempts,
        OutboxRow.created_at,
        OutboxRow.status,
        OutboxRow.claimed_by,
        (func.clock_timestamp() - OutboxRow.created_at).label("age"),
        ReminderRow.basis,
        ReminderRow.n,
        ReminderRow.due_at,
        late.label("late_by_s"),
    ).outerjoin(ReminderRow, ReminderRow.dedupe_key == OutboxRow.dedupe_key)


def waiting_of(row: Line, *, by: str = "") -> Waiting:
    """Return a row of `owed` as what it says."""
    return Waiting(
        key=row.dedupe_key,
        entity=Entity(row.entity),
        about=row.entity_id,
        number=row.state_version,
        event=row.event,
        to=Recipient(role=Role(row.recipient_role), id=row.recipient_id),
        facts=_facts(row.facts),
        reminder=_reminding(row) if row.reminder_kind else None,
        request_id=row.request_id,
        at=row.at,
        age=max(row.age, timedelta()),
        attempts=row.attempts,
        owed_since=row.created_at,
        ours=bool(by) and row.status == OutboxStatus.CLAIMED and row.claimed_by == by,
    )


def _facts(written: Json) -> Facts:
    """Return what is said of the event; nothing, rather than that one bad row stops all others."""
    try:
        return wire.facts_from_json(written)
    except ValueError:
        return Facts()


def _reminding(row: Line) -> Reminding:
    return Reminding(
        kind=ReminderKind(row.reminder_kind),
        basis=row.basis,
        n=row.n,
        due=row.due_at,
        late=timedelta(seconds=row.late_by_s),
    )
