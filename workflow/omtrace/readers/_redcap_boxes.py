"""Boxes of REDCap's checkbox fields in forms that nobody opened: REDCap exports every one as 0, as if it were no."""

import re
from collections.abc import Sequence
from dataclasses import replace

from omtrace.readers import CellDoubt, Extract, texts_of
from omtrace.readers._redcap_values import Cells

BOX = re.compile(r"\w+___\w+")  # one box of a checkbox field
UNTICKED = ("0", "Unchecked")  # raw, and as labels
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


def boxes_of_unopened_forms(columns: Sequence[str], cells: Sequence[Cells]) -> dict[str, list[int]]:
    """The rows in which a checkbox's 0 is no answer: REDCap writes 0 into all boxes of a form that was never opened.

    A form's columns stand before its status, after the status of the form before. It was not opened where its status is
    blank or 0 (incomplete), no box is ticked, and every other of its fields is blank. A blank box is not listed.
    """
    away: dict[str, list[int]] = {}
    first = 1
    for end, name in enumerate(columns):
        if not name.endswith("_complete"):
            continue
        mine = [n for n in range(first, end) if not columns[n].startswith("redcap_")]
        first = end + 1
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


def boxes_without_status(columns: Sequence[str]) -> list[CellDoubt]:
    """The checkbox fields behind which no form's status stands in the file, at their first box."""
    ends = [place for place, name in enumerate(columns) if name.endswith("_complete")]
    boxes = [name for name in columns[max(ends, default=0) :] if BOX.fullmatch(name)]
    firsts = {name.partition("___")[0]: name for name in reversed(boxes)}
    says = "the status of its form in the file: of a form that nobody opened REDCap exports every box as 0"
    return [CellDoubt("box_unopened", -1, name, says) for name in sorted(firsts.values(), key=boxes.index)]
