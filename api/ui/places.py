"""Where things are: the pages of each role, and where somebody may be sent on to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from fulfillment.domain.people import Role

ROOT = "/ui"
HOME = f"{ROOT}/"
SIGN_IN = f"{ROOT}/sign-in"
SIGN_OUT = f"{ROOT}/sign-out"
ACT_AS = f"{ROOT}/act-as"
STREAMS = f"{ROOT}/live"
LONGEST = 500
PLAIN = re.compile(r"/ui(/[A-Za-z0-9_.~:@%/-]*)?(\?[A-Za-z0-9_.~:@%/=&+,-]*)?")


@dataclass(frozen=True, slots=True)
class Place:
    """A page in the navigation of a role."""

    path: str
    label: str


FIGURES = Place("/ui/admin/metrics", "Figures")
OPERATIONS = (Place("/ui/admin/assignments", "Assignments"), Place("/ui/admin/jobs", "Jobs"))
NAVIGATION: Mapping[Role, tuple[Place, ...]] = {
    Role.CUSTOMER: (Place("/ui/jobs", "My jobs"), Place("/ui/me", "About me")),
    Role.PROVIDER: (
        Place("/ui/work", "My work"),
        Place("/ui/day", "My day"),
        Place("/ui/offers", "Offers"),
        Place("/ui/open-jobs", "Open jobs"),
        Place("/ui/away", "Away"),
        Place("/ui/me", "About me"),
    ),
    Role.OPS: (*OPERATIONS, FIGURES),
    Role.ADMIN: (Place("/ui/admin/payouts", "Payouts"), *OPERATIONS, FIGURES),
}
"""The first place of a role is its home."""


def home_of(role: Role) -> str | None:
    """Return where somebody of that role begins, if there are pages for it."""
    places = NAVIGATION[role]
    return places[0].path if places else None


def safe_next(wanted: str) -> str:
    """Return `wanted` if it is a page of ours to go on to, and the root of the pages otherwise.

    It comes out of an address that anybody can make up: `//evil.example` and its like would lead
    away.
    """
    if len(wanted) > LONGEST or not PLAIN.fullmatch(wanted):
        return HOME
    path = urlsplit(wanted).path
    leaves = ".." in path.split("/") or "//" in path
    return HOME if leaves or path.startswith((SIGN_IN, SIGN_OUT, ACT_AS)) else wanted
