"""Cells against the dictionary: labels back to codes, and doubts about types, choices and bounds.

Each distinct text of a column is looked at once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from omtrace.faults import Fault
from omtrace.readers import CellDoubt
from omtrace.readers._redcap_columns import Column, plain
from omtrace.readers._redcap_validation import SLIDER, TIMESTAMP, VALIDATIONS

TICKED_TEXT = ("Checked", "Unchecked")
Cells = Sequence[str]


@dataclass(frozen=True)
class Labels:
    """The codes of each label of one column, exactly and in plain words."""

    column: Column
    exact: dict[str, list[str]]
    plain: dict[str, list[str]]

    @classmethod
    def of(cls, column: Column) -> "Labels":
        """The labels of a coded column. A ticked box may also be exported as its choice's own text."""
        pairs = [(label, code) for code, label in column.choices.items()]
        if (
            column.kind == "checkbox"
            and column.declared
            and column.declared.choices.get(column.code, "") not in TICKED_TEXT
        ):
            pairs.append((column.declared.choices.get(column.code, ""), "1"))
        exact: dict[str, list[str]] = {}
        words: dict[str, list[str]] = {}
        for label, code in pairs:
            if label:
                exact.setdefault(label, []).append(code)
                words.setdefault(plain(label), []).append(code)
        return cls(column, exact, words)

    def codes(self, text: str) -> list[str]:
        """The codes that a text may stand for; none if it is no label."""
        return self.exact.get(text) or self.plain.get(plain(text)) or []


def distinct(cells: Cells) -> set[str]:
    """The texts of a column, blank ones left out."""
    found = cells.unique().to_pylist() if hasattr(cells, "unique") else set(cells)
    return {text for text in found if text.strip()}


def texts_of(cells: Cells) -> Sequence[str]:
    """The texts of a column, whose cells may stand in an Arrow array, as Python's own."""
    return cells.to_pylist() if hasattr(cells, "to_pylist") else cells


def are_labels(columns: Sequence[Column | None], cells: Sequence[Cells]) -> bool:
    """Whether coded cells hold labels: what most coded columns say that can only be read one way.

    Raises Fault where as many columns say one thing as the other, or where codes and labels are the same
    texts in another order, so that nothing in the file tells them apart.
    """
    votes = {True: 0, False: 0}
    unsettled = []
    for column, texts in zip(columns, cells, strict=True):
        if column is None or not column.choices:
            continue
        labels = Labels.of(column)
        found = [(text in column.choices, labels.codes(text), text) for text in map(str.strip, distinct(texts))]
        only_codes = sum(code and not label for code, label, _ in found)
        only_labels = sum(bool(label) and not code for code, label, _ in found)
        if only_codes != only_labels:
            votes[only_labels > only_codes] += 1
        elif any(code and label and label != [text] for code, label, text in found):
            unsettled.append(column.name)
    if votes[True] == votes[False] and (votes[True] or unsettled):
        says = f"{votes[False]} columns hold codes and {votes[True]} hold labels"
        says = says if votes[True] else f"codes and labels cannot be told apart in {', '.join(unsettled[:10])}"
        raise Fault(f"{says}; say the option values: raw or labels, as it was exported")
    return votes[True] > votes[False]


def coded(column: Column, cells: Cells) -> tuple[Cells, list[CellDoubt]]:
    """A column of labels as codes; a text that is no label stays and is doubted.

    Raises Fault for a label that stands for several codes.
    """
    labels = Labels.of(column)
    codes, strange = {}, set()
    for text in distinct(cells):
        found = labels.codes(text.strip())
        if len(found) > 1:
            raise Fault(
                f"column {column.name}: one label stands for the codes {', '.join(found)}; export raw values, "
                "or give the choices different labels in REDCap"
            )
        if found:
            codes[text] = found[0]
        else:
            strange.add(text)
    doubts = doubts_at(cells, strange, "dictionary_choice", column.name, "a label of the field's choices")
    return [codes.get(text, text) for text in texts_of(cells)], doubts


def doubts_at(cells: Cells, texts: set[str], rule: str, column: str, expected: str) -> list[CellDoubt]:
    """A doubt for each cell that holds one of the texts."""
    if not texts:
        return []
    return [CellDoubt(rule, row, column, expected) for row, text in enumerate(texts_of(cells)) if text in texts]


def choice_doubts(column: Column, cells: Cells) -> list[CellDoubt]:
    """Doubts for raw codes that are no choice of the column."""
    strange = {text for text in distinct(cells) if text.strip() not in column.choices}
    codes = [*column.choices][:10]
    expected = f"one of {', '.join(codes)}{' and others' if len(column.choices) > len(codes) else ''}"
    return doubts_at(cells, strange, "dictionary_choice", column.name, expected)


def typed_doubts(column: Column, cells: Cells) -> list[CellDoubt]:
    """Doubts for texts of another type than the dictionary's, and for values outside its bounds."""
    item = column.declared
    validation = TIMESTAMP if column.kind == "timestamp" else item.validation if item else None
    if column.name == "redcap_repeat_instance":
        validation = VALIDATIONS["integer"]
    if validation is None:
        return []
    low, high = (item.minimum, item.maximum) if item else (None, None)
    if item and item.type == "slider" and low is None and high is None:
        low, high = (validation.value(text) for text in SLIDER)
    strange, outside = set(), set()
    for text in distinct(cells):
        value = validation.value(text.strip())
        if text.strip() in column.missing:
            continue
        if value is None:
            strange.add(text)
        elif (low is not None and value < low) or (high is not None and value > high):  # type: ignore[operator]
            outside.add(text)
    bounds = " ".join(f"{sign} {edge}" for sign, edge in ((">=", low), ("<=", high)) if edge is not None)
    return [
        *doubts_at(cells, strange, "dictionary_type", column.name, validation.expected),
        *doubts_at(cells, outside, "dictionary_range", column.name, bounds),
    ]


def refuse_labels(header: Sequence[str], cells: Sequence[Cells], status: Iterable[str]) -> None:
    """Raise Fault if cells plainly hold labels, though there is no dictionary to read them by."""
    tests: list[tuple[Callable[[str], bool], set[str]]] = [
        (lambda name: name.endswith("_complete"), set(status)),
        (lambda name: "___" in name, set(TICKED_TEXT)),
    ]
    found = [
        name
        for name, texts in zip(header, cells, strict=True)
        for fits, words in tests
        if fits(name) and (seen := distinct(texts)) and seen <= words
    ]
    if found:
        raise Fault(
            f"labels in place of codes in {', '.join(found[:10])}; export raw data, or name the export of the data "
            "dictionary in the option dictionary"
        )
