"""Verbs about keys and what is made with them: `pseudonym`, `key`; and the research key of who has named none. Needs no running platform."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import click

from dicomlake import settings as environment
from dicomlake.cli.output import emit_json, json_option, plain_errors, show
from dicomlake.dicom import RawInstance, acquisition_facts, read_raw
from dicomlake.errors import ConfigError, PermanentError
from dicomlake.pipeline.services import identity_rules, read_secret
from dicomlake.pseudonyms import Domain, DomainKey, IdentityRules, SiteKey, normal_accession, patient_identity
from dicomlake.rules import load_profile, load_site

Row = tuple[str, str]
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")

site_option = click.option(
    "--site", default="local", show_default=True, help="The site the files come from: its rules and its pseudonyms."
)


@click.command()
@site_option
@click.option(
    "--domain",
    type=click.Choice([str(d) for d in Domain]),
    default="research",
    show_default=True,
    help="Which side's pseudonyms.",
)
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Key of that side [default: from the settings].",
)
@click.option("--patient-id", help="PatientID, as the site writes it.")
@click.option("--issuer", help="IssuerOfPatientID; the site's default when left out.")
@click.option("--uid", help="A Study, Series or SOP Instance UID.")
@click.option("--accession", help="An accession number.")
@click.option(
    "--object",
    "dicom_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A DICOM object: every pseudonym it is known by, the key of its device included (operations side).",
)
@json_option
@plain_errors
def pseudonym(
    site: str,
    domain: str,
    key_file: Path | None,
    patient_id: str | None,
    issuer: str | None,
    uid: str | None,
    accession: str | None,
    dicom_file: Path | None,
    as_json: bool,
) -> None:
    """Compute a pseudonym forward, for a steward who holds the key. Nobody can compute the way back."""
    settings = environment.load()
    side = Domain(domain)
    reference = settings.research_key if side is Domain.RESEARCH else settings.operations_key
    secret = key_file.read_bytes() if key_file else read_secret(f"{side.upper()}_KEY", reference)
    key = DomainKey.from_secret(secret, side).site(site)
    root = Path(settings.rules_dir) if settings.rules_dir else None
    rules = identity_rules(load_site(site, root))
    shift = load_profile(settings.profile, root).shift_days if side is Domain.RESEARCH else (0, 0)
    rows: list[Row] = []
    if patient_id is not None:
        rows += _patient(key, rules, shift, patient_id, issuer)
    if uid:
        rows.append(("UID", key.uid(uid)))
    if accession is not None:
        rows.append(_accession(key, rules, accession))
    if dicom_file is not None:
        rows += _object(key, rules, shift, _read(dicom_file))
    if not rows:
        raise ConfigError("name at least one of --patient-id, --uid, --accession, --object")
    show(["of", "pseudonym"], rows, as_json)


def _patient(
    key: SiteKey,
    rules: IdentityRules,
    shift: tuple[int, int],
    patient_id: str | None,
    issuer: str | None,
    study: str = "",
) -> Iterator[Row]:
    try:
        patient = key.patient(patient_identity(rules, patient_id, issuer, study))
    except PermanentError:
        raise ConfigError(
            "this stands for no patient: each study without a PatientID is a patient of its own"
        ) from None
    yield "PatientID", patient
    if shift[1]:
        yield "date shift, days", str(key.shift_days(patient, *shift))


def _accession(key: SiteKey, rules: IdentityRules, accession: str) -> Row:
    normal = normal_accession(rules, accession)
    if normal is None:
        raise ConfigError("this stands for no accession number, so nothing is stored under it")
    return "AccessionNumber", key.identifier("accession", normal, "A")


def _object(key: SiteKey, rules: IdentityRules, shift: tuple[int, int], raw: RawInstance) -> Iterator[Row]:
    study = raw.first("StudyInstanceUID") or ""
    yield from _patient(key, rules, shift, raw.first("PatientID"), raw.first("IssuerOfPatientID"), study)
    for keyword in _UIDS:
        yield keyword, key.uid(raw.first(keyword) or "")
    if normal_accession(rules, raw.first("AccessionNumber")) is not None:
        yield _accession(key, rules, raw.first("AccessionNumber") or "")
    device = acquisition_facts(raw)["device"]
    if device and key.domain is Domain.OPERATIONS:  # the research side knows no devices
        yield "device", key.identifier("device", str(device), "D")


def _read(file: Path) -> RawInstance:
    try:
        return read_raw(file.read_bytes())
    except PermanentError as error:
        raise ConfigError(f"--object: not a DICOM object that could be read ({error.code})") from None


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@plain_errors
def key(file: Path, as_json: bool) -> None:
    """Make a new key of 32 random bytes in FILE, readable by you alone. Keep it: the same key gives the same pseudonyms."""
    _new_key(file)
    if as_json:
        emit_json({"key_file": str(file)})
        return
    click.echo(f"made {file}: keep it safe and apart from the data; who holds it can compute pseudonyms")


def research_secret(settings: environment.Settings, key_file: Path | None) -> bytes:
    """The research key: of the file named, of the settings, else one of the user's own, made on first use. Raises ConfigError."""
    if key_file:
        return key_file.read_bytes()
    if settings.research_key:
        return read_secret("RESEARCH_KEY", settings.research_key)
    own = environment.user_state_dir(settings) / "research.key"
    if not own.exists():
        own.parent.mkdir(parents=True, exist_ok=True)
        _new_key(own)
        click.echo(
            f"no key was named: made one of your own in {own}; keep it, the same key gives the same pseudonyms",
            err=True,
        )
    return own.read_bytes()


def _new_key(file: Path) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"{file} exists; a key is never overwritten") from None
    except OSError:
        raise ConfigError(f"{file} cannot be written") from None
    with os.fdopen(descriptor, "w") as target:
        target.write(secrets.token_hex(32) + "\n")
