"""The contract as a file: `python -m api.export` writes docs/openapi.json, the same in every checkout."""

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api import dev
from api.issuers import DevIssuer
from api.main import ROUTERS
from api.openapi import document

FILE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def contract() -> dict[str, Any]:
    """Return the document that an API in dev serves: all routes there are, those under /dev included."""
    issuer = DevIssuer(DevIssuer.new_key(), audience="fulfillment")
    app = FastAPI(openapi_url=None)
    for router in (*ROUTERS, dev.router(issuer)):
        app.include_router(router)
    return document(app)


def text() -> str:
    """Return the contract as the file has it."""
    return json.dumps(contract(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
