"""Check digits: an identifier as written in, whether it can be one of its kind out. Named by `deid_rules/text/identifiers.yaml`.

Each function takes the text as found; separators do not count.
"""

import re
from collections.abc import Callable

_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_ODD = dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True)) | dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)


def compact(text: str) -> str:
    """Letters and digits only, in capitals."""
    return re.sub(r"[\W_]", "", text).upper()


def digits(text: str) -> str:
    """ASCII digits only."""
    return re.sub(r"[^0-9]", "", text)


def dni(text: str) -> bool:
    """Spanish DNI or NIE: eight digits (X, Y, Z standing for 0, 1, 2) modulo 23 give the letter (Orden INT/2058/2008)."""
    found = re.fullmatch(r"([XYZ]?)(\d{7,8})([A-Z])", compact(text))
    if found is None:
        return False
    number = int(str("XYZ".index(found[1])) + found[2] if found[1] else found[2])
    return _DNI[number % 23] == found[3]


def nss(text: str) -> bool:
    """Spanish social security number: the last two of twelve digits are the rest modulo 97."""
    number = digits(text)
    if len(number) != 12:
        return False
    province, middle, check = number[:2], number[2:10], int(number[10:])
    return check in (int(province + middle) % 97, int(province + middle.lstrip("0")) % 97 if middle.strip("0") else -1)


def nhs(text: str) -> bool:
    """NHS number: ten digits, weights ten to two, modulo 11 (NHS Data Dictionary)."""
    number = digits(text)
    if len(number) != 10 or len(set(number)) == 1:
        return False
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(number, range(10, 1, -1), strict=False)) % 11
    return rest % 11 == int(number[9]) and rest != 10


def ssn(text: str) -> bool:
    """US social security number: ranges that were never issued are none (SSA, 2011)."""
    number = digits(text)
    return (
        len(number) == 9
        and number[:3] not in ("000", "666")
        and number[0] != "9"
        and number[3:5] != "00"
        and number[5:] != "0000"
    )


def codice_fiscale(text: str) -> bool:
    """Italian tax code: values of odd and even places modulo 26 give the last letter (DM 23 December 1976)."""
    code = compact(text)
    if not re.fullmatch(r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-EHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]", code):
        return False
    total = sum(_ODD[char] for char in code[:15:2])
    total += sum(int(char) if char.isdigit() else ord(char) - 65 for char in code[1:15:2])
    return chr(65 + total % 26) == code[15]


def nir(text: str) -> bool:
    """French social security number: 97 minus the rest of thirteen digits modulo 97; 2A and 2B of Corsica count as 19 and 18 (INSEE)."""
    code = compact(text)
    found = re.fullmatch(r"([1-478]\d{4}(?:\d{2}|2A|2B)\d{6})(\d{2})", code)
    return found is not None and 97 - int(found[1].replace("2A", "19").replace("2B", "18")) % 97 == int(found[2])


def steuer_id(text: str) -> bool:
    """German tax identification number: eleven digits, ISO 7064 MOD 11,10; one digit stands twice or three times in the first ten."""
    number = digits(text)
    if len(number) != 11 or number[0] == "0" or len(set(number[:10])) not in (8, 9):
        return False
    return _mod_11_10(number)


def _mod_11_10(number: str) -> bool:
    product = 10
    for digit in number[:-1]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(number[-1])


def nif_pt(text: str) -> bool:
    """Portuguese tax number, also of the SNS card: nine digits, weights nine to two, modulo 11."""
    number = digits(text)
    if len(number) != 9 or number[0] == "0":
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(number, range(9, 1, -1), strict=False)) % 11
    return int(number[8]) == (0 if rest < 2 else 11 - rest)


def iban(text: str) -> bool:
    """IBAN: the first four characters moved to the end, letters as numbers, modulo 97 is 1 (ISO 13616)."""
    code = compact(text)
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", code):
        return False
    return int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1


def luhn(text: str) -> bool:
    """Numbers of cards (ISO/IEC 7812-1)."""
    number = digits(text)
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return len(number) >= 12 and len(set(number)) > 1 and sum(value // 10 + value % 10 for value in doubled) % 10 == 0


CHECKS: dict[str, Callable[[str], bool]] = {
    check.__name__: check for check in (dni, nss, nhs, ssn, codice_fiscale, nir, steuer_id, nif_pt, iban, luhn)
}
