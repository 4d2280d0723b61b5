"""The templates of the pages, compiled when this module is imported: once for all jobs of a run (see ``prepared``)."""

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from omtrace.report.page import TEMPLATES

ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, keep_trailing_newline=True,
)  # fmt: skip
ENVIRONMENT.filters["thousands"] = lambda number: f"{number:,}".replace(",", "\u202f")
COMPILED = {path.name: ENVIRONMENT.get_template(path.name) for path in sorted(TEMPLATES.glob("*.html"))}
