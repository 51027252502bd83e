"""The keyed functions, held against a second computation from the written definition with nothing but hmac and hashlib."""

import base64
import hashlib
import hmac
import pickle
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.errors import ConfigError
from dicomlake.pseudonyms import (
    Domain,
    DomainKey,
    IdentityRules,
    PatientIdentity,
    SiteKey,
    patient_identity,
    require_separate,
)

SECRET = b"0123456789abcdef0123456789abcdef"
OTHER = b"fedcba9876543210fedcba9876543210"
KEYED = re.compile(r"[A-Z][A-Z2-7]{20}")
TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


def site_key(site: str = "clinic-a", secret: bytes = SECRET, domain: Domain = Domain.RESEARCH) -> SiteKey:
    return DomainKey.from_secret(secret, domain).site(site)


def known(patient_id: str = "PAT1", issuer: str = "") -> PatientIdentity:
    return patient_identity(IdentityRules(), patient_id, issuer, "1.2.3")


# The definition again, from the text in the package docstring: RFC 5869 written out, no library of ours.
def frame(*parts: str) -> bytes:
    return b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)


def derive(secret: bytes, domain: str, purpose: str, site: str, length: int) -> bytes:
    prk = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    info = frame("dicomlake/1", domain, purpose, site)
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()[:length]


def mac(key: bytes, *parts: str) -> bytes:
    return hmac.new(key, frame(*parts), hashlib.sha256).digest()


def b20(digest: bytes) -> str:
    return base64.b32encode(digest).decode()[:20]


class TestDefinition:
    key = derive(SECRET, "research", "site", "clinic-a", 32)

    def test_key_version_is_a_check_value_of_the_key(self) -> None:
        assert site_key().version == derive(SECRET, "research", "version", "", 4).hex() == "40a9f91a"

    def test_patient_key_follows_the_written_definition(self) -> None:
        expected = "P" + b20(mac(self.key, "patient", "HOSPITAL", "PAT1"))
        assert site_key().patient(known("pat1 ", "Hospital")) == expected

    def test_unknown_patient_follows_the_written_definition(self) -> None:
        identity = patient_identity(IdentityRules(), None, None, "1.2.3")
        assert site_key().patient(identity) == "P" + b20(mac(self.key, "unknown_patient", "1.2.3"))

    def test_uid_follows_the_written_definition(self) -> None:
        raw = bytearray(mac(self.key, "uid", "1.2.3")[:16])
        raw[6] = raw[6] & 0x0F | 0x80
        raw[8] = raw[8] & 0x3F | 0x80
        assert site_key().uid("1.2.3") == f"2.25.{uuid.UUID(bytes=bytes(raw)).int}"

    def test_identifier_follows_the_written_definition(self) -> None:
        expected = "A" + b20(mac(self.key, "identifier", "accession", "ACC7"))
        assert site_key().identifier("accession", "ACC7", "A") == expected

    def test_digest8_follows_the_written_definition(self) -> None:
        expected = hmac.new(self.key, frame("digest8") + b"bytes", hashlib.sha256).hexdigest()[:8]
        assert site_key().digest8(memoryview(b"bytes")) == expected

    def test_shift_follows_the_written_definition(self) -> None:
        number = int(mac(self.key, "date_shift", "PX").hex(), 16)
        assert site_key().shift_days("PX", 30, 1825) == -(30 + number % 1796)

    def test_the_vector_published_for_other_programs_holds(self) -> None:
        key = site_key()
        assert key.patient(known("PAT1", "HOSPITAL")) == "P6FMB6X36QKJKFNE47E7E"
        assert key.uid("1.2.3") == "2.25.10356035921167569412959274987525366466"
        assert key.identifier("accession", "ACC7", "A") == "AB2OKQHUGKZNTWKD53MY5"
        assert key.digest8(b"bytes") == "7f2c3b08"
        assert key.shift_days("PX", 30, 1825) == -1091


class TestForm:
    @given(TEXT, TEXT)
    def test_patient_keys_are_p_and_20_base32_characters(self, patient_id: str, issuer: str) -> None:
        identity = patient_identity(IdentityRules(), patient_id, issuer, "1.2.3")
        assert KEYED.fullmatch(site_key().patient(identity))

    @given(TEXT, TEXT | st.binary(max_size=40), st.sampled_from("ABCDOR"))
    def test_identifiers_are_their_letter_and_20_base32_characters(
        self, kind: str, value: str | bytes, letter: str
    ) -> None:
        key = site_key().identifier(kind, value, letter)
        assert KEYED.fullmatch(key)
        assert key[0] == letter

    @pytest.mark.parametrize("letter", ["", "a", "AB", "1", "Ä"])
    def test_an_identifier_takes_one_letter_only(self, letter: str) -> None:
        with pytest.raises(ValueError, match="letter"):
            site_key().identifier("accession", "1", letter)

    @given(TEXT)
    def test_uids_are_valid_and_uuid_version_8(self, uid: str) -> None:
        pseudonym = site_key().uid(uid)
        assert len(pseudonym) <= 44
        assert re.fullmatch(r"2\.25\.[1-9][0-9]*", pseudonym)
        as_uuid = uuid.UUID(int=int(pseudonym.removeprefix("2.25.")))
        assert as_uuid.version == 8
        assert as_uuid.variant == uuid.RFC_4122

    @pytest.mark.parametrize("padded", ["1.2.3\0", "1.2.3 ", " 1.2.3", "1.2.3\0\0"])
    def test_padding_is_no_part_of_a_uid(self, padded: str) -> None:
        assert site_key().uid(padded) == site_key().uid("1.2.3")

    def test_digest8_is_8_hexadecimal_digits_of_any_buffer(self) -> None:
        assert re.fullmatch("[0-9a-f]{8}", site_key().digest8(b""))
        assert site_key().digest8(bytearray(b"x")) == site_key().digest8(b"x")


class TestShift:
    @given(TEXT, st.integers(1, 4000), st.integers(0, 4000))
    def test_a_shift_is_whole_days_into_the_past_within_its_range(self, patient: str, shortest: int, more: int) -> None:
        days = site_key().shift_days(patient, shortest, shortest + more)
        assert isinstance(days, int)
        assert shortest <= -days <= shortest + more

    @pytest.mark.parametrize(("shortest", "longest"), [(0, 10), (-5, 10), (11, 10)])
    def test_a_range_that_could_leave_dates_as_they_are_is_refused(self, shortest: int, longest: int) -> None:
        with pytest.raises(ValueError, match="shift"):
            site_key().shift_days("P", shortest, longest)

    def test_every_day_of_the_range_is_about_equally_likely(self) -> None:
        key, n, cells = site_key(), 20_000, 40
        counts = [0] * cells
        for i in range(n):
            counts[-key.shift_days(f"P{i}", 30, 29 + cells) - 30] += 1
        chi2 = sum((c - n / cells) ** 2 / (n / cells) for c in counts)
        assert chi2 < 85  # 39 degrees of freedom: one fair key in 30,000 goes over, and this key is fixed

    def test_both_ends_of_the_range_occur(self) -> None:
        days = {site_key().shift_days(f"P{i}", 3, 5) for i in range(200)}
        assert days == {-3, -4, -5}


class TestSeparation:
    @given(TEXT.filter(bool))
    def test_one_patient_at_two_sites_is_never_linked(self, patient_id: str) -> None:
        a, b, identity = site_key("a"), site_key("b"), known(patient_id)
        assert a.patient(identity) != b.patient(identity)
        assert a.uid(patient_id) != b.uid(patient_id)
        assert a.identifier("accession", patient_id, "A") != b.identifier("accession", patient_id, "A")
        assert a.digest8(b"same bytes") != b.digest8(b"same bytes")

    @given(TEXT.filter(bool), st.sampled_from([SECRET, OTHER]))
    def test_research_and_operations_share_no_output_even_under_one_secret(self, value: str, secret: bytes) -> None:
        research, operations = site_key(), site_key(secret=secret, domain=Domain.OPERATIONS)
        assert research.version != operations.version
        assert research.patient(known(value)) != operations.patient(known(value))
        assert research.uid(value) != operations.uid(value)
        for kind in ("accession", "content", "object"):
            assert research.identifier(kind, value, "K") != operations.identifier(kind, value, "K")

    def test_one_secret_for_both_domains_is_refused(self) -> None:
        research = DomainKey.from_secret(SECRET, Domain.RESEARCH)
        with pytest.raises(ConfigError, match="same secret"):
            require_separate(research, DomainKey.from_secret(SECRET + b"\n", Domain.OPERATIONS))
        require_separate(research, DomainKey.from_secret(OTHER, Domain.OPERATIONS))

    @given(st.lists(st.tuples(TEXT, TEXT), min_size=2, max_size=20, unique=True))
    def test_no_two_pairs_of_kind_and_value_share_an_identifier(self, pairs: list[tuple[str, str]]) -> None:
        key = site_key()
        assert len({key.identifier(kind, value, "K") for kind, value in pairs}) == len(pairs)

    def test_parts_moved_across_a_border_give_other_keys(self) -> None:
        key = site_key()
        assert key.identifier("ab", "c", "K") != key.identifier("a", "bc", "K")
        assert key.patient(known("B1", "AA")) != key.patient(known("AB1", "A"))
        assert key.patient(known("1.2.3")) != key.patient(patient_identity(IdentityRules(), "", "", "1.2.3"))

    def test_a_quarter_million_patients_and_uids_do_not_collide(self) -> None:
        key, n = site_key(), 125_000
        assert len({key.patient(PatientIdentity(str(i), "", "")) for i in range(n)}) == n
        assert len({key.uid(f"1.2.{i}") for i in range(n)}) == n

    def test_another_secret_gives_another_version_and_other_keys(self) -> None:
        a, b = site_key(), site_key(secret=OTHER)
        assert a.version != b.version
        assert a.patient(known()) != b.patient(known())


class TestSecret:
    @pytest.mark.parametrize("secret", [b"", b"short", b"x" * 15, b" " * 40, b"  " + b"x" * 15 + b"\n\n"])
    def test_a_short_secret_is_refused_without_showing_it(self, secret: bytes) -> None:
        with pytest.raises(ConfigError, match="shorter than 16") as caught:
            DomainKey.from_secret(secret, Domain.RESEARCH)
        assert "xxx" not in str(caught.value)

    def test_white_space_around_the_secret_does_not_count(self) -> None:
        assert site_key(secret=b"\n " + SECRET + b"\r\n").patient(known()) == site_key().patient(known())

    def test_a_key_without_a_site_is_refused(self) -> None:
        with pytest.raises(ConfigError):
            DomainKey.from_secret(SECRET, Domain.RESEARCH).site("")

    def test_nothing_shows_the_secret(self) -> None:
        domain_key = DomainKey.from_secret(SECRET, Domain.RESEARCH)
        shown = repr(domain_key) + repr(domain_key.site("a")) + str(domain_key.site("a"))
        assert "0123" not in shown
        assert "\\x" not in shown

    def test_a_site_key_reaches_a_worker_process(self) -> None:
        assert pickle.loads(pickle.dumps(site_key())).uid("1.2") == site_key().uid("1.2")
