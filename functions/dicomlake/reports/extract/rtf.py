"""Rich Text Format in, a document out (RTF specification 1.9.1). Nothing embedded is opened: objects and field codes are stepped over.

Headers and footers are read, since they say whom the report is about, and the text in pictures; hidden and deleted text is not carried.
"""

import re
from dataclasses import dataclass, replace

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import Document, PageForm, readable, tidy
from dicomlake.reports.extract.ocr import OcrEngine
from dicomlake.reports.extract.pictures import texts_of

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\"
)
_SKIPPED = frozenset(
    "fonttbl colortbl stylesheet info objdata objclass objname objalias objtime themedata colorschememapping datastore latentstyles listtable "
    "listoverridetable rsidtbl generator filetbl revtbl xmlnstbl mmathPr fldinst bkmkstart bkmkend pntext pnseclvl annotation atnid "
    "atnauthor atnref template keywords subject author operator company comment private nonshppict shppict sp sn sv wgrffmtfilter "
    "userprops docvar ffdata formfield xe tc private1 panose falt fname passwordhash".split()
)
_BREAKS = {
    "par": "\n", "line": "\n", "row": "\n", "sect": "\n", "page": "\f", "tab": "\t", "cell": "\t", "nestcell": "\t", "nestrow": "\n",
    "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " ",
    "enspace": " ", "softline": "\n",
}  # fmt: skip
_CODEPAGES = {77: "mac-roman", 128: "cp932", 161: "cp1253", 162: "cp1254", 186: "cp1257", 204: "cp1251", 238: "cp1250"}
_MAX_DEPTH, _MAX_TOKENS = 200, 4_000_000


@dataclass(frozen=True)
class _State:
    skipped: bool = False
    hidden: bool = False
    picture: int = 0  # of which picture this is: 0 for none
    doubled: bool = False  # the same picture once more, for older readers
    codec: str = "cp1252"
    after_unicode: int = 1


def from_bytes(data: bytes, ocr: OcrEngine | None = None) -> Document:
    """An RTF file as a document. Raises NeedsOcr for pictures without an engine, PermanentError: corrupt (groups do not close),
    resource_limit, text_phi_suspected (no text in it).
    """
    reader = _Reader(data)
    text = tidy(reader.text())
    shown, unread = texts_of(reader.pictures(), ocr)
    counts = {
        "pictures": reader.pictured,
        "pictures_not_read": unread + reader.pictured - len(reader.pictures()),
        "embedded": reader.objects,
    }
    page = PageForm(595, 842, "ocr" if shown else "text")
    behind = {name: count for name, count in counts.items() if count}
    return readable(Document("rtf", f"{text}\n\n{shown}".strip(), (page,), left_behind=behind))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._out: list[str] = []
        self._bytes = bytearray()
        self._state = _State()
        self._stack: list[_State] = []
        self._fonts: dict[int, str] = {}
        self._font = -1
        self._ignored = 0
        self._high: int | None = None
        self._default = "cp1252"
        self._hex: dict[int, list[bytes]] = {}
        self.pictured = self.objects = 0

    def pictures(self) -> list[bytes]:
        """PNG and JPEG pictures that were written in digits."""
        made = (re.sub(rb"[^0-9A-Fa-f]", b"", b"".join(parts)) for parts in self._hex.values())
        return [bytes.fromhex(digits[: len(digits) // 2 * 2].decode()) for digits in made if digits]

    def text(self) -> str:
        pos, count = 0, 0
        while pos < len(self._data):
            found = _TOKEN.match(self._data, pos)
            count += 1
            if found is None or count > _MAX_TOKENS:
                raise PermanentError(Code.RESOURCE_LIMIT, "rtf_too_long")
            pos = found.end()
            word, number, hexed, symbol, brace, plain = found.groups()
            if brace:
                self._brace(brace)
                if not self._stack:
                    return "".join(self._out)
            elif word:
                pos = self._word(word.decode("ascii"), int(number) if number else None, pos)
            elif hexed:
                self._byte(int(hexed, 16))
            elif symbol:
                self._symbol(symbol)
            elif plain:
                for byte in plain:
                    self._byte(byte)
        raise PermanentError(Code.CORRUPT, "rtf_truncated")

    def _brace(self, brace: bytes) -> None:
        self._flush()
        if brace == b"{":
            if len(self._stack) >= _MAX_DEPTH:
                raise PermanentError(Code.RESOURCE_LIMIT, "rtf_too_deep")
            self._stack.append(self._state)
        elif self._stack:
            self._state = self._stack.pop()
            self._ignored = 0

    def _word(self, word: str, number: int | None, pos: int) -> int:
        state = self._state
        if word == "bin":
            return pos + max(0, number or 0)
        if word == "u" and number is not None:
            self._flush()
            self._unicode(number & 0xFFFF)
            self._ignored = state.after_unicode
            return pos
        self._flush()
        self._ignored = 0
        if word == "pict":
            self.pictured += not state.doubled
            self._state = replace(state, skipped=True, picture=0 if state.doubled else self.pictured)
        elif word in ("pngblip", "jpegblip") and state.picture:
            self._hex[state.picture] = []
        elif word == "object":
            self.objects += 1  # what it shows (its result) is text like any other
        elif word in _SKIPPED:
            self._state = replace(state, skipped=True, picture=0, doubled=state.doubled or word == "nonshppict")
        elif word in ("v", "deleted"):
            self._state = replace(state, hidden=number != 0)
        elif word == "plain":
            self._state = replace(state, hidden=False)
        elif word == "uc":
            self._state = replace(state, after_unicode=max(0, number or 0))
        elif word == "f" and number is not None:
            self._font = number
            self._state = replace(state, codec=self._fonts.get(number, self._default))
        elif word == "fcharset" and number is not None:
            self._fonts[self._font] = _CODEPAGES.get(number, self._default)
        elif word in ("ansicpg", "mac", "pc", "pca"):
            self._default = {"mac": "mac-roman", "pc": "cp437", "pca": "cp850"}.get(word, f"cp{number}")
            self._state = replace(state, codec=self._default)
        elif word in ("header", "footer", "headerl", "headerr", "headerf", "footerl", "footerr", "footerf", "footnote"):
            self._put("\n")
        elif word in _BREAKS:
            self._put(_BREAKS[word])
        return pos

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._state = replace(self._state, skipped=True, picture=0)  # a destination that a reader may leave out
        elif symbol in (b"\\", b"{", b"}"):
            self._byte(symbol[0])
        else:
            self._flush()
            self._put({b"~": " ", b"_": "-", b"\n": "\n", b"\r": "\n", b"\t": "\t"}.get(symbol, ""))

    def _byte(self, byte: int) -> None:
        if self._ignored:
            self._ignored -= 1
        else:
            self._bytes.append(byte)

    def _unicode(self, unit: int) -> None:
        if 0xD800 <= unit < 0xDC00:
            self._high = unit
        elif 0xDC00 <= unit < 0xE000:
            if self._high is not None:
                self._put(chr(0x10000 + (self._high - 0xD800) * 0x400 + unit - 0xDC00))
            self._high = None
        else:
            self._put(chr(unit))

    def _flush(self) -> None:
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            if self._state.picture:
                self._hex.get(self._state.picture, []).append(data)
                return
            try:
                self._put(data.decode(self._state.codec, "replace"))
            except LookupError:
                self._put(data.decode("cp1252", "replace"))

    def _put(self, text: str) -> None:
        if not (self._state.skipped or self._state.hidden):
            self._out.append(text)
