"""The knobs of the money: the way to Stripe, what is kept of a payout, and how long things may take."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode

from fulfillment.domain.policy import AuthExpiry, Policy
from fulfillment.settings.channels import Cron
from fulfillment.settings.kinds import CommaSeparated, Hours, Minutes, WebAddress

ENDPOINT_SECRET = re.compile(r"whsec_[!-~]+")


def _of_endpoint(secret: SecretStr) -> SecretStr:
    """Return `secret` if it looks like the signing secret of an endpoint at Stripe, and like no API key."""
    if not ENDPOINT_SECRET.fullmatch(secret.get_secret_value()):
        raise ValueError("it takes signing secrets of a webhook endpoint, which begin with whsec_")
    return secret


Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
EndpointSecret = Annotated[SecretStr, AfterValidator(_of_endpoint)]


class PaymentSettings(BaseSettings):
    """How customers pay and providers are paid. Without a key, money is moved by hand (P19)."""

    # The way to Stripe
    stripe_secret_key: SecretStr | None = Field(
        None, description="The Stripe key; without one, payouts are settled by hand."
    )
    stripe_api_base: WebAddress | None = Field(
        None, description="Where Stripe's API is, for proxies and tests; Stripe's own if unset."
    )
    stripe_timeout_seconds: float = Field(
        default=6.0,
        ge=1.0,
        le=30.0,
        description="Seconds that Stripe may be silent before a worker looks what became of its request.",
    )
    stripe_webhook_secrets: Annotated[tuple[EndpointSecret, ...], NoDecode, CommaSeparated] = Field(
        (),
        description="Comma-separated signing secrets (whsec_...) of /webhooks/stripe; prod needs one "
        "beside STRIPE_SECRET_KEY.",
    )
    stripe_transfers_enabled: bool = Field(
        default=False, description="Whether providers' shares go to their Stripe accounts: true or false."
    )
    platform_fee_percent: Percent = Field(
        Decimal(0), description="Percent of a payout that is kept when shares are passed on, 0 to 100."
    )

    # How long things may take
    auth_expiry_policy: AuthExpiry = Field(
        AuthExpiry.ALERT,
        description="What is done about a hold on a card that runs out: `alert` or `reauthorise`.",
    )
    auth_lifetime_hours: Hours = Field(
        114, description="Hours that a hold on a card lasts if Stripe does not say; 4 days 18 hours."
    )
    dispute_hours: Hours = Field(
        72, description="Hours after completion in which a customer may dispute the payout."
    )
    capture_patience_minutes: Minutes = Field(
        15, description="Minutes that a capture without an answer is tried again before ops are told."
    )
    reconcile_cron: Cron = Field(
        "7 * * * *", description="When money is compared with what Stripe says: cron, in UTC."
    )

    def with_payments(self, policy: Policy) -> Policy:
        """Return `policy` with what is set here; without a key no card is asked to pay."""
        return replace(
            policy,
            card_payments=self.stripe_secret_key is not None,
            auth_lifetime=timedelta(hours=self.auth_lifetime_hours),
            auth_expiry=self.auth_expiry_policy,
            dispute_window=timedelta(hours=self.dispute_hours),
            capture_patience=timedelta(minutes=self.capture_patience_minutes),
            transfers=self.stripe_transfers_enabled,
            platform_fee=int(self.platform_fee_percent * 100),
        )

    def odd_payments(self, *, in_prod: bool) -> list[str]:
        """Return what is wrong only in company, a sentence each."""
        wrong = []
        if in_prod and self.stripe_secret_key and not self.stripe_webhook_secrets:
            wrong.append(
                "STRIPE_WEBHOOK_SECRETS is missing, and STRIPE_SECRET_KEY is set: Stripe could not tell us "
                "that a customer has paid."
            )
        if self.stripe_transfers_enabled and self.stripe_secret_key is None:
            wrong.append("STRIPE_TRANSFERS_ENABLED is true: STRIPE_SECRET_KEY has to be set, too.")
        return wrong
