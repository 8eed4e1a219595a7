"""Nothing goes wrong in a page unnoticed: whatever a browser complains of fails the test, unless announced.

Complaints are: violations of a content security policy, as the console tells them and as the page is told
itself; errors and warnings in the console; errors that no script caught; dialogs; answers from 400 on;
requests that failed, or that leave this machine; and pages of ours without a strict policy.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Page,
    Request,
    Response,
    WebError,
)

NEWS = ("error", "warning", "assert")
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
GAVE_UP = "net::ERR_ABORTED"
"""The browser lost interest itself: the page was left, or became a download."""
TELL = """
document.addEventListener('securitypolicyviolation', event => window.__violated(
    `${event.effectiveDirective} forbids ${event.blockedURI} ${event.sample}`.trim(), location.href));
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What was complained of, and the address of what it is about."""

    kind: str
    text: str
    about: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text} ({self.about})"


class Unannounced(AssertionError):
    """The browser complained of something, or did not complain of what was announced."""


class Watch:
    """Sees to all pages of the contexts it is attached to."""

    def __init__(self) -> None:
        self._contexts: list[BrowserContext] = []
        self._complaints: list[Complaint] = []
        self._announced: list[tuple[str, ...]] = []

    async def attach(self, context: BrowserContext) -> None:
        """Watch every page that `context` will open."""
        self._contexts.append(context)
        context.on("console", self._hear)
        context.on("weberror", self._catch)
        context.on("dialog", self._dismiss)
        context.on("request", self._follow)
        context.on("requestfailed", self._miss)
        context.on("response", self._read)
        await context.expose_function("__violated", self._violated)
        await context.add_init_script(TELL)

    def announce(self, *words: str) -> None:
        """Let complaints pass that have all these words in them; there has to be one in the end."""
        self._announced.append(words)

    async def settle(self) -> None:
        """Return when all that the open pages have said so far was heard."""
        pages = [page for context in self._contexts for page in context.pages]
        await asyncio.gather(*map(_round_trip, pages))

    def expect_peace(self) -> None:
        """Raises Unannounced, with every complaint that was not announced, and what was and did not come."""
        told = self._told()
        wrong = [str(each) for each in told if not any(_matches(each, words) for words in self._announced)]
        wrong += [
            f"announced, but it did not happen: {' ... '.join(words)}"
            for words in self._announced
            if not any(_matches(each, words) for each in told)
        ]
        if wrong:
            raise Unannounced("the browser complains:\n" + "\n".join(f"  - {each}" for each in wrong))

    def _told(self) -> list[Complaint]:
        """Return the complaints once each; the console repeats which answers were bad."""
        answered = {each.about for each in self._complaints if each.kind == "answer"}
        return [
            each
            for each in dict.fromkeys(self._complaints)
            if not (each.text.startswith("Failed to load resource") and each.about in answered)
        ]

    def _complain(self, kind: str, text: str, about: str) -> None:
        self._complaints.append(Complaint(kind=kind, text=text, about=about))

    # What a context tells.

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in NEWS:
            page = message.page.url if message.page else ""
            self._complain(f"console {message.type}", message.text, message.location["url"] or page)

    def _catch(self, error: WebError) -> None:
        self._complain("uncaught", str(error.error), error.page.url if error.page else "")

    async def _dismiss(self, dialog: Dialog) -> None:
        self._complain("dialog", dialog.message, dialog.page.url if dialog.page else "")
        await dialog.dismiss()

    def _follow(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme.startswith("http") and parts.hostname not in LOOPBACK:
            self._complain("request", "leaves this machine", request.url)

    def _miss(self, request: Request) -> None:
        if request.failure != GAVE_UP:
            self._complain("request", f"{request.method} failed: {request.failure}", request.url)

    def _read(self, response: Response) -> None:
        request = response.request
        if response.status >= 400:
            self._complain("answer", f"{response.status} to {request.method}", response.url)
        if _is_page(response) and (lax := _lax(response.headers.get("content-security-policy", ""))):
            self._complain("policy", lax, response.url)

    def _violated(self, what: str, page: str) -> None:
        self._complain("violation", what, page)


async def _round_trip(page: Page) -> None:
    """Ask the page something: whatever it said before has arrived when it answers."""
    try:
        await page.evaluate("0")
    except Error:
        if not page.is_closed():
            await page.wait_for_load_state()
            await page.evaluate("0")


def _matches(complaint: Complaint, words: Iterable[str]) -> bool:
    return all(word in str(complaint) for word in words)


def _is_page(response: Response) -> bool:
    """Tell whether this is a page of its own, and not a frame in one: mails have styles of their own."""
    request = response.request
    if not (
        request.is_navigation_request() and response.headers.get("content-type", "").startswith("text/html")
    ):
        return False
    return request.frame.parent_frame is None


def _lax(policy: str) -> str:
    """Return what is lax about a policy."""
    directives = [part.strip() for part in policy.split(";")]
    if "default-src 'none'" not in directives:
        return "default-src is not 'none'"
    return next((f"{each} is lax" for each in directives if "'unsafe-" in each), "")
