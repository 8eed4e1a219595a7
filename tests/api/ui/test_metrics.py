"""The figures on a page: the numbers of the API, the chart of a range, and the same as files."""

import csv
import io
from collections.abc import Awaitable, Callable

import pytest

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, Page, page_of
from tests.journeys.town import Town, fresh

OpenBrowser = Callable[..., Awaitable[Browser]]

PATH = "/ui/admin/metrics"
STAFF = (Role.OPS, Role.ADMIN)
LISTS = {
    "Awaiting a time": "/ui/admin/assignments?status=awaiting_schedule",
    "Scheduled": "/ui/admin/assignments?status=scheduled",
    "Overdue": "/ui/admin/assignments?overdue=yes",
}


def numbers(page: Page) -> dict[str, int]:
    """Return the figure of each card, by its label."""
    cards = page.main.one("ul", class_="figures").all("li")
    return {
        card.one("a").text: int(card.one("p", class_="figure-number").text.split()[0].replace(",", ""))
        for card in cards
    }


def links(page: Page) -> dict[str, str]:
    return {each.text: each.attributes["href"] for each in page.main.all("a")}


async def test_the_cards_show_what_the_api_counts(town: Town, open_browser: OpenBrowser) -> None:
    await town.completed()
    ruth = await open_browser(fresh("ruth"), Role.ADMIN)

    page = await ruth.see(PATH)

    counted = await town.admin().get("/metrics/fulfillment")
    assert numbers(page) == {
        "Awaiting a time": counted["awaiting_schedule"],
        "Scheduled": counted["scheduled"],
        "Overdue": counted["reminder_overdue"],
        "Payouts pending": counted["payout_pending"],
    }
    assert counted["payout_pending"] > 0


@pytest.mark.parametrize(
    ("role", "payouts"),
    [(Role.ADMIN, "/ui/admin/payouts"), (Role.OPS, "/ui/admin/assignments?status=payout_pending")],
)
async def test_each_card_leads_to_what_it_counts_and_to_what_its_reader_may_see(
    open_browser: OpenBrowser, role: Role, payouts: str
) -> None:
    somebody = await open_browser(fresh("staff"), role)

    led = links(await somebody.see(PATH))

    assert {label: led[label] for label in LISTS} == LISTS
    assert led["Payouts pending"] == payouts


@pytest.mark.parametrize("role", STAFF)
async def test_staff_begins_where_the_figures_are_one_step_away(
    open_browser: OpenBrowser, role: Role
) -> None:
    somebody = await open_browser(fresh("staff"), role)

    page = await somebody.see(PATH)

    places = page.root.one("nav", class_="places").all("a")
    assert [each.text for each in places if "aria-current" in each.attributes] == ["Figures"]


@pytest.mark.parametrize(("range", "bars"), [("24h", 24), ("7d", 28), ("30d", 30)])
async def test_the_chart_has_a_bar_for_each_span_of_its_range(
    open_browser: OpenBrowser, range: str, bars: int
) -> None:
    olga = await open_browser(fresh("olga"), Role.OPS)

    page = await olga.see(f"{PATH}?range={range}")

    assert len(list(page.main.one("svg").all("rect", class_="chart-hit"))) == bars
    assert len(list(page.main.one("table", class_="chart-table").one("tbody").all("tr"))) == bars
    (chosen,) = [each for each in page.main.all("a") if "aria-current" in each.attributes]
    assert chosen.attributes["href"] == f"{PATH}?range={range}"
    assert "Counted from our own history" in page.text


async def test_the_looks_of_the_chart_are_a_file_of_ours(open_browser: OpenBrowser) -> None:
    olga = await open_browser(fresh("olga"), Role.OPS)
    page = await olga.see(PATH)

    (link,) = [
        each.attributes["href"] for each in page.root.all("link") if "charts" in each.attributes["href"]
    ]

    answer = await olga.ask(link)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert ".chart-sent" in answer.text


async def test_a_range_that_somebody_made_up_is_refused(open_browser: OpenBrowser) -> None:
    olga = await open_browser(fresh("olga"), Role.OPS)

    for path in (f"{PATH}?range=90y", f"{PATH}/reminders.csv?range=1h"):
        assert page_of(await olga.ask(path)).status == 422


async def test_the_files_have_the_numbers_of_the_api(town: Town, open_browser: OpenBrowser) -> None:
    ruth = await open_browser(fresh("ruth"), Role.ADMIN)
    led = links(await ruth.see(f"{PATH}?range=7d"))

    figures = await ruth.ask(led["All of these as CSV"])
    reminders = await ruth.ask(led["These numbers as CSV"])

    assert figures.headers["Content-Disposition"] == 'attachment; filename="figures.csv"'
    told = {line["figure"]: int(line["count"]) for line in csv.DictReader(io.StringIO(figures.text))}
    assert told == await town.admin().get("/metrics/fulfillment")
    assert reminders.headers["Content-Disposition"] == 'attachment; filename="reminders-7d.csv"'
    shown = await town.admin().get("/metrics/fulfillment/reminders", range="7d")
    lines = list(csv.DictReader(io.StringIO(reminders.text)))
    assert [(each["at"], int(each["sent"])) for each in lines] == [
        (each["at"], each["sent"]) for each in shown["points"]
    ]


async def test_the_page_hears_of_what_moves(open_browser: OpenBrowser) -> None:
    olga = await open_browser(fresh("olga"), Role.OPS)

    page = await olga.see(PATH)

    assert page.main.attributes["data-live"].startswith("/ui/live?since=")
