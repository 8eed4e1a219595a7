"""Outboxes with something in them, and notifiers of every mood to empty them through."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.testing import ActivityEnvironment

from activities.notices import Delivery, Notices
from fulfillment.domain.people import Role
from fulfillment.gateways.notices import Mailbox, Message, Notifier
from fulfillment.store.tables import Entity, OutboxRow
from tests.domain.people import DAY, NOON
from tests.store.diaries import Diary

Sessions = async_sessionmaker[AsyncSession]


class Died(BaseException):
    """What a test does to a sender at the worst moment."""


class Moody(Mailbox):
    """A mailbox that meets the messages to one role with an error, before or after it has kept them."""

    def __init__(self, error: BaseException, *, to: Role, after: bool = False) -> None:
        super().__init__()
        self.error: BaseException | None = error
        self._to = to
        self._after = after

    async def send(self, message: Message) -> None:
        hit = self.error if message.to.role is self._to else None
        if self._after or not hit:
            await super().send(message)
        if hit:
            raise hit


class Silent(Mailbox):
    """A mailbox that never comes back with an answer."""

    async def send(self, message: Message) -> None:
        await super().send(message)
        await asyncio.Event().wait()


async def deliver(
    sessions: Sessions,
    notifier: Notifier,
    about: str,
    *,
    workflow: str = "assignment-1",
    patience: timedelta = timedelta(seconds=30),
) -> int:
    """Run the activity as the engine would, for that workflow and with that much time."""
    engine = ActivityEnvironment()
    engine.info = replace(engine.info, workflow_id=workflow, start_to_close_timeout=patience)
    return await engine.run(Notices(sessions, notifier).deliver, Delivery(about=about))


async def opened(sessions: Sessions) -> Diary:
    """Write an assignment as it begins, and have the messages about that out of the way."""
    diary = Diary()
    await diary.write(sessions)
    await deliver(sessions, Mailbox(), diary.it.id)
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


def sent(mailbox: Mailbox) -> list[tuple[str, str]]:
    return [(message.event, message.to.role.value) for message in mailbox.kept]


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
