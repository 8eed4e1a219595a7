"""The audit in words: what a command is called, and whether the chain of hashes holds."""

import re
from collections.abc import Mapping

from fulfillment.domain.command import Source
from fulfillment.store.chain import SAYS, Broken, Verified, place

DOORS: Mapping[Source, str] = {
    Source.API: "through the API",
    Source.PAGE: "on a page",
    Source.UPDATE: "at the engine",
    Source.SIGNAL: "by a signal",
    Source.CLOCK: "by the clock",
}
"""By which door a command came in."""

CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def step_words(command: str) -> str:
    """Return a command as words: `ApprovePayout` is `Approve payout`."""
    return CAPITAL.sub(" ", command).capitalize()


def sentence(verified: Verified) -> str:
    """Return what the chain proves."""
    if verified.broken:
        return f"The audit is not what it was: {'; '.join(map(_flaw, verified.broken))}."
    if verified.unchained:
        return (
            f"Nothing was changed in {verified.rows - verified.unchained} of {verified.rows} rows; "
            "the others are from before the audit was chained."
        )
    rows = "the one row" if verified.rows == 1 else f"any of the {verified.rows} rows"
    return f"Every hash is right: nobody has changed, added or removed {rows} since it was written."


def _flaw(broken: Broken) -> str:
    return f"{place(broken.row, broken.steps)}, {SAYS[broken.flaw]}"
