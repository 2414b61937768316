"""Settings from the environment, read and checked once; every name is documented in README.md."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """All that the environment may say; a wrong value stops the program with the variable's name."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: str = ""
    """postgresql://role@host/db of the application role, which can't bypass row-level security."""
    admin_database_url: str = ""
    """The owner of the schema, for `munshi migrate` only."""
    redis_url: str = ""
    """Broker of Dramatiq; empty: workers poll PostgreSQL."""
    public_url: str = "http://127.0.0.1:8420"
    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=1, le=65535)
    api_share_port: bool = False
    """Several api processes listen on one port (SO_REUSEPORT), to use more cores of one machine."""
    munshi_home: Path = Path(".munshi")
    munshi_env: str = "production"
    """`development` adds GraphiQL and the phone."""
    munshi_secret_key: SecretStr = SecretStr("")
    """Seals the secrets of sources at rest: Fernet keys, newest first, separated by commas."""
    telegram_bot_token: SecretStr = SecretStr("")
    telegram_api_base: str = ""
    """Any Bot API server; empty: Telegram's own."""
    telegram_webhook_url: str = ""
    """The https address to which Telegram posts updates; empty: the bot fetches them."""
    telegram_webhook_secret: SecretStr = SecretStr("")
    """What Telegram says with each update, so that we know it; empty: derived from the token."""
    telegram_webhook_port: int = Field(default=8421, ge=1, le=65535)
    """Where the bot listens for them, on HOST."""
    telegram_webhook_share_port: bool = False
    """Several bot processes listen on that port."""
    chat_url: str = ""
    """The bot's own address (https://t.me/…): links on a CRM's records open the customer there."""
    munshi_extra_routes: str = ""
    """`package.module:function` that returns more routes for the api, or something with routes() and close()."""
    munshi_doorbell: str = "workers.doorbell:ring"
    """`package.module:function` that tells workers which businesses have work; empty: they find it by themselves."""
    database_pool_size: int = Field(default=8, ge=1, le=100)
    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    max_file_bytes: int = Field(default=20 * 1024 * 1024, ge=1024)
    webhook_private_addresses: bool = False
    """Outgoing webhooks may go to http:// and into our own network: for development and tests."""
    graphql_calls_per_minute: int = Field(default=3_000, ge=0)
    """Calls of one token a minute; 0: as many as it likes."""
    graphql_cost_per_minute: int = Field(default=1_000_000, ge=0)
    """Rows that the calls of one token may ask for a minute, by their reckoned cost; 0: as many as it likes."""
    graphql_origins: str = ""
    """Origins (https://…) whose pages may ask GraphQL from a browser, separated by commas; empty: none."""
    trusted_proxies: str = ""
    """Addresses whose X-Forwarded-For is believed, separated by commas: of the proxy before us; empty: none."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @field_validator("database_url", "admin_database_url")
    @classmethod
    def _postgresql(cls, url: str) -> str:
        """Refuse what no driver of ours reads, without repeating the password in it."""
        if url:
            parts = urlsplit(url)
            if parts.scheme != "postgresql" or not isinstance(parts.port, int | None):
                raise ValueError("must be like postgresql://role@host:5432/database")
        return url

    @model_validator(mode="after")
    def _own_address(self) -> Self:
        """Without a PUBLIC_URL we are reached where we listen."""
        if "public_url" not in self.model_fields_set:
            self.__dict__["public_url"] = f"http://127.0.0.1:{self.port}"
        return self


def wrong_settings(error: ValidationError) -> str:
    """Say which variable is wrong and why; a value may be a secret, so it isn't repeated."""
    return "; ".join(f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()
