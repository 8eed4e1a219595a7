"""What operations call things: why something needs them, what comes, who owes what, what an absence did."""

import re
from collections.abc import Mapping

from api.schemas.assignments import ObligationShown
from api.ui.words import SIDES, Badge, Tone, Turn, turn
from fulfillment.domain.absence.commands import AbsenceReason
from fulfillment.domain.absence.consequences import What
from fulfillment.domain.absence.results import AbsenceStatus, Outcome
from fulfillment.domain.assignment.cases import CaseType
from fulfillment.domain.assignment.deadline import OVERDUE_LEVEL, DeadlineKind
from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.standing import PATIENCE
from fulfillment.domain.assignment.state import NOBODYS_OWN, RejectReason
from fulfillment.domain.job.deadlines import JobDeadlineKind
from fulfillment.domain.job.state import DispatchMode
from fulfillment.domain.people import Party, Role
from fulfillment.notifications.sentences.codes import PRIVATE, REASONS
from fulfillment.store.views.attention import Reason

NEEDS: Mapping[Reason, Badge] = {
    Reason.REMINDER_OVERDUE: Badge("Overdue", Tone.ALARM),
    Reason.INCIDENT: Badge("Somebody did not come", Tone.ALARM),
    Reason.STUCK_MONEY: Badge("Money is stuck", Tone.ALARM),
    Reason.CASE: Badge("Open task", Tone.ASKS),
    Reason.HOLD_OUTLASTED: Badge("Its hold is over, its run sleeps", Tone.ALARM),
}
TASKS: Mapping[str, str] = {
    CaseType.CAPTURE_FAILED: "A charge failed",
    CaseType.CAPTURE_UNKNOWN: "A charge is in doubt",
    CaseType.AUTHORIZATION_EXPIRED: "A hold on a card ended",
    CaseType.PAYMENT_OVERDUE: "A customer does not see to their card",
    CaseType.PAYOUT_DISPUTED: "A customer disputes the work",
    CaseType.CAPTURED_UNAPPROVED: "Money was taken that nobody approved",
    CaseType.CHARGEBACK: "A bank takes money back",
    CaseType.REFUND_FAILED: "A refund failed",
    "absence_unreached": "An absence could not be seen to",
    "notice_undelivered": "A message could not be delivered",
    "run_missing": "A run is missing",
}
OF_ADMINS = frozenset({"rule_on_payout", "resolve_dispute", "retry_capture", "reauthorise"})
"""What an admin owes, and operations cannot do for them."""

COMING: Mapping[DeadlineKind, str] = {
    DeadlineKind.HOLD_END: "the hold ends, and the clock runs again",
    DeadlineKind.SLA_PROPOSE: "{to} is reminded to propose a time",
    DeadlineKind.SLA_CONFIRM: "{to} is reminded to answer the proposal",
    DeadlineKind.SLA_PAYOUT: "admins are reminded to decide on the payout",
    DeadlineKind.MORNING_NUDGE: "{to} is reminded, now that it is morning",
    DeadlineKind.PROPOSAL_EXPIRY: "the proposal lapses",
    DeadlineKind.VISIT_REMINDER: "{to} is reminded of the visit",
    DeadlineKind.START_CHECK: "{to} is asked whether the visit has begun",
    DeadlineKind.NO_SHOW_SUSPECTED: "operations hear that nobody has checked in",
    DeadlineKind.NO_SHOW_ANSWER: "the time to answer the report is over",
    DeadlineKind.COMPLETION_NUDGE: "{to} is asked whether the work is done",
    DeadlineKind.RESUBMIT_NUDGE: "{to} is reminded to send the payout in again",
    DeadlineKind.RESUBMIT_EXPIRY: "the denied payout is closed",
    DeadlineKind.AUTH_EXPIRING: "admins are warned that the hold on the card ends",
    DeadlineKind.AUTHORISE: "the price is held on the card",
    DeadlineKind.AUTH_EXPIRY: "the hold on the card ends",
    DeadlineKind.PAYMENT_NUDGE: "{to} is reminded to see to the card",
    DeadlineKind.CAPTURE_CHECK: "the payment provider is asked again",
}
JOB_COMING: Mapping[JobDeadlineKind, str] = {
    JobDeadlineKind.JOB_EXPIRY: "the job expires",
    JobDeadlineKind.BEGIN: "the search begins",
    JobDeadlineKind.REQUEUE_DELAY: "the search begins anew",
    JobDeadlineKind.OFFER_EXPIRING: "somebody is reminded of an open offer",
    JobDeadlineKind.WAVE_TTL: "the open offers run out, and the next wave goes out",
    JobDeadlineKind.QUOTE_EXPIRY: "a quote runs out",
    JobDeadlineKind.QUOTE_DEADLINE: "the time for quotes is over",
    JobDeadlineKind.OPS_SLA: "operations are alerted once more",
}
OVERDUE = "it counts as overdue, and operations hear of it"
ESCALATED = "operations are alerted once more"

OUTCOMES: Mapping[Outcome, Badge] = {
    Outcome.WAITING: Badge("Waits for its turn", Tone.CALM),
    Outcome.DONE: Badge("Done", Tone.GOOD),
    Outcome.LEFT: Badge("Left alone", Tone.OFF),
    Outcome.REFUSED: Badge("Refused", Tone.ALARM),
    Outcome.UNTOUCHED: Badge("Not in that time any more", Tone.OFF),
    Outcome.UNREACHED: Badge("Not reached, a task is open", Tone.ALARM),
    Outcome.SPARED: Badge("Not done, as the absence ended", Tone.OFF),
}
ABSENCES: Mapping[AbsenceStatus, Badge] = {
    AbsenceStatus.RUNNING: Badge("Being gone through", Tone.CALM),
    AbsenceStatus.DONE: Badge("Gone through", Tone.GOOD),
    AbsenceStatus.ENDED: Badge("Ended early", Tone.OFF),
}
AWAY: Mapping[AbsenceReason, str] = {AbsenceReason.SICK: "Illness", AbsenceReason.ON_LEAVE: "Leave"}
WHATS: Mapping[What, str] = {
    What.REJECT: "Given back, and the job looks for somebody else",
    What.WITHDRAW: "The provider's proposal is taken back",
    What.DECLINE: "The proposal is answered with no",
    What.LEAVE: "Left alone",
}
VERDICTS: Mapping[IncidentVerdict, str] = {
    IncidentVerdict.PROVIDER_FAULT: "The provider's: another one comes",
    IncidentVerdict.CUSTOMER_FAULT: "The customer's: a call-out fee is owed",
    IncidentVerdict.NEITHER: "Neither's: they agree on another time",
}
WAYS: Mapping[DispatchMode, str] = {
    DispatchMode.QUOTES: "Quotes",
    DispatchMode.AUTO: "Offers in waves",
    DispatchMode.BOTH: "Quotes and offers at once",
}
REJECTIONS: Mapping[str, str] = {
    reason.value: (PRIVATE.get(reason) or REASONS[reason]).capitalize()
    for reason in RejectReason
    if reason not in NOBODYS_OWN
}

WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
STEPS: Mapping[str, str] = {
    "OpenAssignment": "A provider was found",
    "PassDeadline": "A deadline came",
    "PassJobDeadline": "A deadline came",
    "OpenWave": "A wave of offers went out",
    "NoteAssignmentClosed": "Its assignment ended",
    "RecordCard": "The card answered",
}


def task(type: str) -> str:
    return TASKS.get(type) or type.replace("_", " ").capitalize()


def step(command: str) -> str:
    """Return a command's name as words: `ProposeWindow` is `Propose window`."""
    return STEPS.get(command) or WORD.sub(" ", command).lower().capitalize()


def notice(event: str) -> str:
    """Return what a message was about: `notifyScheduleProposed` is `Schedule proposed`."""
    return WORD.sub(" ", event.removeprefix("notify")).lower().capitalize()


def what_comes(kind: DeadlineKind, level: int, to: Party) -> str:
    """Return what happens at a deadline if nobody does anything before."""
    if kind in PATIENCE and level > OVERDUE_LEVEL:
        return ESCALATED
    if kind in PATIENCE and level == OVERDUE_LEVEL:
        return OVERDUE
    return COMING[kind].format(to=SIDES[to])


def turn_of(owed: ObligationShown | None, *, role: Role, names: Mapping[Party, str]) -> Turn | None:
    """Return whose turn it is, as somebody of that staff role reads it."""
    if owed is None:
        return None
    if owed.party is Party.ADMIN and owed.action in OF_ADMINS and role is not Role.ADMIN:
        return turn(Party.PROVIDER, owed.action, reader=Party.ADMIN, other="an admin")
    return turn(owed.party, owed.action, reader=Party.ADMIN, other=names.get(owed.party, ""))
