from __future__ import annotations

import pytest
from reviewed import GUARD
from starlette.datastructures import Headers, QueryParams

from lesionvis.review.guard import Guard

HOST = {"host": "127.0.0.1:8123"}
COOKIE = {"cookie": f"other=1; {GUARD.cookie_name}={GUARD.token}"}


def _objection(method: str, path: str, headers: dict[str, str], query: str = "") -> str:
    return GUARD.objection(method, path, Headers(headers), QueryParams(query))


def test_tokens_are_random_and_long() -> None:
    first, second = Guard(1), Guard(1)
    assert first.token != second.token
    assert len(first.token) > 40
    assert first.address == f"http://127.0.0.1:1/?token={first.token}"


@pytest.mark.parametrize(
    ("method", "path", "headers", "query"),
    [
        ("GET", "/", HOST, f"token={GUARD.token}"),
        ("GET", "/api/photos", HOST | COOKIE, ""),
        ("GET", "/api/photos", HOST | COOKIE | {"origin": GUARD.origin, "sec-fetch-site": "same-origin"}, ""),
        ("POST", "/api/edit", HOST | COOKIE | {"origin": GUARD.origin}, ""),
        # A link in another program or page opens the page, whose data is then asked for from the page itself.
        ("GET", "/", HOST | {"sec-fetch-site": "cross-site"}, f"token={GUARD.token}"),
    ],
)
def test_the_page_itself_is_let_through(method: str, path: str, headers: dict[str, str], query: str) -> None:
    assert _objection(method, path, headers, query) == ""


@pytest.mark.parametrize(
    ("method", "path", "headers", "query", "why"),
    [
        ("GET", "/", HOST, "", "lacks its token"),
        ("GET", "/", HOST, "token=é", "lacks its token"),
        ("GET", "/", HOST | {"cookie": f"{GUARD.cookie_name}="}, "", "lacks its token"),
        ("GET", "/", HOST | {"cookie": '"=;,;'}, "", "lacks its token"),
        ("GET", "/tile", HOST, f"token={GUARD.token}", "lacks its token"),
        ("GET", "/", {"host": "127.0.0.1"} | COOKIE, "", "its own address"),
        ("GET", "/", COOKIE, "", "its own address"),
        ("POST", "/api/edit", HOST | COOKIE, "", "another origin"),
        ("PUT", "/api/edit", HOST | COOKIE, "", "another origin"),
        ("POST", "/api/edit", HOST | COOKIE | {"origin": "http://127.0.0.1:8124"}, "", "another origin"),
        ("GET", "/api/photos", HOST | COOKIE | {"origin": "null"}, "", "another origin"),
        ("GET", "/tile", HOST | COOKIE | {"sec-fetch-site": "same-site"}, "", "another origin"),
    ],
)
def test_everybody_else_is_refused(method: str, path: str, headers: dict[str, str], query: str, why: str) -> None:
    assert why in _objection(method, path, headers, query)
