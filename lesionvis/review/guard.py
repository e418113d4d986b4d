"""Who may ask the review page: only the browser that was given its address, from a page of that very address."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, QueryParams

HOST = "127.0.0.1"
"""The only address that is listened at: no other machine reaches it."""

SAFETY_HEADERS = {
    # Nothing from elsewhere, nothing inline, and no page of another origin around this one.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_TOKEN_BYTES = 32
_READING = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides on requests.

    Parameters
    ----------
    port : int
        Port that is listened at.
    token : str, optional
        Secret of the address; a random one unless given.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))

    @property
    def origin(self) -> str:
        """Origin of the page."""
        return f"http://{HOST}:{self.port}"

    @property
    def address(self) -> str:
        """Address to open, with the token."""
        return f"{self.origin}/?token={self.token}"

    @property
    def cookie_name(self) -> str:
        """Name of the cookie; cookies of one host are shared by its ports."""
        return f"lesionvis-review-{self.port}"

    @property
    def cookie(self) -> str:
        """Cookie that keeps the token out of the address from the first page on."""
        return f"{self.cookie_name}={self.token}; HttpOnly; SameSite=Strict; Path=/"

    def objection(self, method: str, path: str, headers: Headers, query: QueryParams) -> str:
        """Reason to refuse a request.

        Parameters
        ----------
        method, path : str
        headers : Headers
        query : QueryParams

        Returns
        -------
        str
            One sentence; "" where there is none.
        """
        if headers.get("host") != f"{HOST}:{self.port}":
            return "This page answers at its own address only."
        origin = headers.get("origin")
        if origin != self.origin and (origin is not None or method not in _READING):
            return "A page of another origin may not ask for this."
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and path != "/":
            return "A page of another origin may not ask for this."
        if self._is_token(self._cookie(headers)) or (path == "/" and self._is_token(query.get("token", ""))):
            return ""
        return "The address lacks its token; open the address that lesionvis review printed."

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self.token.encode())

    def _cookie(self, headers: Headers) -> str:
        try:
            held = SimpleCookie(headers.get("cookie", "")).get(self.cookie_name)
        except CookieError:
            return ""
        return "" if held is None else held.value
