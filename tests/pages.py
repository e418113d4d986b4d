"""Takes the report page of a run apart: its rows and the details of each photo."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any


def element(text: str, name: str) -> str:
    (found,) = re.findall(rf'<script type="[a-z/]+" id="{name}">(.*?)</script>', text, re.DOTALL)
    return str(found)


def rows_of(text: str) -> list[dict[str, Any]]:
    columns = json.loads(element(text, "data"))["columns"]
    return [dict(zip(columns, json.loads(line), strict=True)) for line in element(text, "rows").split("\n")]


def details_of(text: str) -> list[dict[str, Any]]:
    packed = element(text, "packed").split("\n")
    return [json.loads(zlib.decompress(base64.b64decode(photo))) for photo in packed]
