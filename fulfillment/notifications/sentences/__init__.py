"""The catalogue: what every event says to each role that hears of it. All our sentences are in here."""

from collections.abc import Iterator

from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.people import Role
from fulfillment.notifications.payload import Payload
from fulfillment.notifications.sentences.cards import CARDS
from fulfillment.notifications.sentences.codes import verdict_of
from fulfillment.notifications.sentences.jobs import JOBS
from fulfillment.notifications.sentences.payouts import PAYOUTS
from fulfillment.notifications.sentences.refunds import REFUNDS
from fulfillment.notifications.sentences.reminders import EVENT as REMINDER
from fulfillment.notifications.sentences.reminders import REMINDERS
from fulfillment.notifications.sentences.scheduling import SCHEDULING
from fulfillment.notifications.sentences.visits import VISITS
from fulfillment.notifications.sentences.waiting import WAITING
from fulfillment.notifications.sentences.words import Catalogue, NoWords, Words

CATALOGUE: Catalogue = {**SCHEDULING, **VISITS, **PAYOUTS, **CARDS, **REFUNDS, **WAITING, **JOBS, **REMINDERS}


def words_for(payload: Payload, role: Role) -> Words:
    """Return what that event says to that role, in the variant that fits best.

    Raises:
        NoWords: nobody has written it down.
    """
    for key in _keys(payload):
        if words := CATALOGUE.get(key, {}).get(role):
            return words
    raise NoWords(f"there are no words for {payload.type} to {role}")


def _keys(payload: Payload) -> Iterator[str]:
    if variant := _variant(payload):
        yield f"{payload.type}/{variant}"
    yield payload.type


def _variant(payload: Payload) -> str:
    """Return which of its stories an event tells this time; empty for the usual one."""
    match payload.type:
        case "notifyReminderSent":
            return payload.reminder.kind if payload.reminder else ""
        case "notifyAssignmentOpened":
            return "proposed" if payload.window else ""
        case "notifyAssignmentCancelled":
            return "agreed" if payload.window else ""
        case "notifyIncidentResolved":
            return _verdict(payload)
        case "notifyPayoutDenied":
            status = payload.assignment.status if payload.assignment else ""
            return "final" if status == Status.CLOSED_UNPAID else ""
        case "notifyEscalated":
            return "" if payload.assignment else "job"
        case _:
            return "moved" if payload.previous_window else ""


def _verdict(payload: Payload) -> str:
    """Return the verdict on an incident, with which the reason begins unless nobody is at fault."""
    verdict, _ = verdict_of(payload.reason)
    return verdict or IncidentVerdict.NEITHER


__all__ = ["CATALOGUE", "REMINDER", "Catalogue", "NoWords", "Words", "words_for"]
