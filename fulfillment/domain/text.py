"""What may stand in what people send: texts that are bounded and safe to store, instants with a zone."""

import unicodedata
from datetime import datetime

from fulfillment.domain.errors import ReasonRequired, ValueInvalid

LONGEST_NOTE = 2000
LONGEST_WORD = 128
ALLOWED_CONTROLS = frozenset("\n\t")
FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that break stores, logs and mails: controls, surrogates, line separators."""


def expect_text(field: str, text: str, *, most: int = LONGEST_NOTE) -> None:
    """Refuse a text that is too long or holds what no store or mail should carry.

    Raises:
        ValueInvalid: names the field and what is wrong with it.
    """
    if len(text) > most:
        raise ValueInvalid(f"{field}: {len(text)} characters; at most {most} are taken")
    for character in text:
        if _is_forbidden(character):
            raise ValueInvalid(f"{field}: the character U+{ord(character):04X} is not allowed")


def legible(text: str) -> str:
    """Return `text` with U+FFFD for what no store should carry: for quoting what was refused."""
    return "".join("\ufffd" if _is_forbidden(character) else character for character in text)


def expect_reason(field: str, text: str, *, most: int = LONGEST_NOTE) -> None:
    """Refuse a step whose reason is missing.

    Raises:
        ReasonRequired: the text is empty or blank.
        ValueInvalid: as `expect_text`.
    """
    if not text.strip():
        raise ReasonRequired(f"{field}: this step needs a reason in writing")
    expect_text(field, text, most=most)


def expect_instant(field: str, instant: datetime) -> None:
    """Refuse a time of day that could be any of twenty-four instants.

    Raises:
        ValueInvalid: it has no UTC offset.
    """
    if instant.tzinfo is None:
        raise ValueInvalid(f"{field}: it takes an instant with Z or a UTC offset")


def _is_forbidden(character: str) -> bool:
    return character not in ALLOWED_CONTROLS and unicodedata.category(character) in FORBIDDEN
