"""On a developer's machine messages are kept, and can be read: by programs as JSON, by people as pages."""

import re
import uuid
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import quote

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api import dev, mailbox
from fulfillment.domain.messages import Channel
from fulfillment.store import kept
from fulfillment.store.kept import Kept
from tests.api.front import ISSUER, front, knocking, routes

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
EVIL = "<script>alert(1)</script>"
ICS = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def mail(to: str, *, subject: str = "Your visit is booked", html: str | None = "<p>Hello</p>") -> Kept:
    raw = EmailMessage()
    raw["Subject"], raw["To"], raw["X-Odd"] = subject, to, EVIL
    return Kept(
        id=f"{uuid.uuid4()}@fulfillment.example",
        channel=Channel.EMAIL,
        to_name="Ada",
        to_address=to,
        subject=subject,
        body=f"Hello {EVIL}",
        html=html,
        ics=ICS,
        raw=raw.as_bytes(),
        request_id="r1",
    )


def text_message(to: str) -> Kept:
    """Return a text whose id has all that an address may trip over."""
    return Kept(
        id=f"sms-{uuid.uuid4()}|visit_2h|customer:a/b?c#d|v1|1|email",
        channel=Channel.SMS,
        to_name="",
        to_address=to,
        subject="",
        body="Your visit begins at 10:00",
        raw=b"Your visit begins at 10:00",
        request_id="",
    )


def fresh_address() -> str:
    return f"{uuid.uuid4().hex}@example.test"


@pytest_asyncio.fixture
async def client(postgres: AsyncEngine) -> AsyncIterator[httpx2.AsyncClient]:
    async with knocking(front(routers=[routes, dev.router(ISSUER)], database=postgres)) as client:
        yield client


async def keep(postgres: AsyncEngine, *messages: Kept) -> None:
    for message in messages:
        async with AsyncSession(postgres) as session, session.begin():
            await kept.keep(session, message)


def path_of(message: Kept) -> str:
    return f"/dev/emails/{quote(message.id, safe='')}"


class Reader(HTMLParser):
    """Notes what a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.frames: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.add(tag)
        self.links += [told["href"] or ""] if "href" in told else []
        self.frames += [told] if tag == "iframe" else []

    def handle_data(self, data: str) -> None:
        self.text += data


class TestForPrograms:
    async def test_the_latest_come_first(self, postgres: AsyncEngine, client: httpx2.AsyncClient) -> None:
        to = fresh_address()
        first, second = mail(to), text_message(to)
        await keep(postgres, first, second, mail(fresh_address()))

        listed = (await client.get("/dev/emails", params={"to": to})).json()

        assert [each["id"] for each in listed["items"]] == [second.id, first.id]
        shown = listed["items"][1]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", shown.pop("keptAt"))
        assert shown == {
            "id": first.id,
            "channel": "email",
            "to": to,
            "subject": "Your visit is booked",
            "hasCalendar": True,
            "requestId": "r1",
        }
        everything = (await client.get("/dev/emails")).json()["items"]
        assert {first.id, second.id} < {each["id"] for each in everything}

    @pytest.mark.parametrize("make", [mail, text_message])
    async def test_one_is_shown_with_all_that_it_is_made_of(
        self, postgres: AsyncEngine, client: httpx2.AsyncClient, make: Callable[[str], Kept]
    ) -> None:
        message = make("+4930123456")
        await keep(postgres, message)

        shown = (await client.get(path_of(message))).json()

        ics = message.ics.decode() if message.ics else None
        assert (shown["id"], shown["text"], shown["html"], shown["ics"]) == (
            message.id,
            message.body,
            message.html,
            ics,
        )

    async def test_its_parts_can_be_had(self, postgres: AsyncEngine, client: httpx2.AsyncClient) -> None:
        message, text = mail(fresh_address()), text_message("+4930123456")
        await keep(postgres, message, text)

        raw, ics = [await client.get(f"{path_of(message)}/{part}") for part in ("raw", "visit.ics")]
        plain = await client.get(f"{path_of(text)}/raw")

        assert (raw.content, raw.headers["Content-Type"]) == (message.raw, "message/rfc822")
        assert (ics.content, ics.headers["Content-Type"]) == (ICS, "text/calendar; charset=utf-8")
        assert plain.headers["Content-Type"] == "text/plain; charset=utf-8"
        for part in ("html", "visit.ics"):
            assert (await client.get(f"{path_of(text)}/{part}")).status_code == 404

    @pytest.mark.parametrize(
        "path", ["nobody", "nobody/html", "nobody/raw", "nobody/visit.ics", "%00", "a/b"]
    )
    async def test_what_was_not_kept_is_not_found(self, client: httpx2.AsyncClient, path: str) -> None:
        answer = await client.get(f"/dev/emails/{path}", headers=BROWSER)

        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


class TestForPeople:
    async def test_the_list_leads_to_each(self, postgres: AsyncEngine, client: httpx2.AsyncClient) -> None:
        to = fresh_address()
        messages = [mail(to, subject=EVIL), text_message(to)]
        await keep(postgres, *messages)

        page = Reader((await client.get("/dev/emails", params={"to": to}, headers=BROWSER)).text)

        assert page.links == ["/dev/emails", *(path_of(each) for each in reversed(messages))]
        assert all(said in page.text for said in (EVIL, to, "Your visit begins at 10:00"))
        for link in page.links:
            assert (await client.get(link, headers=BROWSER)).status_code == 200

    async def test_nothing_in_a_message_becomes_markup(
        self, postgres: AsyncEngine, client: httpx2.AsyncClient
    ) -> None:
        message = mail(fresh_address(), subject=EVIL, html=EVIL)
        await keep(postgres, message)

        for path in ("/dev/emails", path_of(message)):
            answer = await client.get(path, headers=BROWSER)
            page, policy = Reader(answer.text), answer.headers["Content-Security-Policy"]
            assert "script" not in page.tags
            assert EVIL in page.text
            assert policy.startswith("default-src 'none'; style-src 'sha256-")
            assert "unsafe" not in policy
            assert "script-src" not in policy
            assert answer.headers["Vary"] == "Accept"

    async def test_what_it_looks_like_is_sealed_off(
        self, postgres: AsyncEngine, client: httpx2.AsyncClient
    ) -> None:
        message = mail(fresh_address(), html=EVIL)
        await keep(postgres, message)

        page = Reader((await client.get(path_of(message), headers=BROWSER)).text)
        (frame,) = page.frames
        inside = await client.get(frame["src"] or "")

        assert frame["sandbox"] in {None, ""}
        assert inside.text == EVIL
        assert inside.headers["Content-Security-Policy"] == mailbox.SEALED_OFF
        assert mailbox.SEALED_OFF == "default-src 'none'; style-src 'unsafe-inline'; sandbox"

    async def test_an_empty_box_says_so(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get("/dev/emails", params={"to": fresh_address()}, headers=BROWSER)

        assert "There are none yet." in answer.text


@pytest.mark.parametrize("path", ["", "/x", "/x/html", "/x/raw", "/x/visit.ics"])
async def test_elsewhere_there_is_no_such_box(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.get(f"/dev/emails{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
