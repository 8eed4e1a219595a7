"""One job, live: a provider drops out, another steps in and is paid; told as it happens."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from devstack.addresses import Addresses
from devstack.client import Api, Person, Refused
from devstack.errors import DevStackError
from devstack.people import ADA, BEN, BOB, RUTH, signed_in
from devstack.voice import say
from devstack.waiting import until

TITLE = "Repair the boiler of the bakery"
SOONEST, SPREAD = 5, 150
"""Days to the visit: some at random, so that one demo does not find the providers busy with the last."""
FIRST_HOUR, HOURS = 7, 6

Json = dict[str, Any]


async def demo(addresses: Addresses) -> None:
    """Drive one job through the running stack, and say what happens at each step.

    Raises:
        DevStackError: something did not go as the story goes; the message says what.
    """
    async with Api(addresses.api) as api:
        people = await signed_in(api, ADA, BOB, BEN, RUTH)
        story = Story(api, ada=people["ada"], bob=people["bob"], ben=people["ben"], ruth=people["ruth"])
        await story.tell()
    say(f"\nRead them, with what they brought along: {addresses.api}/dev/emails")


class Story:
    """Ada's boiler is broken; Bob takes the job and drops out, Ben steps in, Ruth sees to the money."""

    def __init__(self, api: Api, *, ada: Person, bob: Person, ben: Person, ruth: Person) -> None:
        self._api = api
        self._ada, self._bob, self._ben, self._ruth = ada, bob, ben, ruth
        self._days = SOONEST + secrets.randbelow(SPREAD)
        self._hour = FIRST_HOUR + secrets.randbelow(HOURS)
        self._clocks: dict[str, datetime] = {}
        self._step = 0
        self._began = datetime.now(UTC)

    async def tell(self) -> None:
        job = await self._posted()
        first = await self._accepted_quote(job)
        agreed = await self._agreed_after_a_counter_proposal(job, first)
        await self._dropped_out_late(first, agreed)
        second = await self._taken_by_another(job)
        await self._confirmed(second)
        await self._visited(second, agreed)
        await self._denied_and_resubmitted(second)
        paid = await self._paid(second)
        await self._told_why(second, paid)
        await self._mailed()

    async def _posted(self) -> Json:
        job = await self._ada.post(
            "/jobs",
            {
                "title": TITLE,
                "category": "heating",
                "siteTimezone": "Europe/Berlin",
                "priceCap": {"amount": 26_000, "currency": "EUR"},
                "dispatchMode": "both",
            },
        )
        self._say(f"Ada posts {TITLE!r}, at most 260.00 EUR, open to quotes and offers.")
        return await until(
            lambda: self._ada.get(f"/jobs/{job['id']}", minVersion=1),
            lambda it: it["status"] == "offering",
            "the job to be offered",
        )

    async def _accepted_quote(self, job: Json) -> Json:
        window = self._window(timedelta())
        body = {"amount": 24_000, "currency": "EUR", "window": window}
        quote = await self._bob.post(f"/jobs/{job['id']}/quotes", body)
        self._say(f"Bob quotes 240.00 EUR for {_when(window)}.")
        path = f"/jobs/{job['id']}/quotes/{quote['id']}/accept"
        assignment = await self._ada.post(path, {"version": quote["version"]})
        self._say("Ada accepts the quote: Bob has the job, and his window is the first proposal.")
        self._whose_turn(assignment)
        return assignment

    async def _agreed_after_a_counter_proposal(self, job: Json, assignment: Json) -> Json:
        later = self._window(timedelta(hours=3))
        countered = await self._ada.post(f"/jobs/{job['id']}/schedule", later | {"expectedVersion": 1})
        self._say(f"Ada would rather have them later, and proposes {_when(later)}.")
        path = f"/assignments/{assignment['id']}/schedule/confirm"
        try:
            await self._bob.post(path, {"version": 1})
        except Refused as refused:
            self._say(f"Bob acts on the old mail: {refused.status} {refused.code}. Nothing happens.")
        agreed = await self._bob.post(path, {"version": countered["openProposal"]["version"]})
        self._say("Bob confirms the newer proposal. The visit is agreed, and his time is taken.")
        return agreed

    async def _dropped_out_late(self, assignment: Json, agreed: Json) -> None:
        start = datetime.fromisoformat(agreed["scheduledStart"])
        await self._skip(assignment, to=start - timedelta(hours=20))
        await self._tell_reminders(assignment)
        rejected = await self._bob.post(
            f"/assignments/{assignment['id']}/reject", {"reasonCode": "sick", "note": "Flu"}
        )
        self._say(f"20 hours before the visit Bob falls ill: the assignment is {rejected['status']}.")

    async def _taken_by_another(self, job: Json) -> Json:
        offers = await until(
            lambda: self._ben.get("/offers", status="open", limit=100),
            lambda it: any(offer["jobId"] == job["id"] and offer["round"] == 1 for offer in it["items"]),
            "the job to be offered again",
        )
        offer = next(each for each in offers["items"] if each["jobId"] == job["id"] and each["round"] == 1)
        known = await self._ada.get(f"/jobs/{job['id']}")
        self._say(
            f"Nobody has to chase anybody: the job is requeued (return {known['requeueCount']}, without "
            f"{known['excludedProviders'][0]}), and Ben is offered the same window at {_money(offer)}."
        )
        assignment = await self._ben.post(f"/offers/{offer['id']}/accept")
        self._say("Ben accepts the offer.")
        return assignment

    async def _confirmed(self, assignment: Json) -> None:
        version = assignment["openProposal"]["version"]
        await self._ada.post(f"/assignments/{assignment['id']}/schedule/confirm", {"version": version})
        self._say("Ada confirms. She has a visit at the hour she wanted, with somebody else.")

    async def _visited(self, assignment: Json, agreed: Json) -> None:
        await self._skip(assignment, to=datetime.fromisoformat(agreed["scheduledStart"]))
        await self._tell_reminders(assignment)
        path = f"/assignments/{assignment['id']}"
        await self._ben.post(f"{path}/check-in")
        self._say("Ben is at the door and checks in.")
        await self._skip(assignment, to=datetime.fromisoformat(agreed["scheduledEnd"]))
        done = await self._ben.post(f"{path}/complete", {"evidence": ["Photo of the old pump"]})
        self._say("Ben reports the work as done, with a photo. The payout waits for an admin.")
        self._whose_turn(done)

    async def _denied_and_resubmitted(self, assignment: Json) -> None:
        path = f"/admin/payouts/{assignment['id']}"
        denial = {"attempt": 1, "reasonCode": "evidence_missing", "note": "Please show the new pump"}
        denied = await self._ruth.post(f"{path}/deny", denial)
        self._say(
            f"Ruth looks at the photo and denies: {denial['note']!r}. The payout is {denied['status']}."
        )
        again = {"evidence": ["Photo of the new pump", "Serial number 4711"]}
        resubmitted = await self._ben.post(f"/payouts/{assignment['id']}/resubmit", again)
        self._say(f"Ben resubmits with what was missing: attempt {resubmitted['attempt']}.")

    async def _paid(self, assignment: Json) -> Json:
        path = f"/admin/payouts/{assignment['id']}"
        await self._ruth.post(f"{path}/approve", {"attempt": 2, "reason": "Bank transfer 2026-311"})
        paid = await until(
            lambda: self._ruth.get(path),
            lambda it: it["assignmentStatus"] == "paid",
            "the payout to be settled",
        )
        self._say(
            f"Ruth approves. No card keys are set here, so the payout of {_money(paid['amount'])} is "
            f"{paid['status']} under {paid['reference']!r}, and the assignment is paid."
        )
        return paid

    async def _told_why(self, assignment: Json, paid: Json) -> None:
        audit = await self._ruth.get(f"/assignments/{assignment['id']}/audit", limit=100)
        say("\nThe audit of Ben's assignment, as Ruth sees it:")
        for step in reversed(audit["items"]):
            status = step["toStatus"] or step["code"]
            who, what = step["actorId"], step["command"]
            say(f"  {step['number'] or '-':>3}  {step['at'][:16]}  {who:<8}{what:<20}{status}")
        say("\nSee the run in the Temporal UI:")
        say(f"  {paid['links'].get('temporal', '(set TEMPORAL_UI_URL)')}")

    async def _mailed(self) -> None:
        """Say what people got in their mailboxes, which are at home here unless SMTP_HOST says otherwise."""
        try:
            kept = await until(
                lambda: self._api.get("/dev/emails"),
                lambda it: any("paid" in mail["subject"].lower() for mail in self._own(it)),
                "the last mail to be kept",
            )
        except DevStackError:
            say("\nThe mails of this story went out by SMTP_HOST; nothing was kept here.")
            return
        say("\nThe mails of this story, none of which has left the house:")
        for mail in reversed(self._own(kept)):
            file = "  + calendar file" if mail["hasCalendar"] else ""
            say(f"  {mail['to'].partition('@')[0]:<6}{mail['subject']}{file}")

    def _own(self, kept: Json) -> list[Json]:
        """Return the mails since this story began, the latest first."""
        began, cast = self._began.isoformat(), {f"{each.id}@example.org" for each in (ADA, BOB, BEN)}
        return [mail for mail in kept["items"] if mail["keptAt"] >= began and mail["to"] in cast]

    async def _skip(self, assignment: Json, *, to: datetime) -> None:
        """Let the assignment's own clock run on until `to`."""
        clock = self._clocks.get(assignment["id"], datetime.now(UTC))
        hours = (to - clock).total_seconds() / 3600
        skipped = await self._api.post("/dev/skip", {"assignmentId": assignment["id"], "hours": hours})
        now = self._clocks[assignment["id"]] = datetime.fromisoformat(skipped["now"])
        self._say(f"... {hours:.0f} hours go by, in a moment; it is {now:%a %d %b %H:%M} UTC there.")

    async def _tell_reminders(self, assignment: Json) -> None:
        timeline = await until(
            lambda: self._ruth.get(f"/assignments/{assignment['id']}/timeline"),
            lambda it: any(reminder["status"] == "sent" for reminder in it["reminders"]),
            "the reminders to go out",
        )
        for reminder in reversed(timeline["reminders"]):
            due, to = reminder["due"][:16].replace("T", " "), reminder["recipientRole"]
            say(f"        reminder {reminder['kind']} to the {to}, due {due}: {reminder['status']}")

    def _whose_turn(self, assignment: Json) -> None:
        obligation = assignment["obligation"]
        due = (obligation["slaDue"] or "")[:16].replace("T", " ")
        say(f"        Whose turn? The {obligation['party']}: {obligation['action']}, by {due} UTC.")

    def _window(self, later: timedelta) -> Json:
        day = datetime.now(UTC) + timedelta(days=self._days)
        start = day.replace(hour=self._hour, minute=0, second=0, microsecond=0) + later
        return {"start": start.isoformat(), "end": (start + timedelta(hours=2)).isoformat()}

    def _say(self, sentence: str) -> None:
        self._step += 1
        say(f"  {self._step:>3}.  {sentence}")


def _when(window: Json) -> str:
    start, end = (datetime.fromisoformat(window[each]) for each in ("start", "end"))
    return f"{start:%a %d %b %H:%M} to {end:%H:%M} UTC"


def _money(priced: Json) -> str:
    return f"{priced['amount'] / 100:.2f} {priced['currency']}"
