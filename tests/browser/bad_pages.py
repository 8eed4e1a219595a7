"""A server of small pages, each with one thing wrong with it, and one that is sound."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.serve import served

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
ICON = '<svg xmlns="http://www.w3.org/2000/svg"/>'
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 sans-serif; }
body { background: Canvas; color: CanvasText; }
:focus-visible { outline: 3px solid #06c; }
a, button, input, label, select, summary { min-height: 44px; min-width: 44px; }
a, label { display: inline-block; }
button { color: #fff; background: #046; transition: color 20s, background-color 20s; }
.rows li { position: relative; padding: 20px; }
.rows a { min-height: 0; }
.rows a::after { content: ''; position: absolute; inset: 0; }
.rows a:focus-visible { outline: none; }
.rows a:focus-visible::after { outline: 3px solid #06c; }
.skip:not(:focus) { position: absolute; left: -9999px; }
.bare:focus { outline: none; }
.away { position: fixed; left: -9999px; }
.wide { width: 600px; }
.small { min-height: 0; height: 20px; }
.pale { color: #999; background: #fff; }
@media (prefers-color-scheme: dark) { button { color: #012; background: #9cf; } }
@media (prefers-color-scheme: dark) { .murky { color: #444; background: #111; } }
@media (prefers-reduced-motion: reduce) { .motion::after { content: 'still'; } }
"""
SCRIPTS = {
    "sink": "document.querySelector('main').innerHTML = '<b>more</b>';",
    "warns": "console.warn('look out');",
    "complains": "console.error('it went wrong');",
    "throws": "throw new Error('nobody caught this');",
    "rejects": "Promise.reject(new Error('nobody awaited this'));",
    "asks": "alert('hello');",
    "holds": "document.querySelector('#held').addEventListener('keydown', event => event.preventDefault());",
    "news": "addEventListener('keydown', () => {"
    "const main = document.querySelector('main'); main.replaceWith(main.cloneNode(true)); }, {once: true});",
    "circles": "document.querySelector('#last').addEventListener('keydown', event => {"
    "if (event.key === 'Tab') { event.preventDefault(); document.querySelector('#first').focus(); } });",
}
SOUND = """
<a class="skip" href="#there">To the form</a>
<form id="there">
<label>Name <input name="name"></label>
<fieldset><legend>When</legend>
<label><input type="radio" name="when" value="today"> today</label>
<label><input type="radio" name="when" value="later"> later</label>
</fieldset>
<label>At <input type="datetime-local" name="at"></label>
<button>Send</button>
</form>
<ul class="rows"><li><a href="/">All of a card</a></li></ul>
<details><summary>More</summary><a href="/">Within</a></details>
"""
PAGES = {
    "/": SOUND,
    "/inline-style": '<p style="color: red">red</p>',
    "/inline-script": "<script>document.title = 'mine'</script>",
    "/foreign": '<img alt="a picture" src="http://elsewhere.test/picture.png">',
    "/foreign-and-let-in": '<img alt="a picture" src="http://elsewhere.test/picture.png">',
    "/gone": '<img alt="a picture" src="/no/such/picture.png">',
    "/broken": '<img alt="a picture" src="/error">',
    "/cut": '<img alt="a picture" src="/cut.png">',
    "/pale": '<p class="pale">hardly to be read</p>',
    "/murky": '<p class="murky">hardly to be read by night</p>',
    "/nameless": "<input name='name'>",
    "/bare": '<a class="bare" href="/">where am I</a>',
    "/away": '<a class="away" href="/">over there</a>',
    "/holds": '<button id="held">Stay</button><a href="/">Leave</a><script src="/holds.js" defer></script>',
    "/news": '<a href="/">One</a><a href="/">Two</a><script src="/news.js" defer></script>',
    "/circles": '<a href="/">In</a><button id="first">Round</button><button id="last">and round</button>'
    '<a href="/">Out</a><script src="/circles.js" defer></script>',
    "/wide": '<p class="wide">longer than a phone is wide</p>',
    "/small": '<button class="small">Hit me</button>',
    "/letters": '<p><span id="one">Ag</span> <span id="other">gA</span></p>',
    "/moving": '<p class="motion">It is </p>',
    "/lax": "<p>Anything goes</p>",
    "/open": "<p>Everything goes</p>",
    **{
        f"/{name}": f'<script src="/{name}.js" defer></script>'
        for name in SCRIPTS.keys() - {"holds", "circles", "news"}
    },
}
POLICIES = {
    "/foreign-and-let-in": STRICT.replace("img-src 'self'", "img-src 'self' http://elsewhere.test"),
    "/lax": STRICT.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'"),
    "/open": "",
}


@asynccontextmanager
async def served_here() -> AsyncIterator[str]:
    """Yield the address of the server."""
    app = Starlette(
        routes=[
            Route("/icon.svg", lambda _: Response(ICON, media_type="image/svg+xml")),
            Route("/app.css", lambda _: Response(STYLE, media_type="text/css")),
            Route("/cut.png", _Cut()),
            Route("/error", lambda _: Response(status_code=500)),
            Route("/{name}.js", _script),
            Route("/{path:path}", _page),
        ]
    )
    async with served(app, host="127.0.0.1", port=0) as port:
        yield f"http://127.0.0.1:{port}"


class _Cut:
    """Hangs up in the middle of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})


async def _script(request: Request) -> Response:
    return Response(SCRIPTS[request.path_params["name"]], media_type="text/javascript")


async def _page(request: Request) -> Response:
    path = request.url.path
    if path not in PAGES:
        return Response(status_code=404)
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/app.css"></head>'
        f"<body><main><h1>A page</h1>{PAGES[path]}</main></body></html>"
    )
    headers = {"Content-Security-Policy": POLICIES.get(path, STRICT)}
    return Response(html, media_type="text/html", headers=headers)
