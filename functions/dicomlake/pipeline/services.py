"""What every flow needs, built once per process and each on first use: settings, rules, keys, clients.

Called by `entry/boundary.py` and `cli.py`. Nothing here is global: the caller holds the one `Services` and passes it on.
"""

import os
import threading
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from dicomlake import __version__
from dicomlake.batches import Announced, Delivery
from dicomlake.errors import ConfigError, TransientError
from dicomlake.pipeline.assess import Tools
from dicomlake.pipeline.headers import HeaderRecogniser
from dicomlake.pipeline.pictures import Pictures
from dicomlake.pipeline.report_tools import ReportTools
from dicomlake.pixels import PixelWorker
from dicomlake.pseudonyms import Domain, DomainKey, IdentityRules, SiteKey, require_separate
from dicomlake.rules import (
    DoseRules,
    PixelRoutes,
    PixelRules,
    Profile,
    SiteRules,
    load_dose_rules,
    load_pixel_routes,
    load_pixel_rules,
    load_profile,
    load_site,
)
from dicomlake.rules.dosimetry import SizeRules, load_size_specific
from dicomlake.settings import Settings

if TYPE_CHECKING:
    from google.cloud import bigquery, storage

Made = TypeVar("Made")
_MAX_LINES = 200_000  # of manifests held in memory, about 100 MB


class Services:
    """Settings in, everything else on demand; `bounded`: for a function, whose time is short. Raises ConfigError for a key or rule file that is
    missing or unusable.
    """

    def __init__(self, settings: Settings, *, bounded: bool = True) -> None:
        self.settings = settings
        self.bounded = bounded
        self.manifests: Recent[Delivery] = Recent(_MAX_LINES)
        self.announced: Recent[Announced] = Recent(_MAX_LINES)
        self.remembered: Recent[bool] = Recent(_MAX_LINES)
        self._sites: dict[str, SiteRules] = {}
        self._tools: dict[str, Tools] = {}

    @cached_property
    def rules_root(self) -> Path | None:
        """Folder that holds the rule files, or None for the ones that come with the package."""
        return Path(self.settings.rules_dir) if self.settings.rules_dir else None

    @cached_property
    def profile(self) -> Profile:
        """The de-identification profile of this platform."""
        return load_profile(self.settings.profile, self.rules_root)

    @cached_property
    def dose_rules(self) -> DoseRules:
        """The vocabulary of dose objects."""
        return load_dose_rules(self.rules_root)

    @cached_property
    def size_rules(self) -> SizeRules:
        """How a patient's size is measured in CT slices."""
        return load_size_specific(self.rules_root)

    @cached_property
    def pixel_routes(self) -> PixelRoutes:
        """Which pictures may pass without being looked at."""
        return load_pixel_routes(self.rules_root)

    @cached_property
    def pixel_rules(self) -> PixelRules:
        """How pictures are looked at, and for how long."""
        rules = load_pixel_rules(self.rules_root)
        return rules if self.bounded else rules.for_job()

    @cached_property
    def pixel_worker(self) -> PixelWorker:
        """The keeper of the child process that touches pixels."""
        return PixelWorker(self.pixel_rules, processors())

    def site_rules(self, site: str) -> SiteRules:
        """The rules of one of the configured sites."""
        if site not in self._sites:
            self._sites[site] = load_site(site, self.rules_root)
        return self._sites[site]

    @cached_property
    def research_key(self) -> DomainKey:
        """The secret of the research side. Raises ConfigError when it is not set: no key, no start."""
        return DomainKey.from_secret(read_secret("RESEARCH_KEY", self.settings.research_key), Domain.RESEARCH)

    @cached_property
    def operations_key(self) -> DomainKey:
        """The secret of the operations side."""
        key = DomainKey.from_secret(read_secret("OPERATIONS_KEY", self.settings.operations_key), Domain.OPERATIONS)
        require_separate(self.research_key, key)
        return key

    def research(self, site: str) -> SiteKey:
        """Research pseudonyms of `site`."""
        return self.research_key.site(site)

    def operations(self, site: str) -> SiteKey:
        """Operations pseudonyms of `site`."""
        return self.operations_key.site(site)

    def tools(self, site: str) -> Tools:
        """What assessing an object of `site` takes."""
        if site not in self._tools:  # a profile is compiled once per site, not once per object
            rules = self.site_rules(site)
            look = Pictures(self.pixel_worker, self.pixel_rules, site, bounded=self.bounded)
            key, own = self.research(site), self.settings
            self._tools[site] = site_tools(
                self.profile,
                self.pixel_routes,
                key,
                rules,
                look,
                self.rules_root,
                text_model=own.text_model,
                pdf_copy=own.pdf_copy,
            )
        return self._tools[site]

    @cached_property
    def storage(self) -> "storage.Client":
        """Cloud Storage, or its emulator."""
        from dicomlake.lake import storage_client

        return storage_client(self.settings)

    @cached_property
    def bigquery(self) -> "bigquery.Client":
        """BigQuery, or its emulator; jobs are billed to the operations project."""
        from dicomlake.lake import bigquery_client

        return bigquery_client(self.settings, self.settings.project_operations)

    def versions(self, key: SiteKey) -> dict[str, str]:
        """The version columns that each row carries."""
        return {"pipeline_version": __version__, "rules_version": self.profile.version, "key_version": key.version}


class Recent(Generic[Made]):
    """The last few things that were made with effort, so that a batch of thousands of objects parses and adds up its manifests once.

    For several threads. `limit` bounds the sum of their sizes (lines of manifests); the latest is held however large it is.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[object, tuple[Made, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> Made | None:
        """What was made under `key`, if it is still held."""
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return found[0]

    def put(self, key: object, made: Made, size: int) -> Made:
        """Hold one more, letting go of what nobody has asked for the longest."""
        with self._lock:
            self._held[key] = made, size
            while len(self._held) > 1 and sum(size for _, size in self._held.values()) > self._limit:
                self._held.popitem(last=False)
        return made


def processors() -> int:
    """How many of them one picture may keep busy."""
    return min(4, len(os.sched_getaffinity(0)))


def site_tools(
    profile: Profile,
    routes: PixelRoutes,
    key: SiteKey,
    rules: SiteRules,
    look: Pictures,
    root: Path | None = None,
    *,
    text_model: str = "blank",
    pdf_copy: str = "rebuilt",
) -> Tools:
    """Rules and research key of a site, with the rules of its own on top of the profile."""
    identity = identity_rules(rules)
    own = profile.with_overrides(rules.overrides, rules.site)
    reports = ReportTools(key, identity, profile.shift_days, root, text_model, pdf_copy)
    return Tools(own, routes, key, identity, look, HeaderRecogniser(root), reports)


def identity_rules(rules: SiteRules) -> IdentityRules:
    """The part of a site's rules that names patients and accessions."""
    return IdentityRules(
        default_issuer=rules.default_issuer,
        issuer_aliases=rules.issuer_aliases,
        accession_prefixes=rules.accession_prefixes,
        strip_leading_zeros=rules.strip_leading_zeros,
        strip_patient_zeros=rules.strip_patient_zeros,
        case_sensitive=rules.case_sensitive,
    )


def read_secret(setting: str, reference: str) -> bytes:
    """Bytes of a key: `reference` is a file, or a secret version `projects/P/secrets/S/versions/V`. Raises ConfigError, TransientError."""
    if not reference:
        raise ConfigError(f"DICOMLAKE_{setting} is not set: name a key file or projects/P/secrets/S/versions/V")
    if reference.startswith("projects/"):
        return _secret_version(setting, reference)
    try:
        return Path(reference).read_bytes()
    except OSError:
        raise ConfigError(f"DICOMLAKE_{setting}: the key file cannot be read") from None


def _secret_version(setting: str, reference: str) -> bytes:
    from google.api_core.exceptions import ClientError, GoogleAPICallError
    from google.cloud import secretmanager

    try:
        answer = secretmanager.SecretManagerServiceClient().access_secret_version(name=reference)
    except ClientError:
        raise ConfigError(
            f"DICOMLAKE_{setting}: the secret version cannot be read; check its name and this account's role"
        ) from None
    except GoogleAPICallError:
        raise TransientError("secret_manager_busy") from None
    data: bytes = answer.payload.data
    return data
