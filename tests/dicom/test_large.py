"""Large objects: read where they are, written and proven in parts, and proven no less."""

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.dicom import deidentify, read_raw, verify
from dicomlake.dicom.slices import SliceReader, chunks
from dicomlake.errors import PermanentError
from dicomlake.pseudonyms import SiteKey
from dicomlake.rules import Profile
from tests.dicom.builders import instance
from tests.dicom.conftest import identity

PICTURE = bytes(range(256)) * 8192 * 5  # 10 MiB: above what is compared in memory


@given(st.lists(st.binary(max_size=9), max_size=6), st.integers(0, 40), st.integers(-1, 40))
def test_slices_read_as_the_file_they_make_up(slices: list[bytes], place: int, size: int) -> None:
    whole, reader = io.BytesIO(b"".join(slices)), SliceReader(slices)
    whole.seek(place)
    reader.seek(place)
    assert reader.read(size) == whole.read(size)
    assert reader.tell() == min(reader.tell(), max(place, whole.getbuffer().nbytes))
    assert b"".join(chunks(slices)) == whole.getvalue()


def large(profile: Profile, key: SiteKey, **attributes: object) -> tuple[object, object]:
    raw = read_raw(instance(Rows=2048, Columns=2560, PixelData=PICTURE, **attributes))
    return raw, deidentify(raw, profile, key, identity(raw))


def test_a_large_object_is_proven_without_its_picture_in_memory(profile: Profile, key: SiteKey) -> None:
    raw, clean = large(profile, key, ImageComments="thin slices of Okonkwo")
    verify(raw, clean, profile)  # type: ignore[arg-type]
    assert PICTURE in clean.to_bytes()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (PICTURE[-1:], b"\0"),  # one bit of the picture
        (b"Abdomen", b"Okonkwo"),  # a name in the header
    ],
)
def test_a_large_object_is_proven_no_less(old: bytes, new: bytes, profile: Profile, key: SiteKey) -> None:
    raw, clean = large(profile, key)
    data = clean.to_bytes()  # type: ignore[attr-defined]
    at = data.rindex(old)
    broken = replace(clean, slices=(data[:at] + new, data[at + len(old) :]))  # type: ignore[type-var]
    with pytest.raises(PermanentError, match="deid_failed"):
        verify(raw, broken, profile)  # type: ignore[arg-type]


MEASURE = """
import sys
from mmap import ACCESS_READ, mmap
from dicomlake.dicom import deidentify, read_raw, verify
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.rules import load_profile
from tests.dicom.conftest import identity
profile, key = load_profile("research"), DomainKey.from_secret(b"large" * 8, Domain.RESEARCH).site("clinic-a")
with open(sys.argv[1], "rb") as file:
    raw = read_raw(mmap(file.fileno(), 0, access=ACCESS_READ))
clean = deidentify(raw, profile, key, identity(raw))
verify(raw, clean, profile)
clean.object_name
with open(sys.argv[2], "wb") as file:
    file.writelines(clean.chunks())
with open("/proc/self/status") as file:  # ru_maxrss would tell of the process that started this one, too
    print("KIB", next(line.split()[1] for line in file if line.startswith("VmHWM")))
"""


def test_memory_does_not_grow_with_the_picture(tmp_path: Path) -> None:
    frames, size = 400, 400 * 1024 * 1024
    head = instance(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1", Rows=512, Columns=1024, NumberOfFrames=frames, PixelData=b""
    )
    with (tmp_path / "in").open("wb") as file:  # sparse: no disk is filled
        file.write(head[:-4] + size.to_bytes(4, "little"))
        file.truncate(len(head) + size)
    arguments = [str(tmp_path / name) for name in ("in", "out")]
    done = subprocess.run([sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True, check=False)
    assert (tmp_path / "out").stat().st_size > size, done.stderr
    assert int(done.stdout.rpartition("KIB")[2]) < 250 * 1024
