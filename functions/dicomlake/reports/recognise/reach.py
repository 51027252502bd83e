"""A finding in, the same with what belongs to it out. Called by `recogniser.py`.

To a name belong initials, particles and strange words beside it; to a place the number of a house, and what kind of house it is.
"""

import re
from collections.abc import Callable

from dicomlake.reports.recognise.notation import TITLES
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.writing import fold, plain

_FAR = 40  # characters looked at
_STEPS = 4
_INITIAL_AFTER = re.compile(r"(?:,? [^\W\d_]\.)+(?!\w)")
_INITIALS_BEFORE = re.compile(r"(?<![\w.])(?:[^\W\d_]\.[ -]?){1,3}$")
_SAINT_BEFORE = re.compile(r"(?<!\w)(?:St|Ste|San|Mc|Mac|O)[.'’]? ?$")
# Particles that are words of no language of ours, or have a capital here; and those that belong to a name only behind another part of one.
_PARTICLES_BEFORE = re.compile(
    r"(?<![^\W_])(?:von und zu |in 't |van 't |op de |Abd |Zum |Dal |"
    r"von der |van der |van den |van |von |vom |zur |ten |ter |ap |ibn |bin |(?:(?:de|De) (?:la|las|los|La|Las|Los) )|"
    r"(?<=[^\W\d_] )(?:El|Al|Lo|Di|Del|De|Degli|Della|Dos|Da|Von|Van) |"
    r"(?<=[.^] )(?:de|di|da|do|dos|das|du|del|della|degli|zu|e|y|el|al|le|la) )$",
)
_LARGE_PARTICLE_BEFORE = re.compile(
    r"(?<![^\W_])(?:DE L[AO]S?|DEL?|DI|VON|VAN DER|VAN|DER|D[AO]S?|DELL[AO]|DU|ST\.?) $"
)
_ENDS_IN_SAINT = re.compile(r"(?<!\w)(?:[Ss]te?|STE?)\.?$")
_SAINT_AFTER = re.compile(r"(?:\.|(?<=[tT])) ?[^\W\d_][\w'’-]+")
_HOUSE_BEFORE = re.compile(r"(?:(?<=\n)|(?<=, )|^)\d{1,4}[a-zA-Z]?,? $")
_KIND_BEFORE = re.compile(
    r"(?<![^\W_])(?:Presidi[oi]|Unid[a-z]+|Unit[aéà]?|Cent(?:ro|re|er)|Zentrum|Casa|Polo|Istituto|Instituto?|Institute?|Complejo|Complesso|Azienda|Fondazione|"
    r"Fundaci[oó]n|Ambulatorio|Poliambulatorio|Maison|Haus|Praxis|Cabinet|Groupe|Grupo|Gruppo|Studio|Pavill?on|Residencia|"
    r"Residenza|Piazzetta|piazzetta|Largo|Rua|Beco|Plaza) "
    r"(?:(?:de|di|da|do|del|della|du|des|der|la|le) ){0,2}$"
)
_PLACE_AFTER = re.compile(
    r"(?: (?:d[eiao]|del|dell[aeo]|de[il]|degli|dos|das|du|des|la|las|los|le|les|am|an der|im|of the|of)){1,2} "
    r"[A-ZÀ-Þ][\w'’-]+|(?<=dell[aeo]) [A-ZÀ-Þ][\w'’-]+"
)
_LINK_AFTER = re.compile(
    r" (?:de|di|da|do|dos|das|du|del|della|degli|van|von|der|zu|e|y|i|bin|el|al|le|la)(?: (?:la|las|los|der|den))? (?=[^\W\d_])"
)
_WORD_BEFORE = re.compile(r"(?<![\w'-])([^\W\d_][^\W\d_'-]{2,}) $")
_WORD_AFTER = re.compile(r" ([^\W\d_][^\W\d_'-]{2,})(?![\w'-])")


def reached(text: str, span: Span, is_term: Callable[[str], bool]) -> Span:
    """The span, wider for a name that is no finding of the finer model, which knows where its kind ends. `is_term`: a folded word names nobody."""
    if span.layer == "fine":
        return span
    if span.label in (Label.HOSPITAL, Label.LOCATION):
        return _place(text, span)
    if span.label is not Label.NAME or not text[span.start].isalpha():
        return span
    start, end = span.start, span.end
    if _ENDS_IN_SAINT.search(text, start, end):
        saint = _SAINT_AFTER.match(text, end)
        end = saint.end() if saint is not None else end
    for _ in range(_STEPS):
        after = _WORD_AFTER.match(text, end)
        link = _LINK_AFTER.match(text, end)
        beyond = _WORD_AFTER.match(text, link.end() - 1) if link is not None else None
        if after is not None and _is_name(after[1], is_term):
            end = after.end()
        elif beyond is not None and _is_name(beyond[1], is_term):
            end = beyond.end()
        else:
            break
    initial = _INITIAL_AFTER.match(text, end)
    if initial is not None and text[initial.start() :].lstrip(", ")[0].isupper():
        end = initial.end()
    for _ in range(_STEPS):
        before = _WORD_BEFORE.search(text, max(0, start - _FAR), start)
        lead = text[max(0, start - _FAR) : start]
        found = _LARGE_PARTICLE_BEFORE.search(lead) if text[start:end].isupper() else None
        found = (
            found
            or _KIND_BEFORE.search(lead)
            or _PARTICLES_BEFORE.search(plain(lead))
            or _INITIALS_BEFORE.search(lead)
            or _SAINT_BEFORE.search(lead)
        )
        if before is not None and _is_name(before[1], is_term):
            start = before.start(1)
        elif found is not None and (found[0][0].isupper() or found.re in (_PARTICLES_BEFORE, _KIND_BEFORE)):
            start -= len(found[0])
        else:
            break
    return span.at(start, end)


def _place(text: str, span: Span) -> Span:
    lead = text[max(0, span.start - _FAR) : span.start]
    before = _HOUSE_BEFORE.search(lead) or _KIND_BEFORE.search(lead)
    after = _PLACE_AFTER.match(text, span.end) if text[span.start : span.start + 1].isupper() else None
    return span.at(
        span.start - len(before[0]) if before is not None else span.start,
        after.end() if after is not None else span.end,
    )


def _is_name(word: str, is_term: Callable[[str], bool]) -> bool:
    """Whether a word has a capital and is none of the languages, of the trade or of address."""
    folded = fold(word)
    return (
        word[0].isupper() and folded not in TITLES and not any(is_term(part) for part in (folded, folded.rstrip("s")))
    )
