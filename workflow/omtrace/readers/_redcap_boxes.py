"""Boxes of REDCap's checkbox fields in forms that nobody opened: REDCap exports every one as 0, as if it were no."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from omtrace.readers import CellDoubt, Extract, texts_of
from omtrace.readers._redcap_values import Cells

BOX = re.compile(r"\w+___\w+")  # one box of a checkbox field
UNTICKED = ("0", "Unchecked")  # raw, and as labels
STATUS = "_complete"  # the end of the name of a form's status
OPEN = ("0", "Incomplete")  # the status of a form that was not completed


def with_boxes(extract: Extract) -> Extract:
    """The extract of an export of REDCap that another reader read, with the boxes of unopened forms marked."""
    columns = extract.columns
    if not any(map(BOX.fullmatch, columns)):
        return extract
    doubts = extract.doubts
    if columns[0] == "record_id" or any(name.startswith("redcap_") for name in columns):
        doubts = [*doubts, *boxes_without_status(columns)]
    return replace(extract, unopened=boxes_of_unopened_forms(columns, extract.cells), doubts=doubts)


def boxes_of_unopened_forms(
    columns: Sequence[str], cells: Sequence[Cells], forms: Mapping[str, str] | None = None
) -> dict[str, list[int]]:
    """The rows in which a checkbox's 0 is no answer: REDCap writes 0 into all boxes of a form that was never opened.

    A form's columns are those that ``forms`` (column -> form, by the dictionary) says; without it they stand before its
    status, after the status of the form before. It was not opened where its status is blank or 0 (incomplete), no box
    is ticked, and every other of its fields is blank. A blank box is not listed.
    """
    away: dict[str, list[int]] = {}
    for end, mine in _forms(columns, forms).items():
        boxes = [n for n in mine if BOX.fullmatch(columns[n])]
        others = [n for n in mine if n not in boxes]
        if not boxes:
            continue
        texts = {n: texts_of(cells[n]) for n in (*mine, end)}
        unopened = [
            row
            for row, status in enumerate(texts[end])
            if status.strip() in ("", *OPEN)
            and all(texts[n][row].strip() in ("", *UNTICKED) for n in boxes)
            and not any(texts[n][row].strip() for n in others)
        ]
        zeros = {columns[n]: [row for row in unopened if texts[n][row].strip()] for n in boxes}
        away |= {name: rows for name, rows in zeros.items() if rows}
    return away


def _forms(columns: Sequence[str], forms: Mapping[str, str] | None) -> dict[int, list[int]]:
    """The place of each form's status -> the places of its other columns."""
    ends = [n for n, name in enumerate(columns) if name.endswith(STATUS)]
    own = [n for n, name in enumerate(columns) if n and n not in ends and not name.startswith("redcap_")]
    if forms is not None:
        return {end: [n for n in own if f"{forms.get(columns[n], '')}{STATUS}" == columns[end]] for end in ends}
    starts = [-1, *ends]
    return {end: [n for n in own if start < n < end] for start, end in zip(starts, ends, strict=False)}


def boxes_without_status(columns: Sequence[str], forms: Mapping[str, str] | None = None) -> list[CellDoubt]:
    """The checkbox fields whose form's status does not stand in the file, or not behind it, at their first box.

    Where two statuses stand side by side, nothing says which of them is that of the boxes before them.
    """
    found = _forms(columns, forms)
    sure = {n for mine in found.values() for n in mine}
    if forms is None:
        behind = [end for end, mine in found.items() if not mine]  # a status without fields of its own
        sure -= {n for end in behind for n in found.get(_first_of_run(end, found), ())}
    boxes = [name for n, name in enumerate(columns) if BOX.fullmatch(name) and n not in sure]
    firsts = {name.partition("___")[0]: name for name in reversed(boxes)}
    says = "the status of its form in the file: of a form that nobody opened REDCap exports every box as 0"
    return [CellDoubt("box_unopened", -1, name, says) for name in sorted(firsts.values(), key=boxes.index)]


def _first_of_run(end: int, ends: Collection[int]) -> int:
    """The first of the statuses that stand side by side up to a place."""
    while end - 1 in ends:
        end -= 1
    return end
