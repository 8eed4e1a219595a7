"""Texts at home, and over HTTP to a vendor that answers in every way there is."""

import asyncio
import socket
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from fulfillment.gateways.sms import FateUnknown, KeptTexts, Text, Texter
from fulfillment.gateways.twilio import Twilio
from tests.gateways.channels import fake_twilio
from tests.gateways.channels.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, Mode

PAT = "+4915112345678"
WORDS = "Your visit is tomorrow at 9."
WRONG = "another-key"
IMPATIENT = 1
"""Seconds to wait for a vendor that will never answer."""


def text(*, to: str = PAT) -> Text:
    return Text(key="a1|visit_24h|customer:pat|3|1|sms", to=to, body=WORDS)


def texter(base: str, *, sender: str = "+15005550006", secret: str = TOKEN, timeout: float = 10) -> Twilio:
    return Twilio(account=ACCOUNT, secret=secret, sender=sender, base=base, timeout=timeout)


@asynccontextmanager
async def hanging_up() -> AsyncIterator[str]:
    """Yield the URL of a server that reads a request and hangs up."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.close()

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_text_is_sent_and_its_sid_comes_back() -> None:
    async with fake_twilio.opened() as twilio:
        sid = await texter(twilio.base).send(text())

    assert sid == f"SM{1:032}"
    assert twilio.texts == [{"To": PAT, "From": "+15005550006", "Body": WORDS}]


async def test_a_messaging_service_is_named_as_such() -> None:
    service = "MG" + "0a" * 16
    async with fake_twilio.opened() as twilio:
        await texter(twilio.base, sender=service).send(text())

    assert twilio.texts == [{"To": PAT, "MessagingServiceSid": service, "Body": WORDS}]


async def test_a_key_of_its_own_stands_for_the_account() -> None:
    async with fake_twilio.opened() as twilio:
        with pytest.raises(NoticeFailed, match="401"):
            await Twilio(account=ACCOUNT, user="SK1", secret=TOKEN, sender="Visits", base=twilio.base).send(
                text()
            )


async def test_whoever_opted_out_is_left_in_peace() -> None:
    async with fake_twilio.opened() as twilio:
        twilio.opted_out.add(PAT)
        with pytest.raises(NoticeRefused) as refused:
            await texter(twilio.base).send(text())

    assert refused.value.reason is WhyRefused.OPTED_OUT


async def test_a_landline_is_no_address() -> None:
    async with fake_twilio.opened() as twilio:
        twilio.landlines.add(PAT)
        with pytest.raises(NoticeRefused) as refused:
            await texter(twilio.base).send(text())

    assert refused.value.reason is WhyRefused.NO_ADDRESS


@pytest.mark.parametrize("code", [21211, 21214, 21217, 21614])
async def test_a_number_that_twilio_calls_none_is_no_address(code: int) -> None:
    async with fake_twilio.opened() as twilio:
        twilio.trouble = (400, code)
        with pytest.raises(NoticeRefused) as refused:
            await texter(twilio.base).send(text())

    assert refused.value.reason is WhyRefused.NO_ADDRESS


@pytest.mark.parametrize("to", ["", "015112345678", "+0123456789", "whatsapp:+4915112345678", "+49151\r\n1"])
async def test_what_is_no_number_is_not_asked_about(to: str) -> None:
    async with fake_twilio.opened() as twilio:
        with pytest.raises(NoticeRefused) as refused:
            await texter(twilio.base).send(text(to=to))

    assert (refused.value.reason, twilio.asked) == (WhyRefused.NO_ADDRESS, 0)


async def test_any_other_no_is_final() -> None:
    async with fake_twilio.opened() as twilio:
        twilio.trouble = (400, 21617)
        with pytest.raises(NoticeRefused) as refused:
            await texter(twilio.base).send(text())

    assert (refused.value.reason, str(refused.value)) == (WhyRefused.REJECTED, "twilio: 400, error 21617")


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (500, 20500), (503, 20503), (302, 0)])
async def test_what_may_pass_is_a_failure_of_known_fate(status: int, code: int) -> None:
    async with fake_twilio.opened() as twilio:
        twilio.trouble = (status, code)
        with pytest.raises(NoticeFailed) as failed:
            await texter(twilio.base).send(text())

    assert not isinstance(failed.value, FateUnknown)
    assert twilio.asked == 1


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_an_operators_mistake_loses_no_text(status: int) -> None:
    async with fake_twilio.opened() as twilio:
        twilio.trouble = (status, 20003)
        with pytest.raises(NoticeFailed):
            await texter(twilio.base).send(text())


@pytest.mark.parametrize(("mode", "made"), [(Mode.HANG_BEFORE, 0), (Mode.HANG_AFTER, 1)])
async def test_a_text_without_an_answer_may_have_been_sent(mode: Mode, made: int) -> None:
    async with fake_twilio.opened() as twilio:
        twilio.mode = mode
        with pytest.raises(FateUnknown):
            await texter(twilio.base, timeout=IMPATIENT).send(text())

    assert (twilio.asked, len(twilio.texts)) == (1, made)


async def test_a_text_at_which_the_vendor_hung_up_may_have_been_sent() -> None:
    async with hanging_up() as base:
        with pytest.raises(FateUnknown):
            await texter(base).send(text())


async def test_a_text_that_found_nobody_was_not_sent() -> None:
    with socket.socket() as unheard:  # bound and not listening: nobody else can take the port
        unheard.bind(("127.0.0.1", 0))
        with pytest.raises(NoticeFailed) as failed:
            await texter(f"http://127.0.0.1:{unheard.getsockname()[1]}").send(text())

    assert not isinstance(failed.value, FateUnknown)


async def trouble_of(twilio: FakeTwilio, *, secret: str = TOKEN) -> str:
    with pytest.raises((NoticeRefused, NoticeFailed)) as trouble:
        await texter(twilio.base, secret=secret, timeout=IMPATIENT).send(text())
    return "".join(traceback.format_exception(trouble.value))


async def test_no_trouble_tells_numbers_words_or_keys() -> None:
    async with fake_twilio.opened() as twilio:
        wrong_key = await trouble_of(twilio, secret=WRONG)
        twilio.opted_out.add(PAT)
        opted_out = await trouble_of(twilio)
        twilio.mode = Mode.HANG_BEFORE
        unknown = await trouble_of(twilio)

    told = wrong_key + opted_out + unknown
    assert not any(secret in told for secret in (PAT, WORDS, TOKEN, WRONG))


async def test_the_texter_that_stays_at_home_hides_no_repeat_and_logs_nothing_personal() -> None:
    kept: list[Text] = []

    async def keep(text: Text) -> None:
        kept.append(text)

    at_home: Texter = KeptTexts(keep)
    with capture_logs() as lines:
        ids = [await at_home.send(text()), await at_home.send(text())]

    assert (ids, kept) == ([text().key] * 2, [text()] * 2)
    assert lines == [{"event": "text.kept", "log_level": "info", "key": text().key}] * 2


async def test_the_texter_that_stays_at_home_takes_no_more_than_a_vendor_would() -> None:
    async def keep(text: Text) -> None:
        raise AssertionError

    with pytest.raises(NoticeRefused):
        await KeptTexts(keep).send(text(to="110"))
