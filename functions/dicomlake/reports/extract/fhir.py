"""A FHIR resource or bundle (R4, JSON or XML) in, a document out: by path what a report says, and by path what identifies.

Nothing but the elements named here reaches the copy: code and conclusion of a DiagnosticReport, values of its Observations, narratives, sections
of a Composition, and attached documents that can be read. References are not followed outside the file.
"""

import base64
import binascii
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import Document, PageForm, Subject, readable, tidy
from dicomlake.reports.extract.xmlsafe import local

Node = Mapping[str, Any]
NAMESPACE = "{http://hl7.org/fhir}"
_MAX_NODES, _MAX_DEPTH = 200_000, 60
# Resources whose words are the report; all others only tell of people and places.
_TOLD = frozenset(("DiagnosticReport", "Observation", "ImagingStudy", "ServiceRequest", "Composition", "ClinicalImpression", "Condition", "Procedure", "DocumentReference"))  # fmt: skip  # noqa: E501
_WORDS = ("description", "conclusion", "valueString", "title", "name")
_NOTES = ("note", "annotation")
_PEOPLE = frozenset(("Patient", "Practitioner", "RelatedPerson", "Person", "PractitionerRole"))
_PLACES = frozenset(("Organization", "Location", "HealthcareService", "Endpoint", "CareTeam"))
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_STUDY = re.compile(r"(?:urn:oid:)?([0-2](?:\.\d+){4,})")
_TAGS = re.compile(r"<(/?)([A-Za-z0-9]+)[^>]*>")
_BREAKING = frozenset("p div br li tr h1 h2 h3 h4 h5 h6 table ul ol caption".split())


def is_fhir(text: str) -> bool:
    """Whether a text of JSON says that it is a resource."""
    return text[:1] == "{" and '"resourceType"' in text


def from_json(text: str, embedded: Callable[[bytes], Document] | None = None) -> Document:
    """Raises PermanentError: corrupt, unsupported (several patients), resource_limit, text_phi_suspected (no text in it)."""
    try:
        root = json.loads(text)
    except RecursionError:
        raise PermanentError(Code.RESOURCE_LIMIT, "json_too_deep") from None
    except ValueError:
        raise PermanentError(Code.CORRUPT, "json_not_readable") from None
    return _document(root, "text", embedded)


def from_xml(root: Element, embedded: Callable[[bytes], Document] | None = None) -> Document:
    """The same from the tree of an XML file."""
    node = _node(root, 0)
    return _document({"resourceType": local(root), **node} if isinstance(node, dict) else {}, "xml", embedded)


def _document(root: Any, kind: str, embedded: Callable[[bytes], Document] | None) -> Document:
    reader = _Reader(embedded)
    for resource in _resources(root):
        reader.read(resource)
    if len(reader.patients) > 1:
        raise PermanentError(Code.UNSUPPORTED, "several_patients_in_one_file")
    text = tidy("\n".join(reader.lines))
    known = {name: tuple(dict.fromkeys(values)) for name, values in reader.known.items()}
    subject = Subject(
        next(iter(reader.patients), None), reader.issuer, tuple(dict.fromkeys(reader.accessions)), reader.study
    )
    behind = {"embedded": reader.unread} if reader.unread else {}
    return readable(Document(kind, text, (PageForm(595, 842),), known=known, subject=subject, left_behind=behind))


def _resources(root: Any) -> Iterator[Node]:
    """The resources of a file: itself, the entries of a bundle, and what they contain."""
    waiting: list[Any] = [root]
    count = 0
    while waiting:
        one = waiting.pop(0)
        count += 1
        if count > _MAX_NODES:
            raise PermanentError(Code.RESOURCE_LIMIT, "too_many_resources")
        if isinstance(one, dict) and isinstance(one.get("resourceType"), str):
            inner = [entry.get("resource") for entry in _many(one, "entry")] if one["resourceType"] == "Bundle" else []
            waiting += [*inner, *_many(one, "contained")]
            yield one


class _Reader:
    def __init__(self, embedded: Callable[[bytes], Document] | None) -> None:
        self._embedded = embedded
        self.lines: list[str] = []
        self.known: dict[str, list[str]] = {}
        self.patients: dict[str, None] = {}
        self.accessions: list[str] = []
        self.issuer: str | None = None
        self.study: str | None = None
        self.unread = 0

    def read(self, resource: Node) -> None:
        """Words of a report, and what identifies, of one resource."""
        kind = str(resource["resourceType"])
        self._identify(resource, kind, "", 0)
        self._link(resource, kind)
        if kind in _TOLD:
            self.lines += filter(None, self._told(resource, kind))

    def _told(self, resource: Node, kind: str) -> Iterator[str]:
        label = _concept(resource.get("code"))
        value = self._value(resource)
        yield f"{label}: {value}" if label and value else label or value
        for key in _WORDS:
            if (
                isinstance(resource.get(key), str)
                and key != "valueString"
                and not (key == "name" and kind != "Composition")
            ):
                yield resource[key]
        for part in _many(resource, "component"):
            yield f"{_concept(part.get('code'))}: {self._value(part)}".strip(": ")
        for key in ("conclusionCode", "reasonCode", "bodySite", "interpretation"):
            yield from map(_concept, _many(resource, key))
        for key in _NOTES:
            yield from (str(note.get("text", "")) for note in _many(resource, key))
        for series in _many(resource, "series"):
            yield str(series.get("description", ""))
        yield _narrative(resource)
        yield from self._sections(resource, 0)
        for attached in [*_many(resource, "presentedForm"), *(c.get("attachment") for c in _many(resource, "content"))]:
            yield self._attached(attached)

    def _sections(self, resource: Node, depth: int) -> Iterator[str]:
        for section in _many(resource, "section") if depth < _MAX_DEPTH else ():
            yield str(section.get("title", ""))
            yield _narrative(section)
            yield from self._sections(section, depth + 1)

    @staticmethod
    def _value(resource: Node) -> str:
        quantity = resource.get("valueQuantity")
        if isinstance(quantity, dict):
            return " ".join(str(quantity.get(key, "")) for key in ("comparator", "value", "unit")).strip()
        day = resource.get("valueDateTime") or resource.get("valueDate")
        return str(resource.get("valueString") or day or resource.get("valueInteger") or "") or _concept(
            resource.get("valueCodeableConcept")
        )

    def _attached(self, attached: Any) -> str:
        if not isinstance(attached, dict) or not attached.get("data"):
            return ""
        try:
            data = base64.b64decode(re.sub(r"\s", "", str(attached["data"])), validate=True)
        except (binascii.Error, ValueError):
            raise PermanentError(Code.CORRUPT, "embedded_not_base64") from None
        if str(attached.get("contentType", "")).startswith("text/html"):
            return _words_of(data.decode("utf-8", "replace"))
        try:
            return self._embedded(data).text if self._embedded else ""
        except PermanentError as error:
            if error.code is not Code.UNSUPPORTED:
                raise
            self.unread += 1
            return ""

    def _link(self, resource: Node, kind: str) -> None:
        identifiers = [(str(one.get("value", "")), one) for one in _many(resource, "identifier") if one.get("value")]
        if kind == "Patient":
            numbers = [value for value, one in identifiers if "MR" in _codes(one.get("type"))] or [
                v for v, _ in identifiers
            ]
            number = next(iter(numbers), str(resource.get("id", "")))
            if number:
                self.patients.setdefault(number)
        for value, one in identifiers:
            found = _STUDY.fullmatch(value)
            if found and kind == "ImagingStudy":
                self.study = self.study or found[1]
            elif (
                kind != "Patient"
                and not found
                and ("ACSN" in _codes(one.get("type")) or kind in ("ServiceRequest", "ImagingStudy"))
            ):
                self.accessions.append(value)

    def _identify(self, node: Any, kind: str, key: str, depth: int) -> None:
        """What the elements of a resource identify people by."""
        if depth > _MAX_DEPTH:
            raise PermanentError(Code.RESOURCE_LIMIT, "json_too_deep")
        if isinstance(node, list):
            for one in node:
                self._identify(one, kind, key, depth + 1)
        elif isinstance(node, dict):
            self._identify_object(node, kind, key)
            for name, one in node.items():
                if name not in ("contained", "entry", "resource"):
                    self._identify(one, kind, name, depth + 1)
        elif isinstance(node, str) and key in ("birthDate", "deceasedDateTime"):
            self._add("births", node[:10])
        elif isinstance(node, str) and _DAY.match(node) and not key.startswith("value"):
            self._add("dates", node[:10])

    def _identify_object(self, node: Node, kind: str, key: str) -> None:
        if "family" in node or "given" in node:
            parts = [node.get("family"), *_texts(node, "given")]
            self._add("names", " ".join(str(part) for part in parts if part))
        if key == "name" and isinstance(node.get("text"), str):
            self._add("names", node["text"])
        if key in ("identifier", "masterIdentifier") and node.get("value"):
            self._add("ids", str(node["value"]))
        if "reference" in node:
            self._add("ids", str(node["reference"]).rpartition("/")[2])
            place = any(place in str(node.get("reference", "")) for place in _PLACES)
            self._add("places" if place else "names", str(node.get("display", "")))
        elif set(node) <= {"display", "type", "identifier"} and key not in ("coding",) and "display" in node:
            self._add("names", str(node["display"]))
        if kind in _PEOPLE and key == "" and node.get("id"):
            self._add("ids", str(node["id"]))
        if kind in _PLACES and key == "":
            self._add("places", str(node.get("name", "")))
        if key in ("address", "birthPlace") or "postalCode" in node or "line" in node:
            for part in ("text", "city", "district", "postalCode"):
                self._add("places", str(node.get(part, "")))
            for line in _texts(node, "line"):
                self._add("places", line)
        if key == "telecom":
            self._add("phones", str(node.get("value", "")))
        if key == "note" and node.get("authorString"):
            self._add("names", str(node["authorString"]))

    def _add(self, kind: str, value: str) -> None:
        if value.strip():
            self.known.setdefault(kind, []).append(value.strip())


def _many(node: Node, key: str) -> list[Any]:
    found = node.get(key)
    listed = found if isinstance(found, list) else [found] if found is not None else []
    return [one for one in listed if isinstance(one, dict)]


def _texts(node: Node, key: str) -> list[str]:
    found = node.get(key)
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, str)]


def _concept(node: Any) -> str:
    """The words of a coded concept."""
    if isinstance(node, list):
        return ", ".join(filter(None, map(_concept, node)))
    if not isinstance(node, dict):
        return ""
    shown = (str(one.get("display") or "") for one in _many(node, "coding"))
    return str(node.get("text") or next(filter(None, shown), ""))


def _codes(node: Any) -> list[str]:
    return [str(one.get("code", "")) for one in _many(node, "coding")] if isinstance(node, dict) else []


def _narrative(node: Node) -> str:
    text = node.get("text")
    return _words_of(str(text.get("div", ""))) if isinstance(text, dict) else ""


def _words_of(markup: str) -> str:
    """The words between the tags of XHTML, a line for each block; what is no text to a reader (scripts, styles) is left out."""
    plain = re.sub(r"(?is)<(script|style|head)\b.*?</\1\s*>|<!--.*?-->", " ", " ".join(markup.split()))
    shown = _TAGS.sub(
        lambda tag: "\n" if tag[2].lower() in _BREAKING else "\t" if tag[2].lower() in ("td", "th") and tag[1] else "",
        plain,
    )
    return html.unescape(shown)


def _node(element: Element, depth: int) -> Any:
    """An element of FHIR XML in the form that JSON has."""
    if depth > _MAX_DEPTH:
        raise PermanentError(Code.RESOURCE_LIMIT, "xml_too_complex")
    if local(element) == "div":
        return _markup(element)
    if not len(element) and "value" in element.attrib:
        return element.attrib["value"]
    made: dict[str, Any] = {"id": element.attrib["id"]} if "id" in element.attrib else {}
    for child in element:
        name, value = local(child), _node(child, depth + 1)
        if name in ("resource", "contained") and len(child):
            value = {"resourceType": local(child[0]), **_node(child[0], depth + 2)}
        if name in made:
            made[name] = [*(made[name] if isinstance(made[name], list) else [made[name]]), value]
        else:
            made[name] = value
    return made


def _markup(element: Element) -> str:
    inner = "".join(_markup(child) + html.escape(child.tail or "") for child in element)
    return f"<{local(element)}>{html.escape(element.text or '')}{inner}</{local(element)}>"
