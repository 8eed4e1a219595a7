"""The door to phones: one text to one number."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from structlog.typing import FilteringBoundLogger

from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")

log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text to one phone: `to` is a number in E.164 (`+4915112345678`), `key` names the text for good."""

    key: str
    to: str
    body: str


class FateUnknown(NoticeFailed):
    """The text was handed over and no answer came: it may be on its way, and a repeat may be a second one."""


class Texter(Protocol):
    async def send(self, text: Text) -> str:
        """Hand `text` over and return its id at the vendor; a repeat may be a second text.

        Raises:
            NoticeRefused: it can never arrive.
            FateUnknown: it may have been sent; whoever cannot bear a second one does not try again.
            NoticeFailed: it was not sent; trying again may help.
        """


class KeptTexts:
    """The texter that stays at home: it hands each text to `keep` and sends nothing."""

    def __init__(self, keep: Callable[[Text], Awaitable[None]]) -> None:
        self._keep = keep

    async def send(self, text: Text) -> str:
        """Keep `text`, log one line about it without number and words, and return its key.

        Raises:
            NoticeRefused: no vendor would take it either.
        """
        expect_number(text)
        await self._keep(text)
        log.info("text.kept", key=text.key)
        return text.key


def expect_number(text: Text) -> None:
    """Refuse a text to something that is no phone number.

    Raises:
        NoticeRefused: `to` is not in E.164.
    """
    if NUMBER.fullmatch(text.to) is None:
        raise NoticeRefused(WhyRefused.NO_ADDRESS, "the number is not in E.164")
