"""Who acted and what was done in, a row of `ops.audit` out. Called by `quarantine.py` and the command line."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dicomlake.rows import OperationsRow

if TYPE_CHECKING:
    from dicomlake.pseudonyms import SiteKey

TABLE = "ops.audit"


@dataclass(frozen=True, slots=True)
class Steward:
    """Who acts and when. `actor` is a login name, stored only under `key` (the site's operations key); `versions` are the version columns."""

    actor: str = field(repr=False)
    key: "SiteKey"
    decided_at: datetime.datetime
    versions: Mapping[str, object]


def row(
    by: Steward,
    action: str,
    *,
    object_key: str | None = None,
    code: str | None = None,
    about: str = "",
    detail: str = "",
) -> OperationsRow:
    """The audit row of one action. The same action at the same time on the same thing (`object_key`, `about`) is one row."""
    actor = by.key.identifier("actor", by.actor, "U")
    decided_at = by.decided_at.astimezone(datetime.UTC).isoformat()
    parts = (TABLE, actor, action, object_key or "", about, decided_at)
    values = {
        **by.versions,
        "site": by.key.site,
        "actor": actor,
        "action": action,
        "object_key": object_key,
        "code": code,
        "decided_at": decided_at,
        "detail": detail,
    }
    return OperationsRow(TABLE, by.key.identifier("row", "\x1f".join(parts), "R"), values)
