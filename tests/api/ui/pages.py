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

    `is_file` says that what it honours is something to keep, and no page.
    """

    method: str
    path: str
    roles: tuple[Role, ...] = ()
    form: Json = field(default_factory=dict)
    is_file: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def has_id(self) -> bool:
        return "{" in self.path


def get(path: str, *roles: Role) -> PageRoute:
    return PageRoute(method="GET", path=path, roles=roles)


def file(path: str, *roles: Role) -> PageRoute:
    return PageRoute(method="GET", path=path, roles=roles, is_file=True)


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
AWAY = "/ui/admin/providers/{provider_id}/unavailable"
STAFF = (OPS, ADMIN)
JOB, TASK = "/ui/jobs/{job_id}", "/ui/work/{assignment_id}"

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
    get("/ui/live", *ALL),
    get("/ui/jobs", CUSTOMER),
    get(JOB, CUSTOMER),
    post(f"{JOB}/propose", CUSTOMER, **WINDOW, expectedVersion="0"),
    post(f"{JOB}/visits/{{assignment_id}}/confirm", CUSTOMER, version="1"),
    get("/ui/work", PROVIDER),
    get(TASK, PROVIDER),
    post(f"{TASK}/propose", PROVIDER, **WINDOW, expectedVersion="0"),
    post(f"{TASK}/confirm", PROVIDER, version="1"),
    get("/ui/admin/assignments", *STAFF),
    file("/ui/admin/assignments.csv", *STAFF),
    get("/ui/admin/tasks", *STAFF),
    get(CASE, *STAFF),
    get(f"{CASE}/audit", *STAFF),
    file(f"{CASE}/evidence", *STAFF),
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
    get(AWAY, *STAFF),
    post(f"{AWAY}/preview", *STAFF, **ABSENT),
    post(AWAY, *STAFF, **ABSENT),
    get(f"{AWAY}/{{batch_id}}", *STAFF),
    post(f"{AWAY}/{{batch_id}}/end", *STAFF, reason="back again"),
)
GUARDED = tuple(route for route in PAGES if route.roles)
OPEN = {(route.method, route.path) for route in PAGES if not route.roles}


def existing() -> Iterator[tuple[str, str]]:
    """Yield method and path of each route of the pages."""
    for route in iter_route_contexts(front(routers=ROUTERS).routes):
        for method in route.methods or ():
            if str(route.path_format).startswith("/ui"):
                yield method, str(route.path_format)
