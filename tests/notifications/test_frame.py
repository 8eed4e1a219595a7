"""What holds for the mail and the text of every message."""

import re
from html import unescape

from fulfillment.domain.messages import ReminderKind
from fulfillment.domain.people import Role
from fulfillment.notifications.payload import Payload
from tests.notifications import stories
from tests.notifications.examples import (
    INVITES,
    LINK,
    OTHER_VISIT,
    VISIT,
    payload,
    read_aloud,
    reminder,
    told_by,
    words,
)

REMINDED = [
    (ReminderKind.PROPOSE_NUDGE, Role.PROVIDER),
    (ReminderKind.CONFIRM_NUDGE, Role.CUSTOMER),
    (ReminderKind.VISIT_24H, Role.CUSTOMER),
    (ReminderKind.START_CHECK, Role.PROVIDER),
    (ReminderKind.PAYOUT_REVIEW, Role.ADMIN),
]


def links(html: str) -> list[str]:
    return [unescape(url) for url in re.findall(r'href="([^"]*)"', html)]


def all_of_them() -> list[Payload]:
    """Return every message of every story, and every reminder."""
    return [
        *(told_by(notice, about_job=False, status=status) for notice, status in stories.of_assignments()),
        *(told_by(notice, about_job=True) for notice in stories.of_jobs()),
        *(reminder(kind, to=role, window=VISIT) for kind, role in REMINDED),
        payload("notifyScheduleConfirmed", window=VISIT, previous_window=OTHER_VISIT, calendar=INVITES),
    ]


def test_the_page_and_the_text_say_the_same() -> None:
    for told in all_of_them():
        said = words(told)

        page = read_aloud(said.html)

        lines = [line for line in said.text.splitlines() if line and "http" not in line and line != "--"]
        parts = [part for line in lines for part in line.rstrip(":").split(": ", 1)]
        assert [part for part in parts if part not in page] == []


def test_a_page_has_one_button_and_no_other_links_than_ours() -> None:
    for told in all_of_them():
        said = words(told)
        calendar = told.calendar
        known = {LINK}
        if calendar:
            known |= {url for url in (calendar.ics_url, calendar.google_url, calendar.outlook_url) if url}

        assert said.html.count('class="button"') == 1
        assert links(said.html).count(LINK) == 1
        assert set(links(said.html)) <= known
        assert set(re.findall(r"https?://\S+", said.text)) == set(links(said.html))


def test_a_page_loads_nothing_and_runs_nothing() -> None:
    for told in all_of_them():
        html = words(told).html

        assert not re.search(
            r"<(script|img|link|iframe|form|input|object|svg)\b|url\(|@import|\son\w+=|src=", html
        )
        assert "prefers-color-scheme: dark" in html


def test_a_text_for_phones_is_one_short_line_that_ends_with_the_link() -> None:
    for told in all_of_them():
        short = words(told).short

        assert len(short) <= 300
        assert short.endswith(f" {LINK}")
        assert "\n" not in short
        assert short.isascii()


def test_every_mail_names_the_zone_of_its_times() -> None:
    for told in all_of_them():
        said = words(told)

        assert said.text.endswith("All times are local times of Europe/Berlin.\n")
        assert all(
            "Europe/Berlin" in line for line in said.text.splitlines() if re.search(r"\d\d:\d\d", line)
        )
