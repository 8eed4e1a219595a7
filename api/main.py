"""The API as a process: `python -m api`, or any ASGI server with the factory `api.main:create`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter, FastAPI
from limits import parse

from api import (
    absences,
    assignments,
    calendars,
    checks,
    codec,
    connection,
    dev,
    evidence,
    feeds,
    figures,
    google,
    history,
    incidents,
    jobs,
    offers,
    payment,
    payouts,
    people,
    quotes,
    schedule,
    stripe_hooks,
    tasks,
    wallet,
)
from api.app import create_app
from api.desk import Accounts, Desk
from api.engine import Engine
from api.health import everybody, holders_of
from api.hints import Hints
from api.house import (
    address_of,
    consent_of,
    hook_secrets_of,
    house_of,
    prometheus_of,
    sealer_of,
    sealing_of,
    wallet_of,
)
from api.issuers import DevIssuer, OidcIssuer
from api.limits import Limiter, Steady
from api.serve import Server, configuration
from api.tokens import Expected, Remembering, Verifier
from api.traces import traces_to
from api.ui.opening import opened
from api.unread import BodyUnread
from fulfillment.settings import AppEnv, Settings, WrongSetting, read
from fulfillment.store.database import engine as database_engine
from fulfillment.store.ratelimit import PostgresHits
from fulfillment.telemetry import configure_logging

ROUTERS = (
    jobs.router,
    quotes.router,
    offers.router,
    schedule.router,
    assignments.router,
    incidents.router,
    history.router,
    evidence.router,
    figures.router,
    payouts.router,
    absences.router,
    payment.router,
    calendars.router,
    google.router,
    feeds.router,
    wallet.router,
    people.router,
    stripe_hooks.router,
    tasks.router,
)
"""The routes of every noun."""


def create(settings: Settings | None = None) -> FastAPI:
    """Return the application that the environment describes.

    Raises:
        WrongSetting: the environment cannot be worked with.
    """
    settings = settings or read()
    configure_logging(service="api", level=settings.log_level)
    database = database_engine(settings.database_url, pool_size=settings.database_connections)
    traces = traces_to(settings.otel_exporter_otlp_endpoint, service="api")
    connect = partial(connection.connect, address_of(settings), runtime=connection.runtime())
    engine = Engine(partial(connect, interceptors=traces.interceptors))
    verifier, extra = _door(settings)
    stripe = wallet_of(settings)

    counter = opened(settings, database, verifier=verifier)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine, counter.hub:
            yield
        await database.dispose()
        if stripe:
            await stripe.aclose()
        await asyncio.to_thread(traces.end)

    limiter = Limiter(
        Steady(PostgresHits(database)), rates=settings.rates(), strangers=parse(settings.rate_limit_anonymous)
    )
    is_dev = settings.app_env is AppEnv.DEV
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    app = create_app(
        desk=Desk(
            engine=engine,
            database=database,
            verifier=Remembering(verifier),
            limiter=limiter,
            house=house_of(settings),
            accounts=_accounts(settings),
            wallet=stripe,
            hook_secrets=hook_secrets_of(settings),
            hint=Hints(engine, database).pass_on,
            prometheus=prometheus_of(settings),
            policy=settings.policy(),
            approval_key=settings.approval_key(),
            ui=f"{settings.temporal_ui_url}/namespaces/{settings.temporal_namespace}",
        ),
        routers=(*ROUTERS, *extra, *_codec(settings)),
        checks={
            "database": checks.database_answers(database),
            "migrations": checks.schema_is_current(database),
            "engine": checks.engine_answers(lambda: engine.client),
        },
        metrics_for=everybody if is_dev else holders_of(token),
        with_reader=is_dev,
        counter=counter,
        lifespan=lifespan,
    )
    app.add_middleware(BodyUnread)
    if settings.otel_exporter_otlp_endpoint:
        from api.traced import Traced  # noqa: PLC0415 - loads OpenTelemetry, which takes its time

        app.add_middleware(Traced)
    return app


def _accounts(settings: Settings) -> Accounts | None:
    consent = consent_of(settings)
    return Accounts(consent=consent, sealer=sealer_of(settings)) if consent else None


def _codec(settings: Settings) -> tuple[APIRouter, ...]:
    """Return the routes that open sealed payloads, where there are keys."""
    sealing = sealing_of(settings)
    return (codec.router(sealing, ui=settings.temporal_ui_url),) if sealing else ()


def _door(settings: Settings) -> tuple[Verifier, tuple[APIRouter, ...]]:
    """Return who checks tokens, and the routes that come with that: in dev, one that mints them."""
    if settings.app_env is AppEnv.DEV:
        issuer = dev_issuer(settings)
        return issuer, (dev.router(issuer),)
    if settings.auth_issuer is None or settings.auth_jwks_url is None:
        raise AssertionError("settings without an issuer are refused before this")
    expected = Expected(
        issuer=settings.auth_issuer,
        audience=settings.auth_audience,
        algorithms=[algorithm.value for algorithm in settings.auth_algorithms],
    )
    return OidcIssuer(expected=expected, jwks_url=settings.auth_jwks_url), ()


def dev_issuer(settings: Settings) -> DevIssuer:
    """Return the issuer of dev tokens, whose key is kept in DATA_DIR for all processes of the stack."""
    return DevIssuer(settings.kept("dev-signing-key.pem", DevIssuer.new_key), audience=settings.auth_audience)


def serve() -> None:
    """Run the API until it is told to stop; a wrong setting ends it at once, with a sentence."""
    try:
        settings = read()
    except WrongSetting as wrong:
        sys.exit(str(wrong))
    Server(configuration(create(settings), host=settings.host, port=settings.port)).run()
