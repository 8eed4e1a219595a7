"""The mailbox as pages: a list of messages, and one of them with all that it is made of."""

from collections.abc import Iterable, Mapping, Sequence
from email import message_from_bytes
from email.policy import default
from html import escape
from urllib.parse import quote, urlencode

from fastapi.responses import HTMLResponse

from api.pages import page
from fulfillment.domain.messages import Channel
from fulfillment.store.kept import Kept

ROOT = "/dev/emails"


def list_of(found: Sequence[Kept], *, to: str | None, headers: Mapping[str, str]) -> HTMLResponse:
    """Return the page that lists `found`, which are all `to` one address if there is one."""
    title = f"Messages to {to}" if to else "Messages"
    about = "Kept on this machine, and sent nowhere. The latest hundred, newest first."
    everything = f' <a href="{ROOT}">Show all.</a>' if to else ""
    lines = "".join(map(_line, found))
    body = f'<ul class="list">{lines}</ul>' if found else "<p>There are none yet.</p>"
    top = f'<h1>{escape(title)}</h1><p class="soft">{about}{everything}</p>'
    return page(title, f"<main>{top}{body}</main>", headers=headers)


def message(kept: Kept, *, headers: Mapping[str, str]) -> HTMLResponse:
    """Return the page of one message: its headers, its text, what it looks like, and its calendar file."""
    title, here = _subject(kept), _address(kept)
    parts = [
        f'<p class="soft"><a href="{ROOT}">All messages</a></p><h1>{escape(title)}</h1>',
        _pairs(_about(kept)),
        f'<p class="soft">{_links(kept)}</p>',
        f"<h2>Text</h2><pre>{escape(kept.body)}</pre>",
    ]
    if kept.html is not None:
        parts.append(f'<h2>As it looks</h2><iframe sandbox title="The mail" src="{here}/html"></iframe>')
    if kept.ics is not None:
        file = kept.ics.decode(errors="replace").replace("\r\n", "\n")
        parts.append(f"<h2>Calendar file</h2><pre>{escape(file)}</pre>")
    if kept.channel is Channel.EMAIL:
        parts.append(f"<details><summary>All headers</summary>{_pairs(_mail_headers(kept))}</details>")
    return page(title, f"<main>{''.join(parts)}</main>", with_frames=True, headers=headers)


def _line(kept: Kept) -> str:
    tags = f'<span class="tag">{escape(kept.channel)}</span>'
    if kept.ics is not None:
        tags += '<span class="tag calendar">calendar</span>'
    return (
        f'<li><a href="{_address(kept)}"><span class="what"><strong>{escape(_subject(kept))}</strong>'
        f'<span class="soft">{escape(kept.to_address)}</span></span>{tags}'
        f'<span class="when">{_when(kept)}</span></a></li>'
    )


def _about(kept: Kept) -> Iterable[tuple[str, str]]:
    to = f"{kept.to_name} <{kept.to_address}>" if kept.to_name else kept.to_address
    yield "To", to
    yield "Kept at", _when(kept)
    yield "Channel", kept.channel
    yield "Request", kept.request_id
    yield "Id", kept.id


def _mail_headers(kept: Kept) -> Iterable[tuple[str, str]]:
    return ((name, str(value)) for name, value in message_from_bytes(kept.raw, policy=default).items())


def _links(kept: Kept) -> str:
    here = _address(kept)
    links = [f'<a href="{here}/raw">Source</a>']
    if kept.ics is not None:
        links.append(f'<a href="{here}/visit.ics">Calendar file</a>')
    query = urlencode({"to": kept.to_address})
    links.append(f'<a href="{ROOT}?{escape(query)}">More to this address</a>')
    return " · ".join(links)


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    told = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs if value)
    return f"<dl>{''.join(told)}</dl>"


def _subject(kept: Kept) -> str:
    """Return what a message is called; a text has no subject, and is short."""
    return kept.subject or kept.body.strip().partition("\n")[0] or "(nothing)"


def _address(kept: Kept) -> str:
    return f"{ROOT}/{quote(kept.id, safe='')}"


def _when(kept: Kept) -> str:
    return f"{kept.kept_at:%Y-%m-%d %H:%M:%S} UTC" if kept.kept_at else ""
