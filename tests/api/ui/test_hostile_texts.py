"""Whatever people write is shown as they wrote it, and is never anything but text."""

from collections.abc import Awaitable, Callable

import pytest

from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store.directory import Person
from tests.api.ui.browser import Browser, page_of
from tests.journeys.town import Town, window

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "&lt;b&gt; & <b>",
)


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_name_a_title_an_address_and_a_note_are_text(
    town: Town, open_browser: OpenBrowser, text: str
) -> None:
    customer, provider = town.customer(), town.provider()
    async with town.sessions.begin() as session:
        for person in (customer, provider):
            entry = Person(id=person.id, name=text, timezone="Europe/Berlin", roles=(person.role,))
            await directory.register(session, entry)
    job = await town.quoting(customer, title=text, description=text, siteAddress=text, category=text)
    quote = await provider.post(
        f"/jobs/{job['id']}/quotes", {"amount": 9_000, "currency": "EUR", "window": window(), "note": text}
    )
    path = f"/jobs/{job['id']}/quotes/{quote['id']}/accept"
    made = await customer.post(path, {"version": 1})
    proposal = window(days=6) | {"expectedVersion": 1, "note": text}
    await provider.post(f"/assignments/{made['id']}/schedule", proposal)
    ada, bob = await open_browser(customer.id, Role.CUSTOMER), await open_browser(provider.id, Role.PROVIDER)

    # `see` has read each page strictly: no script, no handler, nothing that breaks out of its place.
    job_page = await ada.see(f"/ui/jobs/{job['id']}?visitSince=2")
    task_page = await bob.see(f"/ui/work/{made['id']}?since=2")
    lists = [await ada.see("/ui/jobs"), await bob.see("/ui/work")]

    shown = " ".join(text.split())
    assert job_page.title == task_page.title == shown
    assert job_page.root.one("blockquote").text == shown
    assert job_page.root.one("header", class_="top").text.count(shown) == 1
    assert job_page.text.count(shown) >= 6
    assert all(shown in page.text for page in lists)


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_was_typed_comes_back_as_text(town: Town, open_browser: OpenBrowser, text: str) -> None:
    deal = await town.deal()
    bob = await open_browser(deal.provider.id, Role.PROVIDER)
    page = await bob.see(f"/ui/work/{deal.id}")

    typed = {"start": text, "end": text, "note": text, "timezone": text}
    again = page_of(await bob.submit(page, "propose", **typed))

    assert again.status == 422
    assert {name: again.fields("propose")[name] for name in typed} == typed


@pytest.mark.parametrize("text", HOSTILE)
async def test_an_address_somebody_made_up_is_text(open_browser: OpenBrowser, text: str) -> None:
    stranger = await open_browser()

    for path in (f"/ui/{text}", f"/ui/jobs/{text}", "/ui/sign-in"):
        answer = await stranger.http.get(path, params={"next": text, "why": text, "version": text})
        assert (await stranger.follow(answer)).title
