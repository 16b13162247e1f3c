"""Every setting once, typed, from the environment (`FEEDBACK_…`); a bad value stops the start.

Numbers that come from a rule carry their source in the description, which `flask settings` and
the operations page show. Secrets have no default.
"""

import base64
import os
import re
from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from flask import current_app
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
KEY_BYTES = 32

KeyRing = dict[str, bytes]
"""Keys by their one-character id; the first is used for new work, the others still open old work."""

KEY_IDS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What may be a key's id: Crockford's alphabet, which has no I, L, O and U."""

Switch = Literal["on", "off"]

TWILIO_FROM = re.compile(r"\+[0-9]{7,15}|MG[0-9a-fA-F]{32}|[0-9]{3,8}")
"""A number, a messaging service or a short code. No name: nobody could answer it."""
WEB_ADDRESS = re.compile("https?://[!-~]+")


def parse_key_ring(text: str) -> KeyRing:
    """Read `A:<base64 of 32 bytes>,B:…`. Raises ValueError without ever showing a key."""
    ring: KeyRing = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key_id, _, encoded = part.partition(":")
        if len(key_id) != 1 or key_id not in KEY_IDS:
            raise ValueError("each key needs a one-character id (0-9 A-Z without I L O U)")
        key = base64.b64decode(encoded, validate=True)
        if len(key) != KEY_BYTES:
            raise ValueError(f"key {key_id} must be {KEY_BYTES} bytes in base64")
        ring[key_id] = key
    if not ring:
        raise ValueError("at least one key is needed")
    return ring


class Settings(BaseSettings):
    """The settings of one running service."""

    model_config = SettingsConfigDict(
        env_prefix="FEEDBACK_", env_file_encoding="utf-8", extra="ignore", hide_input_in_errors=True
    )

    var: Path = Field(Path("var"), description="Folder for the database, evidence files and keys.")
    database_url: str = Field(
        "", description="SQLAlchemy address of PostgreSQL; empty: SQLite in the var folder."
    )
    base_url: str = Field(
        "http://127.0.0.1:8000",
        description="Public address, as printed in QR codes and messages; never taken from a header.",
    )
    proxies: int = Field(0, ge=0, le=5, description="How many trusted proxies stand in front.")

    secret_key: SecretStr = Field(min_length=32, description="Signs sessions and forms.")
    token_keys: Annotated[KeyRing, NoDecode] = Field(
        description="Keys of the one-time codes, `id:base64`, newest first; keep old ones."
    )
    data_keys: Annotated[KeyRing, NoDecode] = Field(
        description="Keys that seal names and phones, `id:base64`, newest first; keep old ones."
    )
    digest_key: SecretStr = Field(
        min_length=32, description="Key of the digests by which phones and receipts are found."
    )

    district: str = Field("济南市历城区", description="The district's name, as pages show it.")
    supervision_contact: str = Field(
        "12345", description="Telephone of the supervising office, as 督办单 print it."
    )
    rating_workdays: int = Field(
        5,
        ge=0,
        le=60,
        description="Working days after the service in which it may be rated "
        "(补充评价, 鲁政办发〔2020〕10号: 5).",
    )
    office_opens: time = Field(
        time(9), description="When the offices' day begins; the light turns yellow then."
    )
    office_closes: time = Field(
        time(17, 30), description="When the offices' day ends; officers' deadlines fall on it."
    )

    special_cases: int = Field(
        3,
        ge=2,
        le=100,
        description="Cases of one item and tag class that propose a special rectification "
        "(反映强烈、差评集中的事项须调查研究、及时整改, 鲁政办发〔2020〕10号; the number is our default).",
    )
    special_window_days: int = Field(
        30, ge=1, le=366, description="Days within which these cases were opened (our default)."
    )
    special_workdays: int = Field(
        20, ge=1, le=120, description="Working days the owner of one has, unless told otherwise."
    )
    special_desk_workdays: int = Field(
        5, ge=1, le=60, description="Working days in which supervisors decide about one."
    )

    rate_limits: Switch = Field("on", description="`off` is for load tests only.")
    rate_store: str = Field(
        "memory://", description="Where limits are counted; several processes share redis://…"
    )
    rating_limit: str = Field("300 per minute", description="Ratings from one address.")
    guessing_limit: str = Field(
        "30 per minute",
        description="Receipt codes and one-time links from one address that do not exist.",
    )
    sign_in_limit: str = Field("10 per minute", description="Sign-in attempts for one account.")
    sign_in_address_limit: str = Field(
        "60 per minute", description="Sign-in attempts from one address, whatever the accounts."
    )
    finding_limit: str = Field(
        "20 per minute", description="Looking cases up by telephone or receipt, with one account."
    )
    api_limit: str = Field(
        "600 per minute",
        description="API calls with one key, and calls without a good key from one address.",
    )

    evidence_max_bytes: int = Field(10_000_000, ge=1_000, description="Largest evidence file.")
    mail_sender: Literal["console", "smtp"] = Field("console", description="Who carries e-mail.")
    mail_per_second: float = Field(10, gt=0, le=1000, description="Most e-mails in a second.")
    sms_sender: Literal["console", "twilio", "http"] = Field(
        "console", description="Who carries text messages."
    )
    sms_per_second: float = Field(
        10, gt=0, le=1000, description="Most text messages in a second, over all schedulers."
    )
    sms_links: Switch = Field(
        "on",
        description="`off` where the operator blocks texts with links; they say it all without.",
    )
    sms_timeout_seconds: float = Field(10, gt=0, le=15, description="Patience with the gateway.")
    twilio_account_sid: str = Field("", description="Twilio: the account's SID.")
    twilio_auth_token: SecretStr = Field(
        SecretStr(""), description="Twilio: the auth token; it also proves what Twilio sends us."
    )
    twilio_old_auth_token: SecretStr = Field(
        SecretStr(""), description="Twilio: the token before, still accepted while it is changed."
    )
    twilio_from: str = Field(
        "",
        description="Twilio: our number (+…), our short code, or the SID of a messaging service (MG…).",
    )
    twilio_api: str = Field(
        "https://api.twilio.com", description="Where Twilio's API is; another one for trials."
    )
    sms_http_url: str = Field("", description="Plain HTTP gateway: where texts are handed in.")
    sms_http_account: str = Field("", description="Plain HTTP gateway: our account there.")
    sms_http_secret: SecretStr = Field(
        SecretStr(""), description="Plain HTTP gateway: signs what goes out and what comes in."
    )
    sms_http_templates: dict[str, str] = Field(
        default={},
        description="Plain HTTP gateway: registered templates, as JSON, for every text message at "
        'least the Chinese one: {"invitation.zh_CN": "SMS_1001", …}.',
    )

    invitations: Switch = Field("on", description="Whether applicants are asked by text message.")
    invitation_delay_minutes: int = Field(
        30, ge=0, le=7 * 24 * 60, description="Minutes after the service before they are asked."
    )
    reminder_days: int = Field(
        3, ge=1, le=30, description="Days after which whoever did not answer is asked once more."
    )
    invitations_most: int = Field(
        4, ge=1, le=30, description="Most invitations and reminders to one phone in 30 days."
    )
    quiet_from: time = Field(time(21), description="From when no invitation is sent (Shanghai).")
    quiet_until: time = Field(time(8), description="Until when none is sent.")
    strangers_answered: int = Field(
        100,
        ge=0,
        le=10_000,
        description="Answers a day to phones that we never wrote to, one a phone and day.",
    )

    mail_from: str = Field("feedback@localhost", description="Sender address of e-mail.")
    smtp_host: str = Field("localhost", description="Mail server.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port.")
    smtp_user: str = Field("", description="Its account, if it wants one.")
    smtp_password: SecretStr = Field(SecretStr(""), description="The account's password.")
    smtp_tls: Literal["none", "starttls", "tls"] = Field("none", description="How it is secured.")
    smtp_timeout_seconds: float = Field(10, gt=0, le=60, description="Patience with it.")

    @field_validator("token_keys", "data_keys", mode="before")
    @classmethod
    def _key_ring(cls, value: object) -> object:
        return parse_key_ring(value) if isinstance(value, str) else value

    @field_validator("base_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator(
        "twilio_account_sid", "twilio_auth_token", "twilio_old_auth_token", "twilio_from",
        "twilio_api", "sms_http_url", "sms_http_account", "sms_http_secret", mode="before",
    )  # fmt: skip
    @classmethod
    def _without_blanks(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator("twilio_from")
    @classmethod
    def _can_be_answered(cls, value: str) -> str:
        if value and not TWILIO_FROM.fullmatch(value):
            raise ValueError("must be a number with + and country code, a short code, or MG…")
        return value

    @field_validator("twilio_api", "sms_http_url")
    @classmethod
    def _on_the_web(cls, value: str) -> str:
        if value and not _is_web_address(value):
            raise ValueError("must be an address that begins with http:// or https://")
        return value

    @model_validator(mode="after")
    def _gateway_is_whole(self) -> Self:
        needed = {
            "twilio": ("twilio_account_sid", "twilio_auth_token", "twilio_from", "twilio_api"),
            "http": ("sms_http_url", "sms_http_account", "sms_http_secret"),
        }.get(self.sms_sender, ())
        missing = [name for name in needed if not _said(getattr(self, name))]
        if missing:
            names = ", ".join(f"FEEDBACK_{name.upper()}" for name in missing)
            raise ValueError(f"FEEDBACK_SMS_SENDER={self.sms_sender} needs {names}")
        return self

    @field_validator("var")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value if value.is_absolute() else ROOT / value

    @property
    def database(self) -> str:
        """The address SQLAlchemy gets: psycopg 3 for PostgreSQL, a file in `var` otherwise."""
        if not self.database_url:
            return f"sqlite:///{self.var / 'feedback.sqlite3'}"
        scheme, colon, rest = self.database_url.partition(":")
        return f"{'postgresql+psycopg' if scheme in ('postgres', 'postgresql') else scheme}{colon}{rest}"

    @property
    def is_https(self) -> bool:
        """Whether the public address is HTTPS; cookies are then marked Secure."""
        return self.base_url.startswith("https://")


def _said(value: str | SecretStr) -> str:
    return (value.get_secret_value() if isinstance(value, SecretStr) else value).strip()


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and parts.port != 0 and bool(WEB_ADDRESS.fullmatch(value))
    except ValueError:  # brackets that do not close, or a port that is none
        return False


def load_settings() -> Settings:
    """Read the settings from the environment and from `settings.env` in the var folder.

    `scripts/serve` writes that file with fresh keys; without it and without keys in the
    environment the start is refused (pydantic.ValidationError names each missing setting).
    """
    var = Path(os.environ.get("FEEDBACK_VAR", "var"))
    return Settings(_env_file=(var if var.is_absolute() else ROOT / var) / "settings.env")


def settings() -> Settings:
    """Return the settings of the running app."""
    current: Settings = current_app.config["FEEDBACK"]
    return current
