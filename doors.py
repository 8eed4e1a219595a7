"""The doors of the worker: real ones where the settings have keys, and those that stay at home elsewhere."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from activities.matching import DirectoryMatcher
from api.house import google_of, house_of, sealer_of
from fulfillment.domain.messages import Channel
from fulfillment.gateways.google import GoogleCalendar
from fulfillment.gateways.mail import Address, KeptMail, Mail, Mailer
from fulfillment.gateways.matching import Matcher
from fulfillment.gateways.objects import Objects, open_store
from fulfillment.gateways.payments import Cards, NoCards
from fulfillment.gateways.sms import KeptTexts, Text, Texter
from fulfillment.gateways.smtp import Security, Smtp
from fulfillment.gateways.stripe_cards import StripeCards
from fulfillment.gateways.twilio import Twilio
from fulfillment.gateways.webhooks import Webhook
from fulfillment.notifications.channels import ByCalendar, ByMail, ByText, ByWebhook, Sender, Senders
from fulfillment.notifications.delivering import Delivering, Patience
from fulfillment.notifications.house import House
from fulfillment.notifications.service import NotificationsService
from fulfillment.settings import AppEnv, Settings
from fulfillment.store import kept
from fulfillment.store.kept import Kept

log = structlog.stdlib.get_logger(__name__)

Sessions = async_sessionmaker[AsyncSession]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The way to the outside that this worker takes. `google` keeps connections; `aclose` lets go of them."""

    delivering: Delivering
    cards: Cards
    matcher: Matcher
    google: GoogleCalendar | None = None

    async def aclose(self) -> None:
        if self.google:
            await self.google.aclose()
        if isinstance(self.cards, StripeCards):
            await self.cards.aclose()


def of(settings: Settings, sessions: Sessions) -> Doors:
    """Return the doors that the settings have keys for, and say in the log which are shut."""
    house, google = house_of(settings), google_of(settings)
    for door, instead in _shut(settings):
        log.warning("door.shut", door=door, instead=instead)
    return Doors(
        delivering=Delivering(
            sessions,
            service=NotificationsService(house),
            senders=_senders(settings, house, sessions, google),
            patience=Patience(
                notices=settings.notice_patience(), reminders=settings.policy().reminder_max_lateness
            ),
        ),
        cards=_cards(settings),
        matcher=DirectoryMatcher(sessions),
        google=google,
    )


def at_home(sessions: Sessions, house: House) -> Doors:
    """Return the doors that need no keys; what would have gone out is kept in the database."""
    return Doors(
        delivering=Delivering(
            sessions,
            service=NotificationsService(house),
            senders={
                Channel.EMAIL: ByMail(
                    KeptMail(_keep_mail(sessions), sender=house.sender),
                    house=house,
                    objects=None,
                    sessions=sessions,
                ),
                Channel.SMS: ByText(KeptTexts(_keep_text(sessions)), house=house, sessions=sessions),
            },
        ),
        cards=NoCards(),
        matcher=DirectoryMatcher(sessions),
    )


def _senders(settings: Settings, house: House, sessions: Sessions, google: GoogleCalendar | None) -> Senders:
    mailer, texter = _mailer(settings, house, sessions), _texter(settings, sessions)
    senders: dict[Channel, Sender] = {
        Channel.EMAIL: ByMail(mailer, house=house, objects=_objects(settings), sessions=sessions)
    }
    if texter:
        senders[Channel.SMS] = ByText(texter, house=house, sessions=sessions)
    if settings.webhook_url:
        secrets = [secret.get_secret_value() for secret in settings.webhook_secrets]
        webhook = Webhook(settings.webhook_url, secrets, allow_private=settings.webhook_allow_private)
        senders[Channel.WEBHOOK] = ByWebhook(webhook)
    if google:
        senders[Channel.CALENDAR] = ByCalendar(google, sealer=sealer_of(settings), sessions=sessions)
    return senders


def _cards(settings: Settings) -> Cards:
    key = settings.stripe_secret_key
    if key is None:
        return NoCards()
    return StripeCards(
        key=key.get_secret_value(),
        base=settings.stripe_api_base or "",
        timeout=settings.stripe_timeout_seconds,
    )


def _mailer(settings: Settings, house: House, sessions: Sessions) -> Mailer:
    if settings.smtp_host is None:
        return KeptMail(_keep_mail(sessions) if _is_dev(settings) else _forget, sender=house.sender)
    user, password = settings.smtp_username, settings.smtp_password
    return Smtp(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=house.sender,
        security=Security(settings.smtp_security),
        login=(user, password.get_secret_value()) if user and password else None,
    )


def _texter(settings: Settings, sessions: Sessions) -> Texter | None:
    account, secret, sender = (
        settings.twilio_account_sid,
        settings.twilio_auth_token,
        settings.twilio_from,
    )
    if account and secret and sender:
        return Twilio(
            account=account,
            secret=secret.get_secret_value(),
            sender=sender,
            user=settings.twilio_api_key or "",
            base=settings.twilio_api_base,
        )
    # Elsewhere than in dev, a text that nobody gets is no way to reach anybody.
    return KeptTexts(_keep_text(sessions)) if _is_dev(settings) else None


def _objects(settings: Settings) -> Objects | None:
    if settings.calendar_store_url is None:
        return None
    secret = settings.s3_secret_access_key
    return open_store(
        settings.calendar_store_url,
        endpoint=settings.s3_endpoint or "",
        region=settings.s3_region,
        access_key=settings.s3_access_key_id or "",
        secret=secret.get_secret_value() if secret else "",
    )


def _shut(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what stays at home, and what happens instead."""
    if settings.stripe_secret_key is None:
        yield "payments", "payouts are settled by hand and logged"
    yield "matching", "candidates come from our own directory of people"
    if settings.smtp_host is None:
        yield (
            "mail",
            "mails are kept, see /dev/emails" if _is_dev(settings) else "mails are logged and dropped",
        )
    if settings.twilio_account_sid is None:
        yield "texts", "texts are kept, see /dev/emails" if _is_dev(settings) else "nobody is texted"
    if settings.webhook_url is None:
        yield "webhooks", "no other system is told"
    if not settings.calendar_google_api_enabled:
        yield "calendars", "people get files and links; their Google calendar is not written to"
    if settings.calendar_store_url is None:
        yield "objects", "calendar files are kept in Postgres only"


def _is_dev(settings: Settings) -> bool:
    return settings.app_env is AppEnv.DEV


def _keep_mail(sessions: Sessions) -> Callable[[Mail, bytes], Awaitable[None]]:
    async def keep(mail: Mail, raw: bytes) -> None:
        await _keep(
            sessions,
            Kept(
                id=mail.message_id.strip("<>"),
                channel=Channel.EMAIL,
                to_name=mail.to.name,
                to_address=", ".join(each.address for each in mail.recipients),
                subject=mail.subject,
                body=mail.text,
                html=mail.html,
                ics=mail.calendar.ics if mail.calendar else None,
                raw=raw,
                request_id=mail.request_id,
            ),
        )

    return keep


def _keep_text(sessions: Sessions) -> Callable[[Text], Awaitable[None]]:
    async def keep(text: Text) -> None:
        message = Kept(
            id=f"sms-{text.key}",
            channel=Channel.SMS,
            to_name="",
            to_address=text.to,
            subject="",
            body=text.body,
            raw=text.body.encode(),
            request_id="",
        )
        await _keep(sessions, message)

    return keep


async def _keep(sessions: Sessions, message: Kept) -> None:
    async with sessions.begin() as session:
        await kept.keep(session, message)


async def _forget(_: Mail, __: bytes) -> None:
    """Keep nothing: who runs without a mail server in production was told so at the start."""


HOME = House(
    brand="Fulfillment",
    sender=Address(name="Fulfillment", address="visits@fulfillment.example"),
    pages="http://127.0.0.1:8000",
    api="http://127.0.0.1:8000",
    calendar_domain="fulfillment.example",
    ops=(Address(name="Operations", address="ops@fulfillment.example"),),
    admins=(Address(name="Admins", address="admins@fulfillment.example"),),
)
"""Who we are where nobody has said so: in tests and demonstrations."""
