"""What has happened to an assignment and what is still to come, in the words of whoever reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from api.schemas.history import ComingShown, MessageShown, RemindedShown, StepShown, TimelineShown
from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    ApprovePayout,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    ConfirmWindow,
    DeclineWindow,
    DenyPayout,
    HoldAssignment,
    OpenAssignment,
    OpenDispute,
    ProposeWindow,
    Reauthorise,
    RecordChargeback,
    RecordSettlement,
    RejectAssignment,
    ReportNoShow,
    ResolveDispute,
    ResolveIncident,
    ResubmitPayout,
    ResumeAssignment,
    WithdrawWindow,
)
from fulfillment.domain.assignment.deadline import OVERDUE_LEVEL, Deadline, DeadlineKind
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.messages import ReminderKind
from fulfillment.domain.people import Party, Role
from fulfillment.store.tables import ReminderStatus

MOST_PAST = 40
"""Steps that are shown; whoever needs all of them asks the API."""

STEPS: Mapping[str, str] = {
    kind.__name__: says
    for kind, says in {
        OpenAssignment: "A provider was found",
        ProposeWindow: "{who} proposed a time",
        ConfirmWindow: "{who} confirmed the time",
        DeclineWindow: "{who} declined the proposed time",
        WithdrawWindow: "{who} took the proposal back",
        RejectAssignment: "{who} gave the job back",
        CancelAssignment: "{who} cancelled the visit",
        CheckIn: "{who} checked in",
        CompleteAssignment: "{who} said that the work is done",
        ReportNoShow: "{who} reported that nobody came",
        AnswerIncident: "{who} said how the visit went",
        ResolveIncident: "{who} resolved what went wrong",
        OpenDispute: "{who} disputed the work",
        ResolveDispute: "{who} settled the dispute",
        ApprovePayout: "{who} approved the payment",
        DenyPayout: "{who} had questions about the payment",
        ResubmitPayout: "{who} answered them",
        RecordSettlement: "The payment went through",
        RecordChargeback: "The bank was heard of",
        Reauthorise: "{who} had the card asked again",
        HoldAssignment: "{who} stopped the clock",
        ResumeAssignment: "{who} let the clock run again",
    }.items()
}
"""What a step is called; the others are the engine's own business."""

TO_PROVIDERS: Mapping[str, str] = {
    OpenAssignment.__name__: "You got the job",
    ApprovePayout.__name__: "{who} approved the payout",
    DenyPayout.__name__: "{who} denied the payout",
    ResubmitPayout.__name__: "{who} sent the payout in again",
    RecordSettlement.__name__: "The payout was settled",
}
"""What is called otherwise where a provider reads it."""

REMINDERS: Mapping[ReminderKind, str] = {
    ReminderKind.PROPOSE_NUDGE: "We reminded you to propose a time",
    ReminderKind.CONFIRM_NUDGE: "We reminded you to answer the proposal",
    ReminderKind.VISIT_24H: "We reminded you of the visit",
    ReminderKind.VISIT_2H: "We reminded you of the visit",
    ReminderKind.VISIT: "We reminded you of the visit",
    ReminderKind.START_CHECK: "We asked you whether the visit has begun",
    ReminderKind.COMPLETION_NUDGE: "We asked you whether the work is done",
    ReminderKind.PAYMENT_NUDGE: "We reminded you to see to your card",
    ReminderKind.RESUBMIT_NUDGE: "We reminded you to send the payout in again",
}

NOTICES: Mapping[str, str] = {
    "notifyScheduleExpired": "The proposal lapsed without an answer",
    "notifyOverdue": "It counted as overdue",
    "notifyCardAuthorised": "The price was held on your card",
    "notifyPaymentNeeded": "The price could not be held on your card",
    "notifyCardCharged": "Your card was charged",
}
"""What nobody has done, and is only known from what people were told."""

COMING: Mapping[DeadlineKind, str] = {
    DeadlineKind.HOLD_END: "the clock runs again",
    DeadlineKind.MORNING_NUDGE: "{to} reminded once more",
    DeadlineKind.PROPOSAL_EXPIRY: "the proposal lapses, if nobody has answered",
    DeadlineKind.VISIT_REMINDER: "{to} reminded of the visit",
    DeadlineKind.START_CHECK: "{to} asked whether the visit has begun",
    DeadlineKind.NO_SHOW_SUSPECTED: "our team asks what has happened, if nobody has checked in",
    DeadlineKind.NO_SHOW_ANSWER: "our team decides, with or without an answer",
    DeadlineKind.COMPLETION_NUDGE: "{to} asked whether the work is done",
    DeadlineKind.RESUBMIT_NUDGE: "{to} reminded to send the payout in again",
    DeadlineKind.RESUBMIT_EXPIRY: "the payout is closed, if it was not sent in again",
    DeadlineKind.AUTH_EXPIRING: "our team is warned that the hold on the card ends",
    DeadlineKind.AUTHORISE: "the price is held on the card",
    DeadlineKind.AUTH_EXPIRY: "the hold on the card ends by itself",
    DeadlineKind.PAYMENT_NUDGE: "{to} reminded to see to the card",
    DeadlineKind.CAPTURE_CHECK: "the bank is asked again",
}
PATIENCE: Mapping[DeadlineKind, str] = {
    DeadlineKind.SLA_PROPOSE: "{to} reminded to propose a time",
    DeadlineKind.SLA_CONFIRM: "{to} reminded to answer the proposal",
    DeadlineKind.SLA_PAYOUT: "our team is reminded to look at the work",
}
OVERDUE = "it counts as overdue, and our team hears of it"
ESCALATED = "our team looks into it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of the story; `at` is when it was, or will be."""

    at: datetime
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is `coming`, the nearest first, and what is `past`, the latest first."""

    coming: tuple[Told, ...]
    past: tuple[Told, ...]


def story_of(timeline: TimelineShown, standing: Standing, *, reader: Party, other: str) -> Story:
    """Return the story as `reader` hears it, who calls the other side `other`."""
    told = _notices(timeline.messages)
    past = [*_steps(timeline.steps, reader, other), *_reminders(timeline.reminders), *told]
    coming = [*_of_both(standing), *_deadlines(timeline.coming, reader, other)]
    return Story(
        coming=tuple(sorted(coming, key=lambda each: each.at)),
        past=tuple(sorted(past, key=lambda each: each.at, reverse=True)[:MOST_PAST]),
    )


def what_comes(deadline: Deadline | ComingShown, level: int, *, reader: Party, other: str) -> str:
    """Return what happens at a deadline, if nobody does anything before: "you are reminded of the visit"."""
    if deadline.kind in PATIENCE and level > OVERDUE_LEVEL:
        return ESCALATED
    if deadline.kind in PATIENCE and level == OVERDUE_LEVEL:
        return OVERDUE
    says = PATIENCE.get(deadline.kind) or COMING[deadline.kind]
    return says.format(to="you are" if deadline.to is reader else f"{_called(deadline.to, reader, other)} is")


def _steps(steps: list[StepShown], reader: Party, other: str) -> Iterator[Told]:
    called = {**STEPS, **TO_PROVIDERS} if reader is Party.PROVIDER else STEPS
    for step in steps:
        says = called.get(step.command)
        if says:
            who = _called(_party(step.actor_role), reader, other)
            yield Told(at=step.at, says=_begun(says.format(who=who)))


def _reminders(reminders: list[RemindedShown]) -> Iterator[Told]:
    """Yield what was sent, once however many ways it went."""
    sent = {
        (each.rule, each.n): each
        for each in reminders
        if each.status is ReminderStatus.SENT and each.kind in REMINDERS
    }
    for each in sent.values():
        yield Told(at=each.sent_at or each.due, says=REMINDERS[each.kind])


def _notices(messages: list[MessageShown]) -> Iterator[Told]:
    for each in messages:
        if each.event in NOTICES:
            yield Told(at=each.at, says=NOTICES[each.event])


def _of_both(standing: Standing) -> Iterator[Told]:
    """Yield what comes for both sides alike; deadlines are one side's."""
    it = standing.assignment
    if it.agreed and it.status is Status.SCHEDULED:
        yield Told(at=it.agreed.window.start, says="The visit begins")
    if standing.proposal_expires_at:
        lapses = COMING[DeadlineKind.PROPOSAL_EXPIRY]
        yield Told(at=standing.proposal_expires_at, says=_begun(lapses))


def _deadlines(coming: list[ComingShown], reader: Party, other: str) -> Iterator[Told]:
    for each in coming:
        if each.kind is DeadlineKind.PROPOSAL_EXPIRY:
            continue
        yield Told(at=each.due, says=_begun(what_comes(each, each.level, reader=reader, other=other)))


def _party(role: Role) -> Party:
    return Party(role.value) if role in {Role.CUSTOMER, Role.PROVIDER} else Party.ADMIN


def _called(party: Party, reader: Party, other: str) -> str:
    if party is Party.ADMIN:
        return "our team"
    return "you" if party is reader else other


def _begun(says: str) -> str:
    return f"{says[:1].upper()}{says[1:]}"
