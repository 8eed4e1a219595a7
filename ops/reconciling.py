"""What `reconcile` does: the reconciler of the worker, at a terminal."""

import argparse
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import async_sessionmaker

from activities.reconcile import Reconciler
from activities.remedies import Deed, Outcome
from api import connection
from api.house import address_of
from fulfillment.domain.assignment.drift import DriftKind
from fulfillment.gateways.payments import Cards, NoCards
from fulfillment.gateways.stripe_cards import StripeCards
from fulfillment.settings import Settings, read
from fulfillment.store.database import engine as database_engine
from fulfillment.telemetry import configure_logging
from ops.status import COULD_NOT_LOOK, SOMETHING_IS_WRONG
from ops.voice import complain, counting, say, table
from workflows.reconcile import EngineStories

MENDED_BY_ITSELF = frozenset({DriftKind.PROJECTION_BEHIND, DriftKind.HINT_UNHANDLED})
"""What is left as it is, and is nobody's business yet: whoever is at it will write it, or pass it on."""


async def reconciled(asked: argparse.Namespace) -> int:
    """Reconcile what was asked for, report, and return how it ended."""
    settings = read()
    # What is found is on the page; the log is for what nobody could foresee.
    configure_logging(service="ops", level="ERROR", stream=sys.stderr)
    async with _at_work(settings) as reconciler:
        if reconciler is None:
            complain(f"nobody answers at {settings.temporal_address}, where Temporal should be")
            return COULD_NOT_LOOK
        compared, outcomes = await _compared(reconciler, asked)
    if asked.assignment and not compared:
        complain(f"there is no assignment {asked.assignment}")
        return COULD_NOT_LOOK
    say(_as_json(compared, outcomes) if asked.json else _as_table(compared, outcomes))
    return _status(outcomes)


async def _compared(reconciler: Reconciler, asked: argparse.Namespace) -> tuple[int, list[Outcome]]:
    if asked.assignment:
        page = await reconciler.page([asked.assignment], dry=asked.dry_run)
        return page.looked_at, [*page.outcomes]
    compared, outcomes = 0, [*await reconciler.hints(dry=asked.dry_run)]
    with counting("reconcile", total=await reconciler.size()) as seen:
        async for page in reconciler.pages(dry=asked.dry_run):
            compared += page.looked_at
            outcomes += page.outcomes
            seen(page.looked_at)
    return compared, outcomes


@asynccontextmanager
async def _at_work(settings: Settings) -> AsyncIterator[Reconciler | None]:
    """Yield a reconciler on what the settings lead to; None if the engine is not there."""
    try:
        client = await connection.connect(address_of(settings))
    except RuntimeError:
        yield None
        return
    database, cards = database_engine(settings.database_url), _cards(settings)
    try:
        yield Reconciler(
            async_sessionmaker(database),
            cards=cards,
            stories=EngineStories(client),
            policy=settings.policy(),
        )
    finally:
        if isinstance(cards, StripeCards):
            await cards.aclose()
        await database.dispose()


def _cards(settings: Settings) -> Cards:
    key = settings.stripe_secret_key
    return StripeCards(key=key.get_secret_value(), base=settings.stripe_api_base or "") if key else NoCards()


def _status(outcomes: Sequence[Outcome]) -> int:
    if any(_is_somebodys(each) for each in outcomes):
        return SOMETHING_IS_WRONG
    blind = any(each.finding.kind is DriftKind.UNREACHABLE for each in outcomes)
    return COULD_NOT_LOOK if blind else 0


def _is_somebodys(outcome: Outcome) -> bool:
    if outcome.finding.kind is DriftKind.UNREACHABLE or outcome.is_healed:
        return False
    return outcome.deed is not Deed.LEFT or outcome.finding.kind not in MENDED_BY_ITSELF


def _as_json(compared: int, outcomes: Sequence[Outcome]) -> str:
    findings = [
        {
            "kind": each.finding.kind,
            "assignmentId": each.finding.assignment_id,
            "about": each.finding.about,
            "what": each.finding.what,
            "done": each.deed.name.lower(),
        }
        for each in outcomes
    ]
    return json.dumps({"compared": compared, "findings": findings}, indent=2)


def _as_table(compared: int, outcomes: Sequence[Outcome]) -> str:
    verdict = f"{compared} assignment{'' if compared == 1 else 's'} compared. " + _verdict(outcomes)
    if not outcomes:
        return verdict
    head = ("KIND", "ASSIGNMENT", "WHAT", "WHAT WAS DONE")
    lines = [
        head,
        *(
            (f.kind.value, f.assignment_id or "-", f.what, each.deed)
            for each in outcomes
            for f in [each.finding]
        ),
    ]
    return "\n".join((table(*lines), "", verdict))


def _verdict(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return "All agree."
    healed, mine = sum(each.is_healed for each in outcomes), sum(map(_is_somebodys, outcomes))
    return f"{len(outcomes)} found, {healed} mended, {mine} for somebody to look at."
