"""Mail over a real SMTP server, with and without TLS, and with servers of every temper."""

import socket
import ssl
import traceback
from email import message_from_bytes, policy

import pytest
from structlog.testing import capture_logs

from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from fulfillment.gateways.smtp import Security, Smtp
from tests.gateways.channels import postbox, trust
from tests.gateways.channels.mails import AT, ICS, VISITS, invitation, mail
from tests.gateways.channels.postbox import Mode, Postbox

LOGIN = ("fulfillment", "open-sesame")
IMPATIENT = 1
"""Seconds to wait for a server that will never answer."""


def mailer(
    box: Postbox,
    *,
    security: Security = Security.NONE,
    login: tuple[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    timeout: float = 10,
) -> Smtp:
    return Smtp(
        host="127.0.0.1",
        port=box.port,
        sender=VISITS,
        security=security,
        login=login,
        tls=tls or trust.client_side(),
        timeout=timeout,
        now=lambda: AT,
    )


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_a_mail_goes_out_encrypted_and_under_our_name(security: Security) -> None:
    async with postbox.opened(security=security, login=LOGIN) as box:
        id = await mailer(box, security=security, login=LOGIN).send(mail())

    [taken] = box.taken
    assert (taken.sender, taken.to) == ("visits@f.example", ("pat@x.example",))
    assert (taken.mime["Message-ID"], box.logins) == (id, [LOGIN[0]])


async def test_a_calendar_arrives_byte_for_byte() -> None:
    async with postbox.opened() as box:
        await mailer(box).send(mail(calendar=invitation()))

    parts = [part for part in box.taken[0].mime.walk() if part.get_content_subtype() in {"calendar", "ics"}]
    assert [part.get_payload(decode=True) for part in parts] == [ICS, ICS]


async def test_a_line_that_is_a_dot_does_not_end_the_mail() -> None:
    text = "first\n.\nQUIT\n..\nlast\n"
    async with postbox.opened() as box:
        await mailer(box).send(mail(text=text))

    body = box.taken[0].mime.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == text.splitlines()


async def test_a_repeat_can_be_told_from_a_second_mail() -> None:
    async with postbox.opened() as box:
        sender = mailer(box)
        first, again = await sender.send(mail()), await sender.send(mail())

    assert [taken.mime["Message-ID"] for taken in box.taken] == [first, again]
    assert first == again


@pytest.mark.parametrize(
    ("mode", "status"), [(Mode.NO_SUCH_USER, "550 5.1.1"), (Mode.SPAM, "554 5.7.1")], ids=lambda it: it[:3]
)
async def test_a_final_no_is_a_refusal_that_says_no_more_than_the_status(mode: Mode, status: str) -> None:
    async with postbox.opened() as box:
        box.mode = mode
        with pytest.raises(NoticeRefused) as refused:
            await mailer(box).send(mail())

    assert (refused.value.reason, str(refused.value)) == (WhyRefused.REJECTED, status)


@pytest.mark.parametrize(
    "mode",
    [Mode.BUSY, Mode.FULL_DISK, Mode.SHUTTING_DOWN, Mode.LOG_IN_FIRST, Mode.HANG_UP],
    ids=lambda mode: mode.name,
)
async def test_what_may_pass_is_a_failure(mode: Mode) -> None:
    async with postbox.opened() as box:
        box.mode = mode
        with pytest.raises(NoticeFailed):
            await mailer(box).send(mail())

    assert not box.taken


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    async with postbox.opened() as box:
        box.mode = Mode.HANG
        with pytest.raises(NoticeFailed, match="within"):
            await mailer(box, timeout=IMPATIENT).send(mail())


async def test_a_server_that_hangs_up_after_taking_a_mail_has_taken_it() -> None:
    async with postbox.opened() as box:
        box.mode = Mode.HANG_UP_AFTER
        id = await mailer(box).send(mail())

    assert [taken.mime["Message-ID"] for taken in box.taken] == [id]


async def test_a_server_that_is_away_is_a_failure() -> None:
    with socket.socket() as unheard:  # bound and not listening: nobody else can take the port
        unheard.bind(("127.0.0.1", 0))
        with pytest.raises(NoticeFailed, match="not connected"):
            await mailer(Postbox(port=unheard.getsockname()[1])).send(mail())


async def test_a_wrong_password_loses_no_mail() -> None:
    async with postbox.opened(security=Security.STARTTLS, login=LOGIN) as box:
        with pytest.raises(NoticeFailed, match="not let in: 535"):
            await mailer(box, security=Security.STARTTLS, login=(LOGIN[0], "guess")).send(mail())

    assert not box.taken


async def test_starttls_is_not_given_up_when_a_server_does_not_offer_it() -> None:
    async with postbox.opened() as box:
        with pytest.raises(NoticeFailed):
            await mailer(box, security=Security.STARTTLS).send(mail())

    assert not box.taken


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(security: Security) -> None:
    strangers = ssl.create_default_context()
    async with postbox.opened(security=security, login=LOGIN) as box:
        with pytest.raises(NoticeFailed):
            await mailer(box, security=security, login=LOGIN, tls=strangers).send(mail())

    assert (box.taken, box.logins) == ([], [])


def test_a_password_does_not_go_out_in_the_clear() -> None:
    with pytest.raises(ValueError, match="tls"):
        mailer(Postbox(), security=Security.NONE, login=LOGIN)


@pytest.mark.parametrize("mode", [Mode.NO_SUCH_USER, Mode.BUSY, Mode.SPAM], ids=lambda mode: mode.name)
async def test_no_trouble_tells_addresses_or_passwords(mode: Mode) -> None:
    async with postbox.opened(security=Security.TLS, login=LOGIN) as box:
        box.mode = mode
        with capture_logs() as lines, pytest.raises((NoticeRefused, NoticeFailed)) as trouble:
            await mailer(box, security=Security.TLS, login=LOGIN).send(mail())

    told = "".join(traceback.format_exception(trouble.value)) + str(lines)
    assert not any(secret in told for secret in ("pat@", "visits@", LOGIN[1]))


async def test_hostile_words_change_neither_envelope_nor_headers() -> None:
    words = "Ada\r\nBcc: eve@x.example\r\n.\r\nRCPT TO:<eve@x.example>"
    async with postbox.opened() as box:
        await mailer(box).send(mail(subject=words, text=words))

    [taken] = box.taken
    mime = message_from_bytes(taken.raw, policy=policy.default)
    assert taken.to == ("pat@x.example",)
    assert "Bcc" not in mime
    assert mime["Subject"] == "Ada Bcc: eve@x.example . RCPT TO:<eve@x.example>"
