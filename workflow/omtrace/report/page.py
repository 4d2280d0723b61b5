"""The page: data into templates, every text escaped, nothing loaded from anywhere."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
HEADS = {
    "parameter": "Parameter",
    "population": "Population",
    "visit": "Visit",
    "group": "Group",
    "level": "Level",
    "statistic": "Statistic",
}


def policy(style: str, script: str) -> str:
    """The content security policy: this style and this script; no image, no network at all."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def packed(value: object) -> str:
    """JSON as gzip in base64, as ``templates/payload.js`` reads it; by pyarrow, whose zlib is the lock's."""
    import pyarrow

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return base64.b64encode(pyarrow.Codec("gzip", 9).compress(text, asbytes=True)).decode()


def page_of(content: Mapping[str, object], payload: Mapping[str, object]) -> str:
    """The whole page as text. ``content`` feeds ``page.html``; ``payload`` is read by the page's script."""
    from markupsafe import Markup

    from omtrace.report.templated import COMPILED

    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    script = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("payload.js", "panel.js"))
    return COMPILED["page.html"].render(
        **{"share": False, **content},
        heads=HEADS,
        policy=policy(style, script),
        style=Markup(style),
        script=Markup(script),
        payload=packed(payload),
    )
