"""Environment in, frozen `Settings` out. The only module that reads the environment; called once by `pipeline/services.py` and `cli.py`."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType

from dicomlake.errors import ConfigError

PREFIX = "DICOMLAKE_"
LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
ENGINES = ("libretranslate", "deepl", "microsoft", "google")
PDF_COPIES = ("rebuilt", "pictured")
_SITE = re.compile(r"[a-z][a-z0-9-]{0,30}")
_BUCKET_PREFIX = re.compile(r"[a-z0-9][a-z0-9-]{1,30}")


@dataclass(frozen=True)
class Settings:
    """What the surroundings decide. Each field is the environment variable `DICOMLAKE_<FIELD>`; docs/settings.md explains each."""

    prefix: str = ""
    sites: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    profile: str = "research"
    research_key: str = ""
    operations_key: str = ""
    project_identified: str = "local"
    project_operations: str = "local"
    project_research: str = "local"
    state_dir: str = ""
    rules_dir: str = ""
    max_bytes: int = 64 << 30
    translate_to: tuple[str, ...] = ()
    translate_url: str = ""
    translate_engine: str = "libretranslate"
    translate_key: str = field(default="", repr=False)
    text_model: str = "blank"
    pdf_copy: str = "rebuilt"
    emulated: bool = False

    @property
    def quarantine_bucket(self) -> str:
        """Held objects with a reason; identified side."""
        return f"{self.prefix}-quarantine"

    @property
    def state_bucket(self) -> str:
        """Task objects, pending notes, manifests and the site's receipt files; identified side."""
        return f"{self.prefix}-state"

    @property
    def research_bucket(self) -> str:
        """De-identified objects."""
        return f"{self.prefix}-research"

    def landing_bucket(self, site: str) -> str:
        """The bucket `site` uploads to. Raises ConfigError for a site nobody configured."""
        for bucket, owner in self.sites.items():
            if owner == site:
                return bucket
        raise ConfigError(f"no landing bucket for site {site!r}: name it in {PREFIX}SITES as bucket=site")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read `DICOMLAKE_*` from `environ` (default: the process's). Raises ConfigError for an unknown or malformed variable."""
    environ = os.environ if environ is None else environ
    known = {f"{PREFIX}{f.name.upper()}": f.name for f in fields(Settings) if f.name != "emulated"}
    values: dict[str, object] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        if variable not in known:
            raise ConfigError(f"unknown setting {variable}; known: {', '.join(sorted(known))}")
        values[known[variable]] = _parse(variable, known[variable], text.strip())
    values["emulated"] = bool(environ.get("STORAGE_EMULATOR_HOST") or environ.get("BIGQUERY_EMULATOR_HOST"))
    return Settings(**values)  # type: ignore[arg-type]  # each value was parsed for its field above


def user_state_dir(settings: Settings) -> Path:
    """Where the command line keeps what belongs to this user (keys, unfinished uploads): STATE_DIR, else ~/.dicomlake."""
    return Path(settings.state_dir) if settings.state_dir else Path.home() / ".dicomlake"


def _parse(variable: str, name: str, text: str) -> object:
    if name == "sites":
        return _parse_sites(variable, text)
    if name == "max_bytes":
        if not text.isdecimal() or int(text) < 1:
            raise ConfigError(f"{variable} must be a whole number of bytes")
        return int(text)
    if name == "translate_to":
        return _parse_languages(variable, text)
    if name == "translate_engine" and text not in ENGINES:
        raise ConfigError(f"{variable} must be one of {', '.join(ENGINES)}")
    if name == "pdf_copy" and text not in PDF_COPIES:
        raise ConfigError(f"{variable} must be one of {', '.join(PDF_COPIES)}")
    if name == "prefix" and not _BUCKET_PREFIX.fullmatch(text):
        raise ConfigError(f"{variable} must be 2 to 31 characters a-z, 0-9, '-'")
    return text


def _parse_languages(variable: str, text: str) -> tuple[str, ...]:
    languages = tuple(dict.fromkeys(filter(None, (part.strip() for part in text.split(",")))))
    if not set(languages) <= set(LANGUAGES):
        raise ConfigError(f"{variable} must name languages among {', '.join(LANGUAGES)}, parted by commas")
    return languages


def _parse_sites(variable: str, text: str) -> Mapping[str, str]:
    sites: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        bucket, separator, site = entry.partition("=")
        if not separator or not bucket or not _SITE.fullmatch(site):
            raise ConfigError(f"{variable} must read bucket=site,bucket=site; sites are a-z, 0-9, '-'")
        if bucket in sites or site in sites.values():
            raise ConfigError(f"{variable} names a bucket or a site twice")
        sites[bucket] = site
    return MappingProxyType(sites)
