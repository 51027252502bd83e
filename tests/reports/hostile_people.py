"""Invented people whose files hide them in every corner. Called by `hostile*.py`."""

from dataclasses import dataclass

FINDINGS = {
    "en": ("Findings: a 14 mm nodule in the left upper lobe.", "No pleural effusion. Baker cyst of the right knee."),
    "es": ("Hallazgos: nódulo de 14 mm en el lóbulo superior izquierdo.", "Sin derrame pleural. Quiste de Baker en la rodilla derecha."),
    "de": ("Befund: Rundherd von 14 mm im linken Oberlappen.", "Kein Pleuraerguss. Baker-Zyste am rechten Knie."),
    "fr": ("Résultats : nodule de 14 mm du lobe supérieur gauche.", "Pas d'épanchement pleural. Kyste de Baker du genou droit."),
    "it": ("Reperti: nodulo di 14 mm nel lobo superiore sinistro.", "Non versamento pleurico. Cisti di Baker del ginocchio destro."),
    "pt": ("Achados: nódulo de 14 mm no lobo superior esquerdo.", "Sem derrame pleural. Cisto de Baker no joelho direito."),
}  # fmt: skip
LABELS = {
    "en": ("Patient", "Patient ID", "Date of birth", "Referring physician", "Signed by"),
    "es": ("Paciente", "NHC", "Fecha de nacimiento", "Médico solicitante", "Firmado por"),
    "de": ("Patient", "Patienten-ID", "Geburtsdatum", "Zuweiser", "Unterschrieben von"),
    "fr": ("Patient", "IPP", "Date de naissance", "Médecin prescripteur", "Signé par"),
    "it": ("Paziente", "ID paziente", "Data di nascita", "Medico richiedente", "Firmato da"),
    "pt": ("Paciente", "Processo", "Data de nascimento", "Médico solicitante", "Assinado por"),
}


@dataclass(frozen=True)
class Person:
    """Whom a study is about, as its header knows: names, id, birth date (ISO), accession, physician, hospital."""

    lang: str
    given: str
    family: str
    number: str
    birth: str
    accession: str
    physician: str
    hospital: str

    @property
    def planted(self) -> tuple[str, ...]:
        """What no view of a copy may show."""
        return (
            *self.given.split(),
            *self.family.split(),
            self.number,
            self.accession,
            self.birth,
            *self.physician.split()[-1:],
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """The report."""
        labels = LABELS[self.lang]
        values = (f"{self.given} {self.family}", self.number, self.birth, f"Dr. {self.physician}")
        header = tuple(f"{label}: {value}" for label, value in zip(labels, values, strict=False))
        return (*header, "", *FINDINGS[self.lang], "", f"{labels[4]}: Dr. {self.physician}")

    @property
    def whole(self) -> str:
        """A sentence that says who it is."""
        return f"{self.given} {self.family}, {self.number}, {self.birth}"


PEOPLE = (
    Person("en", "Rosalind", "Featherstonhaugh", "HN-7720914", "1958-11-23", "RAD-993310", "Olusegun Adebayo", "Thornbury Infirmary"),
    Person("es", "Begoña", "Urrutikoetxea Saldaña", "NHC-448102", "1971-02-09", "ES-5510293", "Iker Zubizarreta", "Clínica Virgen del Soto"),
    Person("de", "Anneliese", "Großkreutz", "P-90821177", "1949-07-30", "DE-7781204", "Hartmut Wöhrle", "Klinikum Ammerstein"),
    Person("fr", "Maëlle", "Quélennec", "IPP-3390817", "1983-12-05", "FR-2210984", "Yannick Le Goffic", "Hôpital Saint-Corentin"),
    Person("it", "Ludovica", "Brambillasca", "PZ-6612093", "1966-04-18", "IT-8840217", "Ermenegildo Zanchetta", "Ospedale Monteverdi"),
    Person("pt", "Conceição", "Vasconcelhos", "UT-7719043", "1990-09-14", "PT-1192837", "Anacleto Figueiró", "Hospital da Ribeirinha"),
)  # fmt: skip
