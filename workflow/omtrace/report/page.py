"""The page: data into templates, every text escaped, nothing loaded from anywhere."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"
HEADS = {
    "parameter": "Parameter",
    "population": "Population",
    "visit": "Visit",
    "group": "Group",
    "level": "Level",
}


def policy(style: str, script: str) -> str:
    """The content security policy: this style, this script, images in the page itself; no network at all."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def json_text(value: Any) -> str:
    """JSON that can stand inside a script element: no character that HTML could read as markup."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def data_address(image: bytes) -> str:
    """An SVG image as an address that holds the image itself."""
    return "data:image/svg+xml;base64," + base64.b64encode(image).decode()


def page_of(content: Mapping[str, Any], payload: Mapping[str, Any]) -> str:
    """The whole page as text. ``content`` feeds ``page.html``; ``payload`` is read by the page's script."""
    from markupsafe import Markup

    from omtrace.report.templated import COMPILED

    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    script = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("payload.js", "panel.js"))
    return COMPILED["page.html"].render(
        **content,
        heads=HEADS,
        policy=policy(style, script),
        style=Markup(style),
        script=Markup(script),
        payload=Markup(json_text(payload)),
    )
