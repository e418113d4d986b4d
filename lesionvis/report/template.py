"""Files of this room that pages are made of."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


def page_file(name: str) -> str:
    """Text of a file of this room.

    Parameters
    ----------
    name : str
        Such as "page.css".

    Returns
    -------
    str
        Content in UTF-8.
    """
    return (files("lesionvis.report") / name).read_text(encoding="utf-8")


def page_template(name: str) -> jinja2.Template:
    """Template of a page: what is put into it is escaped, and a name that nothing was given for is an error.

    Parameters
    ----------
    name : str
        Such as "sheet.html".

    Returns
    -------
    jinja2.Template
    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(page_file(name))


def data_address(content: bytes, kind: str = "image/jpeg") -> str:
    """Address that holds a file itself, for pages that are one file.

    Parameters
    ----------
    content : bytes
    kind : str
        Media type.

    Returns
    -------
    str

    Examples
    --------
    >>> data_address(b"<svg/>", "image/svg+xml")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def inline_digest(text: str) -> str:
    """SHA-256 of a script or style inside a page, as the page's content security policy names it.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        In base64.
    """
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
