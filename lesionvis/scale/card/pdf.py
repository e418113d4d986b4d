"""Writes one page of rectangles and text as a vector PDF, exact to a thousandth of a point.

A drawing of black squares needs five of PDF's operators, so this is all of it: no library to keep up with, and
nothing between the millimetres here and those on the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

POINTS_PER_MM = 72.0 / 25.4
"""A PDF's unit is the point, a 72nd of an inch."""

Rgb = tuple[float, float, float]
BLACK: Rgb = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Filled rectangle: left, top, width and height in mm from the page's top-left corner, sRGB colour 0 to 1."""

    left_mm: float
    top_mm: float
    width_mm: float
    height_mm: float
    rgb: Rgb = BLACK


@dataclass(frozen=True, slots=True)
class Text:
    """Line of Helvetica: left end of its base line in mm from the page's top-left corner, height in mm."""

    left_mm: float
    base_mm: float
    size_mm: float
    text: str


Shape = Rectangle | Text


def shifted(shapes: Sequence[Shape], x_mm: float, y_mm: float) -> tuple[Shape, ...]:
    """Shapes moved to the right and downwards.

    Parameters
    ----------
    shapes : sequence of Shape
        In mm.
    x_mm, y_mm : float
        Shift to the right and downwards, mm.

    Returns
    -------
    tuple of Shape
        The moved shapes, in the same order.

    Examples
    --------
    >>> shifted([Text(1.0, 2.0, 3.0, "a")], 10.0, 20.0)
    (Text(left_mm=11.0, base_mm=22.0, size_mm=3.0, text='a'),)
    """
    return tuple(
        Rectangle(shape.left_mm + x_mm, shape.top_mm + y_mm, shape.width_mm, shape.height_mm, shape.rgb)
        if isinstance(shape, Rectangle)
        else Text(shape.left_mm + x_mm, shape.base_mm + y_mm, shape.size_mm, shape.text)
        for shape in shapes
    )


def pdf_page(shapes: Sequence[Shape], width_mm: float, height_mm: float, title: str) -> bytes:
    """PDF file with one page.

    Parameters
    ----------
    shapes : sequence of Rectangle or Text
        What is drawn, the last on top. Text is Latin-1.
    width_mm, height_mm : float
        Size of the page.
    title : str
        Title in the file's information.

    Returns
    -------
    bytes
        The file, the same for the same input. It asks viewers not to scale it when printing.

    Notes
    -----
    ISO 32000-1: objects, cross-reference table and trailer; operators rg, re, f, BT, Tf, Td, Tj, ET.

    Examples
    --------
    >>> pdf_page([Rectangle(0, 0, 10, 10)], 210, 297, "a square")[:8]
    b'%PDF-1.4'
    """
    drawing = "\n".join(_operators(shape, height_mm) for shape in shapes).encode("latin-1")
    box = f"[0 0 {_points(width_mm)} {_points(height_mm)}]"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R".encode()
        + b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title (%s) >>" % _escaped(title).encode("latin-1"),
    ]
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")  # four bytes over 127 tell transports that it is binary
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n" % (count, len(file))
    return bytes(file) + b"xref\n0 %d\n0000000000 65535 f \n%s%s%%%%EOF\n" % (count, table, trailer)


def _points(mm: float) -> str:
    return f"{mm * POINTS_PER_MM:.4f}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _operators(shape: Shape, page_height_mm: float) -> str:
    """Operators that draw a shape; PDF counts upwards from the bottom of the page."""
    if isinstance(shape, Rectangle):
        color = " ".join(f"{part:.4f}" for part in shape.rgb)
        bottom_mm = page_height_mm - shape.top_mm - shape.height_mm
        box = " ".join(_points(mm) for mm in (shape.left_mm, bottom_mm, shape.width_mm, shape.height_mm))
        return f"{color} rg {box} re f"
    at = f"{_points(shape.left_mm)} {_points(page_height_mm - shape.base_mm)}"
    return f"0 0 0 rg BT /F1 {_points(shape.size_mm)} Tf {at} Td ({_escaped(shape.text)}) Tj ET"
