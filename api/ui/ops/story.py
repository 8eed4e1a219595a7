"""The story of an assignment as operations read it: what comes and why, what was sent to whom and why not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from api.schemas.history import (
    AttemptShown,
    AuditedShown,
    ComingShown,
    MessageShown,
    RemindedShown,
    StepShown,
    TimelineShown,
)
from api.ui.ops.words import notice, step, what_comes
from api.ui.words import ROLES, SIDES, STATUSES, Badge, Tone
from fulfillment.domain.assignment.commands import PassDeadline
from fulfillment.domain.assignment.deadline import DeadlineKind
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.command import Source
from fulfillment.domain.job.state import JobStatus
from fulfillment.domain.people import Role
from fulfillment.store.tables import OutboxStatus, ReminderStatus

SEEN_AT_ONCE = 20
"""Lines of the past that are seen without opening the rest."""
SAID = re.compile(r"[^A-Za-z0-9]+")

SENT: Mapping[str, Badge] = {
    ReminderStatus.PLANNED: Badge("Waits to be sent", Tone.CALM),
    OutboxStatus.WAITING: Badge("Waits to be sent", Tone.CALM),
    ReminderStatus.CLAIMED: Badge("Being sent", Tone.CALM),
    ReminderStatus.SENT: Badge("Sent", Tone.GOOD),
    ReminderStatus.FAILED: Badge("Not delivered", Tone.ALARM),
    ReminderStatus.UNKNOWN: Badge("In doubt", Tone.ALARM),
    ReminderStatus.SKIPPED_COVERED: Badge("Not sent", Tone.OFF),
    ReminderStatus.SKIPPED_LATE: Badge("Not sent", Tone.OFF),
    ReminderStatus.SKIPPED_OBSOLETE: Badge("Not sent", Tone.OFF),
    ReminderStatus.SKIPPED_QUIET: Badge("Not sent", Tone.OFF),
    OutboxStatus.SKIPPED: Badge("Not sent", Tone.OFF),
}
TO: Mapping[Role, str] = {
    Role.CUSTOMER: "To the customer",
    Role.PROVIDER: "To the provider",
    Role.OPS: "To operations",
    Role.ADMIN: "To admins",
}
WHO: Mapping[Role, str] = {
    Role.CUSTOMER: "the customer",
    Role.PROVIDER: "the provider",
    Role.OPS: "operations",
    Role.ADMIN: "an admin",
    Role.SYSTEM: "the clock",
}


DOORS: Mapping[Source, str] = {
    Source.API: "by the API",
    Source.PAGE: "on a page",
    Source.UPDATE: "in the engine",
    Source.SIGNAL: "by a signal",
    Source.CLOCK: "by the clock",
}


class Kind(StrEnum):
    """What a line of the past is: a step that was taken, a reminder, or another message."""

    STEP = "step"
    REMINDER = "reminder"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A deadline that is still to come; `mark` names its forms."""

    shown: ComingShown
    says: str
    mark: str
    may_skip: bool
    may_extend: bool

    @property
    def skip(self) -> str:
        return f"skip-{self.mark}"

    @property
    def extend(self) -> str:
        return f"extend-{self.mark}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Something that has happened: its headline, who is in it, why, and how each attempt to deliver went."""

    at: datetime
    kind: Kind
    title: str
    by: str = ""
    why: str = ""
    badge: Badge | None = None
    attempts: tuple[AttemptShown, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is `ahead`, the nearest first; what is past, the latest first: `recent`, and what is `older`."""

    ahead: tuple[Ahead, ...]
    recent: tuple[Past, ...]
    older: tuple[Past, ...]

    @property
    def forms(self) -> frozenset[str]:
        """The ids of the forms that are drawn."""
        skips = {each.skip for each in self.ahead if each.may_skip}
        return frozenset(skips | {each.extend for each in self.ahead if each.may_extend})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A line of the audit, in words; `refused` says that it was, and with which code."""

    shown: AuditedShown
    who: str
    how: str
    says: str
    was: str
    now: str
    refused: Badge


def story_of(timeline: TimelineShown, control: Mapping[str, tuple[bool, bool]]) -> Story:
    """Return the story; `control` says of each deadline by its id whether it may be skipped, and moved."""
    made = (*_steps(timeline.steps), *_reminders(timeline.reminders), *_messages(timeline.messages))
    past = sorted(made, key=lambda each: each.at, reverse=True)
    return Story(
        ahead=tuple(_ahead(each, control) for each in timeline.coming),
        recent=tuple(past[:SEEN_AT_ONCE]),
        older=tuple(past[SEEN_AT_ONCE:]),
    )


def deed_of(shown: AuditedShown, called: Mapping[str, str]) -> Deed:
    """Return a line of the audit; `called` are the names of people by their ids."""
    return Deed(
        shown=shown,
        who=_who(shown, called),
        how=_how(shown),
        says=step(shown.command),
        was=_status(shown.from_status),
        now=_status(shown.to_status),
        refused=Badge(f"Refused: {shown.code}", Tone.ALARM),
    )


def mark_of(deadline_id: str) -> str:
    """Return the id of a deadline as a page can have it in its own ids."""
    return SAID.sub("-", deadline_id)


def _ahead(shown: ComingShown, control: Mapping[str, tuple[bool, bool]]) -> Ahead:
    may_skip, may_extend = control.get(shown.id, (False, False))
    return Ahead(
        shown=shown,
        says=_begun(what_comes(DeadlineKind(shown.kind), shown.level, shown.to)),
        mark=mark_of(shown.id),
        may_skip=may_skip,
        may_extend=may_extend,
    )


def _steps(steps: list[StepShown]) -> Iterator[Past]:
    for each in steps:
        moved = each.to is not None and each.to != each.from_
        # What a deadline did is told by the reminders and messages that followed; the audit has each.
        if each.command == PassDeadline.__name__ and not moved:
            continue
        yield Past(
            at=each.at,
            kind=Kind.STEP,
            title=step(each.command),
            by=f"By {WHO[each.actor_role]}",
            badge=STATUSES[Status][each.to] if moved and each.to in set(Status) else None,
        )


def _reminders(reminders: list[RemindedShown]) -> Iterator[Past]:
    for each in reminders:
        yield Past(
            at=each.sent_at or each.due,
            kind=Kind.REMINDER,
            title=f"Reminder: {each.kind.replace('_', ' ')}",
            by=f"{TO[each.recipient_role]}, {each.recipient_id}",
            why=f"{_begun(each.why)}.",
            badge=SENT[each.status],
            attempts=tuple(each.attempts),
        )


def _messages(messages: list[MessageShown]) -> Iterator[Past]:
    for each in messages:
        yield Past(
            at=each.at,
            kind=Kind.MESSAGE,
            title=f"Message: {notice(each.event).lower()}",
            by=f"{TO[each.recipient_role]}, {each.recipient_id}",
            why=each.reason or "",
            badge=SENT[each.status],
            attempts=tuple(each.attempts),
        )


def _who(shown: AuditedShown, called: Mapping[str, str]) -> str:
    if shown.actor_role is Role.SYSTEM:
        return WHO[Role.SYSTEM].capitalize()
    return called.get(shown.actor_id, shown.actor_id)


def _how(shown: AuditedShown) -> str:
    """Return as what somebody acted, in whose name, and by which door; nothing of the clock."""
    if shown.actor_role is Role.SYSTEM:
        return ""
    behalf = f", for {SIDES[shown.on_behalf_of]}" if shown.on_behalf_of else ""
    return f"{ROLES[shown.actor_role].capitalize()}{behalf}, {DOORS[shown.source]}"


def _status(value: str | None) -> str:
    for kind in (Status, JobStatus):
        if value in set(kind):
            return STATUSES[kind][value].says
    return value or ""


def _begun(says: str) -> str:
    return f"{says[:1].upper()}{says[1:]}"
