"""A model of CRFsuite 0.12 in, the same without its small weights out: two thirds of the size for hardly a difference. Called by `train.py`.

The layout is that of CRFsuite's crf1d_model.c and, for its tables of names, cqdb.c; its hash is lookup3.c (Bob Jenkins, 2006, public domain).
"""

from struct import pack, unpack_from

from dicomlake.reports.recognise.crf import attributes_of, labels_of

_TABLES, _HEAD, _CQDB_HEAD, _BYTE_ORDER = 256, 48, 24, 0x62445371
_STATE, _STEP = 0, 1  # the kinds of features: a name for a label, a label behind a label
_ENDS = 2  # labels before the first and behind the last, which no feature is of
Feature = tuple[int, int, int, float]


def pruned(content: bytes, least: float) -> bytes:
    """Without the weights of names below `least`, and without the names that have none left. Weights between labels all stay."""
    kind, version, labels, first = unpack_from("<8x4sI4xI4xI", content)
    (count,) = unpack_from("<8xI", content, first)
    given: list[Feature] = [unpack_from("<IIId", content, first + 12 + 20 * number) for number in range(count)]
    given = [one for one in given if one[0] == _STEP or abs(one[3]) >= least]
    names, named = attributes_of(content), labels_of(content)
    used = sorted({one[1] for one in given if one[0] == _STATE})
    new = {old: number for number, old in enumerate(used)}
    features = [(what, new[source] if what == _STATE else source, to, weight) for what, source, to, weight in given]
    made = pack("<4sII", b"FEAT", 12 + 20 * len(features), len(features))
    made += b"".join(pack("<IIId", *one) for one in features)
    places = [_HEAD]
    for table in ([named[number] for number in range(labels)], [names[old] for old in used]):
        places.append(_HEAD + len(made))
        made += _table([name.encode() for name in table])
    for chunk, size, what in ((b"LFRF", labels + _ENDS, _STEP), (b"AFRF", len(used), _STATE)):
        places.append(_HEAD + len(made))
        made += _references(chunk, size, [one[1] if one[0] == what else -1 for one in features], places[-1])
    return pack("<4sI4sIIIIIIIII", b"lCRF", _HEAD + len(made), kind, version, 0, labels, len(used), *places) + made


def _references(chunk: bytes, size: int, sources: list[int], start: int) -> bytes:
    """For each label or name, the numbers of its features."""
    of: list[list[int]] = [[] for _ in range(size)]
    for number, source in enumerate(sources):
        if source >= 0:
            of[source].append(number)
    place, places, parts = start + 12 + 4 * size, list[int](), list[bytes]()
    for numbers in of:
        places.append(place if numbers else 0)
        parts.append(pack(f"<I{len(numbers)}I", len(numbers), *numbers) if numbers else b"")
        place += len(parts[-1])
    lists = b"".join(parts)
    return pack(f"<4sII{size}I", chunk, 12 + 4 * size + len(lists), size, *places) + lists


def _table(names: list[bytes]) -> bytes:
    """A constant database of names: records, 256 tables that find them by hash, and their places by number."""
    place, records, places = _CQDB_HEAD + 8 * _TABLES, [], []
    tables: list[list[tuple[int, int]]] = [[] for _ in range(_TABLES)]
    for number, name in enumerate(names):
        key = name + b"\0"
        records.append(pack("<II", number, len(key)) + key)
        places.append(place)
        hashed = _hash(key)
        tables[hashed % _TABLES].append((hashed, place))
        place += len(records[-1])
    heads, found = [], []
    for entries in tables:
        size = 2 * len(entries)
        slots = [(0, 0)] * size
        for hashed, at in entries:
            slot = (hashed >> 8) % size
            while slots[slot][1]:
                slot = (slot + 1) % size
            slots[slot] = (hashed, at)
        heads.append(pack("<II", place if size else 0, size))
        found += [pack("<II", *slot) for slot in slots]
        place += 8 * size
    body = b"".join([*heads, *records, *found]) + pack(f"<{len(places)}I", *places)
    return pack("<4sIIIII", b"CQDB", _CQDB_HEAD + len(body), 0, _BYTE_ORDER, len(names), place) + body


def _hash(key: bytes) -> int:
    """`hashlittle` of lookup3.c with the initial value 0."""
    mask = 0xFFFFFFFF
    turn = lambda value, by: ((value << by) | (value >> (32 - by))) & mask
    a = b = c = (0xDEADBEEF + len(key)) & mask
    while len(key) > 12:
        one, two, three = unpack_from("<III", key)
        a, b, c, key = (a + one) & mask, (b + two) & mask, (c + three) & mask, key[12:]
        a = ((a - c) & mask) ^ turn(c, 4)
        c = (c + b) & mask
        b = ((b - a) & mask) ^ turn(a, 6)
        a = (a + c) & mask
        c = ((c - b) & mask) ^ turn(b, 8)
        b = (b + a) & mask
        a = ((a - c) & mask) ^ turn(c, 16)
        c = (c + b) & mask
        b = ((b - a) & mask) ^ turn(a, 19)
        a = (a + c) & mask
        c = ((c - b) & mask) ^ turn(b, 4)
        b = (b + a) & mask
    if not key:
        return c
    one, two, three = unpack_from("<III", key.ljust(12, b"\0"))
    a, b, c = (a + one) & mask, (b + two) & mask, (c + three) & mask
    c = ((c ^ b) - turn(b, 14)) & mask
    a = ((a ^ c) - turn(c, 11)) & mask
    b = ((b ^ a) - turn(a, 25)) & mask
    c = ((c ^ b) - turn(b, 16)) & mask
    a = ((a ^ c) - turn(c, 4)) & mask
    b = ((b ^ a) - turn(a, 14)) & mask
    return ((c ^ b) - turn(b, 24)) & mask
