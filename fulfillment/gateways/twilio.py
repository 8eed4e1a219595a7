"""Texts by Twilio, or by any vendor that speaks its Messages API."""

import re
from typing import Any

import httpx2

from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from fulfillment.gateways.sms import FateUnknown, Text, expect_number

BASE = "https://api.twilio.com"
TIMEOUT = 10
"""Seconds that each step of a request may take: to connect, to write, to read."""

SERVICE = re.compile(r"MG[0-9a-f]{32}")
OPTED_OUT = frozenset({21610})
NO_ADDRESS = frozenset({21211, 21214, 21217, 21614})
# Wrong key, no permission, no such account: for an operator to mend, so that no text is lost meanwhile.
OURS_TO_MEND = frozenset({401, 403, 404})
TOO_MANY = 429
NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.LocalProtocolError,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)


class Twilio:
    """A texter over Twilio's Messages API.

    The API has no idempotency key for messages: whoever asks twice sends two texts. So a text whose
    answer is missing is a `FateUnknown` and not merely failed, and each has a connection of its own: one
    that was kept open might be closed by the other side just as we write, which looks the same.
    """

    def __init__(
        self,
        *,
        account: str,
        secret: str,
        sender: str,
        user: str = "",
        base: str = BASE,
        timeout: float = TIMEOUT,
    ) -> None:
        """Remember who sends.

        `account` is the account's sid and `secret` its token, or `user` and `secret` are those of an API
        key. `sender` is a number, an alphanumeric name, or the sid of a messaging service.
        """
        self._url = httpx2.URL(f"{base.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json")
        self._auth = httpx2.BasicAuth(user or account, secret)
        self._sender = {"MessagingServiceSid" if SERVICE.fullmatch(sender) else "From": sender}
        self._timeout = timeout
        self._tls = httpx2.create_ssl_context()

    async def send(self, text: Text) -> str:
        """Return the sid of the message that was made of `text`. A repeat makes another one.

        Raises:
            NoticeRefused: the number is none, opted out, or Twilio will not have the text.
            FateUnknown: the request went out and no answer came back.
            NoticeFailed: it was not sent.
        """
        expect_number(text)
        answer = await self._post({"To": text.to, **self._sender, "Body": text.body})
        said = _said(answer)
        if answer.is_success:
            return str(said.get("sid", ""))
        raise _trouble(answer.status_code, said.get("code"))

    async def _post(self, form: dict[str, str]) -> httpx2.Response:
        # Nothing is raised `from` these: the request inside knows the number and the words.
        try:
            async with httpx2.AsyncClient(auth=self._auth, timeout=self._timeout, verify=self._tls) as http:
                return await http.post(self._url, data=form)
        except NEVER_SENT as error:
            raise NoticeFailed(f"twilio: not sent: {type(error).__name__}") from None
        except httpx2.HTTPError as error:
            raise FateUnknown(f"twilio: no answer: {type(error).__name__}") from None


def _said(answer: httpx2.Response) -> dict[str, Any]:
    """Return the answer's JSON object, or an empty one: proxies on the way answer in HTML."""
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _trouble(status: int, code: object) -> Exception:
    """Return what an answer other than success means; Twilio's own words quote the number."""
    detail = f"twilio: {status}" + (f", error {code}" if isinstance(code, int) else "")
    if code in OPTED_OUT:
        return NoticeRefused(WhyRefused.OPTED_OUT, detail)
    if code in NO_ADDRESS:
        return NoticeRefused(WhyRefused.NO_ADDRESS, detail)
    is_final = httpx2.codes.is_client_error(status) and status not in OURS_TO_MEND | {TOO_MANY}
    return NoticeRefused(WhyRefused.REJECTED, detail) if is_final else NoticeFailed(detail)
