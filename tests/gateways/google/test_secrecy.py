"""Whatever goes wrong, no token and no secret of anybody is written down."""

import logging
import traceback
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from fulfillment.gateways.google_oauth import AccessToken, ConsentRefused, Grant
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused
from tests.gateways.google.fake_google import CALENDAR_API, REVOKE_ENDPOINT, TOKEN_ENDPOINT, FakeGoogle
from tests.gateways.google.faults import Fault, Trouble
from tests.gateways.google.visits import entry

Mishap = Callable[[FakeGoogle, str], Awaitable[None]]


async def consent_is_gone(google: FakeGoogle, ada: str) -> None:
    google.accounts.take_back(ada)
    await google.consent().refresh(ada)


async def code_is_not_taken(google: FakeGoogle, ada: str) -> None:
    await google.consent().exchange("4/a-code-that-is-secret", "a-verifier-that-is-secret")


async def client_is_not_known(google: FakeGoogle, ada: str) -> None:
    await google.consent(client_secret="another-secret").refresh(ada)  # noqa: S106


async def token_endpoint_babbles(google: FakeGoogle, ada: str) -> None:
    google.meets(Fault(at=TOKEN_ENDPOINT, trouble=Trouble.BABBLES))
    await google.consent().refresh(ada)


async def pass_fits_into_no_header(google: FakeGoogle, ada: str) -> None:
    google.accounts.pass_suffix = "\nX: 1"  # noqa: S105
    await writes(google, ada)


async def revoking_fails(google: FakeGoogle, ada: str) -> None:
    google.meets(Fault(at=REVOKE_ENDPOINT))
    await google.consent().revoke(ada)


async def connection_drops(google: FakeGoogle, ada: str) -> None:
    google.meets(Fault(at=CALENDAR_API, trouble=Trouble.DROPS))
    await writes(google, ada)


async def event_is_refused(google: FakeGoogle, ada: str) -> None:
    google.meets(Fault(at=CALENDAR_API, status=400, reason="invalid"))
    await writes(google, ada)


async def no_pass_is_taken(google: FakeGoogle, ada: str) -> None:
    google.meets(*[Fault(at=CALENDAR_API, status=401)] * 2)
    await writes(google, ada)


async def writes(google: FakeGoogle, ada: str) -> None:
    calendar = google.calendar()
    try:
        await calendar.put(entry(), ada)
    finally:
        await calendar.aclose()


@pytest.mark.parametrize(
    "mishap",
    [
        consent_is_gone,
        code_is_not_taken,
        client_is_not_known,
        token_endpoint_babbles,
        pass_fits_into_no_header,
        revoking_fails,
        connection_drops,
        event_is_refused,
        no_pass_is_taken,
    ],
)
async def test_a_mishap_tells_no_secret(
    google: FakeGoogle, mishap: Mishap, caplog: pytest.LogCaptureFixture
) -> None:
    ada = google.accounts.consented("ada")

    with (
        caplog.at_level(logging.DEBUG),
        capture_logs() as lines,
        pytest.raises((NoticeFailed, NoticeRefused, ConsentRefused)) as met,
    ):
        await mishap(google, ada)

    told = "".join(traceback.format_exception(met.value)) + repr(met.value) + caplog.text + repr(lines)
    secrets = [
        *google.accounts.secrets,
        "a-code-that-is-secret",
        "a-verifier-that-is-secret",
        "another-secret",
    ]
    assert ada in secrets
    # The source lines in a traceback are this file's, where two of them stand for everybody to read.
    shown = "\n".join(line for line in told.splitlines() if "await google.consent(" not in line)
    assert not [secret for secret in secrets if secret in shown]


async def test_not_even_a_success_does(google: FakeGoogle, caplog: pytest.LogCaptureFixture) -> None:
    ada = google.accounts.consented("ada")

    with caplog.at_level(logging.DEBUG):
        await writes(google, ada)
        await google.consent().revoke(ada)

    assert len(google.calendars.shown("ada")) == 1
    assert not [secret for secret in google.accounts.secrets if secret in caplog.text]


def test_nothing_shows_what_it_carries() -> None:
    shown = [
        repr(Grant(refresh_token="1//secret", scope="some")),  # noqa: S106
        repr(AccessToken(value="ya29.secret", lifetime=1.0)),
        repr(FakeGoogle().consent()),
    ]

    assert not [text for text in shown if "secret" in text or FakeGoogle().accounts.client_secret in text]
