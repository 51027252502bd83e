"""A request of the worker in, its answer out: what the child can do. Called by `child.py`."""

from collections.abc import Mapping
from typing import Any

from dicomlake.dicom import read_raw
from dicomlake.pixels.clean import Order, clean, regions_of
from dicomlake.pixels.codes import find_codes
from dicomlake.pixels.decide import sparing
from dicomlake.pixels.find import find, mask_of
from dicomlake.pixels.frames import frames_of, values_of
from dicomlake.pixels.glance import needs_a_look
from dicomlake.pixels.phrases import Phrases
from dicomlake.pixels.picture import picture_of
from dicomlake.pixels.sheet import sheet
from dicomlake.pixels.views import look, person
from dicomlake.pixels.words import read_parts
from dicomlake.rules.cleaning import DetectorRules, LookRules, PictureLimits, Technical

Answer = tuple[dict[str, object], list[bytes]]


def answer(header: Mapping[str, Any], data: bytes) -> Answer:
    """Carry out `header["op"]` on the object `data`. Raises PermanentError."""
    operations = {"clean": _clean, "words": _words, "values": _values, "glance": _glance, "preview": _preview}
    return operations[header["op"]](header, data)


def _clean(header: Mapping[str, Any], data: bytes) -> Answer:
    raw = read_raw(data)
    order = _order(header)
    cleaned = clean(raw, order)
    reply: dict[str, object] = {
        "regions": [list(box) for box in cleaned.regions],
        "looked_at": cleaned.frames_looked_at,
    }
    result = cleaned.result
    if result is None:
        return {**reply, "picture": False}, []
    previews = []
    if header.get("preview"):
        picture = picture_of(raw, order.limits)
        assert picture is not None, "what was cleaned is there"
        before = person(frames_of(raw, picture).frame(0), picture)
        after = person(result.frames.frame(0), result.picture)
        previews = [sheet(before, after, cleaned.regions)]
    reply |= {
        "picture": True,
        "changed": result.changed,
        "syntax": result.picture.syntax,
        "attributes": {
            name: list(value) if isinstance(value, tuple) else value for name, value in result.attributes.items()
        },
        "preview": bool(previews),
    }
    return reply, [*([result.data()] if result.changed else []), *previews]


def _order(header: Mapping[str, Any]) -> Order:
    look_rules: dict[str, Any] = dict(header["look"])
    net = DetectorRules(**look_rules.pop("net"))
    look_rules |= {name: tuple(look_rules[name]) for name in ("small", "large")}
    threads = int(header["threads"])
    return Order(
        rules=LookRules(net=net, **look_rules),
        limits=PictureLimits(**header["limits"]),
        masks=tuple((int(b[0]), int(b[1]), int(b[2]), int(b[3])) for b in header["masks"]),
        approved=bool(header["approved"]),
        threads=threads,
        sparing=sparing(_phrases(header), threads) if header.get("technical") is not None else None,
    )


def _phrases(header: Mapping[str, Any]) -> Phrases:
    given = header["technical"]
    technical = Technical(frozenset(given["words"]), frozenset(given["units"]), tuple(given["codes"]))
    return Phrases(technical, tuple(header["names"]), tuple(header["known"]))


def _words(header: Mapping[str, Any], data: bytes) -> Answer:
    raw = read_raw(data)
    picture = picture_of(raw, PictureLimits(**header["limits"]))
    if picture is None:
        return {"words": []}, []
    image = look(frames_of(raw, picture).frame(0), picture)
    found = read_parts(image, int(header["threads"]), int(header["look"]))
    return {"words": [[word.text, list(word.box), word.confidence] for word in found]}, []


def _values(header: Mapping[str, Any], data: bytes) -> Answer:
    raw = read_raw(data)
    picture = picture_of(raw, PictureLimits(**header["limits"]))
    if picture is None:
        return {"kind": "u1"}, []
    found = values_of(raw, picture, [int(frame) for frame in header["frames"]])
    return {"kind": found[0].dtype.str if found else "u1"}, [frame.tobytes() for frame in found]


def _glance(header: Mapping[str, Any], data: bytes) -> Answer:
    raw = read_raw(data)
    picture = picture_of(raw, PictureLimits(**header["limits"]))
    if picture is None:
        return {"look": False}, []
    frames = frames_of(raw, picture)
    return {"look": any(needs_a_look(frames.frame(index), picture) for index in range(len(frames)))}, []


def _preview(header: Mapping[str, Any], data: bytes) -> Answer:
    raw = read_raw(data)
    order = _order(header)
    picture = picture_of(raw, order.limits)
    if picture is None:
        return {"preview": False}, []
    frame = frames_of(raw, picture).frame(0)
    image = look(frame, picture)
    found = mask_of(image.shape[:2], find(image, order.rules, order.threads) + find_codes(image))
    return {"preview": True}, [sheet(person(frame, picture), None, regions_of(found))]
