"""Texts that people wrote, made fit for a message: short, in one line, and nothing but text."""

import re
import unicodedata

from fulfillment.domain.text import FORBIDDEN

LONGEST = 300
ELLIPSIS = "…"
LINKISH = re.compile(r"(?i)://|\bwww\.")
UNSEEN = FORBIDDEN | {"Cf", "Co"}
"""Unicode categories that show nothing, or show what stands beside them in another order."""
JOINERS = frozenset("\u200c\u200d")
"""Unseen, yet part of how some languages and many emoji are written."""


def plain(text: str, *, most: int = LONGEST) -> str:
    """Return `text` in one line, without control characters, and cut at `most` characters.

    Mail programs make links of what looks like one. In our messages only ours are, so what people wrote
    is shown in a way that is still read, but not clicked.
    """
    shown = "".join(map(_shown, text))
    apart = LINKISH.sub(lambda found: f"{found[0][:-1]} {found[0][-1]}", shown)
    return cut(" ".join(apart.split()), most=most)


def unmarked(text: str) -> str:
    """Return `text` with other characters for those of markup, for where nothing but letters is expected."""
    return text.replace("<", "\u2039").replace(">", "\u203a")


def cut(text: str, *, most: int) -> str:
    """Return `text` in at most `most` characters; what is longer ends on a whole word and an ellipsis."""
    if len(text) <= most:
        return text
    room = text[: most - len(ELLIPSIS)]
    words = room if text[len(room)] == " " else room.rpartition(" ")[0]
    # Without a word's end near by, the word itself is cut.
    kept = words if len(words) > len(room) // 2 else room
    return kept.rstrip(" ,;:.-") + ELLIPSIS


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    unseen = unicodedata.category(character) in UNSEEN and character not in JOINERS
    return "" if unseen else character
