"""Resources of FHIR are read by path: what a report says reaches the copy, what identifies is known, and nothing else is carried."""

import base64
import json
from typing import Any

import pytest

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.extract import document_of

PATIENT: dict[str, Any] = {
    "resourceType": "Patient", "id": "pt-1", "identifier": [{"value": "773301", "type": {"coding": [{"code": "MR"}]}}],
    "name": [{"family": "Thistlewood", "given": ["Hana", "Q"]}], "birthDate": "1961-03-14", "telecom": [{"value": "+49 8581 5551234"}],
    "address": [{"line": ["Linden Way 4"], "city": "Waldkirchen", "postalCode": "94065"}], "text": {"div": "<div>Hana Thistlewood</div>"},
}  # fmt: skip
REPORT: dict[str, Any] = {
    "resourceType": "DiagnosticReport", "id": "r1", "subject": {"reference": "Patient/pt-1", "display": "Hana Thistlewood"},
    "identifier": [{"value": "A77120", "type": {"coding": [{"code": "ACSN"}]}}], "effectiveDateTime": "2023-05-17T10:00:00Z",
    "resultsInterpreter": [{"display": "Ozias Quillfeather"}], "code": {"text": "CT chest"}, "conclusion": "12 mm nodule.",
    "text": {"div": "<div><h2>Findings</h2><p>No effusion &amp; no mass.</p><script>Quillfeather</script><table><tr><td>Aorta</td><td>34 mm</td></tr></table></div>"},  # noqa: E501
    "presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(b"Addendum: stable.").decode()},
                      {"contentType": "image/png", "data": base64.b64encode(b"\x89PNG\0\0").decode()}],
}  # fmt: skip
OBSERVED: dict[str, Any] = {"resourceType": "Observation", "code": {"text": "Aorta"}, "valueQuantity": {"value": 34, "unit": "mm"},
                            "note": [{"authorString": "Lulu Mbeki", "text": "measured twice"}]}  # fmt: skip


def bundle(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}).encode()


def test_a_bundle_gives_its_report_and_what_it_knows_of_people() -> None:
    document = document_of(bundle(PATIENT, REPORT, OBSERVED), "text")
    assert [line for line in document.text.split("\n") if line] == [
        "CT chest", "12 mm nodule.", "Findings", "No effusion & no mass.", "Aorta\t34 mm", "Addendum: stable.", "Aorta: 34 mm", "measured twice",
    ]  # fmt: skip
    assert {"Thistlewood Hana Q", "Hana Thistlewood", "Ozias Quillfeather", "Lulu Mbeki"} <= set(
        document.known["names"]
    )
    assert {"773301", "pt-1", "A77120"} <= set(document.known["ids"])
    assert document.known["births"] == ("1961-03-14",)
    assert {"Linden Way 4", "Waldkirchen", "94065"} <= set(document.known["places"])
    assert (document.subject.patient_id, document.subject.accessions) == ("773301", ("A77120",))
    assert document.left_behind == {"embedded": 1}


def test_xml_says_the_same() -> None:
    text = (
        '<DiagnosticReport xmlns="http://hl7.org/fhir"><text><div xmlns="http://www.w3.org/1999/xhtml"><p>Nodule of <b>12 mm</b>.</p></div></text>'
        '<contained><Patient><identifier><value value="773301"/></identifier><name><family value="Thistlewood"/><given value="Hana"/></name>'
        '<birthDate value="1961-03-14"/></Patient></contained><subject><display value="Hana Thistlewood"/></subject>'
        '<code><text value="CT chest"/></code><conclusion value="Stable nodule."/></DiagnosticReport>'
    )
    document = document_of(text.encode(), "xml")
    assert [line for line in document.text.split("\n") if line] == ["CT chest", "Stable nodule.", "Nodule of 12 mm."]
    assert document.subject.patient_id == "773301" and "Thistlewood Hana" in document.known["names"]


@pytest.mark.parametrize(
    ("data", "code"),
    [(bundle(PATIENT, {**PATIENT, "identifier": [{"value": "2"}]}, OBSERVED), Code.UNSUPPORTED), (bundle(PATIENT), Code.TEXT_PHI_SUSPECTED),
     (b'{"resourceType": "DiagnosticReport",', Code.CORRUPT), (b'{"resourceType": "Bundle", "x": ' + b"[" * 3000 + b"]" * 3000 + b"}", Code.RESOURCE_LIMIT),  # noqa: E501
     (json.dumps({**REPORT, "presentedForm": [{"data": "!!"}]}).encode(), Code.CORRUPT)],
    ids=["several", "no report", "cut", "deep", "not base64"],
)  # fmt: skip
def test_what_cannot_be_read_is_held(data: bytes, code: Code) -> None:
    with pytest.raises(PermanentError) as caught:
        document_of(data, "text")
    assert caught.value.code is code
