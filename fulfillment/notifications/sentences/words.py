"""What one message says to one role: sentences with gaps, which are filled with what is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from string import Formatter

from fulfillment.domain.people import Role

Line = str | tuple[str, ...]
"""A sentence, or several ways to say it: the first is said whose gaps can all be filled, or else none."""

GAPS = frozenset(
    {
        "action",
        "amount",
        "assignment",
        "job",
        "job_id",
        "other",
        "previous",
        "reason",
        "title",
        "until",
        "window",
    }
)
"""What may stand in the gaps of a sentence; `wording.known` says what each is."""


class NoWords(ValueError):
    """Nobody has written down what this event says to that role."""


class Tone(StrEnum):
    """What a message is, at a glance."""

    NEWS = "news"
    ASKS = "asks"
    GOOD = "good"
    OFF = "off"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said: a subject, what happened (`says`), what to do and by when, and what happens `otherwise`.

    `button` is what the link is called. `when`, `before`, `by`, `sum` and `why` are the labels of the facts
    below: the window, the one it replaces, the deadline, the amount and the reason; a fact without a label
    is not shown.
    """

    subject: Line
    says: tuple[Line, ...]
    do: tuple[Line, ...]
    otherwise: tuple[Line, ...] = ()
    button: str
    tone: Tone = Tone.NEWS
    when: str = "When"
    before: str = ""
    by: str = ""
    sum: str = "Amount"
    why: str = ""

    @property
    def lines(self) -> tuple[Line, ...]:
        return (self.subject, *self.says, *self.do, *self.otherwise)


Catalogue = Mapping[str, Mapping[Role, Words]]
"""What each event says to each role. A key may name a variant of an event: `notifyScheduleProposed/moved`."""


def both(words: Words) -> Mapping[Role, Words]:
    """Return the same words for either side; who the other one is, each reads in its own copy."""
    return {Role.CUSTOMER: words, Role.PROVIDER: words}


def say(line: Line, known: Mapping[str, str]) -> str:
    """Return the sentence with its gaps filled, beginning with a capital; empty if it cannot be said.

    What fills a gap is never looked at again: braces in it stay braces.
    """
    for way in ways(line):
        if gaps(way) <= known.keys():
            said = way.format_map(known)
            return said[:1].upper() + said[1:]
    return ""


def say_all(lines: Sequence[Line], known: Mapping[str, str]) -> tuple[str, ...]:
    """Return those sentences that can be said."""
    return tuple(said for line in lines if (said := say(line, known)))


def ways(line: Line) -> tuple[str, ...]:
    """Return the ways to say it, the best one first."""
    return (line,) if isinstance(line, str) else line


@lru_cache(maxsize=2048)
def gaps(way: str) -> frozenset[str]:
    """Return the names of the gaps in a sentence."""
    return frozenset(name for _, name, _, _ in Formatter().parse(way) if name)
