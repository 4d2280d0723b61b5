"""The templates of the pages, compiled when this module is imported: once for all jobs of a warm process."""

from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from omtrace.model.open_lines import draft_words
from omtrace.report.page import TEMPLATES

ENTRY = Markup("<div><dt>%s</dt><dd>%s</dd></div>\n")


@lru_cache(maxsize=4096)  # of a thousand files most say the same
def _described(entries: tuple[tuple[str, str], ...]) -> Markup:
    """Entries, each a title and a text, of a list of descriptions."""
    return Markup("").join(ENTRY % entry for entry in entries)


ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
ENVIRONMENT.filters["thousands"] = lambda number: f"{number:,}".replace(",", "\u202f")
ENVIRONMENT.filters["draft"] = draft_words
ENVIRONMENT.filters["described"] = _described
COMPILED = {path.name: ENVIRONMENT.get_template(path.name) for path in sorted(TEMPLATES.glob("*.html"))}
