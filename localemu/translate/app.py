"""`POST /translate`, `POST /detect`, `GET /languages` as LibreTranslate answers them; arguments in the URL, a form or JSON."""

import asyncio
import json
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localemu.translate import apertium

_MAX_CHARS = 20_000
_AT_ONCE = 2
_COMMON = {
    "en": "the of and is with no in for was there are to not from this",
    "es": "el la de los las del con una se en por para que sin es no",
    "fr": "le la les des du une est dans pas avec pour sur et au aux sans",
    "it": "il lo gli di della del con una non in per che si sono senza",
    "pt": "o a os as do da dos das com uma não em para que sem ao",
    "de": "der die das und ist mit kein keine nicht im von für ein eine zu",
}


def translate_app() -> Starlette:
    """The endpoint as an ASGI app."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def translate(request: Request) -> JSONResponse:
        given = await _arguments(request)
        text, source, target = (str(given.get(name, "")) for name in ("q", "source", "target"))
        if not text or not target:
            return _error(400, "q, source and target are needed")
        if len(text) > _MAX_CHARS:
            return _error(400, "text too long")
        if source in ("auto", ""):
            source = _ranked(text)[0][0]
        try:
            async with slots:
                made = await asyncio.to_thread(apertium.translate, text, source, target)
        except apertium.NotSupported:
            return _error(400, f"{source[:8]}-{target[:8]} is not supported")
        except apertium.NotInstalled:
            return _error(503, "apertium is not installed")
        except TimeoutError:
            return _error(503, "the engine did not answer")
        return JSONResponse({"translatedText": made})

    return Starlette(
        routes=[
            Route("/translate", translate, methods=["POST"]),
            Route("/detect", _detect, methods=["POST"]),
            Route("/languages", _languages),
            Route("/frontend/settings", _settings),
        ]
    )


async def _arguments(request: Request) -> Mapping[str, object]:
    given: dict[str, object] = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if "json" in kind:
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        given |= body if isinstance(body, dict) else {}
    elif "form" in kind:
        from urllib.parse import parse_qsl

        given |= dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    return given


async def _detect(request: Request) -> JSONResponse:
    text = str((await _arguments(request)).get("q", ""))
    if not text:
        return _error(400, "q is needed")
    return JSONResponse([{"language": lang, "confidence": share} for lang, share in _ranked(text)])


def _ranked(text: str) -> list[tuple[str, float]]:
    words = text.lower().split()
    hits = {lang: sum(word in common.split() for word in words) for lang, common in _COMMON.items()}
    total = sum(hits.values()) or 1
    return sorted(((lang, round(100 * n / total, 1)) for lang, n in hits.items()), key=lambda one: -one[1])


async def _languages(_request: Request) -> JSONResponse:
    return JSONResponse(
        [{"code": code, "name": name, "targets": apertium.targets(code)} for code, name in apertium.LANGUAGES.items()]
    )


async def _settings(_request: Request) -> JSONResponse:
    """Which engine it is and which version of it; LibreTranslate tells its own settings here."""
    return JSONResponse(
        {"engine": await asyncio.to_thread(apertium.version), "charLimit": _MAX_CHARS, "keyRequired": False}
    )


def _error(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status_code=status)
