"""Mail by SMTP: any provider's server, or one's own."""

import asyncio
import re
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum

import aiosmtplib

from fulfillment.gateways.mail import Address, Mail, as_bytes, utc_now
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused

TIMEOUT = 10
"""Seconds in which a server has to take a mail, from the first packet to its last word."""

PARTING = 2
"""Seconds in which it may say goodbye."""

FINAL = range(500, 600)
ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
# "Log in first", "too weak", "wrong password", "encrypt first": about us, not about the mail (RFC 4954).
OURS_TO_MEND = frozenset({530, 534, 535, 538})


class Security(StrEnum):
    """How the connection is kept private; the values are the setting's."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Smtp:
    """A mailer over one SMTP server, with one connection for each mail.

    Twenty milliseconds away, a mail takes 240 ms that way and 90 ms over a connection that was kept, but
    twenty side by side take 20 ms each (measured). That is not worth a pool, and a second attempt whenever
    a server has hung up in between.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: Address,
        security: Security = Security.TLS,
        login: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = TIMEOUT,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Remember where and how; `sender` is who the mails are from, `login` a user and a password.

        Raises:
            ValueError: the password would cross the network for everybody to read.
        """
        if login and security is Security.NONE:
            raise ValueError("a password needs a connection with tls or starttls")
        self._host, self._port, self._security = host, port, security
        self._login = login
        self._tls = tls or ssl.create_default_context()
        self._sender = sender
        self._timeout = timeout
        self._now = now

    async def send(self, mail: Mail) -> str:
        """Return the message id as soon as the server has taken `mail`; a repeat has the same one.

        Raises:
            NoticeRefused: the server will never take it; the text is its status and nothing else.
            NoticeFailed: it is away, busy, or does not let us in; trying again may help.
        """
        raw = as_bytes(mail, sender=self._sender, at=self._now())
        client = self._client()
        try:
            async with asyncio.timeout(self._timeout):
                await _connect(client)
                to = [each.address for each in mail.recipients]
                await _hand_over(client, raw, sender=self._sender.address, to=to)
            # The mail is theirs now, whatever becomes of the goodbye.
            with suppress(aiosmtplib.SMTPException):
                await client.quit(timeout=PARTING)
        except TimeoutError:
            raise NoticeFailed(f"smtp: no answer within {self._timeout} s") from None
        finally:
            client.close()
        return mail.message_id

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._login[0] if self._login else None,
            password=self._login[1] if self._login else None,
            # By default it greets with this machine's name, and asks the network for it first.
            local_hostname=self._sender.address.rpartition("@")[2],
            timeout=self._timeout,
            use_tls=self._security is Security.TLS,
            # Not None: that means "if the server offers it", which whoever sits in between can deny.
            start_tls=self._security is Security.STARTTLS,
            tls_context=self._tls,
        )


# What the library raises quotes addresses, and tracebacks print causes. So nothing is raised `from` it.


async def _connect(client: aiosmtplib.SMTP) -> None:
    try:
        await client.connect()
    except aiosmtplib.SMTPResponseException as error:
        raise NoticeFailed(f"smtp: not let in: {_status(error)}") from None
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise NoticeFailed(f"smtp: not connected: {type(error).__name__}") from None


async def _hand_over(client: aiosmtplib.SMTP, raw: bytes, *, sender: str, to: Sequence[str]) -> None:
    """Hand the mail over to the server. Of several recipients it is enough that one is taken."""
    try:
        await client.sendmail(sender, to, raw)
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _answered(error.recipients[0]) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _answered(error) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NoticeFailed(f"smtp: cut short: {type(error).__name__}") from None


def _answered(error: aiosmtplib.SMTPResponseException) -> Exception:
    if error.code in FINAL and error.code not in OURS_TO_MEND:
        return NoticeRefused(WhyRefused.REJECTED, _status(error))
    return NoticeFailed(f"smtp: {_status(error)}")


def _status(error: aiosmtplib.SMTPResponseException) -> str:
    """Return the code and, if there is one, the enhanced status (RFC 3463): `550 5.1.1`."""
    enhanced = ENHANCED.match(error.message)
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)
