"""Names that people type: a study, a table, a batch, a file. What could lead elsewhere is refused before it is used."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from omtrace.faults import Fault
from omtrace.model.register import NAME, RAW

FOLDERS = (RAW, Path("results"))  # a study has a folder in these
OF_ALL = {"stages", "validation"}  # folders of the index of all studies
BATCH = re.compile(r"[^./\\-][^/\\]*")


def known_studies(root: str | Path = ".") -> list[str]:
    """The studies that have a plan, raw files or results."""
    from omtrace.model.folders import plan_file

    root = Path(root)
    plans = [path.stem for path in plan_file("any", root).parent.glob("*.yaml")]
    folders = [path.name for part in FOLDERS for path in (root / part).glob("*") if path.is_dir()]
    return sorted({name for name in (*plans, *folders) if NAME.fullmatch(name)} - OF_ALL)


def refuse_names(arguments: Mapping[str, str | list[str] | None], root: str | Path = ".") -> None:
    """Check the arguments of a command that are names. Raises Fault, with every finding, for what is no such name.

    ``arguments``: by their names in the command line; None, and arguments that are no names, are skipped.
    """
    faults = []
    for argument, value in arguments.items():
        check = KINDS.get(argument)
        for text in value if isinstance(value, list) else [value]:
            if check and text is not None and (says := check(text, root)):
                faults.append(f"{text!r}: {says}")
    if faults:
        raise Fault(*faults)


def _study(text: str, root: str | Path) -> str:
    is_name = bool(NAME.fullmatch(text))
    if is_name and text not in OF_ALL and any(Path(root, part, text).is_dir() for part in FOLDERS):
        return ""  # without an import of the models
    known = known_studies(root)
    if text in known:
        return ""
    from omtrace.faults import nearest

    form = "" if is_name else "not the name of a study (lower case letters, digits, underscores); "
    return f"{form}there is no such study{nearest(text, known) or '; studies: ' + (', '.join(known) or 'none')}"


def _part(text: str, root: str | Path) -> str:
    return "" if NAME.fullmatch(text) else "not a name of lower case letters, digits and underscores"


def _batch(text: str, root: str | Path) -> str:
    fits = BATCH.fullmatch(text) and text.isprintable()
    return "" if fits else "not the name of a batch (no slash, no dot or hyphen in front, nothing unprintable)"


def _path(text: str, root: str | Path) -> str:
    return "" if text and text.isprintable() else "not the name of a file or folder"


KINDS: dict[str, Callable[[str, str | Path], str]] = {
    "study": _study,
    "studies": _study,
    "table": _part,
    "export": _part,
    "batch": _batch,
    **dict.fromkeys(("files", "folder", "old", "new", "replaces", "withdraw", "answers", "result"), _path),
    **dict.fromkeys(("packet", "raw", "draft", "to", "file", "sign"), _path),
}
