"""Short header texts as people type them, with names no list has, by class of what identifies: `said(seed)` gives text, what must go, what must stay.

Nothing here knows the rules. Names are made of syllables, surnames of towns and people alike.
"""

import datetime
import random
import re

_ONSETS = "b br d dr f g h j k kl l m n p qu r s sch sh st t th tr v w z".split()
_VOWELS = "a e i o u ai ea ie oa ei".split()
_MIDDLES = "n r l m nd rt lb st v z k dd".split()
_ENDS = "rn lk nd th rdon ssel moor tley rham cton nski rova nez zano lini mann".split()
_ROMAN = "I II III IV V VI VII VIII IX X XI XII".split()
TECHNIQUE = (
    "TE 102|GA 31w4d|efgre3d|BROWN FAT|MAYO stand|Parkinson disease|2.5mm thin|120kV 3.5 mGy|T2 FLAIR|L4-L5 disc|CTDIvol 12.4 DLP 431|ax t1 fs +gd|"
    "fl3d_vibe_dixon|ASiR-V 40%|Lung 1.25 B70f|AP supine|SUVmax 4.2|Thorax nativ|Abdomen sin contraste|rachis lombaire|ginocchio destro|"
    "joelho esquerdo|Kontrastmittel 80 ml|nach KM|sans injection|senza mdc|BI-RADS 4a|Gleason 3+4|Deauville 4|iDose 4|GRAPPA 2|TR/TE 500/12|FoV 240|"
    "256x256|PHT 45 ms|White matter|Kerley B|C5-C6|68Ga-PSMA 150 MBq|LWS seitlich|genou droit|Gadovist 7.5 ml|PI-RADS 3|Foley catheter|"
    "PTV 60 Gy 30 fx"
).split("|")
WAYS = {
    "people": "Dr {S}'s patient|Mr {I} {S}|Mrs. {S}|{G} {S}, NP|{S} CNM|{S} RT(R)|{U}|{U}, {G}|{S}|{G} {S}|({S})|Patient {S}|nurse {S}|MTRA {S}|"
    "Überweiser {S}|hija {S}|врач {=Белозерская}|患者 {=佐藤}|{S}^{G}",
    "beside": "Dr {I}. {S}'s|the {S} family|Dres. {S} und {S}|{G} {S} Jr.|{S} filho|{I}.{I}. {S}|{S} {I}.{I}.|{S}, TER|{G} {S}, Oberarzt|"
    "{S}, R3|Mx {S}|Sig.na {S}|Dr(a). {S}|Assistenzärztin {S}|{G} {S} ({N7})|{S} #{N6}|{U}, {G} - {N8}|ward {S}",
    "hands": "CC: {S}|i.A. {S}|vid. {S}|RAD:{S}|name={S}|DR={U}|gez. {S}|signé {S}|Fdo: {S}|copy to {S}|besprochen mit {S}|copia a {S}|"
    "discuté avec {S}|discusso con {S}|discutido com {S}|according to {S}|{G=Elise} {S}|{S}, {G=Elise}|{s}_{g=elise}",
    "duty": "medico de guardia {S}|interne de garde {S}|Arzt vom Dienst {S}|exame feito por {S}|Rx by {S}|spoke w {S}|pt of {S}|{S} notified|"
    "Kind {S}|patient: {s} {s}|PAT {U}|{U}, {G} {N6}|{G=Elise}_{S}|{G=Elise} de {S}",
    "houses": "{S} NHS Trust|Klinikum {S}|CHU {S}|Ospedale {S}|"
    "{S} {G} Hospital|Hospital de {S}|Kreiskrankenhaus {S}|{S}-Klinik|Santa Casa {S}",
    "ids": "licence no {N6}|USUBJID ABC-{N3}-{N4}|Fallnummer {N8}|NHC {N6}|Hosp.Nr. {N6}|SUBJ-{N5}|case {N5}|n° dossier {N7}|S/N {N6}|{N7}|reg. {N6}|"
    "ID {N6}|UR {N6}|Cod. paz. {N6}|K-Nr {N6}|mutuelle {N9}, RM|HK-{N6}",
    "places": "12 rue {S}|calle {S} 4|via {S} 3|{S}str. 12|14 {S} Road|Rua {S}, 33|lives in {S}|{S} {N5}|"
    "D-{N5} {S}|{N5} {S}|MVZ {S}|Hosp. {S}|Zimmer {N3}|room {N3} bed 2",
    "lines": "06 12 34 {N2} {N2}|0171-555{N4}|tel:555{N4}|(02) 5550 {N4}|{s}@{s}.org|user {s}|http://{s}.net/x|ct1.{s}.intra|"
    "DW {N4}|poste {N4}|int. {N4}|ramal {N4}|Piepser {N4}|11 9{N4}-{N4}",
    "days": "{d:%d-%m-%y} 0830hrs|{d:%d}-{R}-{d:%Y}|{d:%d%b%y}|{d:%Y_%m_%d}|{d:%d}. {d:%m}. {d:%Y}|"
    "{d:%Y}年{d:%m}月{d:%d}日|{d:%b} {d:%Y}|{d:%d/%m/%Y}|"
    "{d:%-d}.{d:%-m}.{d:%y}|{d:%d}. {d:%-m}. '{d:%y}|since {d:%m}/{d:%y}",
    "ages": "{=97F}|M/{=95}|{=97yo}|age {=98}|{=99} anni|{=97} J.|{=097Y}|di anni {=96}|{=95}enne",
    "signs": "op: {=jf}|scanned by {=KLW}|tech {=JW}|initials {=K.L.}|({=JW/kl})",
}


def word(rng: random.Random) -> str:
    """A name nobody has, of six letters or more."""
    made = rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_MIDDLES) + rng.choice(_VOWELS) + rng.choice(_ENDS)
    return made.capitalize()


def said(seed: int, kind: str) -> tuple[str, tuple[str, ...], str]:
    """Text, the parts of it that must be gone (of days the whole, of people each word), and the words beside it."""
    rng = random.Random(f"{seed} {kind}")
    day = datetime.datetime(2006, 1, 13) + datetime.timedelta(days=31 * rng.randrange(150))
    gone: list[str] = []

    def filled(found: re.Match[str]) -> str:
        name = found[1]
        if name == "I":
            return rng.choice("ABEFHJKW")
        if name == "R" or name.startswith("d:"):
            return _ROMAN[day.month - 1] if name == "R" else day.strftime(name[2:])
        if name[0] == "=" or name[1:2] == "=":
            made = name.partition("=")[2]
        elif name[0] == "N":
            made = str(rng.randrange(10 ** (int(name[1:]) - 1), 10 ** int(name[1:])))
        else:
            made = word(rng)
            made = made.upper() if name == "U" else made.lower() if name == "s" else made
        gone.append(made)
        return made

    secret = re.sub(r"\{([^}]*)\}", filled, rng.choice(WAYS[kind].split("|")))
    beside = rng.choice(TECHNIQUE)
    text = f"{beside} {secret}" if rng.random() < 0.6 else f"{secret} {beside}"
    return text, tuple(gone) or (secret.removesuffix(" 0830hrs"),), beside
