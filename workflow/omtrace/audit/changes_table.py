"""``omtrace changes STUDY`` as a table: each changed number with old and new value, and the number of its cause."""

import re
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from omtrace.provenance.changes import KINDS, NAMES, Change, compared, summary

SHOWN = 40  # numbers
EDITS = 6  # keys of the plan, or files, of one cause
LONG = 60  # letters of a value of the plan
NARROWEST = 60


def print_changes(study: str, every: bool = False) -> None:
    """Print which numbers the last run changed: the causes, then the numbers, as wide as the terminal."""
    changes, _ = compared(study)
    width = max(shutil.get_terminal_size((100, 24)).columns, NARROWEST)
    print(textwrap.fill(summary(study), width))
    print("\n".join(lines_of(changes, every, width)))


def lines_of(changes: Sequence[Change], every: bool, width: int) -> Iterator[str]:
    """The lines of causes and numbers.

    Parameters
    ----------
    changes
        In the order of ``compared``: changed values first, those of primary analyses before others.
    every
        Whether new numbers, those whose value is the same, and all others beyond the first are listed.
    width
        Letters of a line.
    """
    causes = {cause: at for at, cause in enumerate(dict.fromkeys(change.cause for change in changes), 1)}
    for cause, at in causes.items():
        yield from _cause(at, cause, [change for change in changes if change.cause == cause], width)
    listed = [change for change in changes if every or change.kind in ("changed", "gone")]
    shown = listed if every else listed[:SHOWN]
    values = [(_value(change.old), _value(change.new)) for change in shown]
    left, right = (max((len(pair[side]) for pair in values), default=0) for side in (0, 1))
    for change, (old, new) in zip(shown, values, strict=True):
        tail = f"  {old:>{left}} -> {new:<{right}}  [{causes[change.cause]}]"
        name = ", ".join(change.row[part] for part in NAMES if change.row[part] and part != "population")
        name = f"{'(primary) ' * (change.role == 'primary')}{name}"
        room = max(width - len(tail) - 14, 20)
        first, *rest = textwrap.wrap(name, room)
        yield f"{change.row['id']}  {first:<{room}}{tail}"
        yield from (f"{'':14}{line}" for line in rest)
    if len(listed) > len(shown):
        yield f"... and {len(listed) - len(shown)} more (--all shows them, and those that are new)"


def _cause(at: int, cause: str, changes: Sequence[Change], width: int) -> Iterator[str]:
    """A cause, a line for each key of the plan or file that it names, and how many numbers of what analyses it has."""
    kind, _, said = cause.partition(": ")
    parts = said.split("; ") if kind in ("plan", "code") else [said]
    more = [f"and {len(parts) - EDITS} more keys (--json)"] if len(parts) > EDITS else []
    for n, part in enumerate([*parts[:EDITS], *more]):
        head = f"[{at}] {kind}: " if not n else " " * len(f"[{at}] {kind}: ")
        yield from _hanging(head, _shortened(part), width)
    counts = Counter(change.kind for change in changes)
    names = list(dict.fromkeys(change.row["analysis"] for change in changes))
    listed = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
    yield from _hanging("    ", f"{listed}, in {', '.join(names)}", width)


def _hanging(head: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(head + text, width, subsequent_indent=" " * len(head), break_on_hyphens=False)


def _shortened(edit: str) -> str:
    """A key with both values, each cut where it is long; of files, the first."""
    key, arrow, new = edit.partition(" -> ")
    if arrow:
        name, _, old = key.partition(" ")
        old, new = (text if len(text) <= LONG else text[:LONG] + "..." for text in (old, new))
        return f"{name} {old} -> {new}"
    files = re.split(r", (?![^(]*\))", edit)
    return ", ".join([*files[:EDITS], *([f"and {len(files) - EDITS} more"] if len(files) > EDITS else [])])


def _value(side: dict[str, str] | None) -> str:
    """The value of a number as it is stored, in words where it has none."""
    return (side or {}).get("value", "none") or "no value"
