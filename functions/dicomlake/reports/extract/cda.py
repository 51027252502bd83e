"""A clinical document (HL7 CDA R2, ISO/HL7 27932) in, a document out: its narrative, and what its header knows of people and places."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import Document, PageForm, Subject, readable, tidy
from dicomlake.reports.extract import fhir
from dicomlake.reports.extract.xmlsafe import local, parse

_BREAKING = frozenset(
    "paragraph item list caption table thead tbody tr title section text br footnote renderMultiMedia".split()
)
_HIDDEN = frozenset(
    "id code templateId realmCode typeId confidentialityCode languageCode entry realm setId versionNumber".split()
)
_PERSONS = frozenset(
    "patient assignedPerson associatedPerson relatedPerson guardianPerson informationRecipient subject playingEntity maintainingPerson".split()
)
_ADDRESS = frozenset(
    "streetAddressLine city postalCode county streetName houseNumber additionalLocator unitID precinct deliveryAddressLine".split()
)
_STUDY = re.compile(r"[0-2](?:\.\d+){4,}")


def from_bytes(data: bytes, embedded: "Callable[[bytes], Document] | None" = None) -> Document:
    """A clinical document. Raises PermanentError: unsafe_xml, corrupt, unsupported (other XML), resource_limit, text_phi_suspected."""
    root = parse(data)
    if root.tag.startswith(fhir.NAMESPACE):
        return fhir.from_xml(root, embedded)
    if local(root) != "ClinicalDocument":
        raise PermanentError(Code.UNSUPPORTED, "xml_of_no_known_kind")
    known, subject = _known(root), _subject(root)
    lines = [_plain(child) for child in root if local(child) == "title"]
    for component in (child for child in root if local(child) == "component"):
        for body in component:
            if local(body) == "nonXMLBody":
                lines.append(_embedded(body, embedded).text)
            else:
                lines.append("".join(_narrative(body)))
    return readable(Document("xml", tidy("\n".join(lines)), (PageForm(595, 842),), known=known, subject=subject))


def _embedded(body: Element, embedded: "Callable[[bytes], Document] | None") -> Document:
    text = next((child for child in body if local(child) == "text"), None)
    if text is None or embedded is None:
        raise PermanentError(Code.UNSUPPORTED, "body_not_readable")
    if text.attrib.get("representation") != "B64":
        return Document("xml", _plain(text))
    try:
        return embedded(base64.b64decode(re.sub(r"\s", "", text.text or ""), validate=True))
    except (binascii.Error, ValueError):
        raise PermanentError(Code.CORRUPT, "embedded_not_base64") from None


def _narrative(element: Element) -> Iterator[str]:
    name = local(element)
    if name in _HIDDEN:
        return
    if name in _BREAKING:
        yield "\n"
    if name in ("title", "text", "caption", "td", "th") or _inside_text(name):
        yield re.sub(r"\s+", " ", element.text or "")
    for child in element:
        yield from _narrative(child)
        if _inside_text(name) or name == "text":
            yield re.sub(r"\s+", " ", child.tail or "")
    if name in ("td", "th"):
        yield "\t"
    elif name in _BREAKING:
        yield "\n"


def _inside_text(name: str) -> bool:
    return name in ("paragraph", "item", "content", "linkHtml", "sub", "sup", "footnote", "caption")


def _plain(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _known(root: Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    above = {child: local(parent) for parent in root.iter() for child in parent}
    for element in root.iter():
        name, attributes = local(element), element.attrib
        if name == "name":
            parts = [_plain(part) for part in element if local(part) in ("family", "given")]
            kind = "names" if parts or above.get(element) in _PERSONS else "places"
            found.setdefault(kind, []).append(" ".join(parts) if parts else _plain(element))
        elif name == "id" and attributes.get("extension"):
            found.setdefault("ids", []).append(attributes["extension"])
        elif name in ("birthTime", "deceasedTime") and attributes.get("value"):
            found.setdefault("births", []).append(attributes["value"][:8])
        elif name in ("effectiveTime", "time", "low", "high") and attributes.get("value"):
            found.setdefault("dates", []).append(attributes["value"][:8])
        elif name in _ADDRESS or (name == "addr" and not len(element)):
            found.setdefault("places", []).append(_plain(element))
        elif name == "telecom" and attributes.get("value"):
            found.setdefault("phones", []).append(attributes["value"].partition(":")[2] or attributes["value"])
    return {kind: tuple(dict.fromkeys(filter(None, values))) for kind, values in found.items()}


def _subject(root: Element) -> Subject:
    patient = issuer = study = None
    accessions: list[str] = []
    for element in root.iter():
        ids = [child for child in element if local(child) == "id"]
        if local(element) == "patientRole" and ids and patient is None:
            patient, issuer = ids[0].attrib.get("extension"), ids[0].attrib.get("assigningAuthorityName")
        elif local(element) == "order":
            accessions += [one.attrib["extension"] for one in ids if one.attrib.get("extension")]
        elif local(element) == "serviceEvent":
            uids = (one.attrib.get("root", "") for one in ids if not one.attrib.get("extension"))
            study = study or next((uid for uid in uids if _STUDY.fullmatch(uid)), None)
    return Subject(patient, issuer, tuple(accessions), study)
