"""What a mail looks like on the wire, and that nobody's words become anything but words there."""

from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage, MIMEPart

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from fulfillment.domain.messages import CalendarMethod
from fulfillment.gateways.mail import Address, CalendarPart, KeptMail, Mail, Mailer, as_bytes, message_id
from fulfillment.gateways.notices import NoticeRefused, WhyRefused
from tests.gateways.channels.mails import AT, ICS, KEY, PAT, VISITS, invitation, mail

OURS = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]


def parsed(mail: Mail) -> EmailMessage:
    message = message_from_bytes(as_bytes(mail, sender=VISITS, at=AT), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def recipients(mime: EmailMessage) -> list[str]:
    to = mime["To"]
    assert isinstance(to, AddressHeader)
    return [address.addr_spec for address in to.addresses]


def outline(part: MIMEPart) -> str:
    """Return the structure of a message: `mixed(alternative(plain, html))`."""
    if not part.is_multipart():
        return part.get_content_subtype()
    return f"{part.get_content_subtype()}({', '.join(outline(inner) for inner in part.iter_parts())})"


def test_a_mail_says_who_when_and_that_a_machine_wrote_it() -> None:
    mime = parsed(mail(request_id="r-1"))

    assert dict(mime.items()) | {"Content-Type": ""} == {
        "From": "Visits <visits@f.example>",
        "To": "Pat <pat@x.example>",
        "Subject": "Your visit is confirmed",
        "Date": "Sat, 07 Mar 2026 09:30:00 +0000",
        "Message-ID": message_id(KEY, "f.example"),
        "Auto-Submitted": "auto-generated",
        "X-Request-Id": "r-1",
        "Content-Type": "",
        "MIME-Version": "1.0",
    }


def test_without_a_calendar_there_are_a_text_and_a_page() -> None:
    assert outline(parsed(mail())) == "alternative(plain, html)"


def test_the_calendar_is_the_last_alternative_and_a_file_besides() -> None:
    mime = parsed(mail(calendar=invitation()))

    assert outline(mime) == "mixed(alternative(plain, html, calendar), ics)"
    inline, file = (part for part in mime.walk() if part.get_content_subtype() in {"calendar", "ics"})
    assert (inline.get_param("method"), inline.get_param("charset")) == ("REQUEST", "UTF-8")
    assert (file.get_content_disposition(), file.get_filename()) == ("attachment", "visit.ics")
    assert [part.get_payload(decode=True) for part in (inline, file)] == [ICS, ICS]


@pytest.mark.parametrize("method", CalendarMethod)
def test_the_part_asks_for_what_the_calendar_asks_for(method: CalendarMethod) -> None:
    mime = parsed(mail(calendar=CalendarPart(method=method, ics=ICS)))

    assert [part.get_param("method") for part in mime.walk() if part.get_content_subtype() == "calendar"] == [
        method.value
    ]


def test_names_subjects_and_texts_of_all_scripts_arrive() -> None:
    to = Address(name="Zoë 山田 أحمد", address="zoe@x.example")
    mime = parsed(mail(to=to, subject="Besuch bestätigt — 訪問 ✓", text="Grüße\n訪問\n"))

    assert (mime["To"].addresses[0].display_name, mime["Subject"]) == (
        "Zoë 山田 أحمد",
        "Besuch bestätigt — 訪問 ✓",
    )
    text = mime.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == "Grüße\n訪問\n"


def test_the_wire_carries_nothing_but_ascii_in_lines_that_end_in_crlf() -> None:
    raw = as_bytes(mail(text="ü" * 3000, subject="ü" * 300, calendar=invitation()), sender=VISITS, at=AT)

    lines = raw.split(b"\r\n")
    assert raw.isascii()
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998


POISON = [
    pytest.param("Ada\r\nBcc: eve@x.example", id="line break"),
    pytest.param("Ada\nBcc: eve@x.example\n\nbody", id="line feeds"),
    pytest.param("Ada\u2028Bcc: eve@x.example\u2029\x85\x0b\x0c\x1c", id="other line ends"),
    pytest.param("Ada\u202e elpmaxe.x@eve\u2066", id="shown backwards"),
    pytest.param("Ada <eve@x.example>, " * 9, id="a list of recipients that has to be folded"),
    pytest.param('"Ada" <eve@x.example>, Bob (x) [y]: z; \\', id="all that means something"),
    pytest.param("=?utf-8?q?x=0d=0aBcc=3a_eve=40x.example?=", id="a line break in code"),
    pytest.param("=?utf-8?b?eA0KQmNjOiBldmVAeC5leGFtcGxlDQo=?=", id="the same in base64"),
    pytest.param("Ada\x00\ud800", id="no character at all"),
]


@pytest.mark.parametrize("words", POISON)
def test_whatever_people_write_stays_in_its_header(words: str) -> None:
    mime = parsed(mail(to=Address(name=words, address="pat@x.example"), subject=words))

    assert sorted(mime.keys()) == OURS
    assert recipients(mime) == ["pat@x.example"]
    shown = f"{mime['To']}{mime['Subject']}"
    assert not set(shown) & set("\r\n\u2028\u2029\u202e\u2066\x00\x85")


ODD = st.text(alphabet=st.sampled_from('aé\r\n\t\u2028\u202e,:;<>()[]"\\@.=?_- q'), max_size=200)
CODED = st.lists(st.sampled_from(["=?utf-8?q?", "=0d=0a", "Bcc:", "?=", "é", " ", "a", "=", "?", "<x@y>"]))


@given(ODD | CODED.map("".join) | st.text())
@example("=?utf-8?q?a?==?utf-8?q?=0d=0a?=")
@example("==??utf-8?q?=0aBcc:x??==")
def test_no_name_or_subject_adds_a_header_or_a_recipient(words: str) -> None:
    mime = parsed(mail(to=Address(name=words, address="pat@x.example"), subject=words))

    assert sorted(mime.keys()) == OURS
    assert recipients(mime) == ["pat@x.example"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "pat",
        "pat@",
        "@x.example",
        "pat@x.example\r\nBcc: eve@x.example",
        "pat@x.example, eve@x.example",
        "pat@x.example> SIZE=1",
        '"pat eve"@x.example',
        "pät@x.example",
        "pat@münchen.example",
        "a..b@x.example",
        "pat@x..example",
        f"{'a' * 60}@{'b' * 200}.example",
    ],
)
def test_what_is_no_address_is_refused_in_words_that_do_not_quote_it(address: str) -> None:
    with pytest.raises(NoticeRefused) as refused:
        as_bytes(mail(to=Address(name="Pat", address=address)), sender=VISITS, at=AT)

    assert refused.value.reason is WhyRefused.MALFORMED
    assert str(refused.value).startswith("mail: ")
    assert not address or address not in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        mail(id="<a@b>\r\nBcc: eve@x.example"),
        mail(id="no id"),
        mail(headers=(("List-Unsubscribe", "<https://f.example>\r\nBcc: eve@x.example"),)),
        mail(headers=(("X-Note", "=?utf-8?q?=0d=0aBcc=3a_eve=40x.example?="),)),
        mail(headers=(("Subject", "another"),)),
        mail(headers=(("Bad Name", "x"),)),
        mail(text="half a character: \ud800"),
    ],
)
def test_what_cannot_be_written_into_a_mail_is_refused(wrong: Mail) -> None:
    with pytest.raises(NoticeRefused) as refused:
        as_bytes(wrong, sender=VISITS, at=AT)

    assert refused.value.reason is WhyRefused.MALFORMED


def test_a_request_id_that_is_none_costs_nobody_their_mail() -> None:
    assert "X-Request-Id" not in parsed(mail(request_id="r\r\nBcc: eve@x.example"))


def test_further_headers_go_along() -> None:
    unsubscribe = ("List-Unsubscribe", "<https://f.example/leave>")

    assert parsed(mail(headers=(unsubscribe,)))["List-Unsubscribe"] == unsubscribe[1]


def test_the_message_id_is_the_same_for_every_repeat_and_tells_nothing() -> None:
    id = message_id(KEY, "f.example")

    assert id == message_id(KEY, "f.example") != message_id(KEY + "1", "f.example")
    assert (len(id), id[-11:]) == (1 + 40 + 11, "@f.example>")
    assert "pat" not in id


async def test_the_mailer_that_stays_at_home_keeps_what_would_have_gone_out() -> None:
    kept: list[tuple[Mail, bytes]] = []

    async def keep(mail: Mail, raw: bytes) -> None:
        kept.append((mail, raw))

    mailer: Mailer = KeptMail(keep, sender=VISITS, now=lambda: AT)
    wanted = mail(request_id="r-1")

    with capture_logs() as lines:
        id = await mailer.send(wanted)

    assert id == wanted.message_id
    assert [kept_mail for kept_mail, _ in kept] == [wanted]
    assert b"Your visit is confirmed." in kept[0][1]
    assert lines == [{"event": "mail.kept", "log_level": "info", "message_id": id, "request_id": "r-1"}]


async def test_the_mailer_that_stays_at_home_takes_no_more_than_a_server_would() -> None:
    async def keep(mail: Mail, raw: bytes) -> None:
        raise AssertionError

    with pytest.raises(NoticeRefused):
        await KeptMail(keep, sender=VISITS).send(mail(to=Address(name=PAT.name, address="nowhere")))
