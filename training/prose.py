"""Clinical text without names, for training: `words/prose.yaml` in the ways reports are written, and lists of findings. Called by `documents.py`.

In it any word may begin a sentence, a bullet or a cell and so have a capital, as names have; German nouns have one everywhere. Clauses change
places, so that a model learns where words stand and not the sentences.
"""

import random
import re
from pathlib import Path

import yaml
from clinic import part

HERE = Path(__file__).parent
RULES = HERE.parent / "deid_rules" / "text"
_COLUMNS = ("en", "es", "fr", "de", "it", "pt")
_LABELS = {
    "en": "Diagnoses|Findings|Impression|History|Medication|Problems|Operation|Plan|Symptoms|Treatment|Conclusion|On examination|Past history",
    "es": "Diagnósticos|Hallazgos|Impresión|Antecedentes|Tratamiento|Problemas|Intervención|Plan|Síntomas|Conclusión|Exploración|Juicio clínico",
    "fr": "Diagnostics|Résultats|Conclusion|Antécédents|Traitement|Problèmes|Geste|Conduite|Symptômes|Examen|Motif|Au total",
    "de": "Diagnosen|Befund|Beurteilung|Vorgeschichte|Medikation|Nebendiagnosen|Eingriff|Procedere|Beschwerden|Therapie|Anamnese|Zusammenfassung",
    "it": "Diagnosi|Reperti|Conclusioni|Anamnesi|Terapia|Problemi|Intervento|Programma|Sintomi|Esame obiettivo|Quesito|In sintesi",
    "pt": "Diagnósticos|Achados|Conclusão|Antecedentes|Medicação|Problemas|Cirurgia|Plano|Sintomas|Exame objetivo|Motivo|Em síntese",
}
# Stems of organs with their combining vowel, and what is done to them or wrong with them, by language: words no list need hold.
_ORGANS = (
    "gastro hepato nefro cardio bronco arteri osteo artro condro mielo encefalo neuro dermato entero colo procto cisto uretro prostato orchi metro "
    "salpingo ooforo masto tiroido laringo faringo rino oto querato retino miringo tendino fascio mio peritoneo pleuro pericardi linfangio flebo angio"
).split()
_SPELT = {
    "en": [("nefro", "nephro"), ("bronco", "broncho"), ("artro", "arthro"), ("condro", "chondro"), ("mielo", "myelo"), ("encefalo", "encephalo"), ("cisto", "cysto"), ("uretro", "urethro"), ("ooforo", "oophoro"), ("tiroido", "thyroido"), ("laringo", "laryngo"), ("faringo", "pharyngo"), ("rino", "rhino"), ("querato", "kerato"), ("mio", "myo"), ("linf", "lymph"), ("flebo", "phlebo")],
    "es": [],
    "fr": [("nefro", "néphro"), ("gastro", "gastro"), ("hepato", "hépato"), ("bronco", "broncho"), ("artro", "arthro"), ("condro", "chondro"), ("mielo", "myélo"), ("encefalo", "encéphalo"), ("cisto", "cysto"), ("tiroido", "thyroïdo"), ("laringo", "laryngo"), ("faringo", "pharyngo"), ("rino", "rhino"), ("querato", "kérato"), ("mio", "myo"), ("linf", "lymph"), ("flebo", "phlébo")],
    "de": [("nefro", "nephro"), ("cardio", "kardio"), ("bronco", "broncho"), ("artro", "arthro"), ("condro", "chondro"), ("mielo", "myelo"), ("encefalo", "enzephalo"), ("colo", "kolo"), ("procto", "prokto"), ("cisto", "zysto"), ("tiroido", "thyreoido"), ("laringo", "laryngo"), ("faringo", "pharyngo"), ("rino", "rhino"), ("querato", "kerato"), ("mio", "myo"), ("linf", "lymph"), ("flebo", "phlebo"), ("peric", "perik")],
    "it": [("querato", "cherato"), ("orchi", "orchi")],
    "pt": [("querato", "querato"), ("bronco", "bronco"), ("tiroido", "tiroido")],
}  # fmt: skip
_FATES = {
    "en": "itis pathy ectomy tomy plasty scopy graphy megaly ptosis sclerosis stenosis lysis malacia oma osis rrhagia dynia cele".split(),
    "es": "itis patía ectomía tomía plastia scopia grafía megalia ptosis sclerosis stenosis lisis malacia oma osis rragia dinia cele".split(),
    "fr": "ite pathie ectomie tomie plastie scopie graphie mégalie ptose sclérose sténose lyse malacie ome ose rragie dynie cèle".split(),
    "de": "itis pathie ektomie tomie plastik skopie graphie megalie ptose sklerose stenose lyse malazie om ose rrhagie dynie zele".split(),
    "it": "ite patia ectomia tomia plastica scopia grafia megalia ptosi sclerosi stenosi lisi malacia oma osi rragia dinia cele".split(),
    "pt": "ite patia ectomia tomia plastia scopia grafia megalia ptose sclerose stenose lise malácia oma ose rragia dinia cele".split(),
}
_CLAUSE = re.compile(r"(?<=[^\W\d_])[.,:;]\s?|\n")
_SHORTEST_PART = 4


class Prose:
    """Draws sentences and lists. `apart` chooses the lines kept apart in place of the others."""

    def __init__(self, chance: random.Random, *, apart: bool = False) -> None:
        self._chance = chance
        texts = yaml.safe_load((HERE / "words" / "prose.yaml").read_text(encoding="utf-8"))
        self._lines = {lang: part(text.strip().split("\n"), apart=apart) for lang, text in texts.items()}
        glossary = yaml.safe_load((RULES / "glossary.yaml").read_text(encoding="utf-8"))["terms"]
        rows = [
            [cell.split(",")[0].split("(")[0].strip() for cell in row.split("|")] for row in part(glossary, apart=apart)
        ]
        self._terms = {lang: [row[at] for row in rows if len(row) > at and row[at]] for at, lang in enumerate(_COLUMNS)}
        lexis = yaml.safe_load((RULES / "lexis.yaml").read_text(encoding="utf-8"))
        self._drugs = [word for line in lexis["drugs"] for word in line.split()]
        parts = [word for line in lexis["german_parts"] for word in line.split() if len(word) >= _SHORTEST_PART]
        self._parts = part(parts, apart=apart)
        self._clauses = {
            lang: [one for line in lines for one in _CLAUSE.split(line) if len(one) > _SHORTEST_PART]
            for lang, lines in self._lines.items()
        }

    def sentence(self, lang: str) -> str:
        """A line as it is, or one of clauses of several."""
        chance = self._chance
        roll = chance.random()
        if roll < 0.4:
            return chance.choice(self._lines[lang])
        if roll < 0.6:
            return self.listing(lang)
        between = chance.choice([". ", ". ", ", ", "; ", " / ", ". - ", " - "])
        clauses = [self._clause(lang) for _ in range(chance.randrange(1, 6))]
        if "." in between or chance.random() < 0.3:
            clauses = [one[:1].upper() + one[1:] for one in clauses]
        text = between.join(clauses)
        return text[:1].upper() + text[1:] + chance.choice([".", ".", ""])

    def listing(self, lang: str) -> str:
        """A label with what was found behind it, or one to a line."""
        chance = self._chance
        items = [self.item(lang) for _ in range(chance.randrange(2, 8))]
        if chance.random() < 0.8:
            items = [one[:1].upper() + one[1:] for one in items]
        label = chance.choice(_LABELS[lang].split("|"))
        label = chance.choice([f"{label}: ", f"{label}: ", f"{label.upper()}: ", f"{label}\n", "", ""])
        if lang == "fr":
            label = label.replace(": ", chance.choice([": ", " : "]))
        joint = chance.choice([", ", ", ", ", ", "; ", "\n", "\n- ", " / ", ". ", "\n* ", " | "])
        return label + ("- " if joint == "\n- " else "") + joint.join(items) + chance.choice([".", "", "."])

    def item(self, lang: str) -> str:
        """A finding, a disease, a drug, a word of medicine that may be new."""
        chance = self._chance
        roll = chance.random()
        if roll < 0.35:
            return chance.choice(self._terms[lang])
        if roll < 0.65:
            return self._clause(lang)
        if roll < 0.75:
            return chance.choice(self._drugs).capitalize()
        if roll < 0.85 or lang != "de":
            return self._made(lang)
        return self._compound()

    def _clause(self, lang: str) -> str:
        if lang == "de" and self._chance.random() < 0.25:
            return f"{self._compound()} {self._chance.choice(self._clauses[lang]).split(' ')[-1]}"
        return self._chance.choice(self._clauses[lang])

    def _compound(self) -> str:
        chance = self._chance
        words = chance.sample(self._parts, chance.choice([2, 2, 2, 3]))
        return chance.choice(["", "s"]).join(words).capitalize()

    def _made(self, lang: str) -> str:
        chance = self._chance
        organ, fate = chance.choice(_ORGANS), chance.choice(_FATES[lang])
        for old, new in _SPELT[lang]:
            organ = organ.replace(old, new)
        return (organ.rstrip("oi") if fate[0] in "aeiou" else organ) + fate
