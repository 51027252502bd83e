"""Well-formed data sets out of nothing but bytes: `any_data_set(bytes)` reads them as a programme and gives the bytes of a file.

Hypothesis makes the bytes. Any tag of the dictionary, private blocks (listed as safe or not) and tags nobody knows; sequences within sequences,
lengths defined and undefined; values right and wrong for their VR, among them names, ids and dates of the patient.
"""

import struct
from collections.abc import Iterator, Mapping

from dicomlake.dicom.dictionary import dictionary
from dicomlake.rules import load_profile
from dicomlake.rules.private import SafeAttribute
from tests.dicom.builders import CT, ROOT

CLASSES = (CT, "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.66.4",
           "1.2.840.10008.5.1.4.1.1.481.3", "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.6.1")  # fmt: skip
NAMES = (b"Zubiri^Amaia", b"Okonkwo^Chidi^^Dr", b"Lindqvist", b"de la Cruz^Ana Maria", b"MOREAU^T")
TEXTS = (b"AX T2 FLAIR", b"Zubiri, Amaia", b"seen by Dr. Okonkwo L-SPINE", b"BROWN FAT", b"PAT40001", b"born 29.02.1948", b"2021-03-04",
         b"prior 4 March 2021", b"97 year old", b"MRN: 7788123", b"3.5 mGy", b" ", b"Zubiri\\Head", b"1.2.826.0.1.3680043.8.498.9.1",
         b"C:\\tmp", b"Spital Waldkirchen", b"tel 555-867-5309", b"x" * 64, b"A=B^C", b"\0", b"m\xfcde", b"YES")  # fmt: skip
DAYS = (
    b"20210304",
    b"19480229",
    b"20219999",
    b"2021.03.04",
    b"",
    b"20210304\\20210305",
    b"tomorrow",
    b"99999999",
    b"2021",
    b"20210304-20210401",
)
MOMENTS = (
    b"20210304081500",
    b"20210304081500.123456+0100",
    b"2021",
    b"202103",
    b"20210304\\",
    b"never",
    b"20210304240000",
    b"20210304-0500",
)
TIMES = (b"081500", b"081632.25", b"08:15", b"0815", b"99", b"noon", b"081500\\081600")
AGES = (b"073Y", b"097Y", b"012M", b"52Y", b"old", b"003W", b"110Y")
UIDS = (f"{ROOT}.1.1".encode(), b"1.2.840.10008.5.1.4.1.1.2", b"1.2.3.4.5.6", b"x", f"{ROOT}.1\\{ROOT}.2".encode())
NUMBERS = (b"1.5", b"120", b"40001", b"-1\\2", b"19480229", b"1e5")
CREATORS = (b"SIEMENS MR HEADER", b"GEMS_PARM_01", b"GEMS_ACQU_01", b"Philips PET Private Group", b"SOMEBODY 1.0")
LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SIZE = {
    b"US": 2,
    b"SS": 2,
    b"OW": 2,
    b"UL": 4,
    b"SL": 4,
    b"FL": 4,
    b"OF": 4,
    b"OL": 4,
    b"AT": 4,
    b"FD": 8,
    b"OD": 8,
    b"OV": 8,
    b"SV": 8,
    b"UV": 8,
}
_POOL = {
    b"PN": NAMES,
    b"DA": DAYS,
    b"DT": MOMENTS,
    b"TM": TIMES,
    b"AS": AGES,
    b"UI": UIDS,
    b"DS": NUMBERS,
    b"IS": NUMBERS[1:5],
}
# Written by the platform itself, the picture, what says how to read the rest; LUTData, whose
# VR hangs on another element; ICCProfile, which test_icc.py is about.
_OWN = frozenset((0x00080005, 0x00080016, 0x00080018, 0x0020000D, 0x0020000E, 0x00100010, 0x00100020, 0x00280301, 0x00280303, 0x00120062,
                  0x00120063, 0x00120064, 0x00280302, 0x7FE00010, 0x7FE00008, 0x7FE00009, 0x00280010, 0x00280011,
                  0x00283006, 0x00282000))  # fmt: skip
_SAFE: Mapping[tuple[int, str], Mapping[int, SafeAttribute]] = getattr(
    load_profile("research").safe_private, "by_creator", {}
)
TAGS = tuple(sorted(tag for tag in dictionary().vr if tag >> 16 > 4 and tag not in _OWN and not tag & 0x10000))


class _Program:
    """Bytes to choose by; zeros when they are used up, so that every programme ends."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)
        self.over = False

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        value = 0
        for _ in range(1 if limit <= 256 else 2):
            byte = next(self._data, None)
            self.over |= byte is None
            value = value << 8 | (byte or 0)
        return value % limit


def any_data_set(data: bytes) -> bytes:
    """The bytes of a file."""
    program = _Program(data)
    explicit = program.below(3) > 0
    fixed = {0x00080016: (b"UI", CLASSES[program.below(len(CLASSES))].encode()), 0x00080018: (b"UI", f"{ROOT}.1.1.1.1".encode()),
             0x0020000D: (b"UI", f"{ROOT}.1.1".encode()), 0x0020000E: (b"UI", f"{ROOT}.1.1.1".encode()),
             0x00100010: (b"PN", NAMES[program.below(2)]), 0x00100020: (b"LO", b"PAT40001"), 0x00080005: (b"CS", b"ISO_IR 100")}  # fmt: skip
    made = dict(_elements(program, explicit, 0, 24))
    made |= {tag: _element(tag, vr, value, explicit) for tag, (vr, value) in fixed.items()}
    syntax = _element(0x00020010, b"UI", b"1.2.840.10008.1.2.1" if explicit else b"1.2.840.10008.1.2", True)
    meta = _element(0x00020000, b"UL", struct.pack("<I", len(syntax)), True) + syntax
    return bytes(128) + b"DICM" + meta + b"".join(made[tag] for tag in sorted(made))


def _elements(program: _Program, explicit: bool, depth: int, most: int) -> Iterator[tuple[int, bytes]]:
    for _ in range(program.below(most)):
        if program.over:
            return
        kind = program.below(16)
        if kind == 0:
            yield from _private(program, explicit)
        elif kind == 1:
            tag = 0x00080000 | program.below(0x3000)
            if tag not in dictionary().vr and tag & 0xFFFF:
                yield tag, _element(tag, b"LO", TEXTS[program.below(len(TEXTS))], explicit)
        else:
            yield _public(program, explicit, depth)


def _public(program: _Program, explicit: bool, depth: int) -> tuple[int, bytes]:
    tag = TAGS[program.below(len(TAGS))]
    vr = dictionary().vr[tag]
    if vr == b"SQ":
        return tag, _sequence(program, tag, explicit, depth)
    value = _value(program, vr)
    return tag, _element(tag, vr, value, explicit)


def _private(program: _Program, explicit: bool) -> Iterator[tuple[int, bytes]]:
    group, block = (0x0009, 0x0019, 0x0043, 0x7053)[program.below(4)], 0x10 + program.below(2)
    creator = group << 16 | block
    name = CREATORS[program.below(len(CREATORS))]
    yield creator, _element(creator, b"LO", name, explicit)
    listed = _SAFE.get((group, name.decode()), {})
    for _ in range(program.below(4)):
        vr = (b"LO", b"DS", b"IS", b"US", b"FD", b"DA", b"PN", b"UI", b"UN")[program.below(9)]
        tag = group << 16 | block << 8 | program.below(256)
        if tag & 0xFF in listed:  # in the VR of the list: what befalls one that stands in another is test_options.py's
            vr = listed[tag & 0xFF].vr.encode() or b"UN"
        yield tag, _element(tag, vr, _value(program, vr), explicit)


def _value(program: _Program, vr: bytes) -> bytes:
    size = _SIZE.get(vr)
    if size is not None:
        return bytes(program.below(256) for _ in range(size)) * (1 + program.below(3))
    if vr in (b"OB", b"UN"):
        return bytes(2 * program.below(9))
    pool: tuple[bytes, ...] = _POOL.get(vr, TEXTS)
    return pool[program.below(len(pool))]


def _sequence(program: _Program, tag: int, explicit: bool, depth: int) -> bytes:
    items = b""
    for _ in range(program.below(3) if depth < 3 else 0):
        content = b"".join(one for _, one in sorted(dict(_elements(program, explicit, depth + 1, 8)).items()))
        items += _wrapped(struct.pack("<HH", 0xFFFE, 0xE000), content, 0xE00D, program.below(2) > 0)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + (b"SQ\0\0" if explicit else b"")
    return _wrapped(head, items, 0xE0DD, program.below(2) > 0)


def _wrapped(head: bytes, content: bytes, end: int, undefined: bool) -> bytes:
    if undefined:
        return head + b"\xff\xff\xff\xff" + content + struct.pack("<HHI", 0xFFFE, end, 0)
    return head + struct.pack("<I", len(content)) + content


def _element(tag: int, vr: bytes, value: bytes, explicit: bool) -> bytes:
    value += (b"\0" if vr in (b"UI", b"OB", b"UN") else b" ") * (len(value) & 1)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if not explicit:
        return head + struct.pack("<I", len(value)) + value
    if vr in LONG:
        return head + vr + b"\0\0" + struct.pack("<I", len(value)) + value
    return head + vr + struct.pack("<H", len(value)) + value
