"""The knobs of the monitor: whom it tells, and from when on."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from fulfillment.domain.alerts import Thresholds
from fulfillment.settings.kinds import Hours, WebAddress

Many = Annotated[int, Field(ge=0, le=1_000_000)]


class AlertSettings(BaseSettings):
    """Whoever runs Prometheus needs none of these."""

    alert_webhook_url: WebAddress | None = Field(
        None,
        repr=False,
        description="Where the monitor posts events like PagerDuty's; without one it is off.",
    )
    alert_routing_key: SecretStr | None = Field(
        None, description="The integration key that PagerDuty wants in every event."
    )
    alert_webhook_allow_private: bool = Field(
        default=False, description="Whether that address may lie in one's own network: true or false."
    )
    alert_reminder_failures_per_15m: Many = Field(
        10, description="Reminders that may fail within 15 minutes without an alert."
    )
    alert_payout_pending_count: Many = Field(50, description="Payouts that may wait for us without an alert.")
    alert_payout_pending_age_hours: Hours = Field(
        48, description="Hours that a payout may wait for us without an alert."
    )

    def thresholds(self) -> Thresholds:
        return Thresholds(
            reminder_failures=self.alert_reminder_failures_per_15m,
            payouts=self.alert_payout_pending_count,
            payout_age=timedelta(hours=self.alert_payout_pending_age_hours),
        )
