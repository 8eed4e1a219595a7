"""Mails for tests to send."""

from datetime import UTC, datetime

from fulfillment.domain.messages import CalendarMethod
from fulfillment.gateways.mail import Address, CalendarPart, Mail, message_id

PAT = Address(name="Pat", address="pat@x.example")
VISITS = Address(name="Visits", address="visits@f.example")
AT = datetime(2026, 3, 7, 9, 30, tzinfo=UTC)
KEY = "a1|notifyScheduleConfirmed|customer:pat|3"
ICS = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
    b"UID:assignment-a1@f.example\r\nSEQUENCE:3\r\nDTSTAMP:20260307T093000Z\r\n"
    b"SUMMARY:Besuch bei M\xc3\xbcller mit einer Zeile die so lang ist dass sie gefaltet w\r\n"
    b" ird\\, und einem Punkt\r\nDESCRIPTION:.\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def mail(
    *,
    to: Address = PAT,
    subject: str = "Your visit is confirmed",
    text: str = "Your visit is confirmed.\n",
    calendar: CalendarPart | None = None,
    request_id: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    id: str = message_id(KEY, "f.example"),
) -> Mail:
    return Mail(
        message_id=id,
        to=to,
        subject=subject,
        text=text,
        html="<p>Your visit is confirmed.</p>",
        calendar=calendar,
        request_id=request_id,
        headers=headers,
    )


def invitation() -> CalendarPart:
    return CalendarPart(method=CalendarMethod.REQUEST, ics=ICS)
