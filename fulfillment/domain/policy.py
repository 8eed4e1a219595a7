"""The knobs of the rules: how long silence may last, how near a visit may change, who must look twice.

A run takes its policy along when it starts and keeps it, so a new setting changes nothing for
promises already made, and replay sees what the first execution saw. By its defaults a rule that came
later is off: runs that started before it was there do not have it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fulfillment.domain.clocks import Clocks, QuietHours
from fulfillment.domain.people import Party

NOT_KNOWN = Clocks()


class LateReschedule(StrEnum):
    """What happens to a new proposal inside the reschedule cut-off."""

    CONSENT = "consent"
    OPS_ONLY = "ops_only"


class AuthExpiry(StrEnum):
    """What happens to a hold on a card that runs out before its payout is approved."""

    ALERT = "alert"
    REAUTHORISE = "reauthorise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every duration is elapsed time; amounts are minor units. Names follow the environment variables.

    `auth_lifetime` is how long a hold is taken to last where nobody says so, `platform_fee` the share of
    a captured payout that is not passed on to the provider, in hundredths of a percent.
    """

    # The window (domain: who may agree on what)
    shortest_window: timedelta = timedelta(minutes=15)
    longest_window: timedelta = timedelta(hours=8)
    min_notice: timedelta = timedelta(minutes=120)
    max_ahead: timedelta = timedelta(days=180)
    max_proposals: int = 20
    reschedule_cutoff: timedelta = timedelta(hours=24)
    late_reschedule: LateReschedule = LateReschedule.CONSENT

    # Patience
    sla_propose: timedelta = timedelta(minutes=1440)
    sla_confirm: timedelta = timedelta(minutes=1440)
    sla_payout: timedelta = timedelta(minutes=2880)
    sla_auto_action: bool = False
    visit_offsets: tuple[timedelta, ...] = (timedelta(minutes=1440), timedelta(minutes=120))
    reminder_max_lateness: timedelta = timedelta(minutes=30)
    nudge_once_when_late: bool = False
    quiet: QuietHours | None = None
    clocks: Clocks = NOT_KNOWN
    start_check_after: timedelta = timedelta(minutes=15)
    completion_grace: timedelta = timedelta(minutes=60)

    # The visit
    early_checkin: timedelta = timedelta(minutes=120)
    late_reject: timedelta = timedelta(hours=24)
    late_cancel: timedelta = timedelta(hours=24)
    hold_max: timedelta = timedelta(days=30)

    # What goes wrong on a visit
    no_show_suspected_after: timedelta | None = None
    no_show_grace: timedelta = timedelta(minutes=30)
    no_show_answer: timedelta = timedelta(minutes=120)
    no_show_auto: bool = False
    call_out_fee: int | None = None

    # The payout
    four_eyes_minor: int = 50_000
    resubmit_window: timedelta = timedelta(days=7)
    max_attempts: int = 3
    dispute_window: timedelta = timedelta(hours=72)

    # The card
    card_payments: bool = False
    auth_lifetime: timedelta = timedelta(hours=114)
    auth_expiry: AuthExpiry = AuthExpiry.ALERT
    capture_patience: timedelta = timedelta(minutes=15)
    transfers: bool = False
    platform_fee: int = 0

    # Dispatch
    job_expiry: timedelta = timedelta(days=30)
    quote_deadline: timedelta = timedelta(hours=48)
    offer_ttl: timedelta = timedelta(hours=2)
    shortest_offer_ttl: timedelta = timedelta(minutes=10)
    wave_size: int = 3
    max_waves: int = 3
    max_requeues: int = 3
    requeue_delay: timedelta = timedelta(0)
    ops_sla: timedelta = timedelta(hours=4)

    def quiet_at(self, at: datetime, *, for_: Party) -> tuple[datetime, datetime] | None:
        """Return the quiet span [start, end) around `at` on that side, if it is quiet there then.

        Where nobody knows by which clock a side lives, it is never quiet.
        """
        clock = self.clocks.of(for_)
        return self.quiet.around(at, clock) if self.quiet and clock else None
