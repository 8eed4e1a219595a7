"""Small pages: one style, no scripts, and nothing in them comes from elsewhere."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from pathlib import Path

from fastapi import status
from fastapi.responses import HTMLResponse

STYLE = (Path(__file__).parent / "pages.css").read_text(encoding="utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page(
    title: str,
    body: str,
    *,
    code: int = status.HTTP_200_OK,
    with_frames: bool = False,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Return the page; `body` is HTML already, and `with_frames` lets it show other pages of ours."""
    policy = f"{POLICY}; frame-src 'self'" if with_frames else POLICY
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>",
        status_code=code,
        headers={"Content-Security-Policy": policy, **(headers or {})},
    )


def note(
    title: str, text: str, *, code: int = status.HTTP_200_OK, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """Return a page that says one thing and that is all."""
    body = f'<main class="note"><h1>{escape(title)}</h1><p>{escape(text)}</p></main>'
    return page(title, body, code=code, headers=headers)
