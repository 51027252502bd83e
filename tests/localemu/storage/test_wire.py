"""What stands on the wire and the real client can't send: statuses, headers, bodies, broken and contradictory requests."""

import base64
import gzip
import hashlib
import json
import os
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import google_crc32c
import pytest
import requests

from localemu.storage.resources import etag
from localemu.store import Store
from tests.localemu.storage.conftest import BUCKET, Raw, Server, running, state_files

pytestmark = pytest.mark.usefixtures("bucket")
UPLOAD = f"/upload/storage/v1/b/{BUCKET}/o"
QUANTUM = 256 * 1024


def reason(response: requests.Response) -> tuple[int, str]:
    error = response.json()["error"]
    assert error["code"] == response.status_code and error["errors"][0]["message"] == error["message"]
    return response.status_code, error["errors"][0]["reason"]


def crc(data: bytes) -> str:
    return base64.b64encode(google_crc32c.Checksum(data).digest()).decode()


def md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def test_the_resource_has_the_form_of_the_reference_event(raw: Raw, server: Server) -> None:
    resource = raw.upload("site1/study/IM 1.dcm", b"abc", headers={"content-type": "application/dicom"}).json()
    generation = resource["generation"]
    assert resource["kind"] == "storage#object"
    assert resource["id"] == f"{BUCKET}/site1/study/IM 1.dcm/{generation}"
    assert resource["selfLink"].endswith(f"/b/{BUCKET}/o/site1%2Fstudy%2FIM%201.dcm")
    assert (resource["size"], resource["metageneration"], resource["etag"]) == ("3", "1", etag(int(generation), 1))
    assert (resource["md5Hash"], resource["crc32c"]) == (md5(b"abc"), crc(b"abc"))
    assert len(resource["timeCreated"]) == len("2026-11-20T20:00:00.123Z") and resource["timeCreated"].endswith("Z")
    [row] = server.store.read(lambda cx: cx.execute("SELECT * FROM outbox").fetchall())
    event = json.loads(row["resource"])
    assert event["mediaLink"].startswith("https://storage.googleapis.com/download/storage/v1/")
    assert {key: event[key] for key in event if "Link" not in key} == {
        key: resource[key] for key in resource if "Link" not in key
    }
    assert row["type"] == "google.cloud.storage.object.v1.finalized" and row["created_at"].endswith("Z")


def test_the_etag_is_the_services_own() -> None:
    # The reference event gives a generation and an etag of the same form; this pair is computed by hand: 300 = AC 02.
    assert base64.b64decode(etag(300, 1)) == b"\x08\xac\x02\x10\x01"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/storage/v1/b/absent-bucket", (404, "notFound")),
        ("GET", "/storage/v1/b/absent-bucket/o", (404, "notFound")),
        ("GET", f"/storage/v1/b/{BUCKET}/o/absent", (404, "notFound")),
        ("DELETE", f"/storage/v1/b/{BUCKET}/o/absent?ifGenerationMatch=5", (404, "notFound")),
        ("GET", f"/storage/v1/b/{BUCKET}/o/absent?generation=12", (404, "notFound")),
        ("GET", f"/storage/v1/b/{BUCKET}/o/x?ifGenerationMatch=one", (400, "invalid")),
        ("GET", f"/storage/v1/b/{BUCKET}/o/%FF", (400, "invalid")),
        ("GET", f"/storage/v1/b/{BUCKET}/o?maxResults=-1", (400, "invalid")),
        ("GET", f"/storage/v1/b/{BUCKET}/o?pageToken=%21%21", (400, "invalid")),
        ("GET", f"/storage/v1/b/{BUCKET}/o?fields=items(name", (400, "invalid")),
        ("GET", f"/storage/v1/b/{BUCKET}/o?newFeature=1", (501, "notImplemented")),
        ("GET", f"/storage/v1/b/{BUCKET}/iam", (501, "notImplemented")),
        ("GET", f"/{BUCKET}/x", (501, "notImplemented")),
        ("PUT", f"/{BUCKET}/x", (501, "notImplemented")),
        ("POST", f"/storage/v1/b/{BUCKET}/o", (501, "notImplemented")),
        ("GET", "/storage/v1/nothing", (404, "notFound")),
        ("PATCH", "/storage/v1/b", (405, "methodNotAllowed")),
        ("POST", f"{UPLOAD}?uploadType=media", (400, "required")),
        ("POST", f"{UPLOAD}?uploadType=resumable", (400, "required")),
        ("POST", f"{UPLOAD}?uploadType=other&name=x", (400, "invalid")),
        ("POST", f"{UPLOAD}?uploadType=media&name=a%0Ab", (400, "invalid")),
        ("POST", f"{UPLOAD}?uploadType=media&name=a%0Db", (400, "invalid")),
        ("POST", f"{UPLOAD}?uploadType=media&name=..", (400, "invalid")),
        ("POST", f"{UPLOAD}?uploadType=media&name={'ä' * 513}", (400, "invalid")),
        ("POST", "/upload/storage/v1/b/absent-bucket/o?uploadType=media&name=x", (404, "notFound")),
        ("POST", "/upload/storage/v1/b/absent-bucket/o?uploadType=resumable&name=x", (404, "notFound")),
        ("PUT", f"{UPLOAD}?uploadType=resumable&upload_id=unknown", (404, "notFound")),
        ("POST", "/batch/storage/v1", (400, "invalid")),
    ],
)
def test_errors_have_the_services_status_and_reason(
    raw: Raw, method: str, path: str, expected: tuple[int, str]
) -> None:
    assert reason(raw(method, path)) == expected


@pytest.mark.parametrize(
    "name", ["ab", "UPPER", "under_", "-a-", "192.168.0.1", "a" * 64, "double..dot", "my-google", "goog-x", None, 5]
)
def test_bad_bucket_names_are_refused(raw: Raw, name: Any) -> None:
    assert reason(raw("POST", "/storage/v1/b?project=local", json={"name": name})) == (400, "invalid")


def test_a_name_of_1024_bytes_is_the_longest(raw: Raw) -> None:
    assert raw.upload("ä" * 512, b"").status_code == 200
    assert raw("GET", raw.object_path("ä" * 512)).json()["name"] == "ä" * 512


def test_escaped_slash_in_a_name_is_not_a_slash(raw: Raw) -> None:
    raw.upload("a%2Fb", b"escaped")
    raw.upload("a/b", b"slash")
    assert raw("GET", raw.object_path("a%2Fb") + "?alt=media").content == b"escaped"
    assert raw("GET", raw.object_path("a/b") + "?alt=media").content == b"slash"
    assert raw("GET", f"/storage/v1/b/{BUCKET}/o/a/b").status_code == 404


@pytest.mark.parametrize(
    ("header", "status", "expected", "content_range"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-4", 206, b"6789", "bytes 6-9/10"),
        ("bytes=-40", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=-0", 416, None, "bytes */10"),
        ("bytes=5-2", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 501, None, None),
    ],
)
def test_ranges(raw: Raw, header: str, status: int, expected: bytes | None, content_range: str | None) -> None:
    raw.upload("r", b"0123456789")
    response = raw("GET", f"/download{raw.object_path('r')}?alt=media", headers={"range": header})
    assert (response.status_code, response.headers.get("content-range")) == (status, content_range)
    if expected is not None:
        assert response.content == expected


def test_downloads_carry_the_services_headers(raw: Raw) -> None:
    metadata = {
        "contentDisposition": 'attachment; filename="Bücher.pdf"',
        "cacheControl": "no-store",
        "contentType": "text/x",
    }
    raw.upload("h", b"abc")
    raw("PATCH", raw.object_path("h"), json=metadata)
    response = raw("GET", f"{raw.object_path('h')}?alt=media")
    generation = raw("GET", raw.object_path("h")).json()["generation"]
    assert response.headers["x-goog-hash"] == f"crc32c={crc(b'abc')},md5={md5(b'abc')}"
    assert (response.headers["x-goog-generation"], response.headers["x-goog-metageneration"]) == (generation, "2")
    assert (response.headers["content-type"], response.headers["cache-control"]) == ("text/x", "no-store")
    assert response.headers["content-disposition"].encode("latin-1").decode() == metadata["contentDisposition"]
    assert raw("GET", f"{raw.object_path('h')}?alt=media&generation={generation}").content == b"abc"
    assert raw("GET", f"{raw.object_path('h')}?alt=media&generation={int(generation) + 1}").status_code == 404


def test_304_has_no_body(raw: Raw) -> None:
    tag = raw.upload("n", b"abc").json()["etag"]
    response = raw("GET", raw.object_path("n"), headers={"if-none-match": tag})
    assert (response.status_code, response.content) == (304, b"")
    assert raw("PATCH", raw.object_path("n"), json={}, headers={"if-match": "other"}).status_code == 412


def test_gzip_is_inflated_for_a_client_that_does_not_take_it(raw: Raw) -> None:
    plain = os.urandom(100) * 20_000
    raw.upload("z", gzip.compress(plain), "&contentEncoding=gzip")
    response = raw(
        "GET", f"{raw.object_path('z')}?alt=media", headers={"accept-encoding": "identity", "range": "bytes=0-3"}
    )
    assert (response.status_code, response.headers.get("content-encoding")) == (200, None)
    assert response.content == plain


@pytest.mark.parametrize(
    "headers",
    [
        {"x-goog-hash": f"crc32c={crc(b'other')}"},
        {"x-goog-hash": f"crc32c={crc(b'data')},md5={md5(b'other')}"},
        {"content-md5": md5(b"other")},
        {"x-goog-hash": "md5=not base64"},
    ],
)
def test_a_wrong_checksum_leaves_no_object(raw: Raw, server: Server, headers: dict[str, str]) -> None:
    before = state_files(server.store.root)
    assert reason(raw.upload("c", b"data", headers=headers)) == (400, "invalid")
    assert raw("GET", raw.object_path("c")).status_code == 404
    assert server.events() == [] and state_files(server.store.root) == before


def test_right_checksums_pass(raw: Raw) -> None:
    headers = {"x-goog-hash": f"crc32c={crc(b'data')},md5={md5(b'data')}", "content-md5": md5(b"data")}
    assert raw.upload("c", b"data", headers=headers).status_code == 200


def multipart(
    raw: Raw, metadata: object, media: bytes, query: str = "", newline: str = "\r\n", boundary: str = "xyz"
) -> requests.Response:
    head = f"--{boundary}{newline}Content-Type: application/json{newline}{newline}{json.dumps(metadata)}{newline}"
    head += f"--{boundary}{newline}Content-Type: application/dicom{newline}{newline}"
    body = head.encode() + media + f"{newline}--{boundary}--".encode()
    headers = {"content-type": f'multipart/related; boundary="{boundary}"'}
    return raw("POST", f"{UPLOAD}?uploadType=multipart{query}", data=body, headers=headers)


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize(
    "media", [b"", b"x", b"\r\n", b"\r\n--xy", b"\r\n--xyz0\r\n--xyzz", b" --xyz--", b"\n\n\r", os.urandom(300_000)]
)
def test_multipart_media_of_any_bytes_arrives_unchanged(raw: Raw, media: bytes, newline: str) -> None:
    response = multipart(
        raw, {"name": "m", "metadata": {"k": "v"}, "md5Hash": md5(media), "crc32c": crc(media)}, media, newline=newline
    )
    assert response.status_code == 200, response.text
    assert (response.json()["contentType"], response.json()["metadata"]) == ("application/dicom", {"k": "v"})
    assert raw("GET", f"{raw.object_path('m')}?alt=media").content == media


def test_multipart_faults_leave_no_object(raw: Raw, server: Server) -> None:
    before = state_files(server.store.root)
    assert reason(multipart(raw, {"name": "m", "md5Hash": md5(b"other")}, b"data")) == (400, "invalid")
    assert reason(multipart(raw, {}, b"data")) == (400, "required")
    assert reason(multipart(raw, [], b"data")) == (400, "invalid")
    assert reason(multipart(raw, {"name": "m", "retention": {"mode": "Locked"}}, b"data")) == (501, "notImplemented")
    assert reason(multipart(raw, {"name": "m", "unheardOf": 1}, b"data")) == (501, "notImplemented")
    assert reason(multipart(raw, {"name": "m", "contentType": "a\r\nb: c"}, b"data")) == (400, "invalid")
    assert reason(multipart(raw, {"name": "m", "metadata": {"k": 1}}, b"data")) == (400, "invalid")
    headers = {"content-type": "multipart/related; boundary=b"}
    for body in (
        b"",
        b"garbage",
        b'--b\r\n\r\n{"name":"m"}\r\n--b\r\n\r\nhalf',
        b"--b\r\n\r\n{bad\r\n--b\r\n\r\nx\r\n--b--",
    ):
        assert raw("POST", f"{UPLOAD}?uploadType=multipart", data=body, headers=headers).status_code == 400
    three = b'--b\r\n\r\n{"name":"m"}\r\n--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--'
    assert raw("POST", f"{UPLOAD}?uploadType=multipart", data=three, headers=headers).status_code == 400
    assert (
        raw("POST", f"{UPLOAD}?uploadType=multipart", data=b"x", headers={"content-type": "text/plain"}).status_code
        == 400
    )
    assert server.events() == [] and state_files(server.store.root) == before


def test_the_name_parameter_overrides_the_metadata(raw: Raw) -> None:
    assert multipart(raw, {"name": "inner"}, b"x", "&name=outer").json()["name"] == "outer"


def start(raw: Raw, query: str = "name=r", **options: Any) -> str:
    response = raw("POST", f"{UPLOAD}?uploadType=resumable&{query}", **options)
    assert response.status_code == 200, response.text
    location = response.headers["location"]
    assert location.startswith(raw.url + "/upload/")
    return location.removeprefix(raw.url)


def put(raw: Raw, path: str, data: bytes, content_range: str | None, **headers: str) -> requests.Response:
    return raw(
        "PUT", path, data=data, headers={**({"content-range": content_range} if content_range else {}), **headers}
    )


def test_a_resumable_upload_in_pieces_of_unknown_total(raw: Raw) -> None:
    data = os.urandom(2 * QUANTUM + 17)
    path = start(raw, json={"contentType": "application/dicom"})
    assert put(raw, path, b"", "bytes */*").headers.get("range") is None
    first = put(raw, path, data[:QUANTUM], f"bytes 0-{QUANTUM - 1}/*")
    assert (first.status_code, first.headers["range"]) == (308, f"bytes=0-{QUANTUM - 1}")
    second = put(raw, path, data[QUANTUM : 2 * QUANTUM], f"bytes {QUANTUM}-{2 * QUANTUM - 1}/*")
    assert second.headers["range"] == f"bytes=0-{2 * QUANTUM - 1}"
    assert put(raw, path, b"", f"bytes */{len(data)}").status_code == 308
    last = put(raw, path, data[2 * QUANTUM :], f"bytes {2 * QUANTUM}-{len(data) - 1}/{len(data)}")
    assert (last.status_code, last.json()["size"], last.json()["md5Hash"]) == (200, str(len(data)), md5(data))
    # The reply may have been lost: whoever asks again is told the same.
    assert put(raw, path, b"", f"bytes */{len(data)}").json() == last.json()
    assert put(raw, path, data[2 * QUANTUM :], f"bytes {2 * QUANTUM}-{len(data) - 1}/{len(data)}").json() == last.json()


def test_a_piece_that_is_no_multiple_is_kept_in_part(raw: Raw) -> None:
    data = os.urandom(QUANTUM + 1000)
    path = start(raw)
    assert put(raw, path, data, f"bytes 0-{len(data) - 1}/*").headers["range"] == f"bytes=0-{QUANTUM - 1}"
    last = put(raw, path, data[QUANTUM:], f"bytes {QUANTUM}-{len(data) - 1}/{len(data)}")
    assert last.json()["crc32c"] == crc(data)


def test_bytes_sent_again_are_skipped_and_gaps_refused(raw: Raw) -> None:
    data = os.urandom(3 * QUANTUM)
    path = start(raw)
    put(raw, path, data[: 2 * QUANTUM], f"bytes 0-{2 * QUANTUM - 1}/*")
    assert reason(put(raw, path, data[:10], f"bytes {3 * QUANTUM}-{3 * QUANTUM + 9}/*")) == (503, "backendError")
    last = put(raw, path, data[QUANTUM:], f"bytes {QUANTUM}-{len(data) - 1}/{len(data)}")
    assert (last.status_code, last.json()["md5Hash"]) == (200, md5(data))


@pytest.mark.parametrize(
    "content_range",
    ["bytes 0-9/5", "bytes 5-2/10", "bytes 0-3/*", "bytes 0-99/*", "items 0-9/10", "bytes 0-9", "bytes */-1"],
)
def test_a_contradictory_piece_changes_nothing(raw: Raw, content_range: str) -> None:
    path = start(raw)
    assert reason(put(raw, path, b"0123456789", content_range)) == (400, "invalid")
    assert put(raw, path, b"0123456789", "bytes 0-9/10").json()["md5Hash"] == md5(b"0123456789")


def test_bytes_of_a_refused_piece_are_cut_off(raw: Raw, server: Server) -> None:
    path = start(raw)
    too_long = raw(
        "PUT", path, data=iter([bytes(1 << 20)] * 3), headers={"content-range": f"bytes 0-{(1 << 21) - 1}/{1 << 21}"}
    )
    assert reason(too_long) == (400, "invalid")
    assert put(raw, path, b"01234", "bytes 0-4/5").json()["md5Hash"] == md5(b"01234")
    assert server.store.open_object(BUCKET, "r").read_bytes() == b"01234"


def test_an_empty_object_and_one_of_a_single_put(raw: Raw) -> None:
    assert put(raw, start(raw, "name=e"), b"", "bytes */0").json()["size"] == "0"
    assert put(raw, start(raw, "name=e2"), b"", None).json()["size"] == "0"
    assert put(raw, start(raw, "name=w"), b"whole", None).json()["crc32c"] == crc(b"whole")
    chunked = raw("PUT", start(raw, "name=w2"), data=iter([b"who", b"le"]))
    assert chunked.json()["crc32c"] == crc(b"whole")


def test_the_announced_length_must_be_met(raw: Raw) -> None:
    path = start(raw, headers={"x-upload-content-length": "5", "x-upload-content-type": "text/plain"})
    assert put(raw, path, b"0123456789", "bytes 0-9/10").status_code == 400
    assert put(raw, path, b"01234", "bytes 0-4/5").json()["contentType"] == "text/plain"


def test_preconditions_of_a_resumable_upload_hold_at_both_ends(raw: Raw) -> None:
    path = start(raw, "name=r&ifGenerationMatch=0")
    raw.upload("r", b"in between")
    assert reason(put(raw, path, b"late", "bytes 0-3/4")) == (412, "conditionNotMet")
    assert reason(put(raw, path, b"late", "bytes 0-3/4")) == (404, "notFound")
    refused = raw("POST", f"{UPLOAD}?uploadType=resumable&name=r&ifGenerationMatch=0")
    assert reason(refused) == (412, "conditionNotMet")
    assert raw("GET", f"{raw.object_path('r')}?alt=media").content == b"in between"


@pytest.mark.parametrize("where", ["metadata", "start", "last"])
def test_checksums_of_a_resumable_upload_are_checked(raw: Raw, where: str) -> None:
    wrong = {"x-goog-hash": f"crc32c={crc(b'other')}"}
    path = start(
        raw, json={"md5Hash": md5(b"other")} if where == "metadata" else {}, headers=wrong if where == "start" else {}
    )
    assert reason(put(raw, path, b"data", "bytes 0-3/4", **(wrong if where == "last" else {}))) == (400, "invalid")
    assert raw("GET", raw.object_path("r")).status_code == 404


def test_a_cancelled_upload_is_gone(raw: Raw) -> None:
    path = start(raw)
    put(raw, path, bytes(QUANTUM), f"bytes 0-{QUANTUM - 1}/*")
    assert raw("DELETE", path).status_code == 499
    assert put(raw, path, b"", "bytes */*").status_code == 404


def test_308_can_be_asked_as_200(raw: Raw) -> None:
    response = put(raw, start(raw), b"", "bytes */*", **{"x-guploader-no-308": "yes"})
    assert (response.status_code, response.headers["x-http-status-code-override"]) == (200, "308")


def half_sent(server: Server, request: str, headers: str, body: bytes) -> None:
    """Send the beginning of a request, then hang up."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(f"{request} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n\r\n".encode() + body)


def test_an_interrupted_piece_is_resumed_where_it_broke(raw: Raw, server: Server) -> None:
    data = os.urandom(4 * QUANTUM)
    path = start(raw)
    headers = f"Content-Length: {len(data)}\r\nContent-Range: bytes 0-{len(data) - 1}/{len(data)}"
    half_sent(server, f"PUT {path}", headers, data[: 2 * QUANTUM + 100])
    status = put(raw, path, b"", f"bytes */{len(data)}")
    for _ in range(100):
        if status.headers.get("range"):
            break
        time.sleep(0.02)
        status = put(raw, path, b"", f"bytes */{len(data)}")
    assert status.headers["range"] == f"bytes=0-{2 * QUANTUM - 1}"
    last = put(raw, path, data[2 * QUANTUM :], f"bytes {2 * QUANTUM}-{len(data) - 1}/{len(data)}")
    assert last.json()["md5Hash"] == md5(data)


def test_a_broken_upload_leaves_nothing(raw: Raw, server: Server) -> None:
    before = state_files(server.store.root)
    half_sent(server, f"POST {UPLOAD}?uploadType=media&name=torn", "Content-Length: 3000000", bytes(2_000_000))
    for _ in range(200):
        time.sleep(0.02)
        if state_files(server.store.root) == before:
            break
    assert state_files(server.store.root) == before
    assert raw("GET", raw.object_path("torn")).status_code == 404


def test_a_reader_in_the_middle_is_not_disturbed_by_delete_and_overwrite(raw: Raw, server: Server) -> None:
    data = os.urandom(30 << 20)
    raw.upload("d", data)
    with requests.get(f"{server.url}{raw.object_path('d')}?alt=media", stream=True, timeout=30) as response:
        got = response.raw.read(1000)
        raw.upload("d", b"new")
        assert raw("DELETE", raw.object_path("d")).status_code == 204
        server.store.write(lambda cx: cx.execute("UPDATE garbage SET since=0") and None).result()
        server.store.write(lambda cx: server.store._purge(cx)).result()
        assert got + response.raw.read() == data


def test_a_path_given_to_a_reader_outlives_the_object_for_a_while(raw: Raw, server: Server) -> None:
    raw.upload("p", b"bytes")
    path = server.store.open_object(BUCKET, "p")
    raw("DELETE", raw.object_path("p"))
    assert path.read_bytes() == b"bytes"
    with pytest.raises(LookupError):
        server.store.open_object(BUCKET, "p")


def test_rewrite_replaces_metadata_only_by_what_the_body_brings(raw: Raw) -> None:
    multipart(raw, {"name": "s", "metadata": {"k": "v"}}, b"x")
    path = f"{raw.object_path('s')}/rewriteTo/b/{BUCKET}/o/t"
    kept = raw("POST", path, json={"name": "t"}).json()
    assert kept["done"] is True and kept["resource"]["metadata"] == {"k": "v"}
    replaced = raw("POST", path, json={"contentType": "text/plain"}).json()["resource"]
    assert (replaced["contentType"], replaced.get("metadata")) == ("text/plain", None)
    assert reason(raw("POST", f"{path}?rewriteToken=x", json={})) == (400, "invalid")
    assert reason(raw("POST", f"{raw.object_path('absent')}/copyTo/b/{BUCKET}/o/t")) == (404, "notFound")
    assert reason(raw("POST", f"{raw.object_path('s')}/copyTo/b/absent-bucket/o/t")) == (404, "notFound")
    assert reason(raw("POST", f"{raw.object_path('s')}/copyTo/b/{BUCKET}/o/t?sourceGeneration=1")) == (404, "notFound")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "required")),
        ({"sourceObjects": [{}]}, (400, "required")),
        (
            {"sourceObjects": [{"name": "s", "objectPreconditions": {"ifGenerationMatch": "1"}}]},
            (412, "conditionNotMet"),
        ),
        ({"sourceObjects": [{"name": "s", "generation": "1"}]}, (404, "notFound")),
        ({"sourceObjects": [{"name": "s"}], "destination": {"kmsKeyName": "k"}}, (501, "notImplemented")),
        ({"sourceObjects": [{"name": "s"}], "deleteSourceObjects": True}, (501, "notImplemented")),
    ],
)
def test_compose_refuses_what_does_not_hold(raw: Raw, body: Any, expected: tuple[int, str]) -> None:
    raw.upload("s", b"x")
    assert reason(raw("POST", f"{raw.object_path('t')}/compose", json=body)) == expected
    assert raw("GET", raw.object_path("t")).status_code == 404


def test_a_refused_large_upload_reads_the_refusal(raw: Raw) -> None:
    response = raw("POST", "/upload/storage/v1/b/absent-bucket/o?uploadType=resumable&name=x", data=bytes(20 << 20))
    assert response.status_code in {404, 413}
    assert raw.upload("x", bytes(20 << 20), "&ifGenerationMatch=7").status_code == 412


def test_health(raw: Raw) -> None:
    assert raw("GET", "/").json()["status"] == "ok"


def test_upload_sessions_survive_a_restart(tmp_path: Path) -> None:
    data = os.urandom(QUANTUM + 5)
    store = Store(tmp_path)
    store.ensure_bucket(BUCKET)
    with requests.Session() as session:
        with running(store) as url:
            raw = Raw(url, session)
            path = start(raw)
            put(raw, path, data[:QUANTUM], f"bytes 0-{QUANTUM - 1}/*")
            raw.upload("torn", b"kept")
        (tmp_path / "objects" / "00000000").mkdir()
        (tmp_path / "objects" / "00000000" / "0000000000000001").write_bytes(b"an orphan of a crash")
        with running(Store(tmp_path)) as url:
            raw = Raw(url, session)
            assert len(state_files(tmp_path)) == 2
            assert put(raw, path, b"", "bytes */*").headers["range"] == f"bytes=0-{QUANTUM - 1}"
            last = put(raw, path, data[QUANTUM:], f"bytes {QUANTUM}-{len(data) - 1}/{len(data)}")
            assert last.json()["md5Hash"] == md5(data)
            assert raw("GET", f"{raw.object_path('r')}?alt=media").content == data


def test_quoting_of_names_in_links(raw: Raw) -> None:
    link = raw.upload("a b/ü%", b"via link").json()["mediaLink"]
    assert quote("a b/ü%", safe="") in link
    assert requests.get(link, timeout=10).content == b"via link"
