"""The server of the review page: what the page asks, in JSON and pictures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from importlib.resources import files
from typing import Any
from weakref import WeakValueDictionary

from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lesionvis.errors import LesionvisError, SettingsError
from lesionvis.flags import FLAGS
from lesionvis.labels import LABELS
from lesionvis.report.contact import numbers_of
from lesionvis.report.template import inline_digest, page_file
from lesionvis.review.course import course_of_photo
from lesionvis.review.edits import OPINIONS
from lesionvis.review.guard import SAFETY_HEADERS, Guard
from lesionvis.review.listing import PAGE_LENGTH, SORTS, choices_of, chosen_photos, has_companions, next_to_do, progress
from lesionvis.review.reviewed_run import ChangedMeanwhileError, NoSuchPhotoError, ReviewedRun
from lesionvis.review.tiles import TILE_PX
from lesionvis.spots.drawn import DRAWN_KINDS
from lesionvis.triage.numbers import phone_numbers

ASSETS = {
    "page.css": "text/css",
    "main.js": "text/javascript",
    "make.js": "text/javascript",
    "list.js": "text/javascript",
    "photo.js": "text/javascript",
    "viewer.js": "text/javascript",
    "keys.js": "text/javascript",
    "add.js": "text/javascript",
    "questions.js": "text/javascript",
}
"""Files of the page."""
# A change is a few numbers; a border drawn by hand has at most some thousand corners.
_BODY_MAX_BYTES = 1_000_000
_CHANGED = "This photo was changed in another window; it is shown as it is now, and your change was not made."
_PHOTO_MAX_BYTES = 300_000_000
# The sheet is a file that stands alone, with its style and pictures inside, and without scripts.
_SHEET_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
# The course is the same with one script.
_COURSE_POLICY = f"{_SHEET_POLICY}; script-src 'sha256-{inline_digest(page_file('pairs.js'))}'"
Endpoint = Callable[[Request], Awaitable[Response]]


class Refused:
    """Middleware that lets through what the guard does not object to, and adds the headers of safety.

    Parameters
    ----------
    app : ASGIApp
    guard : Guard
    """

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFETY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        query = QueryParams(scope["query_string"])
        objection = self._guard.objection(scope["method"], scope["path"], Headers(scope=scope), query)
        answer = JSONResponse({"problem": objection}, 403) if objection else self._app
        await answer(scope, receive, send_safely)


class ReviewServer:
    """Endpoints of the review page.

    Parameters
    ----------
    run : ReviewedRun
    guard : Guard
    """

    def __init__(self, run: ReviewedRun, guard: Guard) -> None:
        self._run = run
        self._guard = guard
        # Who waits for the same photo then finds it done.
        self._finding: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._measuring = asyncio.Lock()
        # All photos of a patient are in memory at a time.
        self._following = asyncio.Lock()
        self._decoding: set[asyncio.Future[None]] = set()

    def routes(self) -> list[Route]:
        """Routes of all endpoints.

        Returns
        -------
        list of Route
        """
        return [
            Route("/", _problems_told(self._page)),
            Route("/assets/{name}", _problems_told(self._asset)),
            Route("/api/about", _problems_told(self._about)),
            Route("/api/photos", _problems_told(self._photos)),
            Route("/api/photo", _problems_told(self._photo)),
            Route("/api/measured", _problems_told(self._measured)),
            Route("/api/asked", _problems_told(self._asked)),
            Route("/api/edit", _problems_told(self._edit), methods=["POST"]),
            Route("/api/add", _problems_told(self._add), methods=["POST"]),
            Route("/api/country", _problems_told(self._country), methods=["POST"]),
            Route("/sheet", _problems_told(self._sheet)),
            Route("/course", _problems_told(self._course)),
            Route("/tile", _problems_told(self._tile)),
            Route("/thumbnail", _problems_told(self._thumbnail)),
        ]

    async def _page(self, _: Request) -> Response:
        """Answer with the page, and a cookie in the place of the token of the address."""
        return Response(_asset("page.html"), media_type="text/html", headers={"Set-Cookie": self._guard.cookie})

    async def _asset(self, request: Request) -> Response:
        """Answer with a file of the page."""
        name = request.path_params["name"]
        if name not in ASSETS:
            return JSONResponse({"problem": "There is no such file."}, 404)
        return Response(_asset(name), media_type=ASSETS[name])

    async def _about(self, _: Request) -> Response:
        """Answer with what the page needs to know once."""
        return JSONResponse(
            {
                "run": self._run.run.resolve().name,
                "reviewer": self._run.reviewer,
                "kinds": DRAWN_KINDS,
                "patterns": LABELS,
                "flags": {flag.name: flag.meaning for flag in FLAGS.values()},
                "sorts": SORTS,
                "choices": choices_of(self._run.listed.values()),
                "tile_px": TILE_PX,
                "takes_photos": self._run.takes_photos,
                "countries": {numbers.code: numbers.country for numbers in phone_numbers().values()},
                "country": self._run.numbers.code if self._run.numbers else "",
            }
        )

    async def _photos(self, request: Request) -> Response:
        """Answer with a page of the list."""
        listed = self._run.listed
        chosen = chosen_photos(listed.values(), request.query_params)
        pages = max(1, -(-len(chosen) // PAGE_LENGTH))
        page = min(max(1, _whole(request.query_params.get("page", "1"))), pages)
        start = (page - 1) * PAGE_LENGTH
        return JSONResponse(
            {
                "photos": [one.shown for one in chosen[start : start + PAGE_LENGTH]],
                "first": start + 1,
                "count": len(chosen),
                **progress(listed.values()),
                "page": page,
                "pages": pages,
            }
        )

    async def _photo(self, request: Request) -> Response:
        """Answer with all on one photo, or with what is known at once, and with its neighbours in the list."""
        photo = request.query_params.get("photo", "")
        # The picture is decoded while the spots are found.
        decoding = asyncio.ensure_future(run_sync(self._run.decode, photo))
        self._decoding.add(decoding)
        decoding.add_done_callback(self._decoding.discard)
        if not request.query_params.get("at_once"):
            await self._find(photo)
        chosen = chosen_photos(self._run.listed.values(), request.query_params)
        names = [one.shown["photo"] for one in chosen]
        place = names.index(photo) if photo in names else -1
        around = {
            "previous": names[place - 1] if place > 0 else "",
            "next": names[place + 1] if 0 <= place < len(names) - 1 else "",
            "next_to_do": next_to_do(chosen, photo),
            "place": place + 1,
            "count": len(names),
            "has_companions": has_companions(self._run.listed, photo),
        }
        return JSONResponse(self._run.photo(photo) | around)

    async def _measured(self, request: Request) -> Response:
        """Measure a photo with its last change, if that is not done, and answer with the results."""
        photo = request.query_params.get("photo", "")
        async with self._measuring:
            for task in self._run.tasks_as_given(photo):
                self._run.record(photo, await run_sync(self._run.workers.as_given, task))
        return JSONResponse({"measured": self._run.measured(photo), "dialogue": self._run.dialogue(photo)})

    async def _asked(self, request: Request) -> Response:
        """Answer with the questions about a photo."""
        photo = request.query_params.get("photo", "")
        await self._find(photo)
        await self._ask(photo)
        return JSONResponse(self._run.photo(photo))

    async def _edit(self, request: Request) -> Response:
        """Change the review of a photo; the answer comes when that is safe on the disk."""
        wish = await _body(request)
        photo, version = str(wish.get("photo", "")), wish.get("version")
        if not isinstance(version, int):
            return JSONResponse({"problem": "A change needs the version that it is of; reload the page."}, 400)
        if wish.get("do") not in OPINIONS:
            await self._find(photo)
        if wish.get("do") in ("answer", "forget answers"):
            await self._ask(photo)
        try:
            self._run.edit(photo, version, wish)
        except ChangedMeanwhileError:
            return JSONResponse({"problem": _CHANGED, "now": self._run.photo(photo)}, 409)
        return JSONResponse(self._run.photo(photo))

    async def _tile(self, request: Request) -> Response:
        """Answer with a piece of a photo."""
        query = request.query_params
        level, column, row = (_whole(query.get(name, "")) for name in ("level", "column", "row"))
        picture = await run_sync(self._run.tile, query.get("photo", ""), level, column, row)
        # The address holds no digest, but a photo that changes is refused by its digest.
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})

    async def _thumbnail(self, request: Request) -> Response:
        """Answer with the small picture of a photo."""
        path = self._run.thumbnail(request.query_params.get("photo", ""))
        if path is None or not path.is_file():
            return JSONResponse({"problem": "This photo has no small picture."}, 404)
        return FileResponse(path, media_type="image/jpeg")

    async def _add(self, request: Request) -> Response:
        """Add a photo, whose content is the body of the request."""
        content = await _content(request, _PHOTO_MAX_BYTES)
        if not content:
            mb = _PHOTO_MAX_BYTES // 1_000_000
            return JSONResponse({"problem": f"The file is empty or larger than {mb} MB; call lesionvis batch."}, 400)
        return JSONResponse({"photo": self._run.add(request.query_params.get("name", ""), content)})

    async def _sheet(self, request: Request) -> Response:
        """Answer with the sheet for the doctor."""
        task = self._run.task_of_sheet(request.query_params.get("photo", ""))
        page = await run_sync(self._run.workers.sheet, task)
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": _SHEET_POLICY})

    async def _course(self, request: Request) -> Response:
        """Answer with the course of the spots of a photo."""
        run, photo = self._run, request.query_params.get("photo", "")
        async with self._following:
            page = await run_sync(course_of_photo, run.run, photo, run.analyzer, run.numbers)
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": _COURSE_POLICY})

    async def _country(self, request: Request) -> Response:
        """Choose whose phone numbers the advice names."""
        country = str((await _body(request)).get("country", ""))
        self._run.numbers = numbers_of(country) if country else None
        return JSONResponse({"country": country})

    async def _ask(self, photo: str) -> None:
        async with self._measuring:
            task = self._run.task_of_questions(photo)
            if task is not None:
                outcome = await run_sync(self._run.workers.as_given, task)
                self._run.asked.hold(task, outcome)
                if not self._run.asked.knows(task):
                    raise SettingsError(outcome.unread or str(outcome.row.get("problem")))

    async def _find(self, photo: str) -> None:
        async with self._finding.setdefault(photo, asyncio.Lock()):
            task = self._run.task_as_found(photo)
            if task is not None:
                self._run.hold_found(task, await run_sync(self._run.workers.as_found, task))


def review_app(opened: Callable[[], AbstractContextManager[ReviewedRun]], guard: Guard) -> Starlette:
    """Application of the review page.

    Parameters
    ----------
    opened : callable
        Opens the run; its context is that of the server's life.
    guard : Guard

    Returns
    -------
    Starlette
        ASGI application.
    """

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        # SQLite wants to be used by the thread that opened it, which is that of all endpoints.
        with opened() as run:
            app.router.routes.extend(ReviewServer(run, guard).routes())
            yield

    app = Starlette(lifespan=life)
    app.add_middleware(Refused, guard=guard)
    return app


def _problems_told(endpoint: Endpoint) -> Endpoint:
    """Endpoint that answers with a sentence where something cannot be done."""

    async def told(request: Request) -> Response:
        try:
            return await endpoint(request)
        except NoSuchPhotoError:
            return JSONResponse({"problem": "The run has no such photo; go back to the list."}, 404)
        except LesionvisError as error:
            return JSONResponse({"problem": str(error)}, 400)
        except Exception as error:  # one photo never ends a review
            fault = f"{type(error).__name__}: {error}"
            return JSONResponse({"problem": f"A fault of lesionvis itself ({fault}); please report it."}, 500)

    return told


async def _body(request: Request) -> Mapping[str, Any]:
    """Change that a request asks for."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return {}
    try:
        wish = json.loads(await _content(request, _BODY_MAX_BYTES))
    except (ValueError, RecursionError):
        return {}
    return wish if isinstance(wish, dict) else {}


async def _content(request: Request, most: int) -> bytes:
    """Body of a request; empty where it is larger than the most that is taken."""
    pieces, length = [], 0
    async for piece in request.stream():
        length += len(piece)
        if length > most:
            return b""
        pieces.append(piece)
    return b"".join(pieces)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _asset(name: str) -> str:
    return (files("lesionvis.review") / name).read_text(encoding="utf-8")
