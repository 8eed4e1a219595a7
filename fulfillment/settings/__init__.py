"""Every knob of the system, read from the environment once, when a process starts.

A field's name in capitals is its environment variable. A file `.env` in the working directory is read
too; the environment wins over it, and an empty value counts as none.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Self

from cryptography.fernet import Fernet
from limits import RateLimitItem, parse
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import NoDecode, SettingsConfigDict

from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.settings.alerts import AlertSettings
from fulfillment.settings.channels import ChannelSettings, SealingKeys
from fulfillment.settings.kinds import (
    Algorithm,
    AppEnv,
    BuildId,
    CommaSeparated,
    DatabaseUrl,
    Folder,
    LogLevel,
    LongSecret,
    Port,
    Rate,
    WebAddress,
)
from fulfillment.settings.pages import PageSettings
from fulfillment.settings.payments import PaymentSettings
from fulfillment.settings.rules import RuleSettings

__all__ = ["Algorithm", "AppEnv", "LogLevel", "Settings", "WrongSetting", "read"]


class WrongSetting(Exception):
    """The environment cannot be worked with; the message has a sentence for each wrong variable."""


class Settings(RuleSettings, PaymentSettings, ChannelSettings, AlertSettings, PageSettings):
    """What the environment says. `read` builds it, and words what is wrong for people."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_file=".env", env_ignore_empty=True, hide_input_in_errors=True
    )

    # The process
    app_env: AppEnv = Field(AppEnv.PROD, description="`dev` or `prod`; dev signs its own tokens.")
    host: str = Field("127.0.0.1", description="The address that api and worker listen on.")
    port: Port = Field(8000, description="The TCP port of the api.")
    worker_http_port: Port = Field(9090, description="The TCP port of the worker's health and metrics.")
    sdk_metrics_port: Port | None = Field(
        None,
        description="The TCP port at which the worker's Temporal SDK says what it counts; nowhere if unset.",
    )
    data_dir: Folder = Field(Path("var"), description="A folder for what dev keeps: keys and data.")
    log_level: LogLevel = Field(LogLevel.INFO, description="DEBUG, INFO, WARNING or ERROR.")
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="The bearer token of the api's /metrics, 16 characters or more; prod needs one.",
    )
    otel_exporter_otlp_endpoint: WebAddress | None = Field(
        None, description="The collector that traces are sent to, by OTLP over HTTP; none are made if unset."
    )

    # What it stands on
    database_url: DatabaseUrl = Field(
        repr=False, description="Where Postgres is: postgresql://user:password@host:port/database."
    )
    database_connections: int | None = Field(
        None,
        ge=1,
        le=100,
        description="Connections to Postgres that a process opens at most; two a core if unset.",
    )
    temporal_address: str = Field(
        "127.0.0.1:7233", pattern=r"^[^\s/]+:\d{1,5}$", description="Where Temporal is: host:port."
    )
    temporal_namespace: str = Field("default", min_length=1, description="The Temporal namespace.")
    temporal_tls: bool = Field(
        default=False, description="Whether Temporal is spoken to over TLS: true or false."
    )
    temporal_api_key: SecretStr | None = Field(None, description="The API key of Temporal Cloud.")
    temporal_deployment_name: str = Field(
        "fulfillment",
        min_length=1,
        description="The worker deployment that versions of the worker belong to.",
    )
    temporal_worker_build_id: BuildId | None = Field(
        None,
        description="The version that this worker works as; without one, the engine tells no versions apart.",
    )
    temporal_ui_url: WebAddress = Field(
        "http://127.0.0.1:8233", description="The web address of the Temporal UI, for links."
    )
    payload_keys: SealingKeys = Field(
        (),
        description="Comma-separated Fernet keys that seal what runs remember in Temporal, the newest first.",
    )
    payload_sealing: bool = Field(
        default=True,
        description="Whether PAYLOAD_KEYS seal; if not, they only open: true or false.",
    )
    prometheus_url: WebAddress | None = Field(
        None,
        repr=False,
        description="The Prometheus that scrapes the workers, for figures over time; the history if unset.",
    )

    # Who may come in
    auth_issuer: str | None = Field(None, description="The `iss` of accepted tokens; prod needs it.")
    auth_audience: str = Field("fulfillment", min_length=1, description="The `aud` of accepted tokens.")
    auth_jwks_url: WebAddress | None = Field(
        None, description="The web address of the issuer's public keys (JWKS); prod needs it."
    )
    auth_algorithms: Annotated[tuple[Algorithm, ...], NoDecode, CommaSeparated] = Field(
        tuple(Algorithm), min_length=1, description="A comma-separated choice of RS256, ES256 and EdDSA."
    )
    approval_secret: LongSecret | None = Field(
        None,
        description="The key that vouches for payout rulings, 32 characters or more; prod needs it.",
    )

    # How often they may ask: per person, role and kind of request
    rate_limit_customer_commands: Rate = Field("120/minute", description="A rate such as 120/minute.")
    rate_limit_customer_reads: Rate = Field("600/minute", description="A rate such as 600/minute.")
    rate_limit_provider_commands: Rate = Field("240/minute", description="A rate such as 240/minute.")
    rate_limit_provider_reads: Rate = Field("1200/minute", description="A rate such as 1200/minute.")
    rate_limit_ops_commands: Rate = Field("600/minute", description="A rate such as 600/minute.")
    rate_limit_ops_reads: Rate = Field("3000/minute", description="A rate such as 3000/minute.")
    rate_limit_admin_commands: Rate = Field("600/minute", description="A rate such as 600/minute.")
    rate_limit_admin_reads: Rate = Field("3000/minute", description="A rate such as 3000/minute.")
    rate_limit_anonymous: Rate = Field(
        "300/minute",
        description="A rate such as 300/minute, per address, for requests without a valid token.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Refuse what is wrong only in company: missing keys in prod, spans the wrong way round."""
        wrong = []
        if self.app_env is AppEnv.PROD:
            wrong += [
                f"{name.upper()} is missing, and APP_ENV is prod. {_meaning(name)}"
                for name in ("auth_issuer", "auth_jwks_url", "approval_secret")
                if getattr(self, name) is None
            ]
        if self.min_window_minutes > self.max_window_hours * 60:
            wrong.append("MIN_WINDOW_MINUTES is longer than MAX_WINDOW_HOURS; no visit could ever fit.")
        if self.shortest_offer_ttl_minutes > self.offer_ttl_minutes:
            wrong.append("SHORTEST_OFFER_TTL_MINUTES is longer than OFFER_TTL_MINUTES.")
        if self.app_env is AppEnv.PROD and self.calendar_google_api_enabled and not self.secrets_keys:
            wrong.append("SECRETS_KEYS is missing, and people may connect their Google calendar.")
        wrong += self.odd_payments(in_prod=self.app_env is AppEnv.PROD)
        wrong += self.odd_pages(in_prod=self.app_env is AppEnv.PROD)
        wrong += self.contradictions()
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    def policy(self) -> Policy:
        """Return the knobs of the rules, those of the money included."""
        return self.with_payments(super().policy())

    def sdk_metrics_at(self) -> str | None:
        """Return where the SDK listens to be scraped, as `host:port`; None if it shall not."""
        if self.sdk_metrics_port is None:
            return None
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.sdk_metrics_port}"

    def rates(self) -> Mapping[tuple[str, str], RateLimitItem]:
        """Return how often one person may ask, by role and by kind of request (`commands`, `reads`)."""
        return {
            (role, kind): parse(getattr(self, f"rate_limit_{role}_{kind}"))
            for role in (Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN)
            for kind in ("commands", "reads")
        }

    def approval_key(self) -> bytes:
        """Return the key that vouches for payout rulings; dev makes one and keeps it."""
        if self.approval_secret is not None:
            return self.approval_secret.get_secret_value().encode()
        return self.kept("dev-approval-secret", lambda: secrets.token_urlsafe(32).encode())

    def session_key(self) -> str:
        """Return the key that signs the cookies of the pages; dev makes one and keeps it."""
        if self.session_secret is not None:
            return self.session_secret.get_secret_value()
        return self.kept("dev-session-secret", lambda: secrets.token_urlsafe(32).encode()).decode()

    def sealing_keys(self) -> tuple[str, ...]:
        """Return the keys that people's secrets are sealed with; dev makes one and keeps it."""
        if self.secrets_keys:
            return tuple(key.get_secret_value() for key in self.secrets_keys)
        return (self.kept("dev-sealing-key", Fernet.generate_key).decode(),)

    def kept(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return the content of the file `name` in DATA_DIR; `make` writes it if it is not there yet.

        Only the owner can read the file. Processes that start together agree on one content: it
        appears whole, by one link, and whoever comes second reads what the first has made.
        """
        path = self.data_dir / name
        if not path.exists():
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(f".{name}.{secrets.token_hex(8)}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(make())
            with suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path.read_bytes()


def read(**known: Any) -> Settings:
    """Return the settings of this process; what is `known` already is not asked of the environment.

    Raises:
        WrongSetting: a variable is missing or wrong; the message says which, why, and what it means.
    """
    try:
        return Settings(**known)
    except ValidationError as error:
        # One sentence for each variable: what follows from a first mistake is noise.
        first = {detail["loc"][:1]: detail for detail in reversed(error.errors())}
        sentences = [_sentence(detail) for detail in reversed(first.values())]
        raise WrongSetting("\n".join(sentences)) from None


def _sentence(wrong: ErrorDetails) -> str:
    why = wrong["msg"].removeprefix("Value error, ")
    if not wrong["loc"]:
        return why
    name = str(wrong["loc"][0]).lower()
    if wrong["type"] == "missing":
        return f"{name.upper()} is missing. {_meaning(name)}"
    value = "set to a value not shown here" if _is_secret(name) else repr(wrong["input"])
    return f"{name.upper()} is {value}, which does not work: {why[:1].lower()}{why[1:]}. {_meaning(name)}"


def _meaning(name: str) -> str:
    return f"Meaning: {Settings.model_fields[name].description}"


def _is_secret(name: str) -> bool:
    field = Settings.model_fields[name]
    return not field.repr or "SecretStr" in str(field.annotation)
