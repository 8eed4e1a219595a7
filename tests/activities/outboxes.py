"""Outboxes with something in them, and channels of every mood to empty them through."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.testing import ActivityEnvironment

from activities.notices import Delivery, Notices
from doors import HOME
from fulfillment.domain.messages import Channel
from fulfillment.domain.people import Role
from fulfillment.notifications.channels import Sender
from fulfillment.notifications.delivering import Delivering, Patience
from fulfillment.notifications.letter import Letter
from fulfillment.notifications.service import NotificationsService
from fulfillment.store import outbox
from fulfillment.store.tables import Entity, OutboxRow
from tests.domain.people import DAY, NOON
from tests.store.diaries import Diary

Sessions = async_sessionmaker[AsyncSession]


class Died(BaseException):
    """What a test does to a sender at the worst moment."""


class Postbox:
    """A channel that reaches everybody, and keeps what it was given."""

    def __init__(self, *, reaches: bool = True) -> None:
        self.kept: list[Letter] = []
        self._reaches = reaches

    async def reaches(self, _: AsyncSession, __: Letter) -> bool:
        return self._reaches

    async def send(self, letter: Letter) -> str:
        self.kept.append(letter)
        return f"<{len(self.kept)}@postbox>"

    @property
    def keys(self) -> list[str]:
        return [letter.payload.id for letter in self.kept]


class Moody(Postbox):
    """A channel that meets the messages to one role with an error, before or after it has kept them."""

    def __init__(self, error: BaseException, *, to: Role, after: bool = False) -> None:
        super().__init__()
        self.error: BaseException | None = error
        self._to = to
        self._after = after

    async def send(self, letter: Letter) -> str:
        hit = self.error if letter.payload.recipient.role is self._to else None
        id = "" if hit and not self._after else await super().send(letter)
        if hit:
            raise hit
        return id


class Silent(Postbox):
    """A channel that never comes back with an answer."""

    async def send(self, letter: Letter) -> str:
        await super().send(letter)
        await asyncio.Event().wait()
        return ""


def delivering(
    sessions: Sessions, senders: Mapping[Channel, Sender], *, patience: Patience | None = None
) -> Notices:
    service = NotificationsService(HOME)
    return Notices(sessions, Delivering(sessions, service=service, senders=senders, patience=patience))


async def deliver(
    sessions: Sessions,
    by: Sender | Mapping[Channel, Sender],
    about: str,
    *,
    workflow: str = "assignment-1",
    patience: timedelta = timedelta(seconds=30),
    channels: Patience | None = None,
) -> int:
    """Run the activity as the engine would, for that workflow; `by` mail, if it is a single channel."""
    senders = by if isinstance(by, Mapping) else {Channel.EMAIL: by}
    notices = delivering(sessions, senders, patience=channels)
    engine = ActivityEnvironment()
    engine.info = replace(engine.info, workflow_id=workflow, start_to_close_timeout=patience)
    return await engine.run(notices.deliver, Delivery(about=about))


async def aged(sessions: Sessions, about: str) -> None:
    """Let claims on messages about something be as old as those of a sender that has died."""
    long_ago = OutboxRow.claimed_at - outbox.OURS_AGAIN - timedelta(seconds=1)
    async with sessions.begin() as session:
        await session.execute(
            update(OutboxRow).where(OutboxRow.entity_id == about).values(claimed_at=long_ago)
        )


async def opened(sessions: Sessions) -> Diary:
    """Write an assignment as it begins, and have the messages about that out of the way."""
    diary = Diary()
    await diary.write(sessions)
    await deliver(sessions, Postbox(), diary.it.id)
    return diary


async def agreed(sessions: Sessions) -> str:
    """Write an assignment whose window was proposed and confirmed; three messages are owed about that."""
    diary = (await opened(sessions)).agree()
    await diary.write(sessions)
    return diary.it.id


async def nudged(sessions: Sessions) -> str:
    """Write an assignment whose provider is due to be reminded that a window has to be proposed."""
    diary = (await opened(sessions)).wait(until=NOON + DAY / 2)
    await diary.write(sessions)
    return diary.it.id


async def found(sessions: Sessions, *columns: Any, **where: Any) -> list[tuple[Any, ...]]:
    query = select(*columns).where(*(columns[0].class_.__dict__[name] == it for name, it in where.items()))
    async with sessions() as session:
        return sorted(tuple(row) for row in await session.execute(query))


async def statuses(sessions: Sessions, about: str) -> list[str]:
    """Return what became of the messages since the opening, which is step 1."""
    rows = await found(sessions, OutboxRow.state_version, OutboxRow.status, entity_id=about)
    return [status for number, status in rows if number > 1]


def sent(postbox: Postbox) -> list[tuple[str, str]]:
    return [(letter.payload.type, letter.payload.recipient.role.value) for letter in postbox.kept]


def pile(about: str, size: int) -> Sequence[dict[str, Any]]:
    return [
        {
            "dedupe_key": f"{about}|notifyCheckedIn|customer:ada|{number}",
            "entity": Entity.ASSIGNMENT,
            "entity_id": about,
            "state_version": number,
            "event": "notifyCheckedIn",
            "recipient_role": Role.CUSTOMER,
            "recipient_id": "ada",
            "request_id": "",
            "at": NOON,
        }
        for number in range(size)
    ]
