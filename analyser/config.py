"""Typed settings from a TOML file and the environment.

Order of precedence: environment (``ANALYSER_LAKE__PATH=…``, two underscores between levels), then the TOML file, then
the defaults below. Relative paths are relative to the folder of the TOML file. Secrets never stand in the TOML: the
settings name an environment variable or a file that holds them.
"""

from __future__ import annotations

import os
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from analyser.errors import ConfigError

__all__ = [
    "CONFIG_VARIABLE",
    "DataConnectSource",
    "DirectorySource",
    "EwsSource",
    "GraphCloud",
    "GraphSource",
    "Lake",
    "MboxSource",
    "MessageTraceSource",
    "Organisation",
    "Privacy",
    "Review",
    "SampleSource",
    "Savings",
    "Scan",
    "Settings",
    "SourceSettings",
    "TableSource",
    "Thresholds",
    "config_places",
    "example",
    "load",
    "threshold",
    "thresholds_of",
]

CONFIG_VARIABLE = "ANALYSER_CONFIG"
FILE_NAME = "analyser.toml"


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Thresholds(Section):
    """Named numbers of one stage or rule; exported with every result."""


T = TypeVar("T", bound=Thresholds)


def threshold(default: Any, meaning: str, *, source: str = "design", **limits: Any) -> Any:
    """Declare one threshold: its default, its meaning, and where the default comes from.

    Parameters
    ----------
    limits
        Bounds as in `pydantic.Field`: `ge`, `gt`, `le`, `lt`.
    """
    return Field(default, description=meaning, json_schema_extra={"source": source}, **limits)


class Organisation(Section):
    """Whose mail is analysed."""

    name: str = Field("Organisation", description="Shown in reports.")
    domains: tuple[str, ...] = Field(
        (), description="Mail domains of the organisation; subdomains count as inside. Empty: taken from the people."
    )
    timezone: str = Field("UTC", description="IANA time zone in which rhythm and working hours are read.")

    @field_validator("domains")
    @classmethod
    def _lower(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(domain.strip().lower().lstrip("@") for domain in domains)

    @field_validator("timezone")
    @classmethod
    def _known(cls, timezone: str) -> str:
        if timezone not in available_timezones():
            raise ValueError(f"'{timezone}' is not an IANA time zone such as Europe/London")
        return timezone

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.timezone)


class Lake(Section):
    """Where the metadata is kept, and what the engine may use."""

    path: Path = Field(Path("var/lake"), description="Folder of the Parquet tables.")
    engine: Literal["duckdb"] = Field("duckdb", description="What runs the reductions.")
    memory_limit: str = Field("1GB", description="Memory that the engine may use before it spills to disk.")
    threads: int | None = Field(None, ge=1, description="Threads of the engine; unset: one per core.")
    temp_directory: Path | None = Field(None, description="Where the engine spills; unset: a folder inside the lake.")


class Review(Section):
    """Where decisions are kept."""

    database: str = Field("sqlite:///var/review.db", description="SQLAlchemy URL of the database of decisions.")


class Privacy(Section):
    """What is kept, and what is shown of whom."""

    subjects: Literal["full", "terms", "none"] = Field(
        "full",
        description="What is kept of a subject line: all of it; its words without numbers, sorted; or nothing.",
    )
    pseudonyms: bool = Field(default=False, description="Show stable pseudonyms instead of addresses and names.")
    minimum_group: int = Field(5, ge=2, description="Figures about fewer people than this are not shown.")
    retention_days: int | None = Field(
        None,
        ge=1,
        description="Messages older than this many days are removed from the lake at each scan; unset: kept.",
    )


class Scan(Section):
    """How sources are read."""

    earliest: datetime = Field(
        datetime.fromisoformat("1990-01-01T00:00:00+00:00"),
        description="A message dated before this cannot be right; it is counted as unreadable.",
    )
    batch_size: int = Field(20_000, ge=100, description="Messages per batch between source and lake.")


class Savings(Section):
    """Assumptions of the savings; printed beside every figure."""

    minutes_per_sent: float = Field(5.0, ge=0, description="Minutes to write a message (MyAnalytics: 5).")
    minutes_per_read: float = Field(2.5, ge=0, description="Minutes to open and read a message (MyAnalytics: 2.5).")
    share_moved: tuple[float, float] = Field(
        (0.4, 0.8), description="Low and high share of a pattern's mail that a space replaces (assumption)."
    )
    hourly_rate: float | None = Field(None, ge=0, description="Cost of an hour; unset: no money is shown.")
    currency: str = Field("EUR", description="Currency of hourly_rate.")


class _Source(Section):
    name: str = Field(description="Shown in progress, counts and errors.")


class MboxSource(_Source):
    """mbox files (also .gz), maildir folders, folders of .eml files: headers only."""

    type: Literal["mbox"]
    path: Path = Field(description="A file, or a folder that is searched for mbox, maildir and .eml.")


class TableSource(_Source):
    """A folder with messages.csv[.gz] or .parquet, people.csv, groups.csv, group_members.csv."""

    type: Literal["table"]
    path: Path = Field(description="The folder.")


class DirectorySource(_Source):
    """People and groups from CSV or LDIF."""

    type: Literal["directory"]
    path: Path = Field(description="A people file, CSV or LDIF.")
    groups: Path | None = Field(None, description="groups.csv; LDIF files carry their groups themselves.")
    group_members: Path | None = Field(None, description="group_members.csv.")


class DataConnectSource(_Source):
    """A landing of Microsoft Graph Data Connect: JSON Lines or Parquet, v0 or v1."""

    type: Literal["data_connect"]
    path: Path = Field(description="A landed file, or a folder that is searched.")


class SampleSource(_Source):
    """A generated organisation with planted patterns; labels are written beside the lake."""

    type: Literal["sample"]
    people: int = Field(400, ge=60, description="Size of the organisation.")
    weeks: int = Field(40, ge=12, description="Length of its history.")
    seed: int = Field(7, description="The same seed gives the same organisation.")


CREDENTIALS = ("client_secret_env", "client_secret_file", "certificate", "managed_identity", "workload_identity")
"""Keys that prove who an application is; a source has exactly one of them."""


class GraphCloud(Section):
    """A cloud that has no name here: both addresses, https only."""

    authority: str = Field(description="Where tokens are had: https://HOST/TENANT.")
    graph: str = Field(description="Root of Microsoft Graph: https://HOST.")

    @field_validator("authority", "graph")
    @classmethod
    def _secure(cls, address: str) -> str:
        if not address.startswith("https://"):
            raise ValueError("must begin with https://")
        return address.rstrip("/")


class _Application(_Source):
    """Who the program is to a tenant."""

    tenant: str | None = Field(None, description="Id or domain of the tenant.")
    client_id: str | None = Field(None, description="Application (client) id of the app registration.")
    client_secret_env: str | None = Field(None, description="Environment variable that holds the client secret.")
    client_secret_file: Path | None = Field(None, description="File that holds the client secret.")
    certificate: Path | None = Field(None, description="PEM file with private key and certificate, or a .pfx file.")
    certificate_password_env: str | None = Field(None, description="Environment variable with its password.")
    managed_identity: bool | str = Field(
        default=False, description="true: the machine's own identity; or the client id of a user-assigned one."
    )
    workload_identity: bool | Path = Field(
        default=False, description="true: the token file that AZURE_FEDERATED_TOKEN_FILE names; or that file."
    )
    cloud: Literal["global", "usgov", "usgov-dod", "china"] | GraphCloud = Field(
        "global", description="global, usgov, usgov-dod, china; or {authority, graph} of another one."
    )

    def check_credentials(self) -> None:
        """Exactly one, and what it needs besides.

        Raises
        ------
        ValueError
            It is not so.
        """
        given = [name for name in CREDENTIALS if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"exactly one of {', '.join(CREDENTIALS)} is needed, not {', '.join(given) or 'none'}")
        if not self.managed_identity and self.client_id is None:
            raise ValueError("client_id is needed")
        if not self.managed_identity and self.tenant is None and not isinstance(self.cloud, GraphCloud):
            raise ValueError("tenant is needed")


class GraphSource(_Application):
    """Exchange Online through Microsoft Graph: mail metadata, people and groups of a tenant."""

    type: Literal["graph"]
    folders: Literal["all", "sent"] = Field("all", description="All mail folders, or the sent items alone.")
    mailboxes: str | tuple[str, ...] | Path = Field(
        "all", description="all; a list of addresses; the address of a group; or a file with one address a line."
    )
    since: date | None = Field(None, description="Only mail received from this day on; unset: all.")
    people: bool = Field(default=True, description="Read people, groups, teams and channels too.")
    page_size: int = Field(500, ge=1, le=1000, description="Messages asked for at a time.")
    requests_per_mailbox: int = Field(4, ge=1, le=16, description="Requests in flight per mailbox; Exchange allows 4.")
    requests_at_once: int = Field(32, ge=1, le=256, description="Most requests in flight over all mailboxes.")
    retries_per_mailbox: int = Field(
        20, ge=0, description="Retries that a mailbox may be behind by before it is given up; each success earns one."
    )
    timeout: float = Field(60.0, gt=0, description="Seconds that an answer may take.")

    @field_validator("mailboxes", mode="before")
    @classmethod
    def _file(cls, value: object) -> object:
        return Path(value) if isinstance(value, str) and value != "all" and "@" not in value else value

    @model_validator(mode="after")
    def _one_credential(self) -> GraphSource:
        self.check_credentials()
        return self


class MessageTraceSource(_Application):
    """Message traces of Exchange Online and tracking logs of Exchange Server: who wrote to whom, no mailbox opened.

    From files if there is a `path`, else from the tenant, with the keys of a graph source.
    """

    type: Literal["message_trace"]
    path: Path | None = Field(
        None, description="An exported trace or MSGTRK*.LOG, or a folder that is searched; unset: the tenant is asked."
    )
    dates: Literal["auto", "day_first", "month_first"] = Field(
        "auto", description="How 3/4/2026 in a file is meant; auto: told from the rows of the file."
    )
    days: int = Field(90, ge=1, le=90, description="How far back the tenant is asked; Exchange Online keeps 90 days.")
    window_days: int = Field(
        1, ge=1, le=10, description="Days that are asked for at a time; what is complete need not be asked again."
    )
    retries: int = Field(20, ge=0, description="How often a page is asked for again before the window is given up.")
    timeout: float = Field(60.0, gt=0, description="Seconds that an answer of the tenant may take.")

    @model_validator(mode="after")
    def _one_origin(self) -> MessageTraceSource:
        given = [name for name in CREDENTIALS if getattr(self, name)]
        if self.path is not None and given:
            raise ValueError(f"either path or {given[0]}: a trace comes from files or from the tenant")
        if self.path is None:
            if not given:
                raise ValueError("path is needed, or the keys of an application that asks the tenant")
            self.check_credentials()
        return self

    def application(self) -> GraphSource:
        """The same application as a graph source, which asks little at a time."""
        keys = {name: getattr(self, name) for name in _Application.model_fields}
        limits = {"timeout": self.timeout, "requests_at_once": 1, "retries_per_mailbox": self.retries}
        return GraphSource(type="graph", people=False, **limits, **keys)


class EwsSource(_Source):
    """Exchange Server (2016, 2019, Subscription Edition) through Exchange Web Services: mail metadata of mailboxes."""

    type: Literal["ews"]
    endpoint: str = Field(description="https://HOST/EWS/Exchange.asmx; it is never guessed.")
    version: Literal["Exchange2013", "Exchange2013_SP1", "Exchange2015", "Exchange2016"] = Field(
        "Exchange2016",
        description="Version of the schema that is spoken; every server of 2016 or later knows the last.",
    )
    auth: Literal["ntlm", "basic", "kerberos", "oauth"] = Field("ntlm", description="How the account signs in.")
    username: str | None = Field(None, description="The service account: DOMAIN\\name or name@domain.")
    password_env: str | None = Field(None, description="Environment variable with its password, or the client secret.")
    password_file: Path | None = Field(None, description="File with its password, or the client secret.")
    tenant: str | None = Field(None, description="Of oauth: id or domain of the tenant that gives tokens.")
    client_id: str | None = Field(None, description="Of oauth: application (client) id.")
    token_url: str | None = Field(None, description="Of oauth with AD FS or another server of tokens: its address.")
    token_scope: str | None = Field(None, description="Of oauth: what a token is asked for; unset: Exchange Online.")
    access: Literal["impersonation", "delegate"] = Field(
        "impersonation", description="As the owner of each mailbox, or as the account with rights to them."
    )
    folders: Literal["all", "sent"] = Field("all", description="All mail folders, or the sent items alone.")
    archive: bool = Field(default=False, description="Read archive mailboxes too.")
    mailboxes: str | tuple[str, ...] | Path = Field(
        description="A file with one address a line; a list; the address of a distribution list; or all of `directory`."
    )
    directory: Path | None = Field(
        None, description="LDIF or CSV export of the directory: who `all` are, and whose the X.500 addresses are."
    )
    since: date | None = Field(None, description="Only mail received from this day on; unset: all.")
    people: bool = Field(default=True, description="Keep who was looked up in the server's address list.")
    page_size: int = Field(512, ge=1, le=512, description="Changes asked for at a time; the schema allows 512.")
    items_per_request: int = Field(250, ge=1, le=1000, description="Messages whose fields are asked for at a time.")
    connections: int = Field(
        8, ge=1, le=64, description="Most connections, and requests in flight, over all mailboxes."
    )
    connections_per_mailbox: int = Field(3, ge=1, le=16, description="Requests in flight per mailbox.")
    retries_per_mailbox: int = Field(
        20, ge=0, description="Retries that a mailbox may be behind by before it is given up; each success earns one."
    )
    timeout: float = Field(120.0, gt=0, description="Seconds that an answer may take.")

    @field_validator("mailboxes", mode="before")
    @classmethod
    def _file(cls, value: object) -> object:
        return Path(value) if isinstance(value, str) and value != "all" and "@" not in value else value

    @field_validator("endpoint", "token_url")
    @classmethod
    def _secure(cls, address: str | None) -> str | None:
        if address is not None and not address.startswith("https://"):
            raise ValueError("must begin with https://")
        return address

    @model_validator(mode="after")
    def _one_account(self) -> EwsSource:
        secrets = [name for name in ("password_env", "password_file") if getattr(self, name)]
        if self.auth == "kerberos":
            if secrets or self.username:
                raise ValueError("kerberos takes the ticket of the machine or of kinit: no username, no password")
            return self
        if len(secrets) != 1:
            raise ValueError(f"exactly one of password_env, password_file is needed, not {len(secrets)}")
        if self.auth == "oauth":
            if self.client_id is None or (self.tenant is None and self.token_url is None):
                raise ValueError("oauth needs client_id, and tenant or token_url")
        elif self.username is None:
            raise ValueError("username is needed")
        if self.mailboxes == "all" and self.directory is None:
            raise ValueError("mailboxes = 'all' needs a directory: an LDIF or CSV export")
        return self


SourceSettings = Annotated[
    MboxSource
    | TableSource
    | DirectorySource
    | DataConnectSource
    | MessageTraceSource
    | SampleSource
    | GraphSource
    | EwsSource,
    Field(discriminator="type"),
]


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix="ANALYSER_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=False
    )

    organisation: Organisation = Organisation()
    lake: Lake = Lake()
    review: Review = Review()
    privacy: Privacy = Privacy()
    scan: Scan = Scan()
    savings: Savings = Savings()
    sources: tuple[SourceSettings, ...] = ()
    thresholds: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Thresholds by stage or rule, as `analyser thresholds` lists them: [thresholds.status_report].",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file; nothing else is looked at."""
        return env_settings, init_settings

    @field_validator("sources")
    @classmethod
    def _unique(cls, sources: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
        names = [source.name for source in sources]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two sources are named '{name}'; give each its own name")
        return sources


_EXAMPLE_HEAD = """\
# Configuration of analyser. Every key is shown with its default; lines that are commented out are optional.
# The environment overrides: ANALYSER_LAKE__PATH=/data/lake sets [lake] path.
# Relative paths start at the folder of this file.
# Secrets never stand here: keys that end in _env name an environment variable, and others a file.
"""

_EXAMPLE_SOURCES = """\
# Where metadata is read. Each source has a name of its own and a type; remove the comment signs of those you have.

# [[sources]]
# name = "archive"
# type = "mbox"                # mbox files (also .gz), maildir folders, folders of .eml files: headers only
# path = "mail/"

# [[sources]]
# name = "export"
# type = "table"               # a folder with messages.csv[.gz] or .parquet, people.csv, groups.csv, group_members.csv
# path = "export/"

# [[sources]]
# name = "people"
# type = "directory"           # people and groups: CSV or LDIF
# path = "people.csv"
# groups = "groups.csv"
# group_members = "group_members.csv"

# [[sources]]
# name = "landing"
# type = "data_connect"        # Microsoft Graph Data Connect: JSON Lines or Parquet with mail, people, groups
# path = "landing/"

# [[sources]]
# name = "trace"
# type = "message_trace"       # exported message traces, MSGTRK*.LOG: no To and Cc, no conversations
# path = "traces/"
# dates = "auto"               # how 3/4/2026 is meant: "day_first", "month_first"; auto: told from the file
# (without a path the tenant is asked, with the keys of a graph source: tenant, client_id, certificate, …)
# days = 90                    # how far back it is asked
# window_days = 1              # asked for at a time, at most 10

# [[sources]]
# name = "exchange-online"
# type = "graph"               # Microsoft Graph: see docs/exchange-online.md for the app registration
# tenant = "contoso.onmicrosoft.com"
# client_id = "00000000-0000-0000-0000-000000000000"
# client_secret_env = "ANALYSER_GRAPH_SECRET"   # or exactly one of these:
#   client_secret_file = "secret.txt"
#   certificate = "app.pem"    # private key and certificate, or a .pfx file; its password: certificate_password_env
#   managed_identity = true    # or the client id of a user-assigned identity
#   workload_identity = true   # the file that AZURE_FEDERATED_TOKEN_FILE names, or its path
# cloud = "global"             # usgov, usgov-dod, china; or {authority = "https://HOST/TENANT", graph = "https://HOST"}
# folders = "all"              # or "sent": sent items alone, half the volume, no mail from outside
# mailboxes = "all"            # or a list, the address of a group, or a file with one address a line
# since = 2026-01-01           # only mail received from this day on
# people = true                # people, groups, teams and channels too
# page_size = 500              # messages asked for at a time
# requests_per_mailbox = 4     # in flight; Exchange allows 4
# requests_at_once = 32        # in flight over all mailboxes; fewer while the service throttles
# retries_per_mailbox = 20     # how far a mailbox may fall behind before it is given up
# timeout = 60.0               # seconds that an answer may take

# [[sources]]
# name = "on-premises"
# type = "ews"                 # Exchange Server: see docs/exchange-on-premises.md for the service account
# endpoint = "https://mail.contoso.com/EWS/Exchange.asmx"
# version = "Exchange2016"     # every server of 2016 or later speaks it
# auth = "ntlm"                # basic, kerberos (no username, no password), oauth
# username = 'CONTOSO\\svc-scan'
# password_env = "ANALYSER_EWS_PASSWORD"        # or password_file; with oauth the client secret
# (with oauth: tenant, client_id; of AD FS: token_url, token_scope)
# access = "impersonation"     # or "delegate": as the account itself
# mailboxes = "mailboxes.txt"  # one address a line; or a list, the address of a distribution list, or "all"
# directory = "people.ldif"    # LDIF or CSV export: who "all" are, and whose the X.500 addresses are
# folders = "all"              # or "sent"
# archive = false              # archive mailboxes too
# since = 2026-01-01           # only mail received from this day on
# people = true                # keep who was looked up in the server's address list
# page_size = 512              # changes asked for at a time, at most 512
# items_per_request = 250      # messages whose fields are asked for at a time
# connections = 8              # over all mailboxes; fewer in flight while the server throttles
# connections_per_mailbox = 3
# retries_per_mailbox = 20     # how far a mailbox may fall behind before it is given up
# timeout = 120.0              # seconds that an answer may take

# [[sources]]
# name = "sample"
# type = "sample"              # an invented organisation
# people = 400
# weeks = 40
# seed = 7
"""

_EXAMPLE_THRESHOLDS = """\
# Thresholds by stage or rule; 'analyser thresholds' lists all of them with meaning and source.

# [thresholds.status_report]
# slot_coverage = 0.6
"""


def example() -> str:
    """The text of `config.example.toml`: every key with its meaning and its default."""
    parts = [_EXAMPLE_HEAD]
    for name, field in Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            lines = [f"[{name}]  # {(model.__doc__ or '').strip()}"]
            for key, setting in model.model_fields.items():
                value = _toml(setting.default)
                lines.append(f"# {setting.description}")
                lines.append(f"{key} = {value}" if value is not None else f"# {key} =")
            parts.append("\n".join(lines) + "\n")
    return "\n".join([*parts, _EXAMPLE_SOURCES, _EXAMPLE_THRESHOLDS])


def _toml(value: object) -> str | None:
    """A default as TOML writes it; None for an unset one, which TOML has no word for."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat()
        case tuple():
            return f"[{', '.join(str(_toml(item)) for item in value)}]"
        case str() | Path():  # a backslash would begin an escape
            return f'"{value.as_posix() if isinstance(value, Path) else value}"'
        case _:
            return str(value)


def thresholds_of(settings: Settings, name: str, model: type[T]) -> T:
    """The thresholds of one stage or rule, the configured values in place of the defaults.

    Raises
    ------
    ConfigError
        A name or a value is unknown or out of bounds.
    """
    try:
        return model(**settings.thresholds.get(name, {}))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(["thresholds", name, *(str(part) for part in first["loc"])])
        raise ConfigError(first["msg"], key=key, fix=f"known: {', '.join(model.model_fields)}") from error


def config_places(explicit: Path | None) -> list[tuple[str, Path]]:
    """Where a configuration is looked for, best first: (description, path)."""
    if explicit is not None:
        return [("--config", explicit)]
    if os.environ.get(CONFIG_VARIABLE):
        return [(CONFIG_VARIABLE, Path(os.environ[CONFIG_VARIABLE]))]
    return [("working folder", Path(FILE_NAME)), ("working folder", Path("config.toml"))]


def load(explicit: Path | None = None) -> Settings:
    """Read the configuration.

    Parameters
    ----------
    explicit
        Value of ``--config``.

    Raises
    ------
    ConfigError
        No file, no TOML, an unknown key, a wrong type; names the key, the places and the fix.
    """
    places = config_places(explicit)
    shown = [f"{path} ({what})" for what, path in places]
    found = next((path for _, path in places if path.is_file()), None)
    if found is None:
        raise ConfigError(
            "no configuration file",
            key="--config",
            places=shown if explicit or len(shown) == 1 else [f"{CONFIG_VARIABLE} (not set)", *shown],
            fix="run 'analyser init' to write one, or name one with --config",
        )
    try:
        content = tomllib.loads(found.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(error), key=str(found), fix="mend the TOML at that place") from error
    try:
        settings = Settings(**content)
    except ValidationError as error:
        raise _explain(error, found) from error
    return _with_absolute_paths(settings, found.resolve().parent)


def _explain(error: ValidationError, path: Path) -> ConfigError:
    """Name the first wrong key as it stands in the TOML, with the keys that would be right."""
    errors = error.errors()
    # of a value that may be several things, the error about the table says more than that it is none of the words
    first = next((one for one in errors if one["loc"][-1] in GraphCloud.model_fields), errors[0])
    # a discriminated union puts the tag into the location: sources.0.mbox.path is sources[0].path to the user
    parts = [p for i, p in enumerate(first["loc"]) if not (first["loc"][0] == "sources" and i == 2)]  # noqa: PLR2004
    key = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts).lstrip(".")
    variable = "ANALYSER_" + "__".join(str(p) for p in parts).upper()
    places = [str(path), f"{variable} ({'set' if variable in os.environ else 'not set'})"]
    message, fix = first["msg"], "see config.example.toml for every key with its type and default"
    if first["type"] == "extra_forbidden":
        known = _known_keys(first["loc"])
        message, fix = "no such key", f"known keys here: {', '.join(known)}" if known else fix
    elif first["type"] == "union_tag_invalid":
        message = f"unknown type '{first['ctx']['tag']}'"
        fix = f"known types: {first['ctx']['expected_tags']}"
        key += ".type"
    elif first["type"] == "union_tag_not_found":
        types = "mbox, table, directory, data_connect, message_trace, graph, ews or sample"
        message, fix, key = "missing", f"every source needs a type: {types}", f"{key}.type"
    elif first["type"] == "missing":
        message, fix = "missing", f"add it to {path}"
    elif "input" in first and not isinstance(first["input"], dict):
        message = f"{message}, not {first['input']!r}"
    more = error.error_count() - 1
    return ConfigError(message + (f" (and {more} more)" if more else ""), key=key, places=places, fix=fix)


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    if len(location) == 1:
        return sorted(Settings.model_fields)
    if location[0] == "sources":
        kinds: dict[str, type[BaseModel]] = {
            "mbox": MboxSource,
            "table": TableSource,
            "directory": DirectorySource,
            "data_connect": DataConnectSource,
            "message_trace": MessageTraceSource,
            "graph": GraphSource,
            "ews": EwsSource,
            "sample": SampleSource,
        }
        model = kinds.get(str(location[2]))
    else:
        annotation = Settings.model_fields[str(location[0])].annotation
        model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    return sorted(model.model_fields) if model else []


def _with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    def absolute(section: BaseModel) -> BaseModel:
        changed = {
            name: folder / value
            for name in type(section).model_fields
            if isinstance(value := getattr(section, name), Path)
        }
        return section.model_copy(update=changed)

    database = settings.review.database
    prefix = "sqlite:///"
    if database.startswith(prefix) and not database.startswith(prefix + "/"):
        database = f"{prefix}{folder / database.removeprefix(prefix)}"
    return settings.model_copy(
        update={
            "lake": absolute(settings.lake),
            "review": settings.review.model_copy(update={"database": database}),
            "sources": tuple(absolute(source) for source in settings.sources),
        }
    )
