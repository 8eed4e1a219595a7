"""What people wrote is text, whatever they wrote."""

import re
from html import unescape
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain.people import Role
from fulfillment.notifications.payload import JobTold
from fulfillment.notifications.plain import LONGEST, plain
from fulfillment.notifications.wording import Worded, worded
from tests.notifications.examples import LINK, VISIT, instant, payload, reader, setting

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "{% for x in y %}",
    "{other}",
    "{0.__class__}",
    "%s %(x)s ${x}",
    "Ada\r\nBcc: eve@example.com",
    "\u202egnp.exe",
    "\x00\x1b[31m",
    "https://evil.example/pay",
    "ht\u200btps://evil.example",
    "www.evil.example",
    "&lt;b&gt; &amp;",
    "e" * 5000,
    "long words " * 500,
    " ",
    "\ud800",
    "🦊 žluťoučký 你好 مرحبا",
]
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(), st.text(min_size=290, max_size=600))


class Tags(HTMLParser):
    """The elements and the links of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [value for name, value in attrs if name == "href"]


def said_with(text: str, *, role: Role = Role.CUSTOMER) -> Worded:
    told = payload(
        "notifyScheduleProposed",
        to=role,
        window=VISIT,
        until=instant("2026-10-26T09:00"),
        reason=text,
        job=JobTold(id="j1", title=text),
    )
    return worded(
        told, reader=reader(role, name=text), setting=setting(role, other=text, title=text, place=text)
    )


CALM = Tags(said_with("calm").html)


@given(text=TEXTS)
def test_a_page_has_the_same_elements_and_links_whatever_people_wrote(text: str) -> None:
    said = said_with(text)

    tags = Tags(said.html)

    # A fact that comes to nothing has no row.
    assert {*tags.names} <= {*CALM.names}
    assert tags.links == [LINK]
    assert tags.names.count("a") == 1


@given(text=TEXTS)
def test_a_subject_is_one_line_of_plain_text_that_fits(text: str) -> None:
    subject = said_with(text).subject

    assert 0 < len(subject) <= 120
    assert not re.search(r"[\x00-\x1f\x7f<>\u2028\u2029\u202a-\u202e\u2066-\u2069]", subject)


@given(text=TEXTS)
def test_a_text_for_phones_stays_one_line_and_keeps_its_link(text: str) -> None:
    short = said_with(text).short

    assert len(short) <= 300
    assert short.endswith(LINK)
    assert re.findall(r"\S*://\S*", short) == [LINK]
    assert not re.search(r"[\x00-\x1f\x7f<>]", short)


@given(text=TEXTS)
def test_no_link_but_ours_stands_in_the_text(text: str) -> None:
    said = said_with(text)

    assert re.findall(r"\S*://\S*", said.text) == [LINK]
    assert not re.search(r"(?i)\bwww\.", said.text)


@given(text=TEXTS)
def test_a_text_of_somebodys_is_a_single_line_that_all_stores_and_mails_can_carry(text: str) -> None:
    shown = plain(text)

    assert len(shown) <= LONGEST
    assert shown == " ".join(shown.split())
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert plain(shown) == shown


def test_what_looks_like_code_is_shown_as_it_is() -> None:
    for text in ("{{7*7}}", "{% for x in y %}", "{other}", "{0.__class__}", "%s ${x}", "&lt;b&gt;"):
        said = said_with(text)

        assert f"Note: {text}\n" in said.text
        assert text in unescape(said.html)
        assert "49" not in said.text


def test_markup_is_escaped_on_the_page_and_as_it_is_in_the_text() -> None:
    said = said_with("<script>alert(1)</script>")

    assert "Note: <script>alert(1)</script>\n" in said.text
    assert "<script" not in said.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in said.html


def test_a_long_text_is_cut_on_a_word_and_shows_that_it_goes_on() -> None:
    shown = plain("word " * 200)

    assert shown.endswith("word…")
    assert LONGEST - 5 <= len(shown) <= LONGEST


def test_nobody_reads_how_to_reach_the_other_side() -> None:
    # There is nowhere to put an address or a number (I9).
    taken = {*setting().__slots__, *reader().__slots__}

    assert taken == {"brand", "other", "title", "place", "name", "role", "timezone"}


def test_a_link_is_never_cut() -> None:
    long = LINK + "a" * 400
    told = payload("notifyCheckedIn", link=long)

    assert worded(told, reader=reader(), setting=setting()).short == long
