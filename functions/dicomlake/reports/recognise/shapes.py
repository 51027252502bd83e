"""A text in, where terms stand that no list knows but their shape tells: germs, signs in a row, devices in place, drugs in a list, scores, values.

Called by `clinical.py`. What the trained models guess there is none; what is known or proven stands above it.
"""

import re
from collections.abc import Iterator
from typing import Protocol

_LEAD = 24
_WORD = re.compile(r"[^\W\d_]+")
TITLE_BEFORE = re.compile(
    r"(?:^|[^\w])(?:dr|dra|prof|mr|mrs|ms|miss|sr|sra|don|dona|herr|frau|mme|mlle|dott|sig|signor|signora|doctor|docteur|dottor|d)\.?(?:\s(?:med|ssa)\.)?\s{0,2}$"
)
# A dose behind a word, or a word of treatment before it, makes it a drug.
DOSE = re.compile(
    r"\s(?:\d+(?:[.,]\d+)?\s?(?:mg|g|ug|µg|mcg|ml|ui|iu|ie|mbq|mci|mmol|tbl|hub|amp|gtt)(?![^\W_])|\d(?:/\d)?-\d(?:/\d)?-\d(?:/\d)?(?:-\d)?(?![\d-]))"
)
# An age that is told, not hidden.
_AGE = re.compile(
    r"(?<![\w.,/-])[1-8]?\d[ -]?(?:years?|yrs?|y/?o|jahre?|jahrige[rn]?|ans|anni|anos|meses|mois|mesi|monate?|months?)"
    r"(?:[ -](?:old|alt|de edad|de idade))?(?![^\W_])"
)

# What is taken is a list from the verb on; behind a verb that may mean something else, one of its items must be known.
_ITEM = r"[^\W\d_][\w-]{2,}(?: [a-z]\d)?(?: \d+(?:[.,]\d+)?(?: ?(?:mg|g|ug|µg|mcg|ml|ui|iu|ie|/d))?)?"
_TAKEN = re.compile(
    r"(?<![^\W_])(?:toma|tomaba|tomando|assume|assumeva|prende|prend|sous|unter|"
    r"einnahme(?: von)?|nimmt|takes|taking|on|given|"
    r"traite[e]? par|traitement(?: habituel)?(?: par)?|"
    r"medicad[oa] com|medicad[oa] con|tratamiento(?: con| habitual)?|tratamento com|"
    r"terapia(?: con)?|therapie(?: mit)?|dauermedikation|medikation(?: mit)?|medications?|"
    rf"medicacao|medicacion|recibe|riceve|recebe|erhalt)\s?:? ({_ITEM}(?:(?:, ?| (?:y|e|et|and|und|con|mit|plus) ){_ITEM}){{0,11}})"
)
# A word with a capital and a small number or Roman one behind it, within running text, is a score ("Deauville 3", "Knosp grade II").
_SCORE = re.compile(
    r"(?<![\w:])(?<!: )(?<!:  )[A-Z][a-z]{2,}(?:[ -](?:(?:y|e|and|und|et) )?[A-Z][a-z]{2,}){0,2}[ -]"
    r"(?:(?:grade|grad|grado|grau|type|typ|tipo|stage|"
    r"stadium|estadio|stade|stadio|class|clase|classe|klasse|score)[ -])?"
    r"(?:[IVX]{1,4}[A-Fa-f]?|[0-6][a-c]?)"
    r"(?![\w/:-]|[.,]\d|\.? ?(?:de )?(?:jan|feb|fev|mar|apr|abr|avr|mai|may|mag|jun|juin|giu|jul|juil|lug|"
    r"aug|ago|aou|sep|set|okt|oct|out|ott|nov|dez|dec|dic|ene|gen)|, ?\d{4,5})",
)

_STREET = re.compile(
    r"(?<![^\W_])(?:calle|c/|avda|avenida|av|plaza|pza|paseo|camino|carretera|ctra|via|viale|corso|piazza|largo|rua|travessa|rue|avenue|boulevard|bd|chemin|impasse|place|"
    r"cours|quai|street|road|lane|drive|way|row|close|court|urb|urbanizacion|edificio|bloque|piso|flat|apt|suite|house|am|an der|zum|zur)(?![^\W_])|"
    r"(?:strasse|straße|str|weg|gasse|platz|allee|ring|damm|ufer)(?![^\W_])"
)

# A genus and a species, as the Latin names of germs are written.
_BINOMIAL = re.compile(
    r"(?<![\w.'’-])(?:[A-Z][a-z]{2,}(?:ella|elia|ia|us|um|a|es|is|ix|as|er|bacter|coccus|monas|myces|phila|nema|ax|on|os)|[A-Z]\.)\s([a-z]{5,})(?![\w'’-])"
)
_LATIN = re.compile(r"(?:us|um|is|ans|ens|ica|osa|alis|ni|ri|ti|rum|ata|ina|inus|ea|eus|ei|ax|ns)$")
_SURELY_LATIN = re.compile(r"(?:ii|ae|ensis|icola|formis|oides|phil[au]s?|lytic[au]s?|cens|scens)$")
_VERDICT = (
    r"(?:negativ[aeo]?s?|positiv[aeo]?s?|neg|pos|tender|equivocal|absente?s?|presente?s?|ausentes?|assent[ei]|doloros[ao]s?|dolent[ei]|"
    r"negatifs?|positifs?|negatives?|douloureu(?:x|se)|fehlt|fehlend|vorhanden|schmerzhaft|unauffallig|auslosbar|\(?[+-]\)?)"
)
# What tells that a row of verdicts is about signs and not about who came.
_TOLD = re.compile(r"^(?:neg|pos|tender|doloros|dolent|douloureu|schmerzhaft|equivocal|auslosbar|unauff|[(+-])")
_SIGN = re.compile(
    rf"(?:^|(?<=[.;,:|\n/(]))[ ]?([A-Z][\w'’-]+(?:[ -][A-Z][\w'’-]+)?)"
    rf"(?: (?:[Ss]ign|[Tt]est|right|left|links|rechts|dx|sx|[a-z]+\.)){{0,2}}[ ]?:?[ ]({_VERDICT})"
    r"(?=[ ]?(?:[.;,:|\n)]|$| bilateral| beidseits| on | a | links| rechts| right| left| et | y | e | und | and ))",
    re.MULTILINE,
)
_ROW = 60  # characters between two signs of one row
_IN_PLACE = re.compile(
    r"(?<![\w.])([A-Z][\w'’-]{2,}(?:[ -](?:[A-Z][\w-]+|stent|filter|port|drain|tube|catheter|sonde|katheter|pacemaker)){0,2})[ ]"
    r"(?:in situ|en place(?! de)|in sede|in place(?! of)|en su sitio|bien coloca|bem coloca|ben posizion|regelrecht|in regelrechter|"
    r"in korrekter|well positioned|correctly placed)"
)
# A single word, the value and unit of a laboratory behind it.
_VALUE = re.compile(
    r"(?<![\w'’-])[A-Z][\w-]{1,}(?:[ ](?:is|was|of|de|a|di|von|bei|es|est|era))?[ ]?[:=]?[ ]?[<>]?[ ]?\d+(?:[.,]\d+)?[ ]?"
    r"(?:(?:[munpµ]?(?:g|mol|kat)|[mkµ]?U|UI|IU|mEq|cells)/(?:d?l|m[lL]|L|dL|mm3|min|h)|%)(?!\w)"
)
# Drugs in a list: what stands between two with doses, or opens a list of them, is one too.
_ONE = r"[A-Z][a-z][\w-]{2,}"
_DOSED = r"(?: \d+(?:[.,/]\d+)*(?: ?(?:mg|g|ug|µg|mcg|ml|UI|IU|IE|mmol)(?:/[a-z]+)?| ?(?:1|2|0)?-\d-\d)(?![^\W_]))"
_AND = r"(?:, ?|; ?| ?\+ ?| ?/ ?|,? (?:and|y|e|et|und|con|mit|plus|avec|with) )"
_LIST = re.compile(
    rf"{_ONE}{_DOSED}(?:{_AND}{_ONE}{_DOSED}?){{1,10}}{_AND}{_ONE}{_DOSED}|{_ONE}{_DOSED}{_AND}{_ONE}{_DOSED}"
)
_OPENED = re.compile(rf"(?:^|(?<=[.:;\n] ))({_ONE}(?:, {_ONE})*){_AND}{_ONE}{_DOSED}", re.MULTILINE)

# Behind a label of treatment, and as what is stopped, changed or not tolerated, stands no person.
_TREATMENT = (
    r"[Aa]ll?erg[a-z]+|[Ii]ntoleran[a-z]+|(?:[A-Z][a-z]+ )?(?:[Tt]reatment|[Mm]edications?|[Tt]herapy|[Tt]ratamiento|[Mm]edicacion|"
    r"[Tt]raitement|[Tt]erapia|[Ff]armaci|[Tt]herapie|[Mm]edikation|[Tt]ratamento|[Tt]erapeutica|[Mm]edicacao)(?: [a-z]+){0,2}"
)
_LABELLED = re.compile(
    rf"(?<![^\W_])(?:{_TREATMENT})[ ]?:[ ]?({_ONE}{_DOSED}?(?:{_AND}(?:{_ONE}|[a-z]{{4,}}){_DOSED}?){{0,8}})(?![\w-])"
)
_CHANGED = re.compile(
    r"(?<![^\W_])(?i:stopped|stop|stopping|swapped|changed|replaced|withdrew|tolerates?|tolerating|suspend[a-z]+|dejo|dejado|deja de tomar|"
    r"cambiad[oa]|cambie|sustituid[oa]|tolero|tolera|toleraba|arrete|arreter|remplace|tolere|smesso|sospes[oa]|sostituit[oa]|tollera|"
    r"tollerava|parou|suspendeu|troquei|trocad[oa]|substitui|tolerou|setzte|habe|ersetzte)"
    rf"[ ]({_ONE})(?: (?:to|for|with|por|par|con|com|durch|gegen|mit) ({_ONE}))?"
    r"(?=[.,;]|$| \d| (?:on|him|her|alone|myself|was|wegen|selbst|ab|because|por|par|a causa|due|after|since|da|seul|sozinh|durch|et|y|e|and|und))",
    re.MULTILINE,
)
_TOLERATED = re.compile(
    rf"(?<![\w'’-])({_ONE})(?: (?:was|is|wurde|es|est|foi|e))? (?:not|no|non|nicht|nao|mal|schlecht|poorly)"
    r" (?:tolerat|tolerad|tollerat|tolere|vertragen)"
)


class Known(Protocol):
    """What is asked about words (folded)."""

    def is_word(self, folded_word: str) -> bool:
        """Whether it is one of the languages or of the trade."""
        ...

    def is_eponym(self, folded_word: str) -> bool:
        """Whether it is a surname that names diseases and signs."""
        ...

    def is_substance(self, folded_word: str) -> bool:
        """Whether it is a drug or made like one."""
        ...


def shaped(text: str, folded: str, known: Known) -> Iterator[tuple[int, int]]:
    """Start and end of the terms in a text, which has no accents, and the same in small letters."""
    for form in (DOSE, _AGE):
        yield from (found.span() for found in form.finditer(folded))
    for form in (_VALUE, _LIST, _IN_PLACE):
        for found in form.finditer(text):
            if not _is_titled(folded, found.start()):
                yield found.span()
    for form in (_LABELLED, _CHANGED, _TOLERATED):
        for found in form.finditer(text):
            yield from (found.span(number) for number in range(1, form.groups + 1) if found[number])
    yield from (found.span(1) for found in _OPENED.finditer(text) if not _is_titled(folded, found.start(1)))
    for found in _TAKEN.finditer(folded):
        if any(map(known.is_substance, _WORD.findall(found[1]))):
            yield found.span()
    for found in _SCORE.finditer(text):
        lead = folded[max(0, found.start() - _LEAD) : found.start()]
        if not _is_titled(folded, found.start()) and _STREET.search(lead + folded[found.start() : found.end()]) is None:
            yield found.span()
    for found in _BINOMIAL.finditer(text):
        word = found[1]
        sure = _SURELY_LATIN.search(word) is not None
        if sure or (not known.is_word(word) and found[0][1] != "." and _LATIN.search(word)):
            yield found.span()
    yield from _signs(text, folded, known)


def _signs(text: str, folded: str, known: Known) -> Iterator[tuple[int, int]]:
    """Words with a verdict behind them, several in a row, or one that names signs."""
    found = [one for one in _SIGN.finditer(text) if not _is_titled(folded, one.start(1))]
    for number, one in enumerate(found):
        near = [
            other for other in found[max(0, number - 3) : number + 4] if abs(other.start() - one.start()) < _ROW * 3
        ]
        told = any(_TOLD.match(other[2]) for other in near)
        eponym = any(known.is_eponym(word) for word in _WORD.findall(folded[one.start(1) : one.end(1)]))
        if told and (len(near) > 1 or (eponym and _TOLD.match(one[2]))):
            yield one.span(1)


def _is_titled(folded: str, start: int) -> bool:
    return TITLE_BEFORE.search(folded[max(0, start - _LEAD) : start]) is not None
