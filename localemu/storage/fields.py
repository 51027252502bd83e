"""What clients may set of an object or a bucket: a JSON body in, the fields to store out.

Three kinds of fields: those kept and given back, those the service computes (a client may send them back, they are ignored as the service
does), and those with an effect this emulator does not have (retention, holds, ACLs, ...), which are refused by name unless they ask for nothing.
"""

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

from localemu.storage.errors import ApiError, invalid, unsupported

Fields = dict[str, Any]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HEADER_FIELDS = ("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType")
_STORAGE_CLASSES = {
    "STANDARD",
    "NEARLINE",
    "COLDLINE",
    "ARCHIVE",
    "MULTI_REGIONAL",
    "REGIONAL",
    "DURABLE_REDUCED_AVAILABILITY",
}
_COMPUTED = {
    "bucket", "componentCount", "crc32c", "etag", "generation", "id", "kind", "md5Hash", "mediaLink", "metageneration",
    "name", "selfLink", "size", "timeCreated", "timeDeleted", "timeFinalized", "timeStorageClassUpdated", "updated",
    "owner", "restoreToken", "softDeleteTime", "hardDeleteTime",
}  # fmt: skip
_REFUSED = {
    "acl": "access control lists", "contexts": "object contexts", "customerEncryption": "customer-supplied encryption keys",
    "eventBasedHold": "holds", "kmsKeyName": "customer-managed encryption keys", "retention": "object retention",
    "retentionExpirationTime": "object retention", "temporaryHold": "holds",
}  # fmt: skip
_LARGEST_METADATA = 8192

_BUCKET_COMPUTED = {
    "etag", "generation", "id", "kind", "locationType", "metageneration", "name", "owner", "projectNumber", "satisfiesPZI",
    "satisfiesPZS", "selfLink", "timeCreated", "updated", "softDeleteTime", "hardDeleteTime",
}  # fmt: skip
_BUCKET_REFUSED = {
    "acl": "access control lists", "cors": "CORS", "customPlacementConfig": "custom placement", "defaultEventBasedHold": "holds",
    "defaultObjectAcl": "access control lists", "encryption": "bucket encryption settings", "lifecycle": "lifecycle rules",
    "logging": "usage logs", "objectRetention": "object retention", "retentionPolicy": "bucket retention",
    "website": "websites", "ipFilter": "IP filters",
}  # fmt: skip
_BUCKET_SWITCHES = {
    "autoclass": "autoclass", "billing": "requester pays", "hierarchicalNamespace": "hierarchical namespaces",
    "versioning": "object versioning",
}  # fmt: skip


def new_object_fields(body: Mapping[str, Any]) -> Fields:
    """The settable fields of a body that creates an object or replaces all its fields. Null and empty values ask for nothing."""
    return merged_object_fields({}, body)


def merged_object_fields(old: Fields, body: Mapping[str, Any]) -> Fields:
    """`old` after a patch: null removes a field, `metadata` is merged key by key. Raises ApiError 400 or 501 naming the field."""
    fields = dict(old)
    for name, value in body.items():
        if name in _COMPUTED:
            continue
        if name in _REFUSED:
            if value:
                raise unsupported(_REFUSED[name])
        elif name == "metadata":
            _set(fields, name, _metadata(old.get("metadata", {}), value))
        elif name == "customTime":
            _set(fields, name, _custom_time(old.get("customTime"), value))
        elif name in _CHECKS:
            _set(fields, name, None if value is None else _CHECKS[name](name, value))
        else:
            raise _unknown(name)
    return fields


def has_editable_fields(body: Mapping[str, Any]) -> bool:
    """Whether the body of a copy brings metadata of its own, which then replaces all of the source's."""
    return any(name in _CHECKS or name in {"metadata", "customTime"} for name in body)


def new_bucket_fields(body: Mapping[str, Any]) -> Fields:
    """The settable fields of a new bucket, with the service's defaults. There are no ACLs here, so uniform access is what a bucket has."""
    defaults: Fields = {
        "location": "US",
        "locationType": "multi-region",
        "storageClass": "STANDARD",
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": True},
            "bucketPolicyOnly": {"enabled": True},
            "publicAccessPrevention": "inherited",
        },
    }
    return merged_bucket_fields(defaults, body)


def merged_bucket_fields(old: Fields, body: Mapping[str, Any]) -> Fields:
    """`old` after a patch. Raises ApiError 400 or 501 naming the field."""
    fields = dict(old)
    for name, value in body.items():
        if name in _BUCKET_REFUSED:
            if value and value != {"enabled": False}:
                raise unsupported(_BUCKET_REFUSED[name])
        elif name in _BUCKET_COMPUTED:
            continue
        elif name in _BUCKET_SWITCHES:
            _refuse_switch(_BUCKET_SWITCHES[name], value)
        elif name == "labels":
            _set(fields, name, _metadata(old.get("labels", {}), value))
        elif name == "location":
            fields.update(_location(value))
        elif name == "storageClass":
            fields[name] = _storage_class(name, value)
        elif name == "iamConfiguration":
            _set(fields, name, _iam_configuration(fields["iamConfiguration"], value))
        elif name == "softDeletePolicy":
            _soft_delete(value)
        elif name == "rpo":
            fields[name] = _text(name, value)
        else:
            raise _unknown(name)
    return fields


def _set(fields: Fields, name: str, value: Any) -> None:
    if value is None:
        fields.pop(name, None)
    else:
        fields[name] = value


def _unknown(name: str) -> ApiError:
    # A name is the client's text: only what looks like a field's name is repeated.
    shown = f"the field {name}" if re.fullmatch(r"[A-Za-z]{1,40}", name) else "a field with this name"
    return unsupported(shown)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise invalid(f"Invalid value for {name}: a string is expected.")
    return value


def _header_text(name: str, value: Any) -> str:
    text = _text(name, value)
    if _CONTROL.search(text):
        raise invalid(f"Invalid value for {name}: control characters are not allowed.")
    return text


def _storage_class(name: str, value: Any) -> str:
    if _text(name, value) not in _STORAGE_CLASSES:
        raise invalid("Invalid storage class.")
    return str(value)


def _metadata(old: Mapping[str, str], value: Any) -> Fields | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid("Invalid metadata: an object of strings is expected.")
    merged = {**old, **value}
    kept = {key: item for key, item in merged.items() if item is not None}
    for item in kept.values():
        _text("metadata", item)
    if (
        sum(len(key.encode("utf-8", "replace")) + len(item.encode("utf-8", "replace")) for key, item in kept.items())
        > _LARGEST_METADATA
    ):
        raise invalid("The metadata is larger than 8 KiB.")
    return kept


def _custom_time(old: str | None, value: Any) -> str | None:
    if value is None and old is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(_text("customTime", value))
        earlier = old is not None and moment < datetime.datetime.fromisoformat(old)
    except (ValueError, TypeError):
        raise invalid("Invalid value for customTime: an RFC 3339 time is expected.") from None
    if earlier:
        raise invalid("customTime can't be set to an earlier time.")
    return str(value)


def _refuse_switch(feature: str, value: Any) -> None:
    if isinstance(value, dict) and any(
        item is not False and item is not None for key, item in value.items() if "ime" not in key
    ):
        raise unsupported(feature)


def _location(value: Any) -> Fields:
    place = _text("location", value).upper()
    if place in {"US", "EU", "ASIA"}:
        return {"location": place, "locationType": "multi-region"}
    return {"location": place, "locationType": "region" if "-" in place else "dual-region"}


def _iam_configuration(old: Fields, value: Any) -> Fields:
    if not isinstance(value, dict):
        return old
    for name in ("uniformBucketLevelAccess", "bucketPolicyOnly"):
        if (value.get(name) or {}).get("enabled") is False:
            raise unsupported("buckets without uniform bucket-level access")
    prevention = value.get("publicAccessPrevention", old["publicAccessPrevention"])
    if prevention not in {"inherited", "enforced", "unspecified"}:
        raise invalid("Invalid value for publicAccessPrevention.")
    return {**old, "publicAccessPrevention": prevention}


def _soft_delete(value: Any) -> None:
    if isinstance(value, dict) and str(value.get("retentionDurationSeconds") or "0") != "0":
        raise unsupported("soft delete")


_CHECKS: dict[str, Callable[[str, Any], str]] = {
    **dict.fromkeys(_HEADER_FIELDS, _header_text),
    "storageClass": _storage_class,
}
