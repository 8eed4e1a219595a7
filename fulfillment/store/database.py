"""The engine every process opens its connections with: small, and patient to a point."""

import os

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CONNECT = 2  # seconds to reach the server
CHECKOUT = 3  # seconds to wait for a free connection
STATEMENT = 3_000  # milliseconds
IDLE_IN_TRANSACTION = 10_000  # milliseconds; a process that froze must not keep its locks for ever
UNACKNOWLEDGED = 5_000  # milliseconds until a connection over a dead network is given up


def engine(url: str, *, pool_size: int | None = None) -> AsyncEngine:
    """Return an engine on `url` (`postgresql+psycopg://...`) whose pool does not outgrow `pool_size`.

    Two connections per core, unless said otherwise: with more, the same work only waits inside the server.
    """
    return create_async_engine(
        url,
        pool_size=pool_size or 2 * (os.cpu_count() or 1),
        max_overflow=0,
        pool_timeout=CHECKOUT,
        pool_pre_ping=True,
        hide_parameters=True,  # what people wrote has no place in a log or in the engine
        connect_args={
            "connect_timeout": CONNECT,
            "tcp_user_timeout": UNACKNOWLEDGED,
            "options": f"-c statement_timeout={STATEMENT}"
            f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION}",
        },
    )
