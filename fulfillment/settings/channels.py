"""The knobs of what people are told: the sweep, the channels, and their calendars."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Annotated

from cronsim import CronSim, CronSimError
from cryptography.fernet import Fernet
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode

from fulfillment.settings.kinds import CommaSeparated, Hours, Minutes, Port, WebAddress

SECURITIES = ("tls", "starttls", "none")
FIELDS_OF_CRON = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _cron(expression: str) -> str:
    """Return `expression` if it is one that the engine reads as we do: five fields, in UTC."""
    try:
        CronSim(expression, EPOCH)
    except CronSimError:
        five = False
    else:
        five = len(expression.split()) == FIELDS_OF_CRON
    if not five:
        raise ValueError("it is no cron expression of five fields, such as */5 * * * *")
    return expression


def _email(address: str) -> str:
    """Return the address in the form that mail servers know it by."""
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"it is no e-mail address: {error}") from None
    if found.ascii_email is None:
        raise ValueError("it has letters before the @ that not every mail server takes")
    return found.ascii_email


def _one_of_securities(word: str) -> str:
    if word not in SECURITIES:
        raise ValueError(f"it takes {', '.join(SECURITIES)}")
    return word


def _signing(secret: SecretStr) -> SecretStr:
    """Return a secret after Standard Webhooks: `whsec_` and 24 to 64 bytes in base64."""
    prefix, _, encoded = secret.get_secret_value().partition("_")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if prefix != "whsec" or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(f"it takes whsec_ and {LEAST_BYTES} to {MOST_BYTES} bytes in base64")
    return secret


def _sealing(key: SecretStr) -> SecretStr:
    """Return a key that cryptography's Fernet takes."""
    # Fernet itself takes two keys without the comma between them for the first of the two.
    text = key.get_secret_value()
    try:
        Fernet(text)
    except (ValueError, binascii.Error):
        text = ""
    if len(text) != LENGTH_OF_FERNET_KEY:
        raise ValueError(
            "it takes 32 bytes in url-safe base64, as Fernet.generate_key() makes them"
        ) from None
    return key


LENGTH_OF_FERNET_KEY = 44
LEAST_BYTES, MOST_BYTES = 24, 64
Cron = Annotated[str, AfterValidator(_cron)]
Email = Annotated[str, AfterValidator(_email)]
SealingKeys = Annotated[tuple[Annotated[SecretStr, AfterValidator(_sealing)], ...], NoDecode, CommaSeparated]
Security = Annotated[str, AfterValidator(_one_of_securities)]
Phone = Annotated[str, Field(pattern=r"^(\+[1-9]\d{6,14}|MG[0-9a-f]{32}|[A-Za-z0-9 ]{1,11})$")]


class ChannelSettings(BaseSettings):
    """How people are reached. What is not set stays at home: it is kept, logged, and sent nowhere."""

    # The sweep
    reminder_cron: Cron = Field(
        "*/5 * * * *", description="When the sweep looks for what the timers missed: cron, in UTC."
    )
    reminder_lookahead_minutes: Minutes = Field(
        15, description="Minutes ahead that the sweep looks for runs that will be needed."
    )
    notice_patience_hours: Hours = Field(
        24, description="Hours that a channel that is down is tried with a notice."
    )
    notices_per_second: float = Field(
        50,
        gt=0,
        le=100_000,
        description="Deliveries, of some messages each, that all workers together begin in a second.",
    )

    # Who we are to people
    brand_name: str = Field("Fulfillment", min_length=1, max_length=60, description="Our name in messages.")
    public_url: WebAddress = Field(
        "http://127.0.0.1:8000", description="The web address of the API, for links in messages."
    )
    pages_url: WebAddress | None = Field(
        None, description="The web address of the pages that people act on; PUBLIC_URL if unset."
    )
    mail_from: Email = Field(
        "visits@fulfillment.example", description="The address that mails and invitations come from."
    )
    ops_emails: Annotated[tuple[Email, ...], NoDecode, CommaSeparated] = Field(
        (), description="Comma-separated addresses of operations; the directory's people if unset."
    )
    admin_emails: Annotated[tuple[Email, ...], NoDecode, CommaSeparated] = Field(
        (), description="Comma-separated addresses of the admins; the directory's people if unset."
    )

    # Mail
    smtp_host: str | None = Field(None, description="The mail server; without one, mails are kept at home.")
    smtp_port: Port = Field(465, description="The port of the mail server: 465 for tls, 587 for starttls.")
    smtp_security: Security = Field("tls", description="`tls`, `starttls`, or `none` without a password.")
    smtp_username: str | None = Field(None, description="The user at the mail server.")
    smtp_password: SecretStr | None = Field(None, description="The password at the mail server.")

    # Texts
    twilio_account_sid: str | None = Field(
        None, description="The Twilio account; without one, texts are kept at home."
    )
    twilio_auth_token: SecretStr | None = Field(None, description="The account's token, or an API secret.")
    twilio_api_key: str | None = Field(
        None, description="The API key that the secret belongs to, if it is one."
    )
    twilio_from: Phone | None = Field(
        None, description="The number or messaging service that texts come from."
    )
    twilio_api_base: WebAddress = Field("https://api.twilio.com", description="Where Twilio's API is.")

    # Webhooks
    webhook_url: WebAddress | None = Field(None, description="Where every message is told as JSON; https.")
    webhook_secrets: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_signing)], ...], NoDecode, CommaSeparated
    ] = Field((), description="Comma-separated signing secrets (whsec_...), the newest first.")
    webhook_allow_private: bool = Field(
        default=False, description="Whether the webhook may lie in one's own network: true or false."
    )

    # Calendars
    calendar_ics_enabled: bool = Field(default=True, description="Whether files go out: true or false.")
    calendar_google_link_enabled: bool = Field(
        default=True, description="Whether messages link into Google Calendar: true or false."
    )
    calendar_outlook_link_enabled: bool = Field(
        default=True, description="Whether messages link into Outlook: true or false."
    )
    calendar_google_api_enabled: bool = Field(
        default=False, description="Whether people may connect their Google calendar: true or false."
    )
    calendar_domain: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9.-]{1,253}$",
        description="What entries in calendars are named after, for good; the domain of MAIL_FROM if unset.",
    )
    google_oauth_client_id: str | None = Field(None, description="The OAuth client at Google.")
    google_oauth_client_secret: SecretStr | None = Field(None, description="The secret of that client.")
    google_oauth_authorize_url: WebAddress = Field(
        "https://accounts.google.com/o/oauth2/v2/auth", description="Where people give their consent."
    )
    google_oauth_token_url: WebAddress = Field(
        "https://oauth2.googleapis.com/token", description="Where tokens are had."
    )
    google_oauth_revoke_url: WebAddress = Field(
        "https://oauth2.googleapis.com/revoke", description="Where consent is taken back."
    )
    google_api_base: WebAddress = Field(
        "https://www.googleapis.com/calendar/v3", description="Where Google's Calendar API is."
    )
    secrets_keys: SealingKeys = Field(
        (),
        description="Comma-separated Fernet keys that people's consents are sealed with, the newest first.",
    )
    calendar_store_url: str | None = Field(
        None,
        pattern=r"^(s3|file)://\S+$",
        description="Where copies of calendar files go: s3://bucket/prefix or file:///folder.",
    )
    s3_endpoint: WebAddress | None = Field(None, description="The S3 server, where it is not Amazon's.")
    s3_region: str = Field("us-east-1", description="The region of the bucket.")
    s3_access_key_id: str | None = Field(None, description="The access key of the bucket.")
    s3_secret_access_key: SecretStr | None = Field(None, description="The secret of that key.")

    def notice_patience(self) -> timedelta:
        return timedelta(hours=self.notice_patience_hours)

    def lookahead(self) -> timedelta:
        return timedelta(minutes=self.reminder_lookahead_minutes)

    def contradictions(self) -> list[str]:
        """Return what is wrong only in company, a sentence each."""
        wrong = []
        if self.smtp_username and self.smtp_security == "none":
            wrong.append(
                "SMTP_SECURITY is none, and SMTP_USERNAME is set: the password could be read by anybody."
            )
        if (self.smtp_username is None) != (self.smtp_password is None):
            wrong.append("SMTP_USERNAME and SMTP_PASSWORD go together.")
        if self.twilio_account_sid and not (self.twilio_auth_token and self.twilio_from):
            wrong.append("TWILIO_ACCOUNT_SID is set: TWILIO_AUTH_TOKEN and TWILIO_FROM have to be, too.")
        if self.webhook_url and not self.webhook_secrets:
            wrong.append(
                "WEBHOOK_URL is set: WEBHOOK_SECRETS has to be, too, for nobody believes an unsigned call."
            )
        if self.calendar_google_api_enabled and not (
            self.google_oauth_client_id and self.google_oauth_client_secret
        ):
            wrong.append(
                "CALENDAR_GOOGLE_API_ENABLED is true: GOOGLE_OAUTH_CLIENT_ID and GOOGLE_OAUTH_CLIENT_SECRET "
                "have to be set, too."
            )
        return wrong
