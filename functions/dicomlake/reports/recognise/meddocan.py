"""The 22 types of the MEDDOCAN corpus (Marimon et al., IberLEF 2019) and their plain labels. Called by the Spanish model and the `scrub` verb."""

from dicomlake.reports.recognise.spans import Label, Span

LABELS: dict[str, Label] = {
    "NOMBRE_SUJETO_ASISTENCIA": Label.NAME,
    "NOMBRE_PERSONAL_SANITARIO": Label.NAME,
    "FECHAS": Label.DATE,
    "TERRITORIO": Label.LOCATION,
    "CALLE": Label.LOCATION,
    "PAIS": Label.LOCATION,
    "EDAD_SUJETO_ASISTENCIA": Label.AGE,
    "SEXO_SUJETO_ASISTENCIA": Label.SEX,
    "FAMILIARES_SUJETO_ASISTENCIA": Label.RELATIVE,
    "PROFESION": Label.PROFESSION,
    "HOSPITAL": Label.HOSPITAL,
    "CENTRO_SALUD": Label.HOSPITAL,
    "INSTITUCION": Label.HOSPITAL,
    "ID_SUJETO_ASISTENCIA": Label.ID,
    "ID_CONTACTO_ASISTENCIAL": Label.ID,
    "ID_ASEGURAMIENTO": Label.ID,
    "ID_TITULACION_PERSONAL_SANITARIO": Label.ID,
    "ID_EMPLEO_PERSONAL_SANITARIO": Label.ID,
    "NUMERO_TELEFONO": Label.PHONE,
    "NUMERO_FAX": Label.PHONE,
    "CORREO_ELECTRONICO": Label.EMAIL,
    "OTROS_SUJETO_ASISTENCIA": Label.OTHER,
}
# What a plain label most often is.
_USUAL = {
    Label.NAME: "NOMBRE_SUJETO_ASISTENCIA",
    Label.DATE: "FECHAS",
    Label.LOCATION: "TERRITORIO",
    Label.AGE: "EDAD_SUJETO_ASISTENCIA",
    Label.SEX: "SEXO_SUJETO_ASISTENCIA",
    Label.RELATIVE: "FAMILIARES_SUJETO_ASISTENCIA",
    Label.PROFESSION: "PROFESION",
    Label.HOSPITAL: "HOSPITAL",
    Label.ID: "ID_SUJETO_ASISTENCIA",
    Label.PHONE: "NUMERO_TELEFONO",
    Label.EMAIL: "CORREO_ELECTRONICO",
}


def meddocan_label(span: Span) -> str:
    """The type of a span: what the model said, else the usual one of its label."""
    return span.fine or _USUAL.get(span.label, "OTROS_SUJETO_ASISTENCIA")
