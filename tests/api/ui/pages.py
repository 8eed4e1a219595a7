"""Every route of the pages, who may use it, and what a form of it sends: the table their tests go by."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from fastapi.routing import iter_route_contexts

from api.ui.assembly import ROUTERS
from fulfillment.domain.people import Role
from tests.api.front import front
from tests.journeys.people import Json

CUSTOMER, PROVIDER, OPS, ADMIN = Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN
ALL = (CUSTOMER, PROVIDER, OPS, ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRoute:
    """One route; without roles it is open to everybody, and says why in OPEN.

    `query` is for a route that is no page: what makes it answer at once, that there is no such thing.
    """

    method: str
    path: str
    roles: tuple[Role, ...] = ()
    query: str = ""
    form: Json = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def has_id(self) -> bool:
        return "{" in self.path


def get(path: str, *roles: Role, query: str = "") -> PageRoute:
    return PageRoute(method="GET", path=path, roles=roles, query=query)


def post(path: str, *roles: Role, **form: str) -> PageRoute:
    return PageRoute(method="POST", path=path, roles=roles, form=form)


WINDOW = {"start": "2027-04-01T09:00", "end": "2027-04-01T11:00", "timezone": "Europe/Berlin"}
ABSENT = {
    "from": "2027-04-01T09:00",
    "to": "2027-04-09T09:00",
    "timezone": "Europe/Berlin",
    "reasonCode": "sick",
    "reason": "the flu",
}
LATER = {"timezone": "Europe/Berlin", "reason": "as agreed on the phone"}
CASE, HELPED = "/ui/admin/assignments/{assignment_id}", "/ui/admin/jobs/{job_id}"
ABSENCES = "/ui/admin/providers/{provider_id}/unavailable"
STAFF = (OPS, ADMIN)
JOB, TASK = "/ui/jobs/{job_id}", "/ui/work/{assignment_id}"
OPEN_JOB = "/ui/open-jobs/{job_id}"
AWAY = {"from": "2027-04-01T09:00", "to": "2027-04-05T09:00", "reasonCode": "sick", "reason": "the flu"}
VISIT = f"{JOB}/visits/{{assignment_id}}"
PAYOUT = "/ui/admin/payouts/{payout_id}"

PAGES = (
    get("/ui", *ALL),
    get("/ui/", *ALL),
    post("/ui/act-as", *ALL, role="provider"),
    post("/ui/sign-out", *ALL),
    get("/ui/static/{name}"),
    get("/ui/sign-in"),
    post("/ui/sign-in", sub="ada", role="customer"),
    get("/ui/sign-in/start"),
    get("/ui/sign-in/callback"),
    get("/ui/live", *ALL, query="?job=nobodys.1"),
    get("/ui/jobs", CUSTOMER),
    get(JOB, CUSTOMER),
    get("/ui/jobs/new", CUSTOMER),
    post("/ui/jobs/new", CUSTOMER, title="Mend the boiler"),
    post(f"{JOB}/cancel", CUSTOMER, reason="never mind"),
    post(f"{JOB}/quotes/{{quote_id}}/accept", CUSTOMER, version="1"),
    post(f"{JOB}/propose", CUSTOMER, **WINDOW, expectedVersion="0"),
    post(f"{JOB}/visits/{{assignment_id}}/confirm", CUSTOMER, version="1"),
    post(f"{VISIT}/decline", CUSTOMER, version="1"),
    post(f"{VISIT}/withdraw", CUSTOMER, version="1"),
    post(f"{VISIT}/cancel", CUSTOMER, reason="never mind"),
    post(f"{VISIT}/hold", CUSTOMER, until="2027-04-01T09:00", reason="a holiday"),
    post(f"{VISIT}/resume", CUSTOMER),
    post(f"{VISIT}/no-show", CUSTOMER),
    post(f"{VISIT}/answer", CUSTOMER, statement="the street was closed"),
    post(f"{VISIT}/dispute", CUSTOMER, reason="it still leaks"),
    post(f"{VISIT}/pay", CUSTOMER),
    get(f"{VISIT}/calendar.ics", CUSTOMER),
    get("/ui/me", *ALL),
    post("/ui/me", *ALL, name="Ada"),
    post("/ui/me/card/forget", CUSTOMER),
    post("/ui/me/calendar/feed", CUSTOMER, PROVIDER),
    post("/ui/me/calendar/feed/revoke", CUSTOMER, PROVIDER),
    post("/ui/me/calendar/google", CUSTOMER, PROVIDER),
    post("/ui/me/calendar/google/disconnect", CUSTOMER, PROVIDER),
    get("/ui/work", PROVIDER),
    get(TASK, PROVIDER),
    post(f"{TASK}/propose", PROVIDER, **WINDOW, expectedVersion="0"),
    post(f"{TASK}/confirm", PROVIDER, version="1"),
    get("/ui/admin/metrics", OPS, ADMIN),
    get("/ui/admin/metrics/figures.csv", OPS, ADMIN),
    get("/ui/admin/metrics/reminders.csv", OPS, ADMIN),
    get("/ui/admin/payouts", ADMIN),
    get("/ui/admin/payouts/payouts.csv", ADMIN),
    get(PAYOUT, ADMIN),
    get(f"{PAYOUT}/audit", ADMIN),
    get(f"{PAYOUT}/evidence.json", ADMIN),
    post(f"{PAYOUT}/approve", ADMIN, attempt="1", amount="1.00", currency="EUR"),
    post(f"{PAYOUT}/deny", ADMIN, attempt="1", reasonCode="other", note="no"),
    post(f"{PAYOUT}/close", ADMIN, attempt="1", reasonCode="other", note="no", sure="yes"),
    post(f"{PAYOUT}/retry-capture", ADMIN, sure="yes"),
    post(f"{PAYOUT}/reauthorise", ADMIN, sure="yes"),
    post(f"{PAYOUT}/resolve-dispute", ADMIN, outcome="release", reason="heard both"),
    post(f"{PAYOUT}/refund", ADMIN, amount="1.00", currency="EUR", reason="it leaks", n="1"),
    post(f"{TASK}/decline", PROVIDER, version="1"),
    post(f"{TASK}/withdraw", PROVIDER, version="1"),
    post(f"{TASK}/check-in", PROVIDER),
    post(f"{TASK}/complete", PROVIDER),
    post(f"{TASK}/reject", PROVIDER, reasonCode="sick"),
    post(f"{TASK}/no-show", PROVIDER),
    post(f"{TASK}/answer", PROVIDER, statement="the street was closed"),
    post(f"{TASK}/hold", PROVIDER, until="2027-04-01T09:00", reason="a part is on order"),
    post(f"{TASK}/resume", PROVIDER),
    post(f"{TASK}/resubmit", PROVIDER, evidence="a better photo"),
    get(f"{TASK}/visit.ics", PROVIDER),
    get("/ui/day", PROVIDER),
    get("/ui/offers", PROVIDER),
    post("/ui/offers/{offer_id}/accept", PROVIDER),
    post("/ui/offers/{offer_id}/decline", PROVIDER, reasonCode="too_far"),
    get("/ui/open-jobs", PROVIDER),
    get("/ui/open-jobs/quotes", PROVIDER),
    get(OPEN_JOB, PROVIDER),
    post(f"{OPEN_JOB}/quote", PROVIDER, amount="100", currency="EUR"),
    post(f"{OPEN_JOB}/quotes/{{quote_id}}/withdraw", PROVIDER),
    get("/ui/away", PROVIDER),
    post("/ui/away", PROVIDER, **AWAY),
    post("/ui/away/preview", PROVIDER, **AWAY),
    get("/ui/away/{absence_id}", PROVIDER),
    post("/ui/away/{absence_id}/end", PROVIDER, reason="better already"),
    get("/ui/admin/assignments", *STAFF),
    get("/ui/admin/assignments.csv", *STAFF),
    get("/ui/admin/tasks", *STAFF),
    get(CASE, *STAFF),
    get(f"{CASE}/audit", *STAFF),
    get(f"{CASE}/evidence", *STAFF),
    post(f"{CASE}/propose", *STAFF, **WINDOW, side="provider", expectedVersion="0"),
    post(f"{CASE}/confirm", *STAFF, version="1", reason="by phone"),
    post(f"{CASE}/decline", *STAFF, version="1", side="customer"),
    post(f"{CASE}/withdraw", *STAFF, version="1", side="provider"),
    post(f"{CASE}/reject", *STAFF, reasonCode="sick"),
    post(f"{CASE}/cancel", *STAFF, reason="by phone"),
    post(f"{CASE}/check-in", *STAFF),
    post(f"{CASE}/complete", *STAFF, evidence="a photo"),
    post(f"{CASE}/no-show", *STAFF, who="customer"),
    post(f"{CASE}/answer", *STAFF, statement="the street was closed"),
    post(f"{CASE}/resolve", *STAFF, verdict="neither", reason="both were late"),
    post(f"{CASE}/dispute", *STAFF, reason="it still leaks"),
    post(f"{CASE}/hold", *STAFF, until="2027-04-01T09:00", **LATER),
    post(f"{CASE}/resume", *STAFF),
    post(f"{CASE}/skip", *STAFF, deadlineId="visit_1440m/v1/customer", reason="they know"),
    post(f"{CASE}/extend", *STAFF, deadlineId="sla_propose/v0/1", to="2027-04-01T09:00", **LATER),
    get("/ui/admin/jobs", *STAFF),
    get(HELPED, *STAFF),
    get(f"{HELPED}/audit", *STAFF),
    post(f"{HELPED}/extend", *STAFF, until="2027-04-01T09:00", **LATER),
    post(f"{HELPED}/widen", *STAFF, reason="nobody was free"),
    post(f"{HELPED}/assign", *STAFF, providerId="bob", amount="90", currency="EUR", reason="by phone"),
    post(f"{HELPED}/readmit", *STAFF, providerId="bob", reason="they are well again"),
    post(f"{HELPED}/cancel", *STAFF, reason="by phone"),
    get(ABSENCES, *STAFF),
    post(f"{ABSENCES}/preview", *STAFF, **ABSENT),
    post(ABSENCES, *STAFF, **ABSENT),
    get(f"{ABSENCES}/{{batch_id}}", *STAFF),
    post(f"{ABSENCES}/{{batch_id}}/end", *STAFF, reason="back again"),
)
GUARDED = tuple(route for route in PAGES if route.roles)
OPEN = {(route.method, route.path) for route in PAGES if not route.roles}


def existing() -> Iterator[tuple[str, str]]:
    """Yield method and path of each route of the pages."""
    for route in iter_route_contexts(front(routers=ROUTERS).routes):
        for method in route.methods or ():
            if str(route.path_format).startswith("/ui"):
                yield method, str(route.path_format)
