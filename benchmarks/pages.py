"""The results page of the benchmarks: each script keeps a section of it."""

import re
from pathlib import Path


def replace_section(page: Path, lines: list[str]) -> None:
    """Exchange the section that ``lines`` begin with (its title) in a page, or add it; the rest stays."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    rest = re.sub(rf"\n*^{re.escape(lines[0])}$.*?(?=^# |\Z)", "\n\n", text, flags=re.MULTILINE | re.DOTALL)
    page.write_text("\n".join([rest.rstrip("\n"), "", *lines]).lstrip("\n"), encoding="utf-8")
