"""Who we are to the people we write to, and how their consents are kept, as the settings have it."""

import secrets
from functools import partial
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncEngine

from api.issuers import DevIssuer
from api.tokens import Verifier
from api.ui.cookies import Cookies
from api.ui.counter import Counter, origin_of
from api.ui.entrance import CLOSED, Entrance
from api.ui.hub import Hub
from api.ui.oidc import Client, Oidc
from api.ui.places import SIGN_IN
from api.ui.sessions import Sessions
from fulfillment.gateways.google import GoogleCalendar
from fulfillment.gateways.google_oauth import Consent
from fulfillment.gateways.mail import Address
from fulfillment.gateways.prometheus import Prometheus
from fulfillment.gateways.sealing import Sealer
from fulfillment.gateways.stripe_wallet import StripeWallet
from fulfillment.notifications.house import House
from fulfillment.settings import Settings
from fulfillment.store.news import hear

CALLBACK = "/calendar/google/callback"
"""Where Google sends people back to; the address has to be registered with the OAuth client."""


def house_of(settings: Settings) -> House:
    api = settings.public_url.rstrip("/")
    brand = settings.brand_name
    return House(
        brand=brand,
        sender=Address(name=brand, address=settings.mail_from),
        pages=(settings.pages_url or api).rstrip("/"),
        api=api,
        calendar_domain=settings.calendar_domain or settings.mail_from.rpartition("@")[2],
        with_files=settings.calendar_ics_enabled,
        with_google_links=settings.calendar_google_link_enabled,
        with_outlook_links=settings.calendar_outlook_link_enabled,
        ops=tuple(Address(name=f"{brand} operations", address=each) for each in settings.ops_emails),
        admins=tuple(Address(name=f"{brand} admins", address=each) for each in settings.admin_emails),
    )


def sealer_of(settings: Settings) -> Sealer:
    return Sealer(settings.sealing_keys())


def consent_of(settings: Settings) -> Consent | None:
    """Return the way to ask people for their Google calendar; None where that is switched off."""
    id, secret = settings.google_oauth_client_id, settings.google_oauth_client_secret
    if not (settings.calendar_google_api_enabled and id and secret):
        return None
    return Consent(
        client_id=id,
        client_secret=secret.get_secret_value(),
        redirect_uri=f"{settings.public_url.rstrip('/')}{CALLBACK}",
        authorize_url=settings.google_oauth_authorize_url,
        token_url=settings.google_oauth_token_url,
        revoke_url=settings.google_oauth_revoke_url,
    )


def google_of(settings: Settings) -> GoogleCalendar | None:
    """Return the way into people's Google calendars; None where that is switched off."""
    consent = consent_of(settings)
    return GoogleCalendar(consent=consent, api_base=settings.google_api_base) if consent else None


def wallet_of(settings: Settings) -> StripeWallet | None:
    """Return the way to what people have left at Stripe; None where money is moved by hand."""
    key = settings.stripe_secret_key
    return StripeWallet(key=key.get_secret_value(), base=settings.stripe_api_base or "") if key else None


def hook_secrets_of(settings: Settings) -> tuple[str, ...]:
    """Return what Stripe signs its events with; several while one replaces another."""
    return tuple(secret.get_secret_value() for secret in settings.stripe_webhook_secrets)


def prometheus_of(settings: Settings) -> Prometheus | None:
    """Return the way to what our workers have counted; None where nobody keeps it."""
    return Prometheus(settings.prometheus_url) if settings.prometheus_url else None


def counter_of(settings: Settings, database: AsyncEngine, *, verifier: Verifier) -> Counter:
    """Return what the pages work with; where `verifier` mints tokens as well, people pick who they are."""
    pages = house_of(settings).pages
    entrance = _entrance(settings, pages, verifier)
    # Where nobody comes in, nothing is signed that anybody would have to read later.
    key = secrets.token_urlsafe() if entrance == CLOSED else settings.session_key()
    cookies = Cookies(key, secure=urlsplit(pages).scheme == "https")
    return Counter(
        brand=settings.brand_name,
        origin=origin_of(pages),
        cookies=cookies,
        sessions=Sessions(
            database,
            cookies,
            key=key,
            lifetime=settings.session_lifetime(),
            idle=settings.session_idle(),
        ),
        entrance=entrance,
        hub=Hub(partial(hear, settings.database_url)),
    )


def _entrance(settings: Settings, pages: str, verifier: Verifier) -> Entrance:
    picker = verifier if isinstance(verifier, DevIssuer) else None
    if settings.oidc_client_id is None or settings.auth_issuer is None:
        return Entrance(picker=picker)
    secret = settings.oidc_client_secret
    client = Client(
        id=settings.oidc_client_id,
        secret=secret.get_secret_value() if secret else None,
        redirect_uri=f"{pages}{SIGN_IN}/callback",
        scopes=settings.oidc_scopes,
    )
    provider = Oidc(
        client,
        issuer=settings.auth_issuer,
        algorithms=tuple(algorithm.value for algorithm in settings.auth_algorithms),
        api=verifier,
        discovery_url=settings.oidc_discovery_url or "",
    )
    return Entrance(picker=picker, provider=provider)
