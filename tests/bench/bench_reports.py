"""Figures of reports: time of a page as text and as a scan, what any view of the copies still shows, and what translation keeps.

Run: python tests/bench/bench_reports.py. CPU time of this process and its children; invented people only.
"""

import io
import os
import re
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import pypdf

from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.reports.clean import Cleaner, Owner
from dicomlake.reports.extract import Tesseract, document_of
from dicomlake.reports.recognise import KnownValues
from dicomlake.reports.scrub import Replacer, Scrubber
from dicomlake.reports.translate import Translator
from dicomlake.rules.glossary import load_glossary
from localemu.translate import apertium
from tests.reports import makers

KEY = DomainKey.from_secret(b"a key of the benchmark", Domain.RESEARCH).site("clinic-a")
KNOWN = KnownValues(names=("Okafor Leclerc^Miriam", "Brandstetter^Ulrike"), ids=(makers.PATIENT_ID, makers.ACCESSION),
                    births=("19610314",), places=(makers.CLINIC,))  # fmt: skip
# Sentences written for this, with the terms that must come back: none of them was used to write the glossary.
SENTENCES = (
    ("en", "es", "Moderate right pleural effusion with adjacent atelectasis.", ("derrame pleural", "atelectasia")),
    ("en", "es", "No evidence of pulmonary embolism in the segmental arteries.", ("embolia pulmonar",)),
    ("en", "es", "The gallbladder contains several gallstones without cholecystitis.", ("vesícula", "cálculos", "colecistitis")),
    ("en", "es", "Tear of the medial meniscus and joint effusion of the left knee.", ("rotura", "menisco", "derrame articular", "rodilla")),
    ("en", "es", "Old compression fracture of the L2 vertebral body.", ("fractura", "cuerpo vertebral")),
    ("en", "es", "Acute infarct in the territory of the middle cerebral artery, no hemorrhage.", ("infarto", "arteria", "hemorragia")),
    ("en", "es", "Sigmoid diverticulosis without diverticulitis; no free air.", ("diverticulosis", "diverticulitis", "aire libre")),
    ("en", "es", "Ground-glass opacities in both lower lobes.", ("vidrio deslustrado", "lóbulos inferiores")),
    ("en", "es", "Enlarged mediastinal lymph nodes up to 18 mm.", ("ganglios linfáticos",)),
    ("en", "es", "Simple renal cyst, no hydronephrosis or kidney stone.", ("quiste renal", "hidronefrosis", "cálculo renal")),
    ("es", "en", "Derrame pleural bilateral con atelectasias pasivas.", ("pleural effusion", "atelectas")),
    ("es", "en", "No se observan signos de tromboembolismo pulmonar.", ("pulmonary embolism",)),
    ("es", "en", "Litiasis biliar sin dilatación de la vía biliar.", ("lithiasis", "bil")),
    ("es", "en", "Rotura del ligamento cruzado anterior.", ("tear", "anterior cruciate ligament")),
    ("es", "en", "Fractura por compresión de D12 y hernia discal L5-S1.", ("compression fracture", "disc herniation")),
    ("es", "en", "Hemorragia subaracnoidea en las cisternas basales.", ("subarachnoid hemorrhage", "basal cistern")),
    ("es", "en", "Engrosamiento de la pared vesical y próstata aumentada de tamaño.", ("bladder wall", "prostate")),
    ("es", "en", "Lesión hipodensa en el segmento VI, probable hemangioma.", ("lesion", "hypodense", "hemangioma")),
    ("es", "en", "Esteatosis hepática y esplenomegalia leve.", ("hepatic steatosis", "splenomegaly")),
    ("es", "en", "Adenopatías axilares de 12 mm en la mama izquierda.", ("lymphadenopath", "breast")),
)  # fmt: skip
EPONYMS = (
    "Baker",
    "Crohn",
    "Schmorl",
    "Hodgkin",
    "Meckel",
    "Tarlov",
    "Chiari",
    "Paget",
    "Morton",
    "Colles",
    "Bosniak",
    "Kerley",
)


def cpu(work: Callable[[], object], rounds: int = 5) -> float:
    """Median CPU seconds of `work`, its child processes included."""
    taken = []
    for _ in range(rounds):
        before = os.times()
        work()
        after = os.times()
        taken.append(sum(after[:4]) - sum(before[:4]))
    return statistics.median(taken)


def times_and_views() -> None:
    """One page each; what is left of the identifying strings in text, in every stream and on the picture of the copy."""
    scrubber = Scrubber.load()
    cleaner, replacer = Cleaner(scrubber, KEY.digest8), Replacer(KEY, -100, scrubber.recogniser.rules)
    owner, ocr = Owner("P1", None, None, "T1"), Tesseract()
    print("| one page | CPU ms | identifying strings any view shows |\n|---|---|---|")
    scan = makers.scan(makers.pdf())
    for name, data, kind in (("text PDF", makers.pdf(), "pdf"), ("scanned PDF, 200 dpi", scan, "pdf"), ("DOCX", makers.docx(), "office"),
                             ("RTF", makers.rtf(), "rtf"), ("HL7", makers.hl7(), "hl7")):  # fmt: skip

        def work(data: bytes = data, kind: str = kind) -> object:
            return cleaner.clean(document_of(data, kind, ocr), KNOWN, owner, replacer)

        work()
        report = cleaner.clean(document_of(data, kind, ocr), KNOWN, owner, replacer)
        shown = report.text
        for file in report.files:
            shown += file.data.decode("latin-1")
            if file.ending == ".pdf":
                shown += "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(file.data)).pages)
                shown += " ".join(token.text for token in ocr.read(makers.picture(file.data)).tokens)
        left = sum(text.lower() in shown.lower() for text in makers.IDENTIFYING)
        print(f"| {name} | {1000 * cpu(work, 3):.0f} | {left} of {len(makers.IDENTIFYING)} |")


def translation() -> None:
    """Required terms with the glossary and by the engine alone; eponyms, placeholders, numbers."""
    translator = Translator(apertium.translate, load_glossary(), (name.lower() for name in EPONYMS))
    required = ours = alone = 0
    for source, target, text, terms in SENTENCES:
        with_glossary, bare = (
            translator.translate(text, source, target).text.lower(),
            apertium.translate(text, source, target).lower(),
        )
        required += len(terms)
        ours += sum(term in with_glossary for term in terms)
        alone += sum(term in bare for term in terms)
    print(f"\nrequired terms: {ours} of {required} with the glossary, {alone} of {required} by Apertium alone")
    kept = 0
    for name in EPONYMS:
        kept += name in translator.translate(f"There is a {name} lesion of 12 mm.", "en", "es").text
    print(f"eponyms kept: {kept} of {len(EPONYMS)}")
    marks = total = 0
    for number in range(20):
        day = f"2023-0{1 + number % 9}-1{number % 10}"
        text = f"Seen on {day} by [NAME-{number:05d}]: {number}.5 x {number + 3} mm, {90 + number} HU, {number} mg, [ID-{number:05d}]."
        for target in ("es", "fr", "pt", "it"):
            made = translator.translate(text, "en", target).text
            forms = re.findall(r"\[[A-Z]+-\d{5}\]|\d+(?:[.,]\d+)*", text)
            total += len(forms)
            marks += sum(form in made for form in forms)
    print(f"placeholders and numbers kept: {marks} of {total}")


def main() -> None:
    """Print the figures."""
    times_and_views()
    if shutil.which("apertium"):
        translation()


if __name__ == "__main__":
    main()
