"""Cloud Storage's JSON API over HTTP, on top of `localemu.store`. `localemu up` serves what `storage_app` returns."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from localemu.store import Store


def storage_app(store: "Store") -> "Starlette":
    """The ASGI application that answers for `store`. Imported on use, since `localemu.store` needs rooms of this package without a web server."""
    from localemu.storage.app import build

    return build(store)
