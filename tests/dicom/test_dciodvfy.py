"""An independent checker of IODs (dciodvfy of Debian's dicom3tools) finds no error in the copy that the original did not have."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from dicomlake.dicom import deidentify, read_raw
from dicomlake.errors import PermanentError
from dicomlake.pseudonyms import SiteKey
from dicomlake.rules import load_profile
from tests.dicom.conftest import identity, packaged_files

CHECKER = shutil.which("dciodvfy")


def errors(path: Path) -> Counter[str]:
    """The errors of a file; values, which differ, are left out of them."""
    done = subprocess.run([str(CHECKER), str(path)], capture_output=True, check=False, timeout=60)
    lines = (
        re.sub(r"(?<=UID )0\b|[0-9]+(\.[0-9]+)+", "UID", line) for line in done.stderr.decode("latin-1").splitlines()
    )
    return Counter(line for line in lines if line.startswith("Error"))


@pytest.mark.skipif(CHECKER is None, reason="dciodvfy is not installed (apt-get install dicom3tools)")
@pytest.mark.parametrize("name", ["research", "basic", "full_dates"])
def test_a_clean_copy_has_no_error_its_original_has_not(name: str, key: SiteKey, tmp_path: Path) -> None:
    profile = load_profile(name)
    new: Counter[str] = Counter()
    checked = 0
    for path in packaged_files():
        try:
            raw = read_raw(path.read_bytes())
        except PermanentError:
            continue
        if raw.status == "legacy" or raw.syntax.deflated or len(raw.data) > 400_000:
            continue  # the checker cannot read the original
        copy = tmp_path / "copy.dcm"
        copy.write_bytes(deidentify(raw, profile, key, identity(raw)).to_bytes())
        for error in errors(copy) - errors(path):
            new[error] += 1
        checked += 1
    assert checked > 60
    assert not new
