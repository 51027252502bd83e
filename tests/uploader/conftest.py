"""A storage emulator on a real port, with a tap in front of it that counts, breaks and delays requests on demand."""

import io
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dicomlake.lake import objects, storage_client
from dicomlake.settings import Settings
from tests.lake.serving import served

BUCKET = "demo-landing-clinic-a"
Message = MutableMapping[str, Any]


@dataclass
class Tap:
    """What happens to uploads: `before` may answer in the emulator's place, `after` replaces its answer. Both get the count of uploads so far."""

    uploads: int = 0
    before: Callable[[int], int | None] = lambda count: None
    after: Callable[[int], int | None] = lambda count: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        self.uploads = 0
        self.before = self.after = lambda count: None

    def wrap(self, app: Any) -> Any:
        async def tapped(
            scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
        ) -> None:
            if (
                scope["type"] != "http"
                or not scope["path"].startswith("/upload")
                or scope["method"] not in ("POST", "PUT")
            ):
                await app(scope, receive, send)
                return
            with self.lock:
                self.uploads += 1
                count = self.uploads
            early = self.before(count)
            if early is not None:
                while (await receive()).get("more_body"):
                    pass
                await _answer(send, early)
                return
            late = self.after(count)
            if late is None:
                await app(scope, receive, send)
                return

            async def swallowed(message: Message) -> None:
                del message

            await app(scope, receive, swallowed)
            await _answer(send, late)

        return tapped


async def _answer(send: Callable[[Message], Awaitable[None]], status: int) -> None:
    body = b'{"error": {"code": %d, "message": "tap"}}' % status
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Tap]]:
    from localemu.storage import storage_app
    from localemu.store import Store

    store = Store(tmp_path_factory.mktemp("storage"))
    tap = Tap()
    with served(tap.wrap(storage_app(store))) as url:
        yield url, tap


@pytest.fixture
def tap(emulator: tuple[str, Tap]) -> Iterator[Tap]:
    emulator[1].reset()
    yield emulator[1]
    emulator[1].reset()


@pytest.fixture
def client(emulator: tuple[str, Tap], tap: Tap, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator[0])
    made = storage_client(Settings(prefix="demo", emulated=True))
    if made.lookup_bucket(BUCKET) is None:
        made.create_bucket(BUCKET)
    return made


@dataclass
class Landing:
    """What is in the landing bucket below a batch."""

    client: Any

    def names(self, batch: str) -> list[str]:
        return [name.removeprefix(f"{batch}/") for name in objects.names(self.client, BUCKET, f"{batch}/")]

    def read(self, batch: str, path: str) -> bytes:
        return objects.read(self.client, BUCKET, f"{batch}/{path}", None, 1 << 30)


@pytest.fixture
def landing(client: Any) -> Landing:
    return Landing(client)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "export"
    made.mkdir()
    return made


def dicom(accession: str = "ACC1", study: str = "1.2.3", pixels: int = 64) -> bytes:
    """A small CT object of synthetic identity."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = (
        f"{study}.1.{abs(hash((accession, pixels))) % 10**9 + 1}"
    )
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, f"{study}.1"
    ds.AccessionNumber, ds.PatientID, ds.Modality = accession, "SYNTHETIC-1", "CT"
    rows = max(1, pixels // 2048)
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.BitsAllocated = rows, pixels // 2 // rows, 1, 16
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation, ds.PhotometricInterpretation = 16, 15, 0, "MONOCHROME2"
    ds.PixelData = bytes(pixels)
    ds["PixelData"].VR = "OW"
    stream = io.BytesIO()
    ds.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
