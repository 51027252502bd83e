"""Bytes of plain text in any common encoding in, the text out. Called by `extract.document_of` and by readers of files that hold bytes of text."""

import codecs
import csv
import io
import re
from collections.abc import Callable

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import CELL, Document, PageForm, readable, tidy
from dicomlake.reports.extract import fhir

# Marks at the beginning; those of four bytes first, since the shorter ones are their beginnings.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SINGLE_BYTE = ("cp1252", "iso8859-15", "cp850", "mac-roman")
_SHIFTED = re.compile(rb"\x1b[$(][@-Z]")  # ISO 2022: an escape sequence names the set of characters
_DOUBLE_BYTE = ("cp932", "euc_jp", "gb18030", "euc_kr", "big5")
_EAST_ASIAN = re.compile("[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2,}")
_NEARLY_ALL = 0.8
_EXPECTED = re.compile("[áéíóúñÁÉÍÓÚÑüÜçÇäöÄÖßàèìòùÀÈÌÒÙâêîôûÂÊÎÔÛãõÃÕëïœŒªº°µ±²³·«»“”‘’–—…€¿¡×÷¼½¾§]")
_UNEXPECTED = re.compile("[\x80-\x9f\u2500-\u259f¤¦¨¬¯¸†‡‰ˆ˜Þþðıˇ˘˙˚˛˝◊∏∑∫Ω≈∆√]")
_SAMPLE = 65536
_LEAST_ROWS, _MANY_CELLS, _SAME_COUNT = 3, 3, 0.8
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def from_bytes(data: bytes, embedded: "Callable[[bytes], Document] | None" = None) -> Document:
    """A text file as a document of one page; a table for programs with tabs between its cells; `embedded` reads what
    a resource of FHIR carries. Raises PermanentError: corrupt, resource_limit,
    text_phi_suspected (no text in it, data of no known form).
    """
    text = tidy(decode(data))
    if fhir.is_fhir(text):
        return fhir.from_json(text, embedded)
    if text[:1] in "{[" and text[-1:] in "}]":
        raise PermanentError(Code.TEXT_PHI_SUSPECTED, "table_not_report")
    mark = mark_of(text)
    if mark is None:
        return readable(Document("text", text, (PageForm(595, 842),)))
    return readable(Document("text", _tabbed(text, mark), (PageForm(595, 842),), table=True))


def mark_of(text: str) -> str | None:
    """What parts the cells of a table for programs: equally often in nearly every line; None for running text."""
    lines = [line for line in _QUOTED.sub("", text).split("\n") if line.strip()]
    for mark in ",;\t|":
        counts = [line.count(mark) for line in lines]
        usual = max(set(counts), key=counts.count, default=0)
        rows = len(lines) if usual > 1 else 0
        if rows >= (_LEAST_ROWS if usual < _MANY_CELLS else 2) and counts.count(usual) >= _SAME_COUNT * rows:
            return mark
    return None


def _tabbed(text: str, mark: str) -> str:
    """The rows of a table, a line each. Raises PermanentError(corrupt)."""
    try:
        reader = csv.reader(io.StringIO(text), delimiter=mark, skipinitialspace=True)
        rows = [[" ".join(cell.split()) for cell in row] for row in reader]
    except csv.Error:
        raise PermanentError(Code.CORRUPT, "table_not_readable") from None
    rows = [row for row in rows if any(re.search(r"[^\W_]", cell) for cell in row)]  # without rules drawn with signs
    return tidy("\n".join(CELL.join(row) for row in rows))


def decode(data: bytes) -> str:
    """The text of `data`. Raises PermanentError: corrupt when a marked encoding does not hold what it says, text_phi_suspected when nobody can
    tell the encoding.
    """
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], codec)
    wide = unmarked_utf16(data)
    if wide:
        return _strictly(data, wide)
    if _SHIFTED.search(data):
        return _strictly(data, "iso2022_jp_2")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if any(_is_east_asian(data[:_SAMPLE], codec) for codec in _DOUBLE_BYTE):
            raise PermanentError(Code.TEXT_PHI_SUSPECTED, "encoding_not_sure") from None
        return _single_byte(data)


def _is_east_asian(data: bytes, codec: str) -> bool:
    """Whether bytes read as words of a script without an alphabet: its characters stand together, where letters with accents stand alone.

    Which of these encodings it is the bytes do not tell, and a name read in a wrong one is nobody's.
    """
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return False
    words = sum(map(len, _EAST_ASIAN.findall(text)))
    return words > 1 and words >= _NEARLY_ALL * sum(not char.isascii() for char in text)


def unmarked_utf16(data: bytes) -> str | None:
    """The codec of UTF-16 text that has no mark: every other byte of western text is zero."""
    head = data[:4096]
    if len(head) < 8 or len(head) % 2:
        return None
    even, odd = head[::2].count(0) / len(head[::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.6 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 and odd < 0.05 else None


def _strictly(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise PermanentError(Code.CORRUPT, "text_not_in_its_encoding") from None


def _single_byte(data: bytes) -> str:
    """The reading in which what is not ASCII looks most like words of the languages we know."""
    # A few broken characters do not make UTF-8 something else.
    loose = data.decode("utf-8", "replace")
    broken = loose.count("\ufffd")
    if broken and sum(not c.isascii() for c in loose) > 4 * broken:
        return loose
    sample = data[:_SAMPLE]
    readings = [(_score(sample.decode(codec, "replace")), -rank, codec) for rank, codec in enumerate(_SINGLE_BYTE)]
    return data.decode(max(readings)[2], "replace")


def _score(text: str) -> float:
    odd = len(_UNEXPECTED.findall(text)) + text.count("\ufffd")
    # A capital with an accent in the middle of small letters is a wrong reading.
    odd += len(re.findall(r"[a-zà-ÿ][À-ÞŒ][a-zà-ÿ]", text))
    within = len(re.findall(r"(?<=[a-z])[áéíóúñüçäößàèìòùâêîôûãõëï]|[áéíóúñüçäöàèìòùâêîôûãõëï](?=[a-z])", text))
    return len(_EXPECTED.findall(text)) + within - 3 * odd
