"""How people let us in and stop it again; the browser is an HTTP client that follows nothing by itself."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest

from fulfillment.gateways.google_oauth import (
    AUTHORIZE_URL,
    LEEWAY,
    SCOPE,
    AccessTokens,
    Consent,
    ConsentGone,
    ConsentRefused,
    Grant,
)
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused
from tests.gateways.google.fake_google import REVOKE_ENDPOINT, TOKEN_ENDPOINT, FakeGoogle
from tests.gateways.google.faults import Fault, Trouble


async def visited(url: str) -> dict[str, str]:
    """Go where a person is sent, say what they say, and return what their browser brings back."""
    async with httpx2.AsyncClient() as browser:
        answer = await browser.get(url)
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


async def granted(google: FakeGoogle, consent: Consent) -> Grant:
    url, verifier = consent.authorization_url("state")
    return await consent.exchange((await visited(url))["code"], verifier)


class TestAskingForConsent:
    def test_the_person_is_sent_to_google_with_all_it_wants_to_know(self) -> None:
        consent = Consent(client_id="us", client_secret="secret", redirect_uri="https://us.example/back")  # noqa: S106

        url, verifier = consent.authorization_url("s7")

        asked = parse_qs(urlsplit(url).query)
        challenge = asked.pop("code_challenge")
        assert url.startswith(f"{AUTHORIZE_URL}?")
        assert asked == {
            "response_type": ["code"],
            "client_id": ["us"],
            "redirect_uri": ["https://us.example/back"],
            "scope": [SCOPE],
            "state": ["s7"],
            "access_type": ["offline"],
            "prompt": ["consent"],
            "code_challenge_method": ["S256"],
        }
        assert verifier not in url
        assert len(verifier) >= 43
        assert len(challenge[0]) == 43

    def test_no_two_verifiers_are_the_same(self, google: FakeGoogle) -> None:
        consent = google.consent()

        assert consent.authorization_url("s")[1] != consent.authorization_url("s")[1]


class TestExchanging:
    async def test_a_code_is_worth_a_lasting_grant(self, google: FakeGoogle) -> None:
        consent = google.consent()
        url, verifier = consent.authorization_url("s7")

        back = await visited(url)
        grant = await consent.exchange(back["code"], verifier)

        assert back["state"] == "s7"
        assert grant.scope == SCOPE
        assert await consent.refresh(grant.refresh_token)

    async def test_who_consents_again_gets_a_grant_that_lasts_as_well(self, google: FakeGoogle) -> None:
        consent = google.consent()

        first, second = await granted(google, consent), await granted(google, consent)

        assert first.refresh_token != second.refresh_token

    async def test_a_wrong_verifier_is_refused(self, google: FakeGoogle) -> None:
        consent = google.consent()
        url, verifier = consent.authorization_url("s")
        _, of_another_start = consent.authorization_url("s")
        code = (await visited(url))["code"]

        with pytest.raises(ConsentRefused, match="does not take this code"):
            await consent.exchange(code, of_another_start)
        with pytest.raises(ConsentRefused, match="does not take this code"):
            await consent.exchange(code, verifier)

    async def test_a_code_works_once(self, google: FakeGoogle) -> None:
        consent = google.consent()
        url, verifier = consent.authorization_url("s")
        code = (await visited(url))["code"]
        await consent.exchange(code, verifier)

        with pytest.raises(ConsentRefused, match="does not take this code"):
            await consent.exchange(code, verifier)

    async def test_a_grant_without_the_scope_is_refused(self, google: FakeGoogle) -> None:
        google.accounts.allows = "openid https://www.googleapis.com/auth/calendar.events.readonly"

        with pytest.raises(ConsentRefused, match="did not allow us to write events"):
            await granted(google, google.consent())

    async def test_a_scope_among_others_is_enough(self, google: FakeGoogle) -> None:
        google.accounts.allows = f"openid {SCOPE}"

        grant = await granted(google, google.consent())

        assert grant.scope == f"openid {SCOPE}"

    async def test_a_grant_that_does_not_last_is_refused(self, google: FakeGoogle) -> None:
        consent = google.consent()
        url, verifier = consent.authorization_url("s")
        code = (await visited(url.replace("access_type=offline", "access_type=online")))["code"]

        with pytest.raises(ConsentRefused, match="no refresh token"):
            await consent.exchange(code, verifier)

    async def test_who_says_no_brings_back_no_code(self, google: FakeGoogle) -> None:
        google.accounts.allows = None

        back = await visited(google.consent().authorization_url("s7")[0])

        assert back == {"error": "access_denied", "state": "s7"}

    async def test_a_client_that_google_does_not_know_may_try_again_when_it_is_set_right(
        self, google: FakeGoogle
    ) -> None:
        consent = google.consent(client_secret="another")  # noqa: S106

        with pytest.raises(NoticeFailed, match="invalid_client"):
            await granted(google, consent)


class TestRefreshing:
    async def test_each_refresh_brings_a_pass(self, google: FakeGoogle) -> None:
        consent, ada = google.consent(), google.accounts.consented("ada")

        first, second = await consent.refresh(ada), await consent.refresh(ada)

        assert first.value != second.value
        assert first.lifetime == google.accounts.lifetime

    async def test_a_consent_taken_back_is_gone_and_final(self, google: FakeGoogle) -> None:
        ada = google.accounts.consented("ada")
        google.accounts.take_back(ada)

        with pytest.raises(ConsentGone) as gone:
            await google.consent().refresh(ada)

        assert isinstance(gone.value, NoticeRefused)
        assert gone.value.reason == "rejected"

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(at=TOKEN_ENDPOINT),
            Fault(at=TOKEN_ENDPOINT, status=503),
            Fault(at=TOKEN_ENDPOINT, status=429, reason="rateLimitExceeded"),
            Fault(at=TOKEN_ENDPOINT, trouble=Trouble.DROPS),
            Fault(at=TOKEN_ENDPOINT, trouble=Trouble.BABBLES),
        ],
        ids=lambda fault: f"{fault.trouble} {fault.status}",
    )
    async def test_other_trouble_passes(self, google: FakeGoogle, fault: Fault) -> None:
        consent, ada = google.consent(), google.accounts.consented("ada")
        google.meets(fault)

        with pytest.raises(NoticeFailed):
            await consent.refresh(ada)

        assert await consent.refresh(ada)

    async def test_a_google_that_hangs_is_not_waited_for(self, google: FakeGoogle) -> None:
        ada = google.accounts.consented("ada")
        google.meets(Fault(at=TOKEN_ENDPOINT, trouble=Trouble.HANGS))

        with pytest.raises(NoticeFailed, match="ReadTimeout"):
            await google.consent(timeout=0.2).refresh(ada)

    async def test_what_cannot_stand_in_a_header_is_no_pass(self, google: FakeGoogle) -> None:
        ada = google.accounts.consented("ada")
        google.accounts.pass_suffix = "\r\nX-Evil: 1"  # noqa: S105

        with pytest.raises(NoticeFailed, match="no access token"):
            await google.consent().refresh(ada)


class TestRevoking:
    async def test_nothing_opens_any_more(self, google: FakeGoogle) -> None:
        consent, ada = google.consent(), google.accounts.consented("ada")

        await consent.revoke(ada)

        with pytest.raises(ConsentGone):
            await consent.refresh(ada)

    async def test_a_repeat_changes_nothing(self, google: FakeGoogle) -> None:
        consent, ada, ben = google.consent(), *map(google.accounts.consented, ("ada", "ben"))

        for _ in range(2):
            await consent.revoke(ada)

        assert await consent.refresh(ben)

    @pytest.mark.parametrize("status", [400, 429, 500])
    async def test_a_google_that_is_not_well_is_asked_again(self, google: FakeGoogle, status: int) -> None:
        consent, ada = google.consent(), google.accounts.consented("ada")
        google.meets(Fault(at=REVOKE_ENDPOINT, status=status))

        with pytest.raises(NoticeFailed, match=str(status)):
            await consent.revoke(ada)

        assert await consent.refresh(ada)


class TestKeepingPasses:
    async def test_a_pass_is_used_until_shortly_before_its_end(self, google: FakeGoogle) -> None:
        now = 1000.0
        passes, ada = AccessTokens(google.consent(), clock=lambda: now), google.accounts.consented("ada")

        first = await passes.of(ada)
        now += google.accounts.lifetime - LEEWAY - 1
        still = await passes.of(ada)
        now += 1
        then = await passes.of(ada)

        assert first == still != then
        assert google.accounts.refreshes == 2

    async def test_everybody_has_their_own(self, google: FakeGoogle) -> None:
        passes = AccessTokens(google.consent())
        ada, ben = map(google.accounts.consented, ("ada", "ben"))

        assert await passes.of(ada) != await passes.of(ben)

    async def test_what_is_over_is_not_remembered(self, google: FakeGoogle) -> None:
        now = 0.0
        passes = AccessTokens(google.consent(), clock=lambda: now)
        await passes.of(google.accounts.consented("ada"))

        now += google.accounts.lifetime
        await passes.of(google.accounts.consented("ben"))

        assert len(passes._kept) == 1

    async def test_a_newer_pass_is_not_forgotten_for_an_older_one(self, google: FakeGoogle) -> None:
        passes, ada = AccessTokens(google.consent()), google.accounts.consented("ada")
        older = await passes.of(ada)
        passes.forget(ada, older)
        newer = await passes.of(ada)

        passes.forget(ada, older)

        assert await passes.of(ada) == newer
