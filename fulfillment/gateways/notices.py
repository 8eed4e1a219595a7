"""How every channel to people says that it could not: refused for good, or to be tried again."""

from enum import StrEnum


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
