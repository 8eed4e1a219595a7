"""The channels: how a letter becomes a mail, a text, a webhook or an entry in somebody's calendar."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger

from fulfillment.domain.messages import CalendarMethod, Channel
from fulfillment.domain.people import Role
from fulfillment.domain.window import VisitWindow
from fulfillment.gateways.google import CalendarEntry, GoogleCalendar, event_id
from fulfillment.gateways.google_oauth import ConsentGone
from fulfillment.gateways.mail import Address, CalendarPart, Mail, Mailer, message_id
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from fulfillment.gateways.objects import Objects, ObjectsFailed, ObjectsRefused
from fulfillment.gateways.sealing import Sealer, Unreadable
from fulfillment.gateways.sms import Text, Texter
from fulfillment.gateways.webhooks import Hook, Webhook
from fulfillment.notifications.house import House
from fulfillment.notifications.letter import Letter
from fulfillment.notifications.wording import Reader, Setting, Worded, worded
from fulfillment.store import calendars, directory
from fulfillment.store.calendars import Artifact

log: FilteringBoundLogger = structlog.get_logger(__name__)

Sessions = async_sessionmaker[AsyncSession]


class Sender(Protocol):
    """One channel. A repeat of the same letter goes out under the same name, so that it can be told."""

    async def reaches(self, session: AsyncSession, letter: Letter) -> bool:
        """Return whether this channel knows a way to the recipient."""

    async def send(self, letter: Letter) -> str:
        """Hand the letter over, and return the id that the channel knows it by.

        Raises:
            NoticeRefused: it can never arrive this way.
            NoticeFailed: the channel is down; trying again may help.
        """


Senders = Mapping[Channel, Sender]


class ByMail:
    """Mail to a person, or one mail to everybody in operations."""

    def __init__(self, mailer: Mailer, *, house: House, objects: Objects | None, sessions: Sessions) -> None:
        self._mailer = mailer
        self._house = house
        self._objects = objects
        self._sessions = sessions

    async def reaches(self, _: AsyncSession, letter: Letter) -> bool:
        return bool(self._addresses(letter))

    async def send(self, letter: Letter) -> str:
        addresses = self._addresses(letter)
        if not addresses:
            raise NoticeRefused(WhyRefused.NO_ADDRESS)
        words = _words(letter, self._house)
        domain = self._house.sender.address.rpartition("@")[2]
        file = letter.entry.file if letter.entry else None
        mail = Mail(
            message_id=message_id(letter.payload.id, domain),
            to=addresses[0],
            also_to=addresses[1:],
            subject=words.subject,
            text=words.text,
            html=words.html,
            calendar=CalendarPart(method=file.method, ics=file.ics) if file else None,
            request_id=letter.payload.request_id,
        )
        sent = await self._mailer.send(mail)
        await self._file_away(letter)
        return sent

    async def _file_away(self, letter: Letter) -> None:
        """Note that the calendar file went out; a copy goes to the object store, where one is set up."""
        file = letter.entry.file if letter.entry else None
        if file is None:
            return
        key = await self._copy(file)
        async with self._sessions.begin() as session:
            await calendars.mark_artifact_sent(
                session, file.assignment_id, role=file.role, sequence=file.sequence, object_key=key
            )

    async def _copy(self, file: Artifact) -> str | None:
        """Return where a copy lies. The mail is gone and Postgres has the file: trouble here stops nobody."""
        if self._objects is None:
            return None
        key = f"calendar/{file.assignment_id}/{file.role}/{file.sequence}.ics"
        try:
            await self._objects.put(key, file.ics, content_type="text/calendar")
        except (ObjectsFailed, ObjectsRefused) as error:
            log.warning("calendar.not_copied", key=key, why=type(error).__name__)
            return None
        return key

    def _addresses(self, letter: Letter) -> tuple[Address, ...]:
        if ours := self._house.staff(letter.payload.recipient.role):
            return ours
        return tuple(
            Address(name=person.name, address=person.email) for person in letter.case.people if person.email
        )


class ByText:
    """A text to a person who has agreed to be texted."""

    def __init__(self, texter: Texter, *, house: House, sessions: Sessions) -> None:
        self._texter = texter
        self._house = house
        self._sessions = sessions

    async def reaches(self, _: AsyncSession, letter: Letter) -> bool:
        person = letter.case.person
        single = len(letter.case.people) == 1
        return single and person is not None and person.may_be_texted

    async def send(self, letter: Letter) -> str:
        person = letter.case.person
        if person is None or person.phone is None:
            raise NoticeRefused(WhyRefused.NO_ADDRESS)
        if not person.may_be_texted:
            raise NoticeRefused(WhyRefused.OPTED_OUT)
        body = _words(letter, self._house).short
        try:
            return await self._texter.send(Text(key=letter.payload.id, to=person.phone, body=body))
        except NoticeRefused as refused:
            if refused.reason is WhyRefused.OPTED_OUT:
                async with self._sessions.begin() as session:
                    await directory.opt_out(session, person.id, phone=person.phone)
            raise


class ByWebhook:
    """The payload as it is, to a system that wants to know of everything."""

    def __init__(
        self, webhook: Webhook, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._webhook = webhook
        self._clock = clock

    async def reaches(self, _: AsyncSession, __: Letter) -> bool:
        return True

    async def send(self, letter: Letter) -> str:
        body = letter.payload.model_dump_json(by_alias=True).encode()
        return await self._webhook.send(Hook(key=letter.payload.id, body=body, at=self._clock()))


class ByCalendar:
    """The visit itself, into the Google calendar of somebody who lets us write there."""

    def __init__(self, google: GoogleCalendar, *, sealer: Sealer, sessions: Sessions) -> None:
        self._google = google
        self._sealer = sealer
        self._sessions = sessions

    async def reaches(self, session: AsyncSession, letter: Letter) -> bool:
        person = letter.case.person
        if letter.entry is None or person is None:
            return False
        return await calendars.consent_of(session, person.id) is not None

    async def send(self, letter: Letter) -> str:
        person, entry = letter.case.person, letter.entry
        if person is None or entry is None:
            raise NoticeRefused(WhyRefused.NO_ADDRESS)
        async with self._sessions() as session:
            sealed = await calendars.consent_of(session, person.id)
        if sealed is None:
            raise NoticeRefused(WhyRefused.OPTED_OUT)
        written = _entry(letter, person=person.id)
        write = self._google.remove if entry.method is CalendarMethod.CANCEL else self._google.put
        try:
            await write(written, self._sealer.open(sealed))
        except Unreadable:
            # Somebody is exchanging the keys, and this process has not heard of the new one yet.
            raise NoticeFailed("no key opens this consent") from None
        except ConsentGone:
            async with self._sessions.begin() as session:
                await calendars.disconnect(session, person.id, was=sealed)
            raise
        return written.id


def _words(letter: Letter, house: House) -> Worded:
    case, role = letter.case, letter.payload.recipient.role
    person = case.person if len(case.people) == 1 else None
    is_side = role in {Role.CUSTOMER, Role.PROVIDER} and case.assignment is not None
    return worded(
        letter.payload,
        reader=Reader(
            name=person.name if person else "", role=role, timezone=person.timezone if person else "UTC"
        ),
        setting=Setting(
            brand=house.brand,
            other=case.other,
            title=case.job.title if case.job else None,
            place=case.job.site_address if case.job and is_side else None,
        ),
    )


def _entry(letter: Letter, *, person: str) -> CalendarEntry:
    if letter.entry is None:
        raise NoticeFailed("there is no visit to write down")
    visit = letter.entry.visit
    return CalendarEntry(
        id=event_id(letter.case.owed.about, person),
        sequence=visit.sequence,
        summary=visit.summary,
        description=visit.description,
        location=visit.location,
        window=VisitWindow(start=visit.start, end=visit.end),
        timezone=letter.entry.timezone,
        url=visit.url,
    )
