"""A secret in, the site's keyed functions out. Built once by `pipeline/services.py` and the command line; the definition stands in the package."""

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from dicomlake.errors import ConfigError
from dicomlake.pseudonyms.identity import PatientIdentity
from dicomlake.pseudonyms.uids import PADDING, uid_from

_LABEL = "dicomlake/1"
_MIN_SECRET_BYTES = 16


class Domain(StrEnum):
    """The two sides whose pseudonyms must never meet."""

    RESEARCH = "research"
    OPERATIONS = "operations"


@dataclass(frozen=True, slots=True)
class SiteKey:
    """The keyed functions of one site in one domain. Pure; `repr` shows no key."""

    site: str
    domain: Domain
    version: str
    _key: bytes = field(repr=False)

    def patient(self, identity: PatientIdentity) -> str:
        """`P` and 20 base32 characters; one person at one site is one key, whatever case or padding the id came in."""
        if identity.patient_id is None:
            return "P" + _b20(self._mac("unknown_patient", identity.study_uid))
        return "P" + _b20(self._mac("patient", identity.issuer, identity.patient_id))

    def uid(self, uid: str) -> str:
        """A UID under 2.25 for `uid`. The caller leaves out what `is_standard_uid`."""
        return uid_from(self._mac("uid", uid.strip(PADDING)))

    def identifier(self, kind: str, value: str | bytes, letter: str) -> str:
        """`letter` and 20 base32 characters for a `value` of some `kind` ("accession", "device", "object", "batch", "content", "row", ...)."""
        if len(letter) != 1 or not "A" <= letter <= "Z":
            raise ValueError("letter is one of A to Z")
        return letter + _b20(self._mac("identifier", kind, value))

    def digest8(self, data: bytes | bytearray | memoryview) -> str:
        """8 hexadecimal digits: a keyed content hash for object names. `data` is read in place."""
        return self.digest8_of((data,))

    def digest8_of(self, parts: Iterable[bytes | bytearray | memoryview]) -> str:
        """The same of data in parts, one after the other."""
        mac = hmac.new(self._key, _frame("digest8"), "sha256")
        for part in parts:
            mac.update(part)
        return mac.hexdigest()[:8]

    def shift_days(self, patient_key: str, shortest: int, longest: int) -> int:
        """Whole days to add to every date of this patient: negative, `shortest` to `longest` days into the past, each equally likely."""
        if not 1 <= shortest <= longest:
            raise ValueError("a date shift needs 1 <= shortest <= longest")
        number = int.from_bytes(self._mac("date_shift", patient_key), "big")
        return -(shortest + number % (longest - shortest + 1))  # 256 bits: the bias of the modulo is below 2**-240

    def _mac(self, *parts: str | bytes) -> bytes:
        return hmac.digest(self._key, _frame(*parts), "sha256")


@dataclass(frozen=True, slots=True)
class DomainKey:
    """A domain's secret. `version` is a check value of the key, stored with each row; `repr` shows nothing of the secret."""

    domain: Domain
    version: str
    _secret: bytes = field(repr=False)

    @classmethod
    def from_secret(cls, secret: bytes, domain: Domain) -> "DomainKey":
        """Take the payload of a key file or secret. Raises ConfigError when fewer than 16 bytes are left without the white space around."""
        stripped = bytes(secret).strip()
        if len(stripped) < _MIN_SECRET_BYTES:
            raise ConfigError(
                f"the {domain} key is shorter than {_MIN_SECRET_BYTES} bytes: make one with `openssl rand -hex 32`"
            )
        return cls(domain, _derive(stripped, domain, "version", "", 4).hex(), stripped)

    def site(self, site: str) -> SiteKey:
        """The sub-key of `site`. Raises ConfigError without a site: two sites must never share one."""
        if not site:
            raise ConfigError("a pseudonym needs the site it belongs to")
        return SiteKey(site, self.domain, self.version, _derive(self._secret, self.domain, "site", site, 32))


def require_separate(research: DomainKey, operations: DomainKey) -> None:
    """Raise ConfigError when both domains were given one secret: who holds one key would hold both walls."""
    if hmac.compare_digest(research._secret, operations._secret):
        raise ConfigError(
            "the research key and the operations key are the same secret: make a second one with `openssl rand -hex 32`"
        )


def _derive(secret: bytes, domain: Domain, purpose: str, site: str, length: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length, salt=None, info=_frame(_LABEL, domain, purpose, site)).derive(secret)


def _frame(*parts: str | bytes) -> bytes:
    encoded = (part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _b20(mac: bytes) -> str:
    return base64.b32encode(mac[:15])[:20].decode("ascii")
