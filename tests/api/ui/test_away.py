"""A provider is away, over HTTP: what it touches is shown first, then done, and ended early."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from devstack.waiting import until
from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, Page, page_of
from tests.journeys.people import Json
from tests.journeys.town import Town, fresh, window

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]


def local(*, days: float) -> str:
    return f"{datetime.now(ZoneInfo('Europe/Berlin')) + timedelta(days=days):%Y-%m-%dT%H:%M}"


FLU = {"from": local(days=0), "to": local(days=4), "reasonCode": "sick", "reason": "The <flu>"}


async def previewed(bob: Browser, **typed: str) -> Page:
    return page_of(await bob.submit(await bob.see("/ui/away"), "away", **(FLU | typed)))


async def test_it_is_previewed_reported_and_seen_to(town: Town, open_browser: OpenBrowser) -> None:
    provider = town.provider()
    agreed = await town.scheduled(visit=window(days=2), provider=provider)
    later = await town.scheduled(visit=window(days=9), provider=provider)
    for deal in (agreed, later):
        await deal.written()
    bob = await open_browser(provider.id, Role.PROVIDER)

    # The preview says what would be given back, and does none of it.
    page = await previewed(bob)
    assert page.status == 200
    assert "Nothing has happened yet." in page.text
    assert "is given back, and its job looks for somebody else" in page.text
    links = [each.attributes["href"] for each in page.main.all("a")]
    assert f"/ui/work/{agreed.id}" in links
    assert f"/ui/work/{later.id}" not in links
    assert (await agreed.now())["status"] == "scheduled"

    # The report does it.
    answer = await bob.submit(page, "sure")
    assert answer.status_code == 303
    path = answer.headers["Location"]
    shown = await bob.follow(answer)
    assert shown.said == "We know that you are away, and see to what it touches."

    async def look() -> Json:
        return {"text": (await bob.see(path)).text}

    await until(look, lambda it: "Seen to" in it["text"], "the absence to be gone through")
    assert (await agreed.written("rejected"))["rejectReason"] == "sick"
    assert (await later.now())["status"] == "scheduled"
    assert "You are away" in (await bob.see("/ui/day")).text
    assert path in [each.attributes["href"] for each in (await bob.see("/ui/away")).main.all("a")]

    # Back early.
    unsaid = page_of(await bob.submit(await bob.see(path), "end"))
    assert (unsaid.status, unsaid.root.one(id="end-reason-fault").text) == (
        422,
        "Error: Please fill this in.",
    )
    back = await bob.follow(await bob.submit(await bob.see(path), "end", reason="Well again"))
    assert back.said == "Welcome back. What was not given back yet stays yours."


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"from": ""}, "from"),
        ({"to": "whenever"}, "to"),
        ({"from": local(days=5), "to": local(days=4)}, "to"),
        ({"from": local(days=-5), "to": local(days=-4)}, "to"),
        ({"to": local(days=300)}, "to"),
        ({"reason": " "}, "reason"),
        ({"reasonCode": "bored"}, "reasonCode"),
    ],
    ids=str,
)
async def test_what_cannot_be_is_said_at_its_field(
    open_browser: OpenBrowser, typed: dict[str, str], field: str
) -> None:
    bob = await open_browser(fresh("bob"), Role.PROVIDER)

    page = await previewed(bob, **typed)

    assert page.status == 422
    assert page.root.one(id=f"away-{field}-fault")
    kept = {name: value for name, value in (FLU | typed).items() if name != "reasonCode"}
    assert {name: page.fields("away")[name] for name in kept} == kept


async def test_reported_twice_it_is_one_absence(town: Town, open_browser: OpenBrowser) -> None:
    bob = await open_browser(town.provider().id, Role.PROVIDER)
    page = await previewed(bob)
    assert "It touches nothing" in page.text

    first = await bob.submit(page, "sure")
    again = await bob.submit(page, "sure")

    assert first.status_code == 303
    assert first.headers["Location"] == again.headers["Location"]


async def test_another_ones_absence_does_not_exist(town: Town, open_browser: OpenBrowser) -> None:
    bob = await open_browser(town.provider().id, Role.PROVIDER)
    path = (await bob.submit(await previewed(bob), "sure")).headers["Location"]
    eve = await open_browser(fresh("eve"), Role.PROVIDER)
    form = {"csrf": await eve.csrf(), "reason": "never mind"}

    assert (await eve.ask(path)).status_code == 404
    assert (await eve.post(f"{path}/end", form)).status_code == 404
