"""The door to mailboxes: one mail at a time, with a calendar file inside if it is about a visit."""

import hashlib
import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import headerregistry, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol

import structlog
from structlog.typing import FilteringBoundLogger

from fulfillment.domain.messages import CalendarMethod
from fulfillment.domain.text import FORBIDDEN
from fulfillment.gateways.notices import NoticeRefused, WhyRefused

# Every part is ASCII on the wire: no server on the way has a reason to touch it.
WIRE = policy.SMTP.clone(cte_type="7bit")
LONGEST_ADDRESS = 254  # octets: RFC 5321, less the angle brackets
ADDRESS = re.compile(r"[!#-'*+./0-9=?A-Z^_`a-z{|}~-]{1,64}@[0-9A-Za-z.-]+")
MESSAGE_ID = re.compile(r"<[0-9A-Za-z._-]+@[0-9A-Za-z.-]+>")
HEADER_NAME = re.compile(r"[0-9A-Za-z-]+")
REQUEST_ID = re.compile(r"[0-9A-Za-z._:-]{1,128}")
SPECIALS = re.compile(r'[()<>\[\]:;@\\,"]')
EMBEDDINGS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes of the characters that show a text in another order than it has."""

log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A mailbox. `address` is ASCII, an international domain in its `xn--` form; `name` may be any text."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPart:
    """A calendar file (RFC 5545), CRLF and all, and what it asks for: its own METHOD."""

    method: CalendarMethod
    ics: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail; a repeat carries the same `message_id` (see `message_id`).

    It goes to one person, or openly to a few colleagues, who are `also_to`. `headers` are further ones,
    such as List-Unsubscribe: our words, never a person's.
    """

    message_id: str
    to: Address
    also_to: tuple[Address, ...] = ()
    subject: str
    text: str
    html: str
    calendar: CalendarPart | None = None
    request_id: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def recipients(self) -> tuple[Address, ...]:
        return (self.to, *self.also_to)


class Mailer(Protocol):
    async def send(self, mail: Mail) -> str:
        """Hand `mail` over and return its message id. A repeat goes out again, under the same id.

        Raises:
            NoticeRefused: it can never arrive.
            NoticeFailed: the mail server is away or busy; trying again may help.
        """


def message_id(key: str, domain: str) -> str:
    """Return the Message-ID of the mail that `key` names: the same for every repeat, and nobody's words."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def utc_now() -> datetime:
    return datetime.now(UTC)


class KeptMail:
    """The mailer that stays at home: it hands each mail to `keep`, byte for byte as it would go out."""

    def __init__(
        self,
        keep: Callable[[Mail, bytes], Awaitable[None]],
        *,
        sender: Address,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._keep = keep
        self._sender = sender
        self._now = now

    async def send(self, mail: Mail) -> str:
        """Keep `mail`, log one line without anything personal, and return the message id.

        Raises:
            NoticeRefused: no server would take it either.
        """
        await self._keep(mail, as_bytes(mail, sender=self._sender, at=self._now()))
        log.info("mail.kept", message_id=mail.message_id, request_id=mail.request_id)
        return mail.message_id


def as_bytes(mail: Mail, *, sender: Address, at: datetime) -> bytes:
    """Return `mail` as it crosses the wire, lines ending in CRLF; see `as_mime`."""
    return as_mime(mail, sender=sender, at=at).as_bytes()


def as_mime(mail: Mail, *, sender: Address, at: datetime) -> EmailMessage:
    """Return `mail` as a message dated `at`: the text, then the page, then the calendar (trap I6).

    The calendar is there twice: as the last alternative, which mail programs act on, and as a file to
    open for those that do not. Whatever people wrote stays inside the header it was written for.

    Raises:
        NoticeRefused: an address, a header or a text cannot be written into a mail.
    """
    try:
        mime = _with_headers(mail, sender=sender, at=at)
        _fill(mime, mail)
        mime.as_bytes()  # some headers are only found to be wrong when they are folded
    except (ValueError, TypeError, MessageError) as error:
        # What the library says quotes what people wrote; its kind says enough.
        raise NoticeRefused(WhyRefused.MALFORMED, f"mail: {type(error).__name__}") from None
    return mime


def _with_headers(mail: Mail, *, sender: Address, at: datetime) -> EmailMessage:
    mime = EmailMessage(policy=WIRE)
    mime["From"] = _mailbox(sender)
    mime["To"] = [_mailbox(each) for each in mail.recipients]
    mime["Subject"] = _one_line(mail.subject)
    mime["Date"] = format_datetime(at.astimezone(UTC))
    mime["Message-ID"] = _expect(MESSAGE_ID, mail.message_id)
    # Answering machines leave such mail alone (RFC 3834).
    mime["Auto-Submitted"] = "auto-generated"
    # A label for support; a mail is worth more, so it goes out without a label that is no good.
    if REQUEST_ID.fullmatch(mail.request_id):
        mime["X-Request-Id"] = mail.request_id
    for name, value in mail.headers:
        if name in mime or value != _one_line(value):
            raise ValueError(name)
        mime[_expect(HEADER_NAME, name)] = value
    return mime


def _fill(mime: EmailMessage, mail: Mail) -> None:
    mime.set_content(mail.text)
    mime.add_alternative(mail.html, subtype="html")
    if mail.calendar is None:
        return
    # As bytes: given a text, the library would end its lines in LF, which RFC 5545 does not allow.
    params = {"method": mail.calendar.method.value, "charset": "UTF-8"}
    mime.add_alternative(mail.calendar.ics, maintype="text", subtype="calendar", cte="base64", params=params)
    mime.add_attachment(mail.calendar.ics, maintype="application", subtype="ics", filename="visit.ics")


def _mailbox(to: Address) -> headerregistry.Address:
    if len(to.address) > LONGEST_ADDRESS:
        raise ValueError(to.address)
    # Without the characters that mean something in an address: when the library folds a long name it
    # forgets the quotes around them, and "Ada, <eve@x.example>" becomes two recipients.
    name = " ".join(SPECIALS.sub(" ", _one_line(to.name)).split())
    return headerregistry.Address(display_name=name, addr_spec=_expect(ADDRESS, to.address))


def _one_line(text: str) -> str:
    """Return `text` as one line that shows its characters in their order, and is no code for others.

    The library decodes "=?utf-8?q?=0d=0aBcc:...?=" and would write out the line break that it finds.
    """
    shown = "".join(" " if _is_unfit(character) else character for character in text)
    return " ".join(shown.replace("=?", "= ?").split())


def _is_unfit(character: str) -> bool:
    return unicodedata.category(character) in FORBIDDEN or unicodedata.bidirectional(character) in EMBEDDINGS


def _expect(shape: re.Pattern[str], text: str) -> str:
    if shape.fullmatch(text) is None:
        raise ValueError(text)
    return text
