"""Bytes of XML in, a tree out, or PermanentError(unsafe_xml): a document type, which is what entities are declared in, is never read."""

import re
from xml.etree import ElementTree

from dicomlake.errors import Code, PermanentError

_DECLARED = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_MAX_BYTES, _MAX_ELEMENTS, _MAX_DEPTH = 64 << 20, 400_000, 200


def parse(data: bytes) -> ElementTree.Element:
    """The root element. Raises PermanentError: unsafe_xml, corrupt, resource_limit (bytes, elements, depth)."""
    if len(data) > _MAX_BYTES:
        raise PermanentError(Code.RESOURCE_LIMIT, "xml_too_large")
    for codec in ("utf-8", "utf-16-le", "utf-16-be"):
        if _DECLARED.search(data.decode(codec, "ignore")):
            raise PermanentError(Code.UNSAFE_XML, "document_type_declared")
    parser: ElementTree.XMLPullParser = ElementTree.XMLPullParser(("start", "end"))  # type: ignore[type-arg,unused-ignore]  # stubs differ
    root: ElementTree.Element | None = None
    depth = count = 0
    try:
        for start in range(0, len(data), 1 << 16):
            parser.feed(data[start : start + (1 << 16)])
            for event, element in parser.read_events():  # type: ignore[misc]  # of the two events asked for, both are pairs
                depth += 1 if event == "start" else -1
                count += event == "start"
                if root is None and isinstance(element, ElementTree.Element):
                    root = element
                if count > _MAX_ELEMENTS or depth > _MAX_DEPTH:
                    raise PermanentError(Code.RESOURCE_LIMIT, "xml_too_complex")
        parser.close()
    except (ElementTree.ParseError, LookupError, ValueError):
        raise PermanentError(Code.CORRUPT, "xml_not_well_formed") from None
    if root is None:
        raise PermanentError(Code.CORRUPT, "xml_not_well_formed")
    return root


def local(element: ElementTree.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
