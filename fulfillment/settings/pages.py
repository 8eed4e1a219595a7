"""The knobs of the pages for people: who may sign in, and for how long."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from fulfillment.settings.kinds import Hours, LongSecret, Minutes, WebAddress

Scopes = Annotated[str, Field(pattern=r"^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$")]


class PageSettings(BaseSettings):
    """How people sign in. Without OIDC_CLIENT_ID nobody does, but in dev, where one picks who one is."""

    session_secret: LongSecret | None = Field(
        None,
        description="The key that signs the cookies of the pages, 32 characters or more; "
        "needed with OIDC_CLIENT_ID.",
    )
    session_hours: Hours = Field(12, gt=0, description="Hours after which people have to sign in again.")
    session_idle_minutes: Minutes = Field(
        120, gt=0, description="Minutes without a page after which they have to as well."
    )
    oidc_client_id: str | None = Field(
        None, description="Our client at AUTH_ISSUER; without one, the pages are switched off in prod."
    )
    oidc_client_secret: SecretStr | None = Field(
        None, description="The secret of that client; none for a public client."
    )
    oidc_scopes: Scopes = Field(
        "openid profile", description="What is asked of the issuer, apart by spaces; `openid` comes first."
    )
    oidc_discovery_url: WebAddress | None = Field(
        None,
        description="Where the issuer describes itself; AUTH_ISSUER and "
        "/.well-known/openid-configuration if unset.",
    )

    def session_lifetime(self) -> timedelta:
        return timedelta(hours=self.session_hours)

    def session_idle(self) -> timedelta:
        return timedelta(minutes=self.session_idle_minutes)

    def odd_pages(self, *, in_prod: bool) -> list[str]:
        """Return what is wrong only in company, a sentence each."""
        if in_prod and self.oidc_client_id and self.session_secret is None:
            return ["SESSION_SECRET is missing, and OIDC_CLIENT_ID lets people sign in."]
        if self.oidc_client_secret and not self.oidc_client_id:
            return ["OIDC_CLIENT_SECRET is set: OIDC_CLIENT_ID has to be, too."]
        return []
