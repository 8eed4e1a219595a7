"""The knobs of the rules: what `Policy` is made of, under the names of the environment."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, NoDecode

from fulfillment.domain.clocks import quiet_hours
from fulfillment.domain.policy import LateReschedule, Policy
from fulfillment.settings.kinds import CommaSeparated, Count, Days, Hours, Minutes, Quiet


class RuleSettings(BaseSettings):
    """Every field of `Policy`. Fractions are welcome, so that tests and demos can work in seconds."""

    # The window of a visit
    min_window_minutes: Minutes = Field(15, description="Minutes that a visit takes at least.")
    max_window_hours: Hours = Field(8, description="Hours that a visit window lasts at most.")
    min_notice_minutes: Minutes = Field(120, description="Minutes between an agreement and the visit.")
    max_days_ahead: Days = Field(180, description="Days ahead that a visit may be agreed.")
    max_proposals: Count = Field(20, description="Proposals after which only ops may propose, 1 to 1000.")
    reschedule_cutoff: Hours = Field(24, description="Hours before a visit within which a change is late.")
    late_reschedule_policy: LateReschedule = Field(
        LateReschedule.CONSENT, description="What a late change takes: `consent` or `ops_only`."
    )

    # Patience
    reminder_sla_minutes: Minutes = Field(1440, description="Minutes of silence before somebody is overdue.")
    sla_propose_minutes: Minutes | None = Field(
        None, description="Minutes to propose a window; REMINDER_SLA_MINUTES if unset."
    )
    sla_confirm_minutes: Minutes | None = Field(
        None, description="Minutes to answer a proposal; REMINDER_SLA_MINUTES if unset."
    )
    sla_payout_minutes: Minutes = Field(2880, description="Minutes a payout may wait for its ruling.")
    sla_auto_action: bool = Field(
        default=False, description="Whether silence in the end closes an assignment: true or false."
    )
    reminder_visit_offsets_minutes: Annotated[tuple[Minutes, ...], NoDecode, CommaSeparated] = Field(
        (1440, 120), description="Comma-separated minutes before a visit at which both sides are reminded."
    )
    quiet_hours: Quiet = Field(
        "21:00-08:00",
        description="When nobody is nudged, by each person's own clock: HH:MM-HH:MM, or `none`.",
    )
    reminder_max_lateness_minutes: Minutes = Field(30, description="Minutes a reminder may be late.")
    start_check_minutes: Minutes = Field(15, description="Minutes after the start to ask for a check-in.")
    completion_grace_minutes: Minutes = Field(60, description="Minutes after the end to ask for completion.")

    # The visit
    early_checkin_minutes: Minutes = Field(120, description="Minutes before the start that check-in opens.")
    late_reject_hours: Hours = Field(24, description="Hours before a visit within which giving up is late.")
    late_cancel_hours: Hours = Field(24, description="Hours before a visit within which cancelling is late.")
    hold_max_days: Days = Field(30, description="Days that an assignment may be put on hold.")

    # What goes wrong on a visit
    no_show_suspected_minutes: Minutes = Field(
        30, description="Minutes after the start to suspect a provider who has not checked in."
    )
    no_show_grace_minutes: Minutes = Field(
        30, description="Minutes after the start from which a no-show is reported."
    )
    no_show_answer_minutes: Minutes = Field(120, description="Minutes the accused have to answer a report.")
    no_show_auto: bool = Field(
        default=False, description="Whether silence settles a report against the accused: true or false."
    )
    call_out_fee_minor: int | None = Field(
        None, ge=1, description="Minor units that a visit in vain costs; staff say how much if unset."
    )

    # The payout
    four_eyes_minor: int = Field(50_000, ge=0, description="Minor units from which two admins must agree.")
    resubmit_days: Days = Field(7, description="Days to answer a denied payout.")
    max_payout_attempts: Count = Field(3, description="Times a payout may be submitted, 1 to 1000.")

    # Dispatch
    job_expiry_hours: Hours = Field(720, description="Hours that a job stays open.")
    quote_deadline_minutes: Minutes = Field(2880, description="Minutes that quotes are collected.")
    offer_ttl_minutes: Minutes = Field(120, description="Minutes that an offer stands.")
    shortest_offer_ttl_minutes: Minutes = Field(10, description="Minutes that even an urgent offer stands.")
    wave_size: Count = Field(3, description="Providers asked at once, 1 to 1000.")
    max_waves: Count = Field(3, description="Waves of offers per round, 1 to 1000.")
    max_requeues: int = Field(3, ge=0, le=1000, description="Times a job goes back to dispatch, 0 to 1000.")
    requeue_delay_minutes: Minutes = Field(0, description="Minutes before a returned job is offered again.")
    ops_sla_minutes: Minutes = Field(240, description="Minutes ops have to look after an unfilled job.")

    def policy(self) -> Policy:
        """Return the rules' own knobs."""
        sla = self.reminder_sla_minutes
        to_propose = sla if self.sla_propose_minutes is None else self.sla_propose_minutes
        to_confirm = sla if self.sla_confirm_minutes is None else self.sla_confirm_minutes
        return Policy(
            shortest_window=timedelta(minutes=self.min_window_minutes),
            longest_window=timedelta(hours=self.max_window_hours),
            min_notice=timedelta(minutes=self.min_notice_minutes),
            max_ahead=timedelta(days=self.max_days_ahead),
            max_proposals=self.max_proposals,
            reschedule_cutoff=timedelta(hours=self.reschedule_cutoff),
            late_reschedule=self.late_reschedule_policy,
            sla_propose=timedelta(minutes=to_propose),
            sla_confirm=timedelta(minutes=to_confirm),
            sla_payout=timedelta(minutes=self.sla_payout_minutes),
            sla_auto_action=self.sla_auto_action,
            visit_offsets=tuple(timedelta(minutes=before) for before in self.reminder_visit_offsets_minutes),
            reminder_max_lateness=timedelta(minutes=self.reminder_max_lateness_minutes),
            nudge_once_when_late=True,
            quiet=quiet_hours(self.quiet_hours),
            start_check_after=timedelta(minutes=self.start_check_minutes),
            completion_grace=timedelta(minutes=self.completion_grace_minutes),
            early_checkin=timedelta(minutes=self.early_checkin_minutes),
            late_reject=timedelta(hours=self.late_reject_hours),
            late_cancel=timedelta(hours=self.late_cancel_hours),
            hold_max=timedelta(days=self.hold_max_days),
            no_show_suspected_after=timedelta(minutes=self.no_show_suspected_minutes),
            no_show_grace=timedelta(minutes=self.no_show_grace_minutes),
            no_show_answer=timedelta(minutes=self.no_show_answer_minutes),
            no_show_auto=self.no_show_auto,
            call_out_fee=self.call_out_fee_minor,
            four_eyes_minor=self.four_eyes_minor,
            resubmit_window=timedelta(days=self.resubmit_days),
            max_attempts=self.max_payout_attempts,
            job_expiry=timedelta(hours=self.job_expiry_hours),
            quote_deadline=timedelta(minutes=self.quote_deadline_minutes),
            offer_ttl=timedelta(minutes=self.offer_ttl_minutes),
            shortest_offer_ttl=timedelta(minutes=self.shortest_offer_ttl_minutes),
            wave_size=self.wave_size,
            max_waves=self.max_waves,
            max_requeues=self.max_requeues,
            requeue_delay=timedelta(minutes=self.requeue_delay_minutes),
            ops_sla=timedelta(minutes=self.ops_sla_minutes),
        )
