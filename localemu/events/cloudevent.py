"""A storage event in, the headers and body of a CloudEvent in binary mode out. Called by the dispatcher for each attempt.

CloudEvents HTTP binding 1.0.2 section 3.1: attributes travel as `ce-*` headers, the data as the body. The data of a storage event is
the object resource of the JSON API, whose int64 fields are strings.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it is delivered; `id` stays the same through retries, replays and duplicates. `time` is RFC 3339."""

    id: str
    type: str
    bucket: str
    name: str
    time: str
    body: bytes
    overrides: Mapping[str, str | None] = field(default_factory=dict)

    def headers(self) -> dict[str, str]:
        """The headers of the request, as Eventarc sends them; `overrides` (of an injected event) replace one, or leave it out."""
        overridden = {name.lower() for name in self.overrides}
        usual = {name: value for name, value in self._usual_headers().items() if name.lower() not in overridden}
        return usual | {name: value for name, value in self.overrides.items() if value is not None}

    def _usual_headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "ce-specversion": "1.0",
            "ce-id": self.id,
            "ce-type": self.type,
            "ce-source": f"//storage.googleapis.com/projects/_/buckets/{self.bucket}",
            "ce-subject": header_text(f"objects/{self.name}"),
            "ce-time": self.time,
            "ce-bucket": self.bucket,
        }


def header_text(text: str) -> str:
    """Section 3.1.3.2: space, double quote, percent and all that is not printable ASCII is percent-encoded (as UTF-8)."""
    return "".join(
        character if "!" <= character <= "~" and character not in '"%' else _percent(character) for character in text
    )


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def bare_resource(bucket: str, name: str, generation: int, time: str) -> bytes:
    """The body of an injected event nobody gave a resource for: an empty object, created at `time`."""
    resource: Mapping[str, object] = {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{generation}",
        "name": name,
        "bucket": bucket,
        "generation": str(generation),
        "metageneration": "1",
        "contentType": "application/octet-stream",
        "timeCreated": time,
        "updated": time,
        "storageClass": "STANDARD",
        "size": "0",
        "metadata": {},
    }
    return json.dumps(resource).encode()
