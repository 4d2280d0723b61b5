"""The text of the configuration with a study more or less; everything else in it stays as it is written."""

import re


def with_study(text: str, study: str) -> str:
    """The configuration with a study under ``studies``; as it is where it names it."""
    if not text:
        return f"studies:\n  - {study}\n"
    if re.search(rf"^\s*- {study}\s*$|[\[ ,]{study}[\],]", text, re.MULTILINE):
        return text
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if line.startswith("studies:")), None)
    if start is None:
        lines[:0] = ["studies:", f"  - {study}"]
    elif "[" in lines[start]:
        within = lines[start].rpartition("]")[0]
        comma = ", " if within.rstrip()[-1:] != "[" else ""
        lines[start] = f"{within}{comma}{study}]{lines[start].rpartition(']')[2]}"
    else:
        last = start
        for n in range(start + 1, len(lines)):
            if re.match(r"\s*- ", lines[n]):
                last = n
            elif lines[n].strip() and not lines[n].lstrip().startswith("#"):
                break
        lines.insert(last + 1, re.sub(r"\S.*", f"- {study}", lines[last]) if last > start else f"  - {study}")
    return "\n".join(lines)


def without_study(text: str, study: str) -> str:
    """The configuration without a study, wherever it names it; a list of which it was the only entry is empty then."""
    text = re.sub(rf"^[ \t]*- {study}[ \t]*(#.*)?\n", "", text, flags=re.MULTILINE)
    text = re.sub(rf"(?<=\[){study}\s*(,\s*|(?=\]))|,\s*{study}(?=\s*[,\]])", "", text)
    return re.sub(r"^(studies|retrieved):[ \t]*\n(?![ \t]*(#.*\n\s*)*- )", r"\1: []\n", text, flags=re.MULTILINE)
