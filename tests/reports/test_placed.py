"""What stands where an identity stands goes, whatever it looks like; what stands where a finding stands stays."""

import pytest

from dicomlake.errors import Code, PermanentError
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.reports.clean import Cleaner, CleanReport, Owner
from dicomlake.reports.extract import document_of
from dicomlake.reports.recognise import KnownValues
from dicomlake.reports.scrub import Replacer, Scrubber
from dicomlake.rules.columns import load_columns

KEY = DomainKey.from_secret(b"a key of these tests", Domain.RESEARCH).site("clinic-a")
SCRUBBER = Scrubber.load()
CLEANER = Cleaner(SCRUBBER, KEY.digest8)


def cleaned(text: str, kind: str = "text") -> CleanReport:
    replacer = Replacer(KEY, -100, SCRUBBER.recogniser.rules)
    return CLEANER.clean(document_of(text.encode(), kind), KnownValues(), Owner("P1", None, None, "T1"), replacer)


def held(text: str) -> tuple[Code, str]:
    with pytest.raises(PermanentError) as caught:
        cleaned(text)
    return caught.value.code, caught.value.detail


# Surnames and given names that are words of the language: nothing but their place tells.
@pytest.mark.parametrize(
    ("text", "gone", "kept"),
    [
        ("surname,first_name,dob,MRN,study,findings\nRivers,Summer,1957-03-02,88213,CT chest,\"12 mm nodule, right lobe\"\n"
         "Rivers,Summer,1957-03-02,88213,MR knee,Baker cyst\n", ("Rivers", "Summer", "1957", "88213"), ("12 mm nodule, right lobe", "Baker cyst")),
        ("Apellido1;Apellido2;Nombre;F. Nac.;NHC;Tfno.;Prueba;Médico\nBlanco;Casas;Rosa;03/02/1957;88213;600112233;TC tórax;Prado\n"
         "Blanco;Casas;Rosa;03/02/1957;88213;600112233;RM rodilla;Prado\n", ("Blanco", "Casas", "Rosa", "1957", "88213", "600112233", "Prado"),
         ("TC tórax", "RM rodilla")),
        ("Nachname|Vorname|Geb.-Dat.|Pat.-Nr.|Befund\nKlein|Sommer|02.03.1957|88213|kein Erguss\nKlein|Sommer|02.03.1957|88213|Fraktur\n",
         ("Klein", "Sommer", "1957", "88213"), ("kein Erguss", "Fraktur")),
        ("Nom\tPrénom\tDate de naissance\tIPP\tRésultat\nPetit\tClaire\t02/03/1957\t88213\tpas d'épanchement\nPetit\tClaire\t02/03/1957\t88213\tnormal\n",  # noqa: E501
         ("Petit", "Claire", "1957", "88213"), ("pas d'épanchement", "normal")),
        ("Field,Value\nCognome,Bianchi\nNome,Rosa\nNato il,02/03/1957\nCartella,88213\nReferto,nodulo di 12 mm\n", ("Bianchi", "Rosa", "1957", "88213"),  # noqa: E501
         ("nodulo di 12 mm",)),
        ("mrn,shoe,accession,modality\n88213,Joostje,AC1,CT\n88213,Joostje,AC2,MR\n", ("Joostje", "88213"), ("CT", "MR")),
    ],
)  # fmt: skip
def test_whole_cells_of_a_column_go(text: str, gone: tuple[str, ...], kept: tuple[str, ...]) -> None:
    report = cleaned(text)
    body = report.text.partition("\n")[2]
    assert [word for word in gone if word in body] == []
    assert [word for word in kept if word not in body] == []
    assert not any("[" in cell for cell in report.text.partition("\n")[0].split("\t")), "a label is no name"


def test_dates_of_a_column_move() -> None:
    text = cleaned("mrn,study date,modality\n88213,2023-05-17,CT\n88213,2023-05-18,MR\n").text
    assert "2023-02-06\tCT" in text and "2023-02-07\tMR" in text


def test_a_table_that_nobody_can_be_sure_of_is_held() -> None:
    assert held("a;b;c\nRivers;Summer;x\nRivers;Summer;y\n") == (Code.TEXT_PHI_SUSPECTED, "table_not_report")
    several = "mrn,name,findings\n1001,A B,clear\n1002,C D,clear\n"
    assert held(several) == (Code.UNSUPPORTED, "several_patients_in_one_file")
    assert held("name;;born\nA B;;1970\nC D;;1980\n") == (Code.UNSUPPORTED, "several_patients_in_one_file")
    assert held('{"name": "A B", "report": "clear"}') == (Code.TEXT_PHI_SUSPECTED, "table_not_report")


def test_a_label_and_its_value_on_a_line() -> None:
    text = cleaned(
        "Patient name: Quill Rivers  DOB: 02/03/1957  MRN: 88213\nPhone: 555 0199 17\nPatient: 45-year-old man with cough.\n"
        "Mother: breast cancer.\nFindings: No pulmonary embolism.\n"
    ).text
    assert "Rivers" not in text and "88213" not in text and "1957" not in text and "555" not in text
    assert "  DOB: " in text and "  MRN: " in text
    assert "45-year-old man with cough." in text and "Mother: breast cancer." in text


@pytest.mark.parametrize(
    ("label", "kind"),
    [("PatientID", "patients"), ("PAT_NAME", "names"), ("Apellido1", "names"), ("D.O.B.", "births"), ("N.º utente", "patients"), ("Size (mm)", "clinical"),  # noqa: E501
     ("Größe", "clinical"), ("Test name", "clinical"), ("Name der Patientin", "names"), ("Fecha de la prueba", "dates"), ("shoe", None), ("", None),
     ("NHC-448102", None)],
)  # fmt: skip
def test_labels_are_known_however_they_are_written(label: str, kind: str | None) -> None:
    assert load_columns().kind_of(label) == kind


def scrubbed(text: str) -> str:
    return SCRUBBER.scrub(text, Replacer(KEY, -100, SCRUBBER.recogniser.rules)).text


def test_the_foot_of_a_page_names_nobody() -> None:
    text = scrubbed(
        "CT CHEST\nFindings: no effusion in the right lung.\nPage 1/2 - RIVERS, SUMMER - 1.234.567-8\nSeite 2 von 3 | Klein Sommer | P-88213\n"
        "Page 2 of 3 - CT chest report\n"
    )
    assert not any(word in text for word in ("RIVERS", "SUMMER", "1.234", "Klein", "Sommer", "88213"))
    assert "Page 1/2 - " in text and text.rstrip().endswith("Page 2 of 3 - CT chest report")


def test_a_message_or_table_within_a_text_is_read_by_place() -> None:
    text = scrubbed(
        "MSH|^~\\&|RIS|Infirmary|LAKE|X|20230517103000||ORU^R01|77|P|2.5.1\nPID|1||1.234.567-8^^^X^MR||Rivers^Summer||19570302|F|||Rue Neuve 4^^Pont^^75012\n"  # noqa: E501
        "OBR|1|PL-88|FL-99|71260^CT CHEST^CPT|||20230517\nOBX|1|TX|R||12 mm nodule. Baker cyst.\n"
    )
    assert not any(
        word in text for word in ("Rivers", "Summer", "1.234", "1957", "1956", "75012", "Pont", "PL-88", "Infirmary")
    )
    assert "71260^CT CHEST^CPT" in text and "12 mm nodule. Baker cyst." in text
    table = scrubbed('MRN;Name;Modality\n1.234.567-8;"RIVERS, SUMMER";CT\n1.234.567-8;"RIVERS, SUMMER";MR\n')
    assert not any(word in table for word in ("RIVERS", "SUMMER", ".567")) and ";CT" in table


def test_words_with_capitals_are_a_name_behind_the_label_of_one() -> None:
    text = scrubbed(
        "Patient: Rivers, Summer   MRN: 88-21-377\nPatient: male, elderly\nImpression: No embolism, stable nodule, mild effusion.\n"
    )
    assert "Rivers" not in text and "21-377" not in text
    assert "Patient: male, elderly" in text and "No embolism, stable nodule, mild effusion." in text
