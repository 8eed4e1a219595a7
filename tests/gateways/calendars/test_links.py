from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from fulfillment.gateways.calendar import Visit, google_link, outlook_link
from tests.gateways.calendars.visits import LEAK

AWKWARD = replace(LEAK, summary="50% off & more = a+b #1? ü 👩‍🔧", location="1/2 Main St; rear\r\ndoor")


def fields(link: str) -> dict[str, str]:
    """Return the fields of the form that the link fills in, each given once."""
    return {key: value for key, (value,) in parse_qs(urlsplit(link).query, strict_parsing=True).items()}


def test_google_is_told_when_where_and_what() -> None:
    link = google_link(LEAK, timezone="Europe/Berlin")

    assert link.startswith("https://calendar.google.com/calendar/render?action=TEMPLATE&text=")
    assert fields(link) == {
        "action": "TEMPLATE",
        "text": LEAK.summary,
        "dates": "20270327T090000Z/20270327T110000Z",
        "details": f"{LEAK.description}\n\n{LEAK.url}",
        "location": LEAK.location,
        "ctz": "Europe/Berlin",
    }


def test_outlook_is_told_when_where_and_what() -> None:
    link = outlook_link(LEAK)

    assert link.startswith(
        "https://outlook.live.com/calendar/0/deeplink/compose?path=/calendar/action/compose&"
    )
    assert fields(link) == {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": LEAK.summary,
        "startdt": "2027-03-27T09:00:00Z",
        "enddt": "2027-03-27T11:00:00Z",
        "body": f"{LEAK.description}\n\n{LEAK.url}",
        "location": LEAK.location,
    }


def test_google_chooses_the_zone_when_we_do_not() -> None:
    assert "ctz" not in fields(google_link(LEAK))


@pytest.mark.parametrize("link", [google_link(AWKWARD), outlook_link(AWKWARD)])
def test_no_text_breaks_out_of_its_field(link: str) -> None:
    found = fields(link)

    assert AWKWARD.summary in {found.get("text"), found.get("subject")}
    assert found["location"] == "1/2 Main St; rear door"


@pytest.mark.parametrize("link", [google_link(AWKWARD), outlook_link(AWKWARD)])
def test_a_space_is_no_plus(link: str) -> None:
    assert "+" not in link


@pytest.mark.parametrize("link_of", [google_link, outlook_link])
@pytest.mark.parametrize("letter", ["a", "ü", "水", "👩"])
def test_a_link_stays_short_enough_to_be_followed(link_of: Callable[[Visit], str], letter: str) -> None:
    long = replace(LEAK, summary=letter * 2000, description=letter * 2000, location=letter * 2000)

    link = link_of(long)

    assert len(link) < 8000
    assert LEAK.url in " ".join(fields(link).values())


@pytest.mark.parametrize("text", ["\x00\x07\x0b", "\ud800", "\u2028", "\x85"])
def test_no_text_makes_a_link_fail(text: str) -> None:
    odd = replace(LEAK, summary=text, description=text, location=text, url=text)

    assert fields(google_link(odd))["dates"] == "20270327T090000Z/20270327T110000Z"
    assert fields(outlook_link(odd))["startdt"] == "2027-03-27T09:00:00Z"
