"""Invented people for training: names of many languages and of none, in the ways people and machines write them. Called by `documents.py`."""

import random
from collections import defaultdict

LOCALES = (
    "en_US en_GB en_IN en_NZ es_ES es_MX es_AR es_CO es_CL fr_FR fr_CA de_DE de_AT de_CH it_IT pt_PT pt_BR nl_NL nl_BE pl_PL cs_CZ sv_SE no_NO "
    "da_DK fi_FI tr_TR ro_RO hu_HU hr_HR sk_SK sl_SI ga_IE id_ID vi_VN lt_LT et_EE az_AZ fil_PH"
).split()
# Beyond Faker: names it does not have, as they are written in Latin letters.
FAMILY = (
    "Abubakar Adeleke Afolabi Agyeman Al-Farsi Al-Hashimi Baptiste-Moreau Banerjee Bhattacharya Boateng Cetinkaya Chakraborty Chukwuemeka "
    "D'Alessandro D'Souza Dall'Agnola De'Medici Dlamini El-Sayed Eze Fitzgerald-Lowe Gonçalves-Pires Guðmundsson Haddad Hoang Ibrahimović Ivanova "
    "Jang Kaczmarek Kang-Molina Karapetyan Khan Kipchoge Kuznetsov L'Heureux Le-Nguyen MacAllister Mahlangu McDermott-Quinn Mbeki Mensah M'Bala Mohammadi "
    "N'Diaye Nakamura Ngô Novák Nwosu O'Callaghan O'Shaughnessy Odhiambo Oyelaran Papadopoulos Park-Jiménez Pham Phiri Quaye Ramanathan Rahimi Saint-Just "
    "Sato Siddiqui Silva-Teixeira Suzuki Sithole Stoyanov Tadesse Takahashi Tembo Thị Tran-Lemaire Tshabalala Usman Van-Acker Venkataraman Wójcik Xiong Yamamoto "
    "Yeo Zhang Zhou-Rivera Zoungrana de-la-Vega-Ruiz Ó-Súilleabháin Çelik Øvergård Åkesson Ünal Žižka Łukasiewicz"
).split()
GIVEN = (
    "Aarav Abena Adaeze Ahmed Aiko Amina Anh Ayşe Babajide Bilal Chidi Chun-Hei Dae-jung Dmitri Ebele Fatoumata Farid Folake Giannis Hadiza Haruto Hussein "
    "Ifeoma Ikram Jamal Jin-woo Kofi Kwame Lakshmi Lin Linh Mahmoud Mei-Ling Minh Mohammed Naledi Nguyệt Noor Olga Omotola Parisa Priya Quang Rajesh Ravi Ren "
    "Sadia Sakura Samira Sanjay Sergei Shreya Siobhán Sipho Soo-jin Svetlana Tariq Thabo Thandiwe Uchenna Wei Xiao Yusuf Yuki Zainab Zanele Jean-Baptiste "
    "María-José Anna-Lena Hans-Peter José-Luis Marie-Ange Lluís Xosé Iñaki Aoife"
).split()
NICKNAMES = "Bill Bob Betty Maggie Tony Pepe Paco Lola Nacho Charo Chema Sepp Uschi Hansi Gigi Beppe Nando Zé Tó Jojo Titi Mimi Kiko Nick Liz Kate Joe".split()
GIVEN_WORDS = (
    "Grace Hope Joy Rose Lily Holly Iris Ruby Pearl Amber Summer Dawn Mercy Grant Mark Will Rich Dean Robin Luz Paz Sol Nieves Consuelo Amparo Remedios Milagros "
    "Esperanza Gracia Piedad Soledad Blanca Estrella Modesto Severo Fiore Gioia Speranza Grazia Letizia Pace Luce Viola Gemma Perla Primo Felice Natale Graça Céu Neves "
    "Dores Prazeres Glória Vitória Violette Olive Prune Blanche Aurore Aimé Juste Céleste Fleur Heide Linde Ernst Wolf Friede Engel"
).split()
PARTICLES = ("van", "van der", "de", "de la", "von", "di", "da", "dos", "del", "le", "bin", "el", "ter", "zu", "do")
EPONYMS = (
    "Baker Bell Bennett Clark Cooper Down Ewing Garden Gilbert Graves Hodgkin Hutchinson Jefferson Jones Lawrence Murphy Morton Parkinson Paget Ramsay Smith "
    "Turner Weber Wilson White Müller Hartmann Becker Köhler Horner Barton Todd Hill Douglas Fournier Roux Rolando Morgagni Santorini Romberg Swan Reiter Still"
).split()

# Towns of several words.
TOWN_FORMS = {
    "en": [
        "{c} on the {w}",
        "St {a} in the {w}",
        "{c} upon {c}",
        "Great {c}",
        "{c} under {w}",
        "{c}-le-{w}",
        "{c} St {a}",
    ],
    "es": ["La {w} de {c}", "El {c}", "Las {w} de la {c}", "San {a} del {w}", "Los {w} de {c}", "Villa de {c}"],
    "fr": ["Saint {a} le {w}", "La {c} sous {c}", "Le {w} d'{c}", "{c} sur {c}", "Bois le {w}", "{c} les {w}"],
    "de": ["{c} an der {c}", "Bad {c}", "{c} am {w}", "{c} bei {c}", "{w} im {c}", "Sankt {a} ob {c}"],
    "it": ["San {a} in {c}", "Castel San {a}", "{c} a {w}", "La {w} {c}", "Torre del {c}", "Pieve di {c}", "Borgo {w}"],
    "pt": ["Vila Nova de {c}", "São {a} da {w}", "Santa {a} de {c}", "{w} dos {c}", "{c} de {w}", "A dos {c}"],
}


class People:
    """Draws names. `pools` hold given and family names per locale; `chains` make names nobody has from the letters of real ones."""

    def __init__(self, chance: random.Random, per_locale: int = 120) -> None:
        from faker import Faker

        self._chance = chance
        self.given: dict[str, list[str]] = {}
        self.family: dict[str, list[str]] = {}
        self.cities: dict[str, list[str]] = {}
        for locale in LOCALES:
            fake = Faker(locale)
            fake.seed_instance(chance.randrange(1 << 30))
            self.given[locale] = sorted({fake.first_name() for _ in range(per_locale)})
            self.family[locale] = sorted({fake.last_name() for _ in range(per_locale)})
            self.cities[locale] = sorted({fake.city() for _ in range(per_locale // 2)})
        self.given["world"], self.family["world"] = GIVEN, FAMILY
        self.cities["world"] = [name for lists in list(self.cities.values()) for name in lists[:6]]
        self.words: list[str] = []  # set by the writer
        self._chains = {
            "given": _chain(name for lists in self.given.values() for name in lists),
            "family": _chain(name for lists in self.family.values() for name in lists),
        }

    def locale(self, lang: str) -> str:
        """One of the language in half of the cases, any other else."""
        own = [locale for locale in LOCALES if locale.startswith(lang)]
        return (
            self._chance.choice(own)
            if self._chance.random() < 0.5
            else self._chance.choice([*LOCALES, "world", "world", "world"])
        )

    def first(self, lang: str) -> str:
        """A given name, sometimes two, sometimes a short or an invented one."""
        roll = self._chance.random()
        if roll < 0.06:
            return self._chance.choice(GIVEN_WORDS)
        if roll < 0.15 and self.words:
            return self.word()
        if roll < 0.26:
            return _walk(self._chains["given"], self._chance)
        if roll < 0.3:
            return self._chance.choice(NICKNAMES)
        name = self._chance.choice(self.given[self.locale(lang)])
        if roll > 0.9:
            return f"{name}{self._chance.choice(' -')}{self._chance.choice(self.given[self.locale(lang)])}"
        return name

    def last(self, lang: str, words: list[str]) -> str:
        """A family name: double, with a particle, an eponym, an ordinary word, or one nobody has."""
        roll = self._chance.random()
        if roll < 0.3:
            name = _walk(self._chains["family"], self._chance)
        elif roll < 0.36:
            name = self._chance.choice(EPONYMS)
        elif roll < 0.44:
            name = self._chance.choice(words)
        elif roll < 0.54 and self.words:
            name = self.word()
        else:
            name = self._chance.choice(self.family[self.locale(lang)])
        if self._chance.random() < 0.08:
            name = f"{self._chance.choice(PARTICLES)} {name}"
        if self._chance.random() < (0.4 if lang in ("es", "pt") else 0.1):
            joint = "-" if lang not in ("es", "pt") or self._chance.random() < 0.3 else " "
            name = f"{name}{joint}{self._chance.choice(self.family[self.locale(lang)])}"
        return name

    def word(self) -> str:
        """A word of any of the languages as a name: only its company tells."""
        return self._chance.choice(self.words).capitalize()

    def family_name(self, lang: str) -> str:
        """One plain surname: one of somebody, or one nobody has."""
        if self._chance.random() < 0.3:
            return _walk(self._chains["family"], self._chance)
        return self._chance.choice(self.family[self.locale(lang)])

    def city(self, lang: str) -> str:
        """A town."""
        roll = self._chance.random()
        if roll < 0.12 and self.words:
            return self.word()
        if roll < 0.2:
            return self._chance.choice(TOWN_FORMS[lang]).format(
                **{slot: self._chance.choice(self.given[self.locale(lang)]) for slot in "ab"},
                c=_walk(self._chains["family"], self._chance),
                w=self.word() if self.words else "Hill",
            )
        if self._chance.random() < 0.15:
            return _walk(self._chains["family"], self._chance) + self._chance.choice(
                ["", "ville", "burg", "ford", " del Río", " am See", "-sur-Mer", "stadt"]
            )
        return self._chance.choice(self.cities[self.locale(lang)])


def _chain(names: object) -> dict[str, list[str]]:
    chain: dict[str, list[str]] = defaultdict(list)
    for name in names:  # type: ignore[attr-defined]  # any iterable of texts
        if name.isalpha() and len(name) > 3:
            padded = f"^^{name.lower()}$"
            for place in range(2, len(padded)):
                chain[padded[place - 2 : place]].append(padded[place])
    return chain


def _walk(chain: dict[str, list[str]], chance: random.Random) -> str:
    for _ in range(50):
        name, state = "", "^^"
        while len(name) < 12:
            char = chance.choice(chain[state])
            if char == "$":
                break
            name, state = name + char, state[1] + char
        if 3 < len(name) < 12:
            return name.capitalize()
    return "Merandi"
