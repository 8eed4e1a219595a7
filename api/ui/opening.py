"""What the pages work with, and who lets people in, as the settings have it."""

import secrets
from functools import partial
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncEngine

from api.house import house_of
from api.issuers import DevIssuer
from api.tokens import Verifier
from api.ui.cookies import Cookies
from api.ui.counter import Counter, origin_of
from api.ui.entrance import CLOSED, Entrance
from api.ui.hub import Hub
from api.ui.oidc import Client, Oidc
from api.ui.places import SIGN_IN
from api.ui.sessions import Sessions
from fulfillment.settings import Settings
from fulfillment.store.news import hear


def opened(settings: Settings, database: AsyncEngine, *, verifier: Verifier) -> Counter:
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
