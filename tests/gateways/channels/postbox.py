"""A real SMTP server that keeps what it takes, and can be as difficult as the ones out there."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from functools import partial
from queue import Queue
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from fulfillment.gateways.smtp import Security
from tests.gateways.channels import trust


class Mode(StrEnum):
    """How it treats a mail; all but the last two are its words."""

    TAKE = "250 2.0.0 taken"
    NO_SUCH_USER = "550 5.1.1 <pat@x.example>: no such user here"
    BUSY = "451 4.3.0 <pat@x.example>: try again later"
    SPAM = "554 5.7.1 this looks like spam from visits@f.example"
    FULL_DISK = "452 4.3.1 no room"
    SHUTTING_DOWN = "421 4.3.2 going down"
    LOG_IN_FIRST = "530 5.7.0 log in first"
    HANG_UP_AFTER = "250 2.0.0 taken, and gone"
    HANG_UP = "hang up"
    HANG = "hang"


AT_RCPT = frozenset({Mode.NO_SUCH_USER, Mode.BUSY, Mode.SHUTTING_DOWN, Mode.LOG_IN_FIRST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One mail as it came: the envelope's addresses, and the message byte for byte."""

    sender: str | None
    to: tuple[str, ...]
    raw: bytes

    @property
    def mime(self) -> EmailMessage:
        message = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


@dataclass(slots=True)
class Postbox:
    """`taken` holds the mails in their order, repeats included, `logins` who got in; set `mode` any time."""

    port: int = 0
    mode: Mode = Mode.TAKE
    taken: list[Taken] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  # the name that aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if self.mode in AT_RCPT:
            return self.mode
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 known"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert server.transport is not None
        match self.mode:
            case Mode.HANG:
                await asyncio.Event().wait()
            case Mode.HANG_UP:
                server.transport.close()
            case Mode.TAKE:
                self._keep(envelope)
            case Mode.HANG_UP_AFTER:
                self._keep(envelope)
                await server.push(self.mode)
                server.transport.close()
        return self.mode

    def _keep(self, envelope: Envelope) -> None:
        assert isinstance(envelope.content, bytes)
        self.taken.append(Taken(sender=envelope.mail_from, to=tuple(envelope.rcpt_tos), raw=envelope.content))


@asynccontextmanager
async def opened(
    *, security: Security = Security.NONE, login: tuple[str, str] | None = None
) -> AsyncIterator[Postbox]:
    """Open a postbox on a free port of 127.0.0.1; with a `login`, it takes nothing from anybody else."""
    box = Postbox()
    tls = None if security is Security.NONE else trust.server_side("127.0.0.1")
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It does not see that a connection which begins with TLS is safe for passwords.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                box,
                loop=loop,
                hostname="postbox.example",
                tls_context=tls if security is Security.STARTTLS else None,
                require_starttls=security is Security.STARTTLS,
                auth_required=login is not None,
                auth_require_tls=security is not Security.TLS,
                authenticator=lambda *asked: _let_in(box, login, asked[-1]),
            )

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if security is Security.TLS else None)
    async with server:
        box.port = server.sockets[0].getsockname()[1]
        yield box


@contextmanager
def beside() -> Iterator[Postbox]:
    """Open a postbox on a thread of its own, for tests whose own thread starts and kills processes."""
    ready: Queue[tuple[Postbox, Callable[[], object]]] = Queue()

    async def serve() -> None:
        over = asyncio.Event()
        async with opened() as box:
            ready.put((box, partial(asyncio.get_running_loop().call_soon_threadsafe, over.set)))
            await over.wait()

    thread = Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    box, end = ready.get(timeout=10)
    try:
        yield box
    finally:
        end()
        thread.join(timeout=10)


def _let_in(box: Postbox, login: tuple[str, str] | None, given: Any) -> AuthResult:
    assert isinstance(given, LoginPassword)
    if login is None or (given.login.decode(), given.password.decode()) != login:
        return AuthResult(success=False, handled=False)
    box.logins.append(login[0])
    return AuthResult(success=True)
