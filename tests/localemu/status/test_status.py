import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.localemu.up.running import Platform, platform, prepare

HOSTILE = "a/<script>alert(1)</script>\"'&é {{7*7}}.dcm"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("status")
    prepare(folder)
    with platform(folder) as p:
        yield p


def _text(p: Platform, path: str) -> str:
    status, body = p.ask("GET", path)
    assert status == 200
    return body.decode()


def _upload(p: Platform, bucket: str, name: str, data: bytes) -> None:
    status, _ = p.ask(
        "POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}", data, port=0
    )
    assert status == 200


def test_hostile_names_are_escaped_wherever_they_show(running: Platform) -> None:
    _upload(running, "held", HOSTILE, b"x")
    running.json("POST", "/admin/emit", {"bucket": "in-a", "name": HOSTILE, "headers": {"x-<b>": "<i>"}})
    running.json("GET", "/admin/idle?wait_s=20")
    for path in (
        "/",
        "/section/events",
        "/section/buckets?bucket=held&prefix=a/",
        "/section/pages",
        f"/?state=%3Cscript%3E&log={quote(HOSTILE)}&prefix={quote(HOSTILE)}",
    ):
        page = _text(running, path)
        assert "<script>alert" not in page
        assert "{{7*7}}" in page or "49.dcm" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in _text(running, "/section/events")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in _text(running, "/section/pages")


def test_the_page_names_no_outside_address_and_allows_no_inline_script(running: Platform) -> None:
    page = _text(running, "/")
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert "<script>" not in page
    assert " on" + "click=" not in page
    for name in ("status.css", "status.js"):
        assert "http" not in _text(running, f"/static/{name}")


def test_a_download_is_never_shown_inside_the_browser(running: Platform) -> None:
    _upload(running, "held", "p/<b>.html", b"<script>1</script>")
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", running.base + 2, timeout=10)
    connection.request("GET", f"/download?bucket=held&name={quote('p/<b>.html')}")
    reply = connection.getresponse()
    assert reply.read() == b"<script>1</script>"
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="_b_.html"')
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    connection.close()
    assert running.ask("GET", "/download?bucket=held&name=none")[0] == 404
    assert running.ask("GET", "/static/..%2Fapp.py")[0] == 404


@pytest.mark.parametrize("port", [0, 1, 2])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:1", "127.0.0.1", ""])
def test_a_foreign_host_name_is_refused_on_every_port(running: Platform, host: str, port: int) -> None:
    assert running.ask("GET", "/", headers={"Host": host}, port=port)[0] in (400, 403)


@pytest.mark.parametrize(
    "header", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_foreign_page_can_change_nothing(running: Platform, header: dict[str, str]) -> None:
    assert running.ask("POST", "/admin/faults", {"service": "storage", "kind": "error"}, header)[0] == 403
    assert running.ask("DELETE", "/admin/faults", None, header)[0] == 403
    assert running.json("GET", "/admin/faults") == {"rules": []}


def test_the_own_page_can_change_things_and_faults_are_counted(running: Platform) -> None:
    own = {"Origin": f"http://127.0.0.1:{running.base + 2}", "Sec-Fetch-Site": "same-origin"}
    rule = {"service": "storage", "kind": "error", "status": 500, "path": "^/storage/v1/b/held$", "times": 1}
    assert running.ask("POST", "/admin/faults", rule, own)[0] == 200
    assert running.ask("GET", "/storage/v1/b/held", port=0)[0] == 500
    assert running.ask("GET", "/storage/v1/b/held", port=0)[0] == 200
    (listed,) = running.json("GET", "/admin/faults")["rules"]
    assert (listed["fired"], listed["kind"]) == (1, "error")
    assert "^/storage/v1/b/held$" in _text(running, "/section/faults")
    assert running.json("DELETE", "/admin/faults") == {"rules": []}


def test_an_upload_is_delivered_and_a_dead_letter_is_replayed_from_the_page(running: Platform) -> None:
    running.json("POST", "/admin/faults", {"service": "functions", "kind": "error", "path": "to-die$", "times": 2})
    _upload(running, "in-a", "to-die", b"x")
    assert running.json("GET", "/admin/idle?wait_s=20") == {"idle": True}
    (event,) = running.json("GET", "/admin/events?state=dead")["events"]
    assert [attempt["status"] for attempt in event["attempts"]] == [503, 503]
    assert "to-die" in _text(running, "/section/dead")
    assert running.json("POST", f"/admin/events/{event['id']}/replay") == {"replayed": 1}
    assert running.json("GET", "/admin/idle?wait_s=20") == {"idle": True}
    assert running.json("GET", "/admin/summary")["dead"] == 0
    running.json("DELETE", "/admin/faults")


def test_events_are_paged(running: Platform) -> None:
    running.json("POST", "/admin/emit", {"bucket": "in-a", "name": "many", "copies": 60})
    assert running.json("GET", "/admin/idle?wait_s=20") == {"idle": True}
    first = running.json("GET", "/admin/events?limit=25")
    second = running.json("GET", f"/admin/events?limit=25&before={first['next']}")
    assert {event["id"] for event in first["events"]}.isdisjoint(event["id"] for event in second["events"])
    assert "older »" in _text(running, "/section/events")


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"[]", b'{"bucket": "in-a"}', b'{"bucket":"in-a","name":"x","copies":0}', b'{"bucket":"in-a","name":"x","function":"none"}',
     b'{"bucket":"in-a","name":"x","headers":{"a":"b\\r\\nc: d"}}', b'{"bucket":"in-a","name":"x","colour":1}'],
)  # fmt: skip
def test_an_event_that_makes_no_sense_is_refused(running: Platform, body: bytes) -> None:
    status, reply = running.ask("POST", "/admin/emit", body)
    assert status == 400
    assert "error" in json.loads(reply)


def test_a_query_shows_nested_values_as_json_and_errors_as_they_are(running: Platform) -> None:
    assert running.json("POST", "/query", {"sql": "SELECT 1"}) == {
        "columns": ["n", "many", "part"],
        "rows": [[None, '["1", "2"]', '{"x": "<i>"}']],
        "total": "1",
    }
    assert running.json("POST", "/query", {"sql": "bad"}) == {"error": "Syntax error at [1:1]"}
    assert running.ask("POST", "/query", {"sql": 1})[0] == 400


def test_tables_are_listed_with_rows_and_every_field(running: Platform) -> None:
    page = _text(running, "/section/tables")
    assert "lake.instances" in page
    assert "12\u202f345 rows" in page
    assert "part.x" in page
    assert "A &lt;b&gt;number&lt;/b&gt;" in page
