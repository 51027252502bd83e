"""What an upload says of the object it makes: its name and its settable fields. Used by all kinds of upload."""

from collections.abc import Mapping
from typing import Any

from localemu.storage.call import Call
from localemu.storage.errors import required
from localemu.storage.fields import Fields, new_object_fields
from localemu.storage.names import check_object_name

_DEFAULT_TYPE = "application/octet-stream"


def object_name(call: Call, metadata: Mapping[str, Any]) -> str:
    """The name the parameter gives, else the metadata; ApiError 400 when neither does."""
    name = call.query.get("name", metadata.get("name"))
    if name is None or name == "":
        raise required("An object name is required: the parameter name or the metadata must give it.")
    return check_object_name(name)


def fields_of(call: Call, metadata: Mapping[str, Any], media_type: str | None) -> Fields:
    """The new object's fields: what the metadata says, with the type of the media where it says none."""
    fields = new_object_fields(
        {"contentType": media_type or _DEFAULT_TYPE, **{k: v for k, v in metadata.items() if v is not None}}
    )
    if "contentEncoding" in call.query:
        fields |= new_object_fields({"contentEncoding": call.query["contentEncoding"]})
    return fields
