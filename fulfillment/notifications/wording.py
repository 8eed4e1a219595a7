"""The wording of messages: a payload becomes a mail, as text and as a page, and a text for a phone.

It is done when a message is sent, from what is known then (trap R2). Nothing is looked up here: who reads
it, and what they may know, comes in. The sentences are in `sentences`, the frame of the mail in `templates`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from fulfillment.domain.assignment.state import CLOSED
from fulfillment.domain.messages import CalendarMethod
from fulfillment.domain.people import STAFF, Role
from fulfillment.notifications.moments import Place, money
from fulfillment.notifications.payload import Payload
from fulfillment.notifications.plain import cut, plain, unmarked
from fulfillment.notifications.sentences import NoWords, Words, words_for
from fulfillment.notifications.sentences.codes import ACTIONS, reason_in_words, verdict_of
from fulfillment.notifications.sentences.words import say, say_all, ways

LONGEST_SUBJECT = 120
LONGEST_SHORT = 300
LONGEST_NAME = 60
"""Characters of a name or title inside a sentence."""

NOBODY_NAMED = {Role.CUSTOMER: "the provider", Role.PROVIDER: "the customer"}
IN_PHONES = str.maketrans({"“": '"', "”": '"', "\u2039": "(", "\u203a": ")", "…": "..."})
NO_TITLE = {Role.CUSTOMER: "your job"}

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads it: their own name, the role they are told it in, and the IANA name of their zone."""

    name: str
    role: Role
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is known around it: our `brand`, and the `title` of the job.

    `other` is the name of the other side, if the reader may know it; the `place` of the visit is only told to
    the two sides of an assignment.
    """

    brand: str
    other: str | None = None
    title: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One line below the sentences; `aside` is the zone of a moment, which is printed less loud."""

    label: str
    says: str
    aside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A message in words: a mail's `subject`, its `text` and the same as `html`, and `short` for a phone."""

    subject: str
    text: str
    html: str
    short: str


def worded(payload: Payload, *, reader: Reader, setting: Setting) -> Worded:
    """Return what the reader is told.

    `short` is one line of at most 300 characters that ends with the link; only a link that alone is longer
    than that makes it longer.

    Raises:
        NoWords: nobody has written down what this event says to that role, or it lacks what they name.
    """
    words = words_for(payload, reader.role)
    place = Place.of(reader.timezone)
    known = known_of(payload, reader=reader, setting=setting, place=place)
    headline, do = say(words.subject, known), say_all(words.do, known)
    if not headline:
        raise NoWords(f"too little is known to tell {reader.role} of {payload.type}")
    told = {
        "brand": plain(setting.brand, most=LONGEST_NAME),
        "headline": headline,
        "name": plain(reader.name, most=LONGEST_NAME),
        "says": say_all(words.says, known),
        "facts": tuple(_facts(payload, words, known, reader=reader, setting=setting)),
        "do": do,
        "otherwise": say_all(words.otherwise, known),
        "button": words.button,
        "tone": words.tone.value,
        "link": payload.link,
        "calendar": _calendar(payload),
        "zone": _zone(place),
    }
    return Worded(
        subject=unmarked(cut(headline, most=LONGEST_SUBJECT)),
        text=TEMPLATES.get_template("mail.txt.j2").render(told),
        html=TEMPLATES.get_template("mail.html.j2").render(told),
        short=_short(payload, words, known, brand=setting.brand),
    )


def known_of(payload: Payload, *, reader: Reader, setting: Setting, place: Place) -> dict[str, str]:
    """Return what may be filled into the gaps of a sentence; what is not known is not there."""
    title = plain(setting.title or payload.job.title or "", most=LONGEST_NAME)
    other = plain(setting.other or "", most=LONGEST_NAME)
    reason = _reason(payload, reader.role)
    known = {
        "job": f"“{title}”" if title else NO_TITLE.get(reader.role, "the job"),
        "other": other or NOBODY_NAMED.get(reader.role, "the other side"),
        "title": title,
        "job_id": plain(payload.job.id),
        "assignment": plain(payload.assignment.id) if payload.assignment else "",
        "window": place.span(payload.window) if payload.window else "",
        "previous": place.span(payload.previous_window) if payload.previous_window else "",
        "until": place.moment(payload.until) if payload.until else "",
        "amount": money(payload.amount) if payload.amount else "",
        "action": ACTIONS.get(payload.reason, ""),
        "reason": plain(reason),
    }
    return {name: value for name, value in known.items() if value}


def _reason(payload: Payload, role: Role) -> str:
    _, rest = verdict_of(payload.reason)
    return reason_in_words(rest, to=role)


def _facts(
    payload: Payload, words: Words, known: Mapping[str, str], *, reader: Reader, setting: Setting
) -> Iterator[Fact]:
    """Yield what is shown below the sentences; people read names, staff read ids."""
    # A deadline that the sentences name already is not said twice.
    is_named = any("{until}" in way for line in words.do for way in ways(line))
    all_of_them = (
        _moment(words.when, known.get("window", "")),
        _moment(words.before, known.get("previous", "")),
        *(_ids(payload, known) if reader.role in STAFF else _names(payload, setting)),
        _moment("" if is_named else words.by, known.get("until", "")),
        Fact(words.sum, known.get("amount", "")),
        Fact(words.why, known.get("reason", "")),
    )
    yield from (fact for fact in all_of_them if fact.label and fact.says)


def _moment(label: str, moment: str) -> Fact:
    says, _, zone = moment.partition(" (")
    return Fact(label, says, f"({zone}" if zone else "")


def _ids(payload: Payload, known: Mapping[str, str]) -> Iterator[Fact]:
    status = payload.assignment.status if payload.assignment else payload.job.status
    yield Fact("Assignment", known.get("assignment", ""))
    yield Fact("Job", known["job_id"])
    yield Fact("Status", plain(status or ""))


def _names(payload: Payload, setting: Setting) -> Iterator[Fact]:
    yield Fact("Job", plain(setting.title or payload.job.title or ""))
    yield Fact("With", plain(setting.other or ""))
    # Whoever is not, or no longer, to go there need not know where it is (trap D8).
    if payload.assignment and payload.assignment.status not in CLOSED:
        yield Fact("Where", plain(setting.place or ""))


def _calendar(payload: Payload) -> dict[str, object] | None:
    """Return the links into calendars. The file comes with the mail, so nothing leads to it from here."""
    told = payload.calendar
    if told is None or told.method is CalendarMethod.CANCEL:
        return None
    links = (("Google Calendar", told.google_url), ("Outlook", told.outlook_url))
    given = tuple((name, url) for name, url in links if url)
    return {"says": "In your calendar", "links": given} if given else None


def _zone(place: Place) -> str:
    if place.is_known:
        return f"All times are local times of {place.name}."
    return "We do not know your time zone, so all times are in UTC."


def _short(payload: Payload, words: Words, known: Mapping[str, str], *, brand: str) -> str:
    """Return as many whole sentences as there is room for before the link, the most important ones first."""
    room = LONGEST_SHORT - len(payload.link) - 1
    subject = say(words.subject, known)
    window = known.get("window", "")
    when = f"{words.when}: {window}." if words.when and window and window not in subject else ""
    said = cut(_for_phones(f"{plain(brand, most=LONGEST_NAME)}: {subject}"), most=max(room - 1, 1)) + "."
    for more in map(_for_phones, (when, *say_all(words.do, known))):
        if more and len(said) + 1 + len(more) <= room:
            said = f"{said} {more}"
    return f"{said} {payload.link}" if len(said) <= room else payload.link


def _for_phones(text: str) -> str:
    """Return `text` in letters that every phone has: one other letter makes each text twice as dear."""
    return unmarked(text).translate(IN_PHONES)


__all__ = ["NoWords", "Reader", "Setting", "Worded", "known_of", "worded"]
