"""What there is to see of our pages: each page, by whom it is seen, and what has to have happened first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from devstack.addresses import Addresses
from devstack.client import Api
from devstack.environment import PROJECT
from devstack.marketplace import Json, Marketplace, window
from devstack.people import signed_in
from devstack.seed import seed
from devstack.stories import LAST, STORIES
from devstack.waiting import until
from tests.browser.deeds import HOME
from tests.browser.visits import DESK, PHONE, Device, Scheme

FOLDER = PROJECT / "docs" / "screenshots"
ABSENT = "Hang the radiators"
"""What Ben cannot do, because he is away then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one sees of `path`, signed in as somebody of the demo marketplace if there is a `who`.

    `{job}`, `{assignment}` and `{day}` in the path are the ids of the story called `story` and the day of its
    visit; `{ben}` is Ben's id, and `{absence}` that of his absence.
    """

    name: str
    path: str
    who: str = ""
    story: str = ""
    device: Device = DESK
    scheme: Scheme = "light"

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.png"


async def absent(market: Marketplace, title: str) -> None:
    """Ben has agreed to a visit in three weeks, and reports that he is away then."""
    assignment = await market.scheduled(title, by="ben", days=21)
    visit = window(assignment["job"], days=21)
    away = {"from": visit["start"], "to": window(assignment["job"], days=24)["start"]}
    path = f"/admin/providers/{market['ben'].id}/unavailable"
    why = {"reasonCode": "on_leave", "reason": "By the sea with the children"}
    reported = await market["ben"].post(path, away | why, key=f"seed/{title}/away")
    await until(
        lambda: market["ben"].get(f"{path}/{reported['id']}"), lambda it: it["doneAt"], "what becomes of it"
    )


TOLD = frozenset((*dict(STORIES), LAST, ABSENT))
"""The titles of what is planted."""

JOB, WORK, DAY = "/ui/jobs/{job}", "/ui/work/{assignment}", "/ui/day?on={day}"
OFFERS, OPEN, AWAY = "/ui/offers", "/ui/open-jobs", "/ui/away"
CASES, JOBS, ABSENCES = "/ui/admin/assignments", "/ui/admin/jobs", "/ui/admin/providers/{ben}/unavailable"
PAYOUTS, FIGURES = "/ui/admin/payouts", "/ui/admin/metrics"
CASE, PAYOUT = f"{CASES}/{{assignment}}", f"{PAYOUTS}/{{assignment}}"

PICTURES: Sequence[Sight] = (
    Sight(name="mailbox", path="/dev/emails"),
    Sight(name="sign-in", path="/ui/sign-in"),
    Sight(name="customer-jobs", path="/ui/jobs", who="ada"),
    Sight(name="customer-post", path="/ui/jobs/new", who="ada"),
    Sight(name="customer-quotes", path=JOB, who="ada", story="Paint the hallway"),
    Sight(name="customer-answer", path=JOB, who="ada", story="Fit a new thermostat"),
    Sight(name="customer-booked", path=JOB, who="ada", story="Replace the heating pump"),
    Sight(name="customer-another-time", path=JOB, who="ada", story="Check the pressure of the boiler"),
    Sight(name="customer-nobody-came", path=JOB, who="ada", story="Look at the cold floor"),
    Sight(name="customer-dispute", path=JOB, who="ada", story="Seal the shower"),
    Sight(name="customer-me", path="/ui/me", who="ada"),
    Sight(name="provider-work", path="/ui/work", who="bob"),
    Sight(name="provider-propose", path=WORK, who="bob", story="Service the boiler"),
    Sight(name="provider-on-site", path=WORK, who="ben", story="Find the leak in the cellar"),
    Sight(name="provider-denied", path=WORK, who="ben", story="Repair the burner"),
    Sight(name="provider-day", path=DAY, who="bob", story="Replace the heating pump"),
    Sight(name="provider-offers", path=OFFERS, who="bob", story="Unblock the kitchen drain"),
    Sight(name="provider-open-jobs", path=OPEN, who="bob", story=LAST),
    Sight(name="provider-quote", path=f"{OPEN}/{{job}}", who="bob", story=LAST),
    Sight(name="provider-quotes", path=f"{OPEN}/quotes", who="bea", story="Paint the hallway"),
    Sight(name="provider-away", path=AWAY, who="ben", story=ABSENT),
    Sight(name="provider-absence", path=f"{AWAY}/{{absence}}", who="ben"),
    Sight(name="ops-assignments", path=CASES, who="olga"),
    Sight(name="ops-tasks", path="/ui/admin/tasks", who="olga"),
    Sight(name="ops-assignment", path=CASE, who="olga", story="Look at the cold floor"),
    Sight(name="ops-audit", path=f"{CASE}/audit", who="olga", story="Look at the cold floor"),
    Sight(name="ops-jobs", path=JOBS, who="olga"),
    Sight(name="ops-job", path=f"{JOBS}/{{job}}", who="olga", story="Move a swarm of bees"),
    Sight(name="ops-absences", path=ABSENCES, who="olga", story=ABSENT),
    Sight(name="ops-absence", path=f"{ABSENCES}/{{absence}}", who="olga"),
    Sight(name="admin-payouts", path=PAYOUTS, who="rita"),
    Sight(name="admin-payout", path=PAYOUT, who="rita", story="Install a heat exchanger"),
    Sight(name="admin-dispute", path=PAYOUT, who="rita", story="Seal the shower"),
    Sight(name="admin-audit", path=f"{PAYOUT}/audit", who="rita", story="Install a heat exchanger"),
    Sight(name="admin-figures", path=FIGURES, who="rita"),
    # By night, and by thumb.
    Sight(name="dark-customer", path=JOB, who="ada", story="Fit a new thermostat", scheme="dark"),
    Sight(name="dark-ops", path=CASES, who="olga", scheme="dark"),
    Sight(name="dark-figures", path=FIGURES, who="rita", scheme="dark"),
    Sight(name="phone-customer", path=JOB, who="ada", story="Fit a new thermostat", device=PHONE),
    Sight(name="phone-offers", path=OFFERS, who="bob", story="Unblock the kitchen drain", device=PHONE),
    Sight(name="phone-day", path=DAY, who="bob", story="Replace the heating pump", device=PHONE),
    Sight(name="phone-payouts", path=PAYOUTS, who="rita", device=PHONE, scheme="dark"),
)

UNPICTURED: Sequence[Sight] = (
    Sight(name="customer-search", path=JOB, who="ada", story="Replace the expansion tank"),
    Sight(name="provider-over", path="/ui/work?which=over", who="ben"),
    Sight(name="ops-job-audit", path=f"{JOBS}/{{job}}/audit", who="olga", story="Move a swarm of bees"),
)
"""Pages that look like others, and are tried out all the same."""


async def planted(stack: Addresses, api: Api) -> Marketplace:
    """Return the demo marketplace with all that is to be seen in it."""
    await seed(stack)
    market = Marketplace(api, await signed_in(api))
    await market.tell([(ABSENT, absent)])
    return market


async def address(sight: Sight, market: Marketplace) -> str:
    """Return where it is to be seen in this marketplace."""
    known = {name: person.id for name, person in market.people.items()}
    if sight.story:
        known |= await _ids(market, sight.story)
    if "{absence}" in sight.path:
        found = await market["olga"].get(f"/admin/providers/{market['ben'].id}/unavailable")
        known["absence"] = found["items"][0]["id"]
    return sight.path.format(**known)


async def _ids(market: Marketplace, story: str) -> dict[str, str]:
    """Return what a story's job and its last assignment are called, and the day of its visit."""
    job = await _job(market, story)
    found: Sequence[Json] = (await market["olga"].get("/assignments", jobId=job["id"]))["items"]
    if not found:
        return {"job": job["id"]}
    start = found[0]["scheduledStart"]
    day = {"day": f"{datetime.fromisoformat(start).astimezone(HOME):%Y-%m-%d}"} if start else {}
    return {"job": job["id"], "assignment": found[0]["id"], **day}


async def _job(market: Marketplace, title: str) -> Json:
    """Return the job of that title, whoever of this marketplace has posted it."""
    for name in ("ada", "cem"):
        listed = await market[name].get("/jobs", limit=100)
        for job in listed["items"]:
            if job["title"] == title:
                found: Json = job
                return found
    raise LookupError(title)
