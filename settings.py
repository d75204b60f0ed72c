"""One typed `Settings` object: defaults that work with nothing set.

Order of precedence: arguments, environment (`YUNJIAN_*`, nested names joined by `__`),
the TOML file named by `YUNJIAN_CONFIG` (else `yunjian.toml` in the working folder), defaults.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from policies import SourcePolicy

__all__ = ["HOUSE", "Settings", "SettingsError", "load"]

HOUSE = Path(__file__).resolve().parent
"""The folder the application runs from; `rules/` stands in it."""


class SettingsError(ValueError):
    """A setting that can't be used: names the setting and why."""


def _names(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]
Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_names)]


class Api(BaseModel):
    """An open API that is swept like a marketplace."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="address with {query} and, if it has pages, {page}")
    profile: Path | None = Field(None, description="which column means what (docs/operate.md)")
    token: SecretStr = Field(SecretStr(""), description="sent as Authorization: Bearer …")


class Settings(BaseSettings):
    """How this installation runs. Durations are seconds, sizes are bytes."""

    model_config = SettingsConfigDict(
        env_prefix="YUNJIAN_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = Field(Path("data"), description="store and evidence live here")
    database_url: str = Field(
        "",
        description="SQLAlchemy URL; empty means SQLite in `data_dir` (PostgreSQL: postgresql://…)",
    )
    evidence_store: str = Field(
        "", description="folder of the evidence, or s3://bucket/prefix; empty: `data_dir`/evidence"
    )
    worker_lease: float = Field(
        30.0, gt=0, description="a worker that gives no sign of life for so long loses its work"
    )
    rules_dir: Path = Field(HOUSE / "rules", description="violations, laws, goods, lexicons, …")
    contact: str = Field(
        "",
        description="address that stands in the user agent, so that a site can reach the officers",
    )
    download_delay: float = Field(1.0, ge=0, description="pause between two requests to one host")
    host_concurrency: int = Field(1, ge=1, description="requests under way at one host")
    concurrency: int = Field(16, ge=1, description="requests under way in all")
    download_timeout: float = Field(30.0, gt=0, description="longest wait for one page")
    max_body: int = Field(10 * 1024 * 1024, gt=0, description="largest page that is read")
    max_redirects: int = Field(8, ge=0, description="redirects followed for one page")
    retries: int = Field(2, ge=0, description="further tries after a passing failure")
    retry_after_max: float = Field(
        120.0, ge=0, description="longest Retry-After that is waited for; past it the host is left"
    )
    block_backoff: int = Field(
        3, ge=1, description="blocks in a row after which a host is left alone for this sweep"
    )
    max_pages: int = Field(5, ge=1, description="result pages read per query")
    images_per_listing: int = Field(
        3, ge=0, description="detail pictures read per listing (extra `images`); 0 reads none"
    )
    images_seconds: float = Field(
        300.0, ge=0, description="time for reading pictures in one sweep; known ones cost none"
    )
    shop_budget: int = Field(300, ge=1, description="pages read per independent shop and sweep")
    source_budget: int = Field(
        5000, ge=0, description="pages asked of a search engine or marketplace per sweep; 0: any"
    )
    policies: dict[str, SourcePolicy] = Field(
        default_factory=dict,
        description="by source (a shop's is its host, `shop` is every shop): pages, window, robots_exception",
    )
    screenshots: bool = Field(True, description="picture each listing that opens a clue")
    browser: str = Field(
        "", description="path of a Chromium; empty means the system's, else Playwright's own"
    )
    allow_private: Names = Field(
        (), description="host names (`*.` allowed) that may be at private or loopback addresses"
    )
    baidu_api_key: SecretStr = Field(
        SecretStr(""),
        description="key of 百度's search API; with one, source baidu_api is searched",
    )
    source_urls: dict[str, str] = Field(
        default_factory=dict, description="another base address for a source, by its name"
    )
    sources: Names = Field(
        (), description="sources of a sweep that names none; empty means all proven ones"
    )
    sessions: dict[str, Path] = Field(
        default_factory=dict,
        description="Playwright storage state of a session that an officer opened, by source",
    )
    apis: dict[str, Api] = Field(default_factory=dict, description="open APIs, by a name for each")
    evidence_key: Path | None = Field(
        None, description="the office's signing key (`yunjian evidence key` makes it)"
    )
    tsa_url: str = Field("", description="time authority (RFC 3161) that stamps seals and packs")
    tsa_ca: Path | None = Field(None, description="its root certificates (PEM)")
    log_format: Literal["plain", "json"] = Field("plain", description="lines for eyes or programs")
    log_file: Path | None = Field(
        None, description="file for the log, turned over at 10 MB; empty is standard error"
    )
    alert_urls: Secrets = Field((), description="whom alerts go to, as Apprise writes it")
    alert_score: float = Field(
        0.95, ge=0, le=1, description="a clue is told that opens or grows with such a score"
    )
    alert_night: float = Field(
        30.0, gt=0, description="hours since the last finished night after which one is late"
    )
    alert_backlog: float = Field(
        24.0, gt=0, description="hours that the oldest task may wait before a backlog is told"
    )
    alert_disk: float = Field(
        5.0, ge=0, description="GB free, of data or evidence, below which it is told"
    )

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL of the store, with the driver this project ships."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir / 'yunjian.db'}"
        if self.database_url.startswith(("postgres://", "postgresql://")):
            return "postgresql+psycopg://" + self.database_url.split("://", 1)[1]
        return self.database_url

    def policy(self, source: str, reader: str = "") -> SourcePolicy:
        """What holds for a source: what is set for it, else for all that its reader reads."""
        return self.policies.get(source) or self.policies.get(reader) or SourcePolicy()

    @property
    def vault_dir(self) -> Path:
        """The folder of the evidence vault; on the way to a bucket the one where it is written."""
        if self.evidence_store and not self.evidence_bucket:
            return Path(self.evidence_store)
        return self.data_dir / "evidence"

    @property
    def evidence_bucket(self) -> str:
        """Where finished evidence goes if that is an S3-compatible store, else ""."""
        return self.evidence_store if self.evidence_store.startswith("s3://") else ""

    @property
    def user_agent(self) -> str:
        """Says who asks and how to reach them."""
        reach = self.contact or "no contact address configured"
        return f"Yunjian/0.1 (market surveillance of online shops; {reach})"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the TOML file."""
        config = Path(os.environ.get("YUNJIAN_CONFIG", "yunjian.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config)


def load(**arguments: object) -> Settings:
    """The settings in force; raises `SettingsError` naming each one that can't be used."""
    try:
        return Settings(**arguments)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(
            "; ".join(
                f"{'.'.join(map(str, e['loc']))}: {e['msg']}"
                for e in error.errors(include_url=False)
            )
        ) from None
    except ValueError as error:
        raise SettingsError(str(error)) from None
