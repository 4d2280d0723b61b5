"""What the raw texts of a column stand for: missing-data codes, structural zeros, codings and recodes of the plan."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.instruments import Instrument, instrument_of, is_instrument
from omtrace.provenance.keys import key_of
from omtrace.readers._redcap_boxes import UNTICKED
from omtrace.readers._words import words_in
from omtrace.schemas import Column
from omtrace.validation.cells import Cells, is_in
from omtrace.validation.work import Source, Work

if TYPE_CHECKING:
    import numpy
    import pyarrow

MISSING = "\ue000"  # stands for a missing-data code that only one of a table's files declares
STRAY, SURE = 0.02, 0.98  # shares of answers: outside the declared codes at least, within another coding at least


@dataclass(frozen=True)
class Meaning:
    """What the distinct texts of a column stand for.

    ``raw``: the column; ``texts``: what each distinct text means, "" for no value (Arrow array); ``coded``, ``told``:
    masks of the texts that are missing-data codes, and of those that a finding names already.
    """

    raw: Cells
    texts: "pyarrow.Array"
    coded: "numpy.ndarray"
    told: "numpy.ndarray"


def meaning_of(work: Work, column: Column, raw: Cells) -> Meaning:
    """The meaning of a column's texts; codes, and texts that a recode does not know, become findings."""
    import numpy
    import pyarrow

    raw = _own_codes(work, column, raw)
    codes = work.missing_codes
    there = _gaps(work, column, raw, codes, numpy.flatnonzero(raw.among(codes)), "coded_missing")
    zeros = work.plan.structural_zeros if column.kind == "integer" and not column.required else {}
    there |= _gaps(work, column, raw, zeros, numpy.flatnonzero(raw.among(zeros)), "structural_zero")
    coded = is_in(raw.distinct, (*codes, MISSING))
    coding, recode = work.coding(column.name), work.plan.recoded(column.name)
    if not (coding or recode or there or coded.any()):
        return Meaning(raw, raw.distinct, coded, is_in(raw.distinct, ()))
    fixed = dict.fromkeys((*codes, MISSING, ""), "") | dict.fromkeys(zeros, "0")
    meant, unknown = [], set()
    for text in raw.texts:
        known = fixed.get(text, recode.get(text, coding.get(text.lower())) if coding or recode else text)
        meant.append(known or "")
        unknown |= {text} if known is None else set()
    if unknown:
        hint = work.suggestion(column.name, set(raw.texts) - fixed.keys())
        if own := sorted(unknown & {*work.plan.recode.get(column.name, {}).values(), *map(str, column.allowed)}):
            says = ", ".join(f"{text}: {text}" for text in own)
            hint += f" (recode names every text of its column, those that stay too: add {says})"
        expected = f"one of {', '.join({**coding, **recode})}{hint}"
        work.report(work.keys[raw.among(unknown)], "code", column.name, expected)
    return Meaning(raw, pyarrow.array(meant, type=pyarrow.string()), coded, is_in(raw.distinct, unknown))


def _own_codes(work: Work, column: Column, raw: Cells) -> Cells:
    """The column with a mark in place of codes that a file itself declares missing; they bind no other file.

    The 0 of a box in a form that nobody opened is such a code. So are the words that plate readers write into wells, in
    every file of readings, whatever reads it.
    """
    import numpy

    name = work.plan.raw(column.name)
    words = words_in(raw.texts).missing if column.reading else {}
    ends = numpy.searchsorted(work.numbers(), list(work.sources), side="right")
    starts = numpy.searchsorted(work.numbers(), list(work.sources))
    own_codes = numpy.zeros(len(work.keys), dtype=bool)
    for (number, source), start, end in zip(work.sources.items(), starts.tolist(), ends.tolist(), strict=True):
        declared = source.extract.variables[name].missing if name in source.extract.variables else {}
        own = {code: says for code, says in (words | declared).items() if code not in work.missing_codes}
        if own and (rows := _rows_with(raw, own, start, end)):
            _gaps(work, column, raw, own, rows, "coded_missing")
            own_codes[rows] = True
        if name in source.extract.unopened:
            ordinals = [source.extract.places.ordinals[row] for row in source.extract.unopened[name]]
            unopened = {key_of(number, int(ordinal)) for ordinal in ordinals}
            unticked = [row for row in _rows_with(raw, UNTICKED, start, end) if not own_codes[row]]
            rows = [row for row in unticked if int(work.keys[row]) in unopened]
            _gaps(work, column, raw, dict.fromkeys(UNTICKED, "form not opened"), rows, "box_unopened")
            own_codes[rows] = True
    return raw.changed(own_codes, lambda _: MISSING) if own_codes.any() else raw


def _rows_with(raw: Cells, texts: Collection[str], start: int, end: int) -> list[int]:
    """The rows from ``start`` up to ``end`` whose text is one of these."""
    codes = raw.codes[start:end]
    wanted = [code for code in set(codes.tolist()) if raw.texts[code] in texts]
    return [start + row for row, code in enumerate(codes.tolist()) if code in wanted] if wanted else []


def _gaps(
    work: Work, column: Column, raw: Cells, codes: dict[str, str], rows: "Sequence[int] | numpy.ndarray", rule: str
) -> bool:
    """Cells that hold a code with a meaning of its own, by the positions of their rows; whether there are any."""
    if not len(rows):
        return False
    expected = {
        "structural_zero": "a number, or a code that counts as zero",
        "coded_missing": "a value (missing-data code)",
        "box_unopened": "an answer: the form was not opened",
    }
    work.report(work.keys[rows], rule, column.name, expected[rule])
    texts = (raw.texts[code] for code in raw.codes[rows].tolist())
    says = "zero: {}" if rule == "structural_zero" else "{}"
    work.gaps += [(k, column.name, says.format(codes[t])) for k, t in zip(work.keys[rows].tolist(), texts, strict=True)]
    return True


def check_coding(work: Work) -> None:
    """Report files whose answers fit another coding than the declared one, or whose labels contradict it.

    A questionnaire coded 0 to 4 and read as 1 to 5 gives wrong scores wherever no 0 was answered, so the answers of all
    items of a file are judged together.
    """
    schema = work.plan.library(work.name)
    if not is_instrument(schema) or not instrument_of(schema).codings:
        return
    instrument = instrument_of(schema)
    items = [i.name for i in instrument.items if i.unit == "code" and work.plan.raw(i.name) in work.cells]
    items = [item for item in items if item not in work.plan.recode]
    for number, source in work.sources.items():
        if items and not work.plan.coding:
            _compare_answers(work, instrument, items, number)
        _compare_labels(work, instrument, items, source)


def _compare_answers(work: Work, instrument: Instrument, items: list[str], number: int) -> None:
    rows = work.numbers() == number
    counts: Counter[str] = Counter()
    for item in items:
        cells = work.cells[work.plan.raw(item)].taken(rows)
        counts.update(cells.texts[code].lower() for code in cells.codes.tolist())
    for text in ("", *work.missing_codes, *work.plan.structural_zeros):
        counts.pop(text, None)
    if not (total := sum(counts.values())):
        return
    first = next(i for i in instrument.items if i.name == items[0])
    own = set(first.codes())
    fitting = {name: sum(counts[text] for text in codes) / total for name, codes in instrument.codings.items()}
    best = max(fitting, key=lambda name: fitting[name])
    mine = sum(counts[code] for code in own) / total
    if 1 - mine >= STRAY and fitting[best] >= SURE and fitting[best] > mine:
        expected = f"the codes of {instrument.title}; the answers are in the coding {best}: say so, coding: {best}"
        work.find("coding", work.sources[number].export, None, work.plan.raw(items[0]), expected)


def _compare_labels(work: Work, instrument: Instrument, items: list[str], source: Source) -> None:
    """Hold the labels that a file, or its dictionary, gives to codes against the instrument's own."""
    labels = instrument.codings.get("labels", {})
    for item in items:
        raw = work.plan.raw(item)
        coding = work.coding(item)
        choices = source.extract.variables[raw].choices if raw in source.extract.variables else {}
        wrong = [
            f"{code} is labelled {label}"
            for code, label in choices.items()
            if labels.get(label.lower(), "") not in ("", coding.get(code.lower(), code))
        ]
        if wrong:
            expected = f"codes that mean what the file says; {', '.join(wrong)}: say coding or recode in the plan"
            work.find("coding", source.export, None, raw, expected)
