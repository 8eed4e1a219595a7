"""Every route there is, who may use it, and a body that it takes: the table the tests of access go by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi.routing import iter_route_contexts

from api import dev, main
from fulfillment.domain.people import Role
from tests.api.front import front
from tests.journeys.front import ISSUER
from tests.journeys.people import Json
from tests.journeys.town import job, window

STAFF = (Role.OPS, Role.ADMIN)
CUSTOMER, PROVIDER, ADMIN = Role.CUSTOMER, Role.PROVIDER, Role.ADMIN
SIDES = (CUSTOMER, PROVIDER)
ALL, OWNER, ASSIGNEE = (CUSTOMER, PROVIDER, *STAFF), (CUSTOMER, *STAFF), (PROVIDER, *STAFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route, with the roles that may use it; none says that it is open to everybody.

    `makes` says that it makes what it names, so that nothing is missing there; `anew` that a repeat under
    the same key does its work again, because what it answered is kept nowhere; `by_card` that it is only
    ever honoured where cards pay.
    """

    method: str
    path: str
    roles: tuple[Role, ...]
    body: Json | None = None
    makes: bool = False
    anew: bool = False
    by_card: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def has_id(self) -> bool:
        return "{" in self.path


def get(path: str, *roles: Role) -> Route:
    return Route(method="GET", path=path, roles=roles)


def post(path: str, *roles: Role, **body: object) -> Route:
    return Route(method="POST", path=path, roles=roles, body=body)


def put(path: str, *roles: Role, makes: bool = False, **body: object) -> Route:
    return Route(method="PUT", path=path, roles=roles, body=body, makes=makes)


def delete(path: str, *roles: Role) -> Route:
    return Route(method="DELETE", path=path, roles=roles)


SOON = (datetime.now(UTC) + timedelta(days=2)).isoformat()
WHY = "so that it is said"
MONEY: Json = {"amount": 10_000, "currency": "EUR"}
PERSON: Json = {
    "name": "Ada",
    "email": "ada@example.test",
    "phone": "+493012345",
    "timezone": "Europe/Berlin",
    "locale": "de-DE",
    "smsConsent": True,
}
ASSIGNMENT, PAYOUT, DEADLINE = (
    "/assignments/{assignment_id}",
    "/admin/payouts/{payout_id}",
    "/assignments/{assignment_id}/deadlines/{deadline_id}",
)


def by_card(path: str, *roles: Role) -> Route:
    return Route(method="POST", path=path, roles=roles, body={"reason": WHY}, by_card=True)


ROUTES = (
    get("/jobs", *ALL),
    post("/jobs", CUSTOMER, **job()),
    get("/jobs/{job_id}", *ALL),
    post("/jobs/{job_id}/cancel", *OWNER, reason=WHY),
    post("/jobs/{job_id}/extend", *STAFF, reason=WHY, hours=2),
    post("/jobs/{job_id}/widen", *STAFF, reason=WHY),
    post("/jobs/{job_id}/assign", *STAFF, reason=WHY, providerId="bob", **MONEY),
    post("/jobs/{job_id}/readmit", *STAFF, reason=WHY, providerId="bob"),
    get("/jobs/{job_id}/quotes", *ALL),
    post("/jobs/{job_id}/quotes", PROVIDER, **MONEY),
    post("/jobs/{job_id}/quotes/{quote_id}/withdraw", PROVIDER),
    post("/jobs/{job_id}/quotes/{quote_id}/accept", CUSTOMER, version=1),
    get("/offers", PROVIDER),
    post("/offers/{offer_id}/accept", PROVIDER),
    post("/offers/{offer_id}/decline", PROVIDER, reasonCode="too_far"),
    post("/jobs/{job_id}/schedule", *OWNER, **window(), expectedVersion=2),
    post(f"{ASSIGNMENT}/schedule", *ASSIGNEE, **window(), expectedVersion=2),
    post(f"{ASSIGNMENT}/schedule/confirm", *ALL, version=1),
    post(f"{ASSIGNMENT}/schedule/decline", *ALL, version=1),
    post(f"{ASSIGNMENT}/schedule/withdraw", *ALL, version=1),
    get("/assignments", *ALL),
    get(ASSIGNMENT, *ALL),
    get(f"{ASSIGNMENT}/state", *ALL),
    get(f"{ASSIGNMENT}/timeline", *ALL),
    get(f"{ASSIGNMENT}/audit", *STAFF),
    get(f"{ASSIGNMENT}/evidence", *STAFF),
    post(f"{ASSIGNMENT}/reject", *ASSIGNEE, reasonCode="sick"),
    post(f"{ASSIGNMENT}/cancel", *OWNER, reason=WHY),
    post(f"{ASSIGNMENT}/check-in", *ASSIGNEE),
    post(f"{ASSIGNMENT}/complete", *ASSIGNEE, evidence=["a photo"]),
    post(f"{ASSIGNMENT}/no-show", *ALL, who="provider", note=WHY),
    post(f"{ASSIGNMENT}/incident/answer", *ALL, statement=WHY),
    post(f"{ASSIGNMENT}/incident/resolve", *STAFF, verdict="neither", reason=WHY),
    get(f"{ASSIGNMENT}/payment", *OWNER),
    by_card(f"{ASSIGNMENT}/payment/retry", *OWNER),
    post(f"{ASSIGNMENT}/dispute", *OWNER, reason=WHY),
    post(f"{ASSIGNMENT}/hold", *ALL, until=SOON, reason=WHY),
    post(f"{ASSIGNMENT}/resume", *ALL),
    post(f"{DEADLINE}/skip", *STAFF, reason=WHY),
    post(f"{DEADLINE}/extend", *STAFF, reason=WHY, to=SOON),
    get("/metrics/fulfillment", *STAFF),
    get("/admin/payouts", ADMIN),
    get("/admin/tasks", *STAFF),
    get(PAYOUT, ADMIN),
    post(f"{PAYOUT}/approve", ADMIN, attempt=1, reason="bank 1"),
    by_card(f"{PAYOUT}/retry-capture", ADMIN),
    by_card(f"{PAYOUT}/reauthorise", ADMIN),
    by_card(f"{PAYOUT}/refund", ADMIN),
    post(f"{PAYOUT}/resolve-dispute", ADMIN, outcome="release", reason=WHY),
    post(f"{PAYOUT}/deny", ADMIN, attempt=1, reasonCode="late", note=WHY),
    post("/payouts/{payout_id}/resubmit", *ASSIGNEE, evidence=["an invoice"]),
    get(f"{ASSIGNMENT}/calendar.ics", *SIDES),
    get(f"{ASSIGNMENT}/calendar", *SIDES),
    get("/calendar", *SIDES),
    Route(method="POST", path="/calendar/feed", roles=SIDES, body={}, anew=True),
    delete("/calendar/feed", *SIDES),
    get("/calendar/{token}.ics"),
    Route(method="POST", path="/calendar/google", roles=SIDES, body={}, anew=True),
    get("/calendar/google/callback"),
    delete("/calendar/google", *SIDES),
    get("/me", *ALL),
    put("/me", *ALL, **PERSON),
    get("/people/{person_id}", *STAFF),
    put("/people/{person_id}", *STAFF, makes=True, **PERSON),
    get("/me/payment-method", CUSTOMER),
    put("/me/payment-method", CUSTOMER, paymentMethod="pm_card_visa"),
    delete("/me/payment-method", CUSTOMER),
    Route(method="POST", path="/me/payment-method/setup", roles=(CUSTOMER,), body={}, anew=True),
    get("/me/payout-account", PROVIDER),
    get("/people/{person_id}/payout-account", *STAFF),
    put("/people/{person_id}/payout-account", *STAFF, makes=True, account="acct_1"),
    Route(method="POST", path="/webhooks/stripe", roles=()),
    get("/healthz"),
    get("/readyz"),
    get("/metrics"),
    get("/openapi.json"),
    get("/docs"),
    post("/dev/token", sub="ada", role="customer"),
    post("/dev/skip", assignmentId="missing", hours=1),
    get("/dev/emails"),
    get("/dev/emails/{message_id}"),
    get("/dev/emails/{message_id}/html"),
    get("/dev/emails/{message_id}/visit.ics"),
    get("/dev/emails/{message_id}/raw"),
)

GUARDED = tuple(route for route in ROUTES if route.roles)


def existing() -> Iterator[tuple[str, str]]:
    """Yield method and path of each route that the application has."""
    for route in iter_route_contexts(front(routers=(*main.ROUTERS, dev.router(ISSUER))).routes):
        for method in route.methods or ():
            yield method, str(route.path_format)
