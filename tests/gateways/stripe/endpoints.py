"""Which requests there are, and what each of them is called in faults and in the ledger."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.gateways.stripe.aftermath import Aftermath
from tests.gateways.stripe.books import Books, Object
from tests.gateways.stripe.forms import Asked, listed
from tests.gateways.stripe.intents import Intents
from tests.gateways.stripe.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    op: str
    method: str
    path: re.Pattern[str]
    do: Callable[[Asked], Object]


def endpoints(books: Books, people: People, intents: Intents, aftermath: Aftermath) -> tuple[Endpoint, ...]:
    """Return the whole table."""

    def event(asked: Asked) -> Object:
        return next((one for one in books.events if one["id"] == asked.ids[0]), None) or books.get(
            "event", ""
        )

    def events(asked: Asked) -> Object:
        wanted = asked.text("type")
        return listed(asked, [one for one in books.events if wanted in {None, one["type"]}])

    table: tuple[tuple[str, str, Callable[[Asked], Object]], ...] = (
        ("authorise", "POST payment_intents", intents.create),
        ("list", "GET payment_intents", intents.list),
        ("retrieve", "GET payment_intents/*", intents.one),
        ("confirm", "POST payment_intents/*/confirm", intents.confirm),
        ("capture", "POST payment_intents/*/capture", intents.capture),
        ("cancel", "POST payment_intents/*/cancel", intents.cancel),
        ("list_charges", "GET charges", intents.charges),
        ("retrieve_charge", "GET charges/*", intents.charge),
        ("transfer", "POST transfers", aftermath.create_transfer),
        ("list_transfers", "GET transfers", aftermath.transfers),
        ("retrieve_transfer", "GET transfers/*", aftermath.transfer),
        ("reverse", "POST transfers/*/reversals", aftermath.reverse),
        ("list_reversals", "GET transfers/*/reversals", aftermath.reversals),
        ("refund", "POST refunds", aftermath.create_refund),
        ("list_refunds", "GET refunds", aftermath.refunds),
        ("retrieve_refund", "GET refunds/*", aftermath.refund),
        ("list_disputes", "GET disputes", aftermath.disputes),
        ("retrieve_dispute", "GET disputes/*", aftermath.dispute),
        ("concede", "POST disputes/*/close", aftermath.concede),
        ("create_customer", "POST customers", people.create_customer),
        ("list_customers", "GET customers", people.list_customers),
        ("retrieve_customer", "GET customers/*", people.customer),
        ("list_methods", "GET payment_methods", people.list_methods),
        ("retrieve_method", "GET payment_methods/*", people.payment_method),
        ("attach", "POST payment_methods/*/attach", people.attach),
        ("detach", "POST payment_methods/*/detach", people.detach),
        ("create_setup", "POST setup_intents", people.create_setup),
        ("retrieve_setup", "GET setup_intents/*", people.setup),
        ("confirm_setup", "POST setup_intents/*/confirm", people.confirm_setup),
        ("create_account", "POST accounts", people.create_account),
        ("retrieve_account", "GET accounts/*", people.account),
        ("list_events", "GET events", events),
        ("retrieve_event", "GET events/*", event),
    )
    return tuple(_endpoint(op, line, do) for op, line, do in table)


def _endpoint(op: str, line: str, do: Callable[[Asked], Object]) -> Endpoint:
    method, path = line.split(" ")
    pattern = re.compile("/v1/" + path.replace("*", r"(\w+)"))
    return Endpoint(op=op, method=method, path=pattern, do=do)
