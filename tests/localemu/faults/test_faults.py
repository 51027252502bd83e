import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from localemu.faults import FaultError, Faults, FaultyService, Rule, parse_rules


class _App:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        self.bodies.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"0123456789"})


def _call(rule: Rule) -> tuple[_App, list[Message]]:
    app, sent = _App(), []
    faults = Faults()
    faults.add([rule])

    async def receive() -> Message:
        return {"type": "http.request", "body": b"sent"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/x"}
    asyncio.run(FaultyService(app, faults, "storage")(scope, receive, send))
    return app, sent


def test_error_refuses_before_anything_is_done() -> None:
    app, sent = _call(Rule("storage", "error", status=502))
    assert (app.bodies, sent[0]["status"]) == ([], 502)


def test_after_does_it_and_then_says_it_failed() -> None:
    app, sent = _call(Rule("storage", "after"))
    assert (app.bodies, sent[0]["status"], len(sent)) == ([b"sent"], 503, 2)


def test_broken_stream_ends_half_way() -> None:
    app, sent = _call(Rule("storage", "broken_stream"))
    assert app.bodies == [b"sent"]
    assert [(message.get("body"), message.get("more_body")) for message in sent[1:]] == [(b"01234", True)]


def test_duplicate_does_it_twice_and_answers_once() -> None:
    app, sent = _call(Rule("storage", "duplicate"))
    assert (app.bodies, len(sent)) == ([b"sent", b"sent"], 2)


def test_other_services_are_left_alone() -> None:
    app, sent = _call(Rule("bigquery", "error"))
    assert (app.bodies, sent[0]["status"]) == ([b"sent"], 200)


def _draws(seed: int, order: list[str]) -> dict[str, list[bool]]:
    faults = Faults()
    faults.add([Rule("storage", "error", rate=0.3, seed=seed)])
    drawn: dict[str, list[bool]] = {}
    for path in order:
        drawn.setdefault(path, []).append(faults.draw("storage", "GET", path) is not None)
    return drawn


def test_decisions_follow_from_the_seed_whatever_the_order() -> None:
    paths = [f"/{number}" for number in range(200)] * 2
    assert _draws(1, paths) == _draws(1, sorted(paths))
    assert _draws(1, paths) != _draws(2, paths)
    fired = sum(map(sum, _draws(1, paths).values()))
    assert 80 < fired < 160


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"service": "storage"}, "kind"),
        ({"service": "mail", "kind": "error"}, "service must be one of"),
        ({"service": "storage", "kind": "error", "rate": 2}, "rate must be"),
        ({"service": "storage", "kind": "error", "path": "("}, "regular expression"),
        ({"service": "storage", "kind": "error", "odds": 1}, "unknown field"),
        ({"service": "storage", "kind": "error", "status": 200}, "status must be"),
        ([1], "JSON object"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rule: object, said: str) -> None:
    with pytest.raises(FaultError, match=said):
        parse_rules(rule)


def test_rules_come_alone_or_several_at_once() -> None:
    rule = {"service": "storage", "kind": "error"}
    assert len(parse_rules(rule)) == 1
    assert len(parse_rules([rule, rule])) == 2
    assert len(parse_rules({"rules": [rule]})) == 1
