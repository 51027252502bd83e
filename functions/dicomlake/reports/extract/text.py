"""Bytes of plain text in any common encoding in, the text out. Called by `extract.document_of` and by readers of files that hold bytes of text."""

import codecs
import re

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import Document, PageForm, readable, tidy

# Marks at the beginning; those of four bytes first, since the shorter ones are their beginnings.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SINGLE_BYTE = ("cp1252", "iso8859-15", "cp850", "mac-roman")
_EXPECTED = re.compile("[áéíóúñÁÉÍÓÚÑüÜçÇäöÄÖßàèìòùÀÈÌÒÙâêîôûÂÊÎÔÛãõÃÕëïœŒªº°µ±²³·«»“”‘’–—…€¿¡×÷¼½¾§]")
_UNEXPECTED = re.compile("[\x80-\x9f\u2500-\u259f¤¦¨¬¯¸†‡‰ˆ˜Þþðıˇ˘˙˚˛˝◊∏∑∫Ω≈∆√]")
_SAMPLE = 65536


def from_bytes(data: bytes) -> Document:
    """A text file as a document of one page. Raises PermanentError: corrupt, resource_limit, text_phi_suspected (no text in it)."""
    text = tidy(decode(data))
    if _is_table(text):
        raise PermanentError(Code.TEXT_PHI_SUSPECTED, "table_not_report")
    return readable(Document("text", text, (PageForm(595, 842),)))


def _is_table(text: str) -> bool:
    """Whether a text is data for programs: names in its cells stand in no sentence, so that nobody can be sure to see them."""
    if text[:1] in "{[" and text[-1:] in "}]":
        return True
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) < 3:
        return False
    for mark in ",;\t|":
        counts = [line.count(mark) for line in lines]
        usual = max(set(counts), key=counts.count)
        if usual > 1 and counts.count(usual) >= 0.8 * len(lines):
            return True
    return False


def decode(data: bytes) -> str:
    """The text of `data`. Raises PermanentError(corrupt) when a marked encoding does not hold what it says."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], codec)
    wide = unmarked_utf16(data)
    if wide:
        return _strictly(data, wide)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _single_byte(data)


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
