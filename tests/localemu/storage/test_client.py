"""What google-cloud-storage does with its own calls, against the emulator."""

import base64
import datetime
import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor

import google_crc32c
import pytest
from google.api_core import exceptions
from google.cloud import storage

from tests.localemu.storage.conftest import BUCKET, Server

NAMES = [
    "a/b/c.dcm",
    "späce ünd/雪.dcm",
    "100%25/%2F",
    "q?x=1&y#z",
    "plus+sign",
    "tab\there",
    "trailing/",
    "~tilde_-.",
    "a//b",
    "'\"<>",
]


@pytest.mark.parametrize("name", NAMES)
def test_an_object_comes_back_under_any_name(bucket: storage.Bucket, name: str) -> None:
    bucket.blob(name).upload_from_string(b"content", content_type="application/dicom")
    assert bucket.blob(name).download_as_bytes() == b"content"
    assert [blob.name for blob in bucket.list_blobs()] == [name]
    bucket.blob(name).delete()
    assert not bucket.blob(name).exists()


def test_the_resource_says_what_was_uploaded(bucket: storage.Bucket, server: Server) -> None:
    data = os.urandom(1000)
    blob = bucket.blob("x")
    blob.metadata = {"batch": "b1", "ключ": "значение"}
    blob.cache_control = "no-store"
    blob.custom_time = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    blob.upload_from_string(data, content_type="application/dicom", checksum="md5")
    found = bucket.get_blob("x")
    assert found is not None
    assert (found.size, found.content_type, found.metageneration) == (1000, "application/dicom", 1)
    assert found.md5_hash == base64.b64encode(hashlib.md5(data).digest()).decode()
    assert found.crc32c == base64.b64encode(google_crc32c.Checksum(data).digest()).decode()
    assert found.metadata == {"batch": "b1", "ключ": "значение"}
    assert found.cache_control == "no-store" and found.storage_class == "STANDARD"
    assert found.custom_time == datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert found.generation == blob.generation and found.time_created is not None
    assert str(found.media_link).startswith(server.url + "/download/storage/v1/")
    assert found.download_as_bytes() == data


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 256 * 1024 + 1, 700_000, 1024 * 1024])
def test_a_resumable_upload_in_pieces_gives_the_same_bytes(bucket: storage.Bucket, size: int) -> None:
    data = os.urandom(size)
    blob = bucket.blob("big", chunk_size=256 * 1024)
    blob.upload_from_file(io.BytesIO(data), size=size, if_generation_match=0)
    assert bucket.blob("big").download_as_bytes() == data
    assert blob.size == size


def test_a_file_object_writes_and_reads_with_unknown_total_size(bucket: storage.Bucket) -> None:
    data = os.urandom(900_001)
    with bucket.blob("stream").open("wb", chunk_size=256 * 1024) as stream:
        for at in range(0, len(data), 10_007):
            stream.write(data[at : at + 10_007])
    with bucket.blob("stream").open("rb", chunk_size=100_000) as reader:
        assert reader.read() == data
        reader.seek(500_000)
        assert reader.read(10) == data[500_000:500_010]


def test_ranged_and_chunked_downloads(bucket: storage.Bucket) -> None:
    data = os.urandom(1_000_000)
    bucket.blob("r").upload_from_string(data)
    assert bucket.blob("r").download_as_bytes(start=10, end=19) == data[10:20]
    assert bucket.blob("r").download_as_bytes(start=999_990) == data[999_990:]
    target = io.BytesIO()
    bucket.blob("r", chunk_size=256 * 1024).download_to_file(target)
    assert target.getvalue() == data
    with pytest.raises(exceptions.RequestRangeNotSatisfiable):
        bucket.blob("r").download_as_bytes(start=1_000_000)


def test_an_empty_object_downloads_in_chunks_too(bucket: storage.Bucket) -> None:
    bucket.blob("empty").upload_from_string(b"")
    target = io.BytesIO()
    bucket.blob("empty", chunk_size=256 * 1024).download_to_file(target)
    assert target.getvalue() == b""


def test_creating_twice_fails_and_keeps_the_first(bucket: storage.Bucket) -> None:
    bucket.blob("once").upload_from_string(b"first", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("once").upload_from_string(b"second", if_generation_match=0)
    assert bucket.blob("once").download_as_bytes() == b"first"


def test_exactly_one_of_many_concurrent_creators_wins(bucket: storage.Bucket) -> None:
    def create(number: int) -> int | None:
        try:
            bucket.blob("race").upload_from_string(str(number), if_generation_match=0)
        except exceptions.PreconditionFailed:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(create, range(24)) if number is not None]
    assert len(winners) == 1
    assert bucket.blob("race").download_as_bytes() == str(winners[0]).encode()


def test_preconditions_hold_on_every_verb(bucket: storage.Bucket) -> None:
    blob = bucket.blob("p")
    blob.upload_from_string(b"x")
    generation = blob.generation
    for call in (
        lambda: bucket.blob("p").reload(if_generation_match=generation + 1),
        lambda: bucket.blob("p").reload(if_metageneration_match=7),
        lambda: bucket.blob("p").download_as_bytes(if_generation_match=generation + 1),
        lambda: bucket.blob("p").delete(if_generation_match=generation + 1),
        lambda: bucket.blob("p").delete(if_metageneration_not_match=1),
        lambda: bucket.blob("p").patch(if_metageneration_match=2),
        lambda: bucket.blob("p").upload_from_string(b"y", if_generation_not_match=generation),
        lambda: bucket.blob("p").upload_from_string(b"y", if_metageneration_match=2),
        lambda: bucket.blob("new").upload_from_string(b"y", if_generation_not_match=0),
        lambda: bucket.copy_blob(blob, bucket, "q", if_source_generation_match=1),
        lambda: bucket.copy_blob(blob, bucket, "q", if_generation_match=1),
        lambda: bucket.blob("q").rewrite(blob, if_source_metageneration_match=2),
        lambda: bucket.blob("p").compose([blob], if_generation_match=1),
        lambda: bucket.blob("q").compose([blob], if_source_generation_match=[1]),
        lambda: bucket.blob("p").upload_from_file(io.BytesIO(b"z"), size=None, if_generation_match=0),
        lambda: bucket.reload(if_metageneration_match=99),
    ):
        with pytest.raises(exceptions.PreconditionFailed):
            call()
    for call in (
        lambda: bucket.blob("p").reload(if_generation_not_match=generation),
        lambda: bucket.blob("p").download_as_bytes(if_etag_not_match=blob.etag),
    ):
        with pytest.raises(exceptions.NotModified):
            call()
    assert bucket.blob("p").download_as_bytes(if_generation_match=generation, if_etag_match=blob.etag) == b"x"
    assert [found.name for found in bucket.list_blobs()] == ["p"]


def test_metadata_is_patched_and_replaced(bucket: storage.Bucket, server: Server) -> None:
    blob = bucket.blob("m")
    blob.metadata = {"a": "1", "b": "2"}
    blob.upload_from_string(b"x", content_type="text/plain")
    blob.metadata = {"a": None, "c": "3"}
    blob.content_language = "de"
    blob.patch(if_metageneration_match=1)
    assert (blob.metadata, blob.metageneration, blob.content_type) == ({"b": "2", "c": "3"}, 2, "text/plain")
    blob.metadata = {"only": "this"}
    blob.update()
    fresh = bucket.get_blob("m")
    assert (fresh.metadata, fresh.metageneration, fresh.content_language) == ({"only": "this"}, 3, "de")
    assert fresh.generation == blob.generation
    assert [kind for kind, _, _ in server.events()] == ["finalized", "metadataUpdated", "metadataUpdated"]


def test_listing_with_prefix_delimiter_offsets_and_pages(bucket: storage.Bucket) -> None:
    names = sorted(["a/1", "a/2", "a/b/3", "b", "c/1", "c/2", "d/", "d/x", "e"])
    for name in names:
        bucket.blob(name).upload_from_string(b"")
    assert [blob.name for blob in bucket.list_blobs(page_size=2)] == names
    assert [blob.name for blob in bucket.list_blobs(max_results=3)] == names[:3]
    assert [blob.name for blob in bucket.list_blobs(prefix="a/")] == ["a/1", "a/2", "a/b/3"]
    assert [blob.name for blob in bucket.list_blobs(start_offset="a/2", end_offset="c/2")] == [
        "a/2",
        "a/b/3",
        "b",
        "c/1",
    ]
    for page_size in (1, 2, 100):
        listing = bucket.list_blobs(delimiter="/", page_size=page_size)
        assert [blob.name for blob in listing] == ["b", "e"]
        assert listing.prefixes == {"a/", "c/", "d/"}
    listing = bucket.list_blobs(prefix="a/", delimiter="/")
    assert ([blob.name for blob in listing], listing.prefixes) == (["a/1", "a/2"], {"a/b/"})
    listing = bucket.list_blobs(delimiter="/", include_trailing_delimiter=True)
    assert [blob.name for blob in listing] == ["b", "d/", "e"]
    only_names = list(bucket.list_blobs(fields="items(name),nextPageToken", page_size=4))
    assert [blob.name for blob in only_names] == names and only_names[0].size is None


def test_thousands_under_one_prefix_are_one_step_of_the_listing(bucket: storage.Bucket, server: Server) -> None:
    bucket.blob("many/0000").upload_from_string(b"")
    copies = (
        "INSERT INTO objects SELECT bucket, 'many/' || printf('%04d', value), generation, metageneration, content, size, "
        "crc32c, md5, components, created, updated, fields FROM objects, numbers"
    )
    numbers = "WITH RECURSIVE numbers(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < 2999)"
    server.store.write(lambda cx: cx.execute(f"{numbers} {copies}") and None).result()
    bucket.blob("zz").upload_from_string(b"")
    listing = bucket.list_blobs(delimiter="/")
    assert ([blob.name for blob in listing], listing.prefixes) == (["zz"], {"many/"})
    assert server.store.list_names(BUCKET, "many/") == [f"many/{number:04}" for number in range(3000)]
    assert len(list(bucket.list_blobs(page_size=999))) == 3001


def test_copy_and_rewrite_keep_bytes_and_metadata(bucket: storage.Bucket, server: Server) -> None:
    blob = bucket.blob("src")
    blob.metadata = {"k": "v"}
    blob.upload_from_string(b"bytes", content_type="application/dicom")
    copied = bucket.copy_blob(blob, bucket, "copy/ü", if_generation_match=0)
    assert (copied.metadata, copied.content_type, copied.size) == ({"k": "v"}, "application/dicom", 5)
    target = bucket.blob("rewritten")
    assert target.rewrite(bucket.blob("src"), if_generation_match=0) == (None, 5, 5)
    assert (target.metadata, target.content_type) == ({"k": "v"}, "application/dicom")
    blob.delete()
    assert bucket.blob("copy/ü").download_as_bytes() == bucket.blob("rewritten").download_as_bytes() == b"bytes"
    assert [kind for kind, _, _ in server.events()] == ["finalized", "finalized", "finalized", "deleted"]


def test_an_object_copied_onto_itself_stays_readable_when_garbage_is_purged(
    bucket: storage.Bucket, server: Server
) -> None:
    blob = bucket.blob("self")
    blob.upload_from_string(b"bytes")
    first = blob.generation
    blob.update_storage_class("NEARLINE")
    assert blob.storage_class == "NEARLINE" and blob.generation > first
    server.store.write(lambda cx: cx.execute("UPDATE garbage SET since=0") and None).result()
    server.store.write(lambda cx: server.store._purge(cx)).result()
    assert bucket.blob("self").download_as_bytes() == b"bytes"


def test_compose_joins_in_order(bucket: storage.Bucket) -> None:
    parts = []
    for number in range(32):
        part = bucket.blob(f"part{number}")
        part.upload_from_string(bytes([number]) * 10)
        parts.append(part)
    whole = bucket.blob("whole")
    whole.content_type = "application/dicom"
    whole.compose(parts, if_generation_match=0)
    expected = b"".join(bytes([number]) * 10 for number in range(32))
    assert bucket.blob("whole").download_as_bytes() == expected
    found = bucket.get_blob("whole")
    assert (found.component_count, found.md5_hash, found.size, found.content_type) == (
        32,
        None,
        320,
        "application/dicom",
    )
    assert found.crc32c == base64.b64encode(google_crc32c.Checksum(expected).digest()).decode()
    whole.compose([whole, parts[0]])
    assert bucket.get_blob("whole").component_count == 33
    with pytest.raises(exceptions.BadRequest):
        bucket.blob("more").compose([*parts, parts[0]])
    with pytest.raises(exceptions.NotFound):
        bucket.blob("more").compose([bucket.blob("absent")])


def test_buckets_are_made_listed_changed_and_removed(client: storage.Client) -> None:
    bucket = client.create_bucket("demo-second", location="europe-west3")
    assert (bucket.location, bucket.storage_class, bucket.iam_configuration.uniform_bucket_level_access_enabled) == (
        "EUROPE-WEST3",
        "STANDARD",
        True,
    )
    with pytest.raises(exceptions.Conflict):
        client.create_bucket("demo-second")
    assert "demo-second" in [found.name for found in client.list_buckets(page_size=1)]
    assert [found.name for found in client.list_buckets(prefix="demo-sec")] == ["demo-second"]
    bucket.labels = {"site": "clinic-a"}
    bucket.patch(if_metageneration_match=1)
    assert client.get_bucket("demo-second").labels == {"site": "clinic-a"}
    bucket.storage_class = "NEARLINE"
    bucket.labels = {}
    bucket.update()
    assert (client.get_bucket("demo-second").labels, bucket.metageneration) == ({}, 3)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.patch(if_metageneration_match=1)
    blob = bucket.blob("x")
    blob.upload_from_string(b"")
    assert blob.storage_class == "NEARLINE"
    with pytest.raises(exceptions.Conflict):
        bucket.delete()
    bucket.delete(force=True)
    assert client.lookup_bucket("demo-second") is None
    with pytest.raises(exceptions.NotFound):
        bucket.blob("x").upload_from_string(b"")


def test_a_batch_carries_out_all_its_requests(client: storage.Client, bucket: storage.Bucket) -> None:
    for number in range(5):
        bucket.blob(f"ä{number}").upload_from_string(b"x")
    with client.batch():
        for number in range(5):
            bucket.blob(f"ä{number}").delete()
    assert list(bucket.list_blobs()) == []
    bucket.blob("kept").upload_from_string(b"x")
    with pytest.raises(exceptions.NotFound), client.batch():
        bucket.blob("kept").patch()
        bucket.blob("absent").delete()


def test_what_is_not_emulated_is_refused_by_name(client: storage.Client, bucket: storage.Bucket) -> None:
    blob = bucket.blob("n")
    blob.upload_from_string(b"x")
    blob.temporary_hold = True
    refusals = {
        "matchGlob": lambda: list(bucket.list_blobs(match_glob="*")),
        "softDeleted": lambda: list(bucket.list_blobs(soft_deleted=True)),
        "predefinedAcl": lambda: bucket.blob("n").upload_from_string(b"", predefined_acl="publicRead"),
        "IAM": bucket.get_iam_policy,
        "access control": lambda: bucket.acl.reload(),
        "holds": blob.patch,
        "keys": lambda: bucket.blob("k", encryption_key=b"0" * 32).upload_from_string(b""),
        "kmsKeyName": lambda: bucket.blob("k", kms_key_name="projects/p/k").upload_from_string(b""),
        "moving": lambda: bucket.move_blob(bucket.blob("n"), "o"),
        "notifications": lambda: list(bucket.list_notifications()),
        "versioning": lambda: _versioned(client),
    }
    for name, call in refusals.items():
        with pytest.raises((exceptions.MethodNotImplemented, exceptions.ServerError)) as refusal:
            call()
        assert refusal.value.code == 501, name
        assert "localemu does not emulate" in str(refusal.value)


def _versioned(client: storage.Client) -> None:
    bucket = client.bucket("demo-versioned")
    bucket.versioning_enabled = True
    client.create_bucket(bucket)


def test_compressed_content_is_sent_as_stored_or_inflated(bucket: storage.Bucket) -> None:
    import gzip

    plain = b"text " * 50_000
    packed = gzip.compress(plain)
    blob = bucket.blob("z")
    blob.content_encoding = "gzip"
    blob.upload_from_string(packed, content_type="text/plain")
    assert bucket.blob("z").download_as_bytes() == plain
    assert bucket.blob("z").download_as_bytes(raw_download=True) == packed


def test_an_overwrite_tells_of_both_generations(bucket: storage.Bucket, server: Server) -> None:
    blob = bucket.blob("o")
    blob.upload_from_string(b"1")
    first = blob.generation
    blob.upload_from_string(b"2")
    second = blob.generation
    bucket.blob("o").delete()
    assert server.events() == [
        ("finalized", "o", str(first)),
        ("deleted", "o", str(first)),
        ("finalized", "o", str(second)),
        ("deleted", "o", str(second)),
    ]
    assert second > first
