"""Style, script and pictures of the pages: read once, and named after their content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from api.errors import Missing
from api.ui.headers import ASSET
from api.ui.places import ROOT

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file as it is sent. `name` is `app.0123abcd.css`."""

    name: str
    content: bytes
    media_type: str


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(name=f"{path.stem}.{digest}{path.suffix}", content=content, media_type=TYPES[path.suffix])


ASSETS: Mapping[str, Asset] = {path.name: _read(path) for path in sorted(FOLDER.iterdir())}
"""By the name that a template calls it: `app.css`."""
BY_NAME: Mapping[str, Asset] = {asset.name: asset for asset in ASSETS.values()}

router = APIRouter(prefix=f"{ROOT}/static", include_in_schema=False)


def static(file: str) -> str:
    """Return the address of a file in `static/`."""
    return f"{ROOT}/static/{ASSETS[file].name}"


@router.get("/{name}")
async def read_asset(name: str) -> Response:
    """Return a file by its full name; it is in memory, and everybody's, so nobody is counted."""
    asset = BY_NAME.get(name)
    if asset is None:
        raise Missing
    return Response(asset.content, media_type=asset.media_type, headers=dict(ASSET))
