"""The door to people: one message to one person, by whatever channel reaches them."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import structlog
from structlog.typing import FilteringBoundLogger

from fulfillment.domain.messages import Recipient, ReminderKind

MOST_KEPT = 1000
"""Messages that the stay-at-home mailbox remembers before it forgets the oldest."""

log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one person, by id; addresses and wording are looked up when it is sent.

    `event` is what it says, by its name for the outside (`notifyScheduleProposed`), and `reminder` which
    reminder it is, if it is one; `about` is the assignment or job, `request_id` the request it came of.
    `key` names the message for good: a second delivery of it carries the same key.
    """

    key: str
    event: str
    about: str
    to: Recipient
    reminder: ReminderKind | None = None
    request_id: str = ""


class WhyRefused(StrEnum):
    """Why a message can never arrive; a closed set, for it becomes the label of a metric."""

    NO_ADDRESS = "no_address"
    OPTED_OUT = "opted_out"
    REJECTED = "rejected"
    MALFORMED = "malformed"


class NoticeRefused(Exception):
    """The message can never reach this person; `reason` says why, the text may say more."""

    def __init__(self, reason: WhyRefused, detail: str = "") -> None:
        super().__init__(detail or reason.value)
        self.reason = reason


class NoticeFailed(Exception):
    """The channel is down; trying again may help."""


class Notifier(Protocol):
    async def send(self, message: Message) -> None:
        """Hand `message` to its channel.

        The key goes along as the message's identity (Message-ID, vendor's idempotency key), so that
        whoever receives it twice can tell that it is one message.

        Raises:
            NoticeRefused: it can never arrive, for instance because there is no address.
            NoticeFailed: the channel is down; trying again may help.
        """


class Mailbox:
    """The notifier that stays at home: it says in the log what it would have sent, and to whom.

    `kept` holds the latest messages, oldest first, repeats included, for tests to look at.
    """

    def __init__(self) -> None:
        self.kept: deque[Message] = deque(maxlen=MOST_KEPT)

    async def send(self, message: Message) -> None:
        """Keep `message` and log one line about it; this never fails."""
        self.kept.append(message)
        log.info(
            "notice.kept",
            notice=message.event,
            reminder=message.reminder.value if message.reminder else None,
            key=message.key,
            to_role=message.to.role.value,
            to_id=message.to.id,
            about=message.about,
            request_id=message.request_id,
        )
