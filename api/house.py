"""Who we are to the people we write to, and where what we work with is, as the settings have it.

The worker asks here, too, so nothing that only the API needs is imported.
"""

from api.connection import Address as EngineAddress
from fulfillment.gateways.google import GoogleCalendar
from fulfillment.gateways.google_oauth import Consent
from fulfillment.gateways.mail import Address
from fulfillment.gateways.payload_keys import PayloadKeys
from fulfillment.gateways.prometheus import Prometheus
from fulfillment.gateways.sealing import Sealer
from fulfillment.gateways.stripe_wallet import StripeWallet
from fulfillment.notifications.house import House
from fulfillment.settings import Settings
from workflows.sealed import Sealing

CALLBACK = "/calendar/google/callback"
"""Where Google sends people back to; the address has to be registered with the OAuth client."""


def address_of(settings: Settings) -> EngineAddress:
    """Return where the engine is."""
    key = settings.temporal_api_key
    return EngineAddress(
        host=settings.temporal_address,
        namespace=settings.temporal_namespace,
        tls=settings.temporal_tls,
        api_key=key.get_secret_value() if key else None,
        sealing=sealing_of(settings),
    )


def sealing_of(settings: Settings) -> Sealing | None:
    """Return how what runs remember is sealed; None where the engine keeps it as it is."""
    if not settings.payload_keys:
        return None
    keys = PayloadKeys([key.get_secret_value() for key in settings.payload_keys])
    return Sealing(keys=keys, opens_only=not settings.payload_sealing)


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
