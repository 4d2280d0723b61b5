"""The numbers of an analysis as readable tables.

A table is ``heads`` (what names a line), ``columns``, and ``blocks`` of lines, a block a parameter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from omtrace.analyses._shown import plural
from omtrace.model.contrast import EVERYBODY, contrast_of
from omtrace.model.estimate import Estimate
from omtrace.model.headline import main_of
from omtrace.model.plan import DatasetPlan
from omtrace.model.statistics import TABLES
from omtrace.report.words import Cell, Column, Row, apart_of, cell_of, columns_of, label_of

Line = tuple[list[str], list[Cell]]  # texts of the heads, cells

COUNTS = {"n", "missing"}  # of a row; they stand before everything else, and alone above levels
BALANCE = "standardised_difference"  # a baseline table has it beside its groups, and is never collapsed
SUBJECTS = {  # main statistic of a table -> what the table is of, where its label would not tell a reader
    "f": "tests of terms",
    "t": "tests",
    "minus_2_log_likelihood": "fit of the model",
    "fitted": "fit of the model",
    "covariance_parameters": "fit of the model",
    "verdict": "criteria",
    "n": "numbers analysed",
    "missing": "numbers analysed",
    "count": "counts",
}
HOISTED = ("visit", "group", "level")  # heads that stand above a table whose lines all have the same
EVENTS = {"n", "count", "events"}  # of a row that counts events
FEW = 5  # kinds of events: of more, units are counted once
FITS = 104  # letters of a line of which no number is broken
MOST_LEVELS = 12  # a parameter of more categories has a table of its own, which starts collapsed
MOST_GROUPS = 7  # groups that stand side by side as columns
COUNTED = "Values there and missing"  # of parameters that are complete, beside the baseline table
COMPLETE = "Nothing is missing of a parameter that has no line for n."
COLLAPSED = 40  # a table of more lines starts collapsed


def tables_of(numbers: Sequence[Estimate], dataset: DatasetPlan, population: str, ci: str = "CI") -> list[dict]:
    """The tables of an analysis: rows of the same kind stand together.

    ``population`` is the analysis's own, which needs no head; ``ci`` names an interval.
    """
    whole: dict[tuple, Row] = {}
    for number in numbers:
        key = tuple(number[part] for part in ("parameter", "population", "group", "visit", "level"))
        whole.setdefault(key, {})[number["statistic"]] = number
    rows: dict[tuple, Row] = {}
    for key, row in whole.items():
        main = main_of(list(row))  # what the row's interval belongs to stays with it
        for statistic, number in row.items():
            rows.setdefault((*key, 0 if statistic == main else apart_of(statistic)), {})[statistic] = number
    levelled = {key[0] for key in rows if key[4]}
    many = {
        name
        for name in levelled
        if len({key[4] for key, row in rows.items() if key[0] == name and _is_counted(row)}) > MOST_LEVELS
    }
    kinds: dict[tuple, list[Row]] = {}
    for key, row in rows.items():
        with_levels = bool(key[4]) or (key[0] in levelled and set(row) <= COUNTS)
        contrast = contrast_of(key[2], dataset.groups) is not None and BALANCE not in row
        kinds.setdefault(
            (
                key[5],
                "verdict" if "verdict" in row else main_of(list(row)),
                with_levels,
                contrast,
                key[0] if key[0] in many else "",
            ),
            [],
        ).append(row)
    order = sorted(kinds, key=lambda kind: kind[0])
    tables = []
    for kind in order:
        if _is_safety(kinds[kind]):
            tables += _safety(kinds[kind], dataset, population, ci)
            continue
        alike = _alike(kinds[kind])
        every = _counted_once(kinds[kind], alike) if alike else kinds[kind]
        tables.append({**_table(every, dataset, population, ci), "what": _subject(kind[0], every)})
        tables[-1]["collapsed"] |= bool(kind[4])
        if alike:
            tables[-1]["foot"] = COMPLETE
            counts = [{"missing": row["missing"]} for row in alike[0]] + [row for rows in alike[1:] for row in rows]
            tables.append({**_table(counts, dataset, population, ci), "what": COUNTED, "collapsed": True})
    if sum(table["numbers"] for table in tables) != len(numbers):
        raise AssertionError(f"{len(numbers)} numbers, but {sum(table['numbers'] for table in tables)} in the tables")
    return tables


def _table(rows: Sequence[Row], dataset: DatasetPlan, population: str, ci: str) -> dict:
    columns = _columns(rows, ci)
    heads = [part for part in ("population", "visit", "group", "level") if _varies(part, rows, population)]
    if balance := any(BALANCE in row for row in rows):
        heads = [head for head in heads if head != "visit"]
    if "level" in heads and _is_of_family(rows):
        heads.remove("level")
    counted = all(not _of(row, "parameter") for row in rows)  # populations themselves
    heads = [head for head in heads if head != "population"] if counted else heads
    blocks: dict[str, list[Row]] = {}
    for row in rows:
        blocks.setdefault(_of(row, "population" if counted else "parameter"), []).append(row)
    titles = [
        _labels(block[0])["population"]
        if counted
        else _parameter(name, block, dataset)
        if name
        else plural(dataset.unit).capitalize()
        for name, block in blocks.items()
    ]
    if "level" in heads and "population" not in heads and all(_single(row, columns) for row in rows):
        heads = [head for head in heads if head != "group"]
        groups = {_of(row, "group"): _labels(row)["group"] for row in rows}
        lines = [crossed_lines(block, heads, list(groups)) for block in blocks.values()]
        meanings = [column.title for column in columns if not set(column.parts) <= COUNTS]
        meaning = " or ".join(meanings) or "n"
        if len(groups) > 1 and len(meanings) < 2 and not counted:  # with more, each level's text tells its own
            titles = [f"{title}: {meaning}" for title in titles]
        names = list(groups.values()) if len(groups) > 1 else [meaning]
        if balance:
            contrasts = [contrast_of(group, dataset.groups) is not None for group in groups]
            names = [f"{label_of(BALANCE)}, {name}" if of else name for name, of in zip(names, contrasts, strict=True)]
    elif (groups := _side_by_side(rows, dataset)) and "population" not in heads and not balance:
        heads = [head for head in heads if head != "group"]
        lines = [transposed_lines(block, heads, list(groups), columns) for block in blocks.values()]
        heads = [*heads, "statistic"]
        names = list(groups.values())
    else:
        lines = [plain_lines(block, heads, columns) for block in blocks.values()]
        names = [column.title for column in columns]
    table = _laid_out(heads, names, titles, lines)
    return {
        **table,
        "collapsed": table["collapsed"] and not balance,
        "what": "",
        "foot": "",
    }


def _is_safety(rows: Sequence[Row]) -> bool:
    """Whether rows count events of many kinds among the same units."""
    counts = {(_of(row, "group"), row["n"].text) for row in rows if "n" in row}
    groups = {group for group, _ in counts}
    kinds = {_of(row, "parameter") for row in rows}
    return all(row.keys() >= EVENTS for row in rows) and len(kinds) > FEW and len(counts) == len(groups)


def _safety(rows: Sequence[Row], dataset: DatasetPlan, population: str, ci: str) -> list[dict]:
    """Units once, and below them the events of each kind; their intervals in a table of their own, collapsed."""
    first = _of(rows[0], "parameter")
    whole = [{"n": replace(row["n"], parameter="")} for row in rows if _of(row, "parameter") == first]
    counts = [{name: row[name] for name in row if name in EVENTS - {"n"} | {"proportion"}} for row in rows]
    others = [
        {name: row[name] for name in row if name not in count and (name != "n" or _of(row, "parameter") != first)}
        for row, count in zip(rows, counts, strict=True)
    ]
    table = {**_table([*whole, *counts], dataset, population, ci), "what": "events", "collapsed": False}
    if table["heads"][-1] == "statistic":  # the same in every line but the first, which says what it counts
        table |= {"heads": table["heads"][:-1], "what": f"{plural(dataset.unit)} with events, n (%) [events]"}
        for row in (row for block in table["blocks"] for row in block["rows"]):
            row["heads"] = row["heads"][:-1]
    beside = [row for row in others if row]
    if not beside:
        return [table]
    return [table, {**_table(beside, dataset, population, ci), "what": "intervals", "collapsed": True}]


def _alike(rows: list[Row]) -> list[list[Row]]:
    """The counts of each parameter of a baseline table with the same n and nothing missing, if several are."""
    counts: dict[str, list[Row]] = {}
    for row in rows if any(BALANCE in row for row in rows) else ():
        if "missing" in row and not _of(row, "level"):
            counts.setdefault(_of(row, "parameter"), []).append(row)
    complete = [own for own in counts.values() if all(row["missing"].text == "0" for row in own)]
    sizes = [{_of(row, "group"): row["n"].text for row in own} for own in complete]
    alike = [own for own, size in zip(complete, sizes, strict=True) if size == sizes[0]]
    return alike if len(alike) > 1 else []


def _counted_once(rows: list[Row], alike: list[list[Row]]) -> list[Row]:
    """The rows of a baseline table, all units counted above them instead of for each parameter."""
    gone = {id(row) for own in alike for row in own}
    first = [{"n": replace(row["n"], parameter="")} for row in alike[0]]
    return [*first, *(row for row in rows if id(row) not in gone)]


def _laid_out(heads: list[str], names: list[str], titles: list[str], bodies: list[list[Line]]) -> dict:
    """A table; parameters of one line each are named in the line instead of above it."""
    size = sum(len(lines) for lines in bodies)
    one_each = size == len(bodies)
    if one_each:
        heads = ["parameter", *heads]
        bodies = [[([title, *texts], cells)] for title, [(texts, cells)] in zip(titles, bodies, strict=True)]
    places, first = _same(heads, bodies), bodies[0][0][0]
    others = [place for place in range(len(heads)) if place not in places]
    above = [first[place] for place in places if first[place]]
    heads = [heads[place] for place in others]
    bodies = [[([texts[place] for place in others], cells) for texts, cells in lines] for lines in bodies]
    blocks = [{"title": title, "rows": spanned(lines)} for title, lines in zip(titles, bodies, strict=True)]
    return {
        "heads": heads,
        "above": ", ".join(above),
        "fits": _letters(heads, names, bodies) <= FITS,
        "columns": names,
        "grouped": not one_each,
        "collapsed": size > COLLAPSED,
        "size": size,
        "numbers": sum(not isinstance(piece, str) for piece in _pieces(bodies)),
        "blocks": blocks,
    }


def _letters(heads: Sequence[str], names: Sequence[str], bodies: Sequence[Sequence[Line]]) -> int:
    """How many letters wide a table is when its heads are broken between words, and its cells are not."""
    lines = [line for lines in bodies for line in lines]
    widest = [
        max((len(word) for texts, _ in lines for word in texts[i].split(" ")), default=0) for i in range(len(heads))
    ]
    for i, name in enumerate(names):
        cells = (" ".join("".join(map(_text, group)) for group in cells[i]) for _, cells in lines)
        widest.append(max([*map(len, name.split(" ")), *map(len, cells)]))
    return sum(max(width, 4) + 2 for width in widest)


def _text(piece: str | Estimate) -> str:
    return piece if isinstance(piece, str) else piece.shown + piece.suffix


def _subject(apart: int, rows: Sequence[Row]) -> str:
    """What a table is of, in a word or two, to tell it from the others of its analysis."""
    if apart:
        return TABLES[apart - 1]
    names = list(dict.fromkeys(name for row in rows for name in row))
    main = "verdict" if "verdict" in names else next((found for row in rows if (found := main_of(list(row)))), "")
    main = main if main in names else next((name for name in names if name not in COUNTS), names[0])
    return SUBJECTS.get(main, label_of(main).lower() if label_of(main)[1:2].islower() else label_of(main))


def _same(heads: list[str], blocks: list[list[Line]]) -> list[int]:
    """The places of the heads that say the same in every line, and can stand above the table; one head stays."""
    lines = [texts for block in blocks for texts, _ in block]
    same = [i for i, head in enumerate(heads) if head in HOISTED and len({line[i] for line in lines}) == 1]
    return same[: len(heads) - 1]


def _pieces(bodies: list[list[Line]]) -> list[str | Estimate]:
    return [piece for lines in bodies for _, cells in lines for cell in cells for group in cell for piece in group]


def _labels(row: Row) -> Mapping[str, str]:
    return next(iter(row.values())).labels


def _of(row: Row, part: str) -> str:
    return next(iter(row.values()))[part]


def _is_counted(row: Row) -> bool:
    """Whether a row counts one category."""
    return {"count", "percent"} <= row.keys()


def _is_of_family(rows: Sequence[Row]) -> bool:
    """Whether rows are hypotheses of a family that are told apart without the names that the plan gives them."""
    places = {tuple(_of(row, part) for part in ("parameter", "population", "group", "visit")) for row in rows}
    return all("rejected" in row for row in rows) and len(places) == len(rows)


def _columns(rows: Sequence[Row], ci: str) -> list[Column]:
    statistics = dict.fromkeys(statistic for row in rows for statistic in row)
    first = [name for name in ("n", "n_a", "n_b", "missing") if name in statistics]
    mixed = any(set(row) != set(statistics) for row in rows)  # different tests: the p of all stand last
    last = [name for name in ("p",) if name in statistics and mixed]
    return columns_of([*first, *(name for name in statistics if name not in (*first, *last)), *last], ci)


def _single(row: Row, columns: Sequence[Column]) -> bool:
    """Whether a row holds one cell only, or only counts, which can stand below each other."""
    held = [column for column in columns if set(column.parts) & set(row)]
    return _of(row, "level") != "" and len(held) == 1 or _of(row, "level") == "" and set(row) <= COUNTS


def _varies(part: str, rows: Sequence[Row], population: str) -> bool:
    usual = {"population": population, "group": EVERYBODY}.get(part, "")
    return {_of(row, part) for row in rows} != {usual}


def _parameter(name: str, block: Sequence[Row], dataset: DatasetPlan) -> str:
    """The parameter's label with its unit, or with the logarithm of it where all numbers are logarithms."""
    label = _labels(block[0])["parameter"]
    unit = dataset.parameters[name].unit if name in dataset.parameters else ""
    units = {number["unit"] for row in block for number in row.values()}
    if f"log {unit}" in units and unit not in units:
        unit = f"log {unit}"
    return f"{label}, {unit}" if unit else label


def plain_lines(block: Sequence[Row], heads: Sequence[str], columns: Sequence[Column]) -> list[Line]:
    """A line for each row."""
    lines = []
    for row in block:
        labels = _labels(row)
        texts = [labels[head] or "All" * (head == "level") for head in heads]
        lines.append((texts, [cell_of(column, row) for column in columns]))
    return lines


def _side_by_side(rows: Sequence[Row], dataset: DatasetPlan) -> dict[str, str]:
    """The groups of a table, by name, that stand side by side: each has all that the others have; else none."""
    groups = {_of(row, "group"): _labels(row)["group"] for row in rows}
    if not 2 <= len(groups) <= MOST_GROUPS or any(contrast_of(group, dataset.groups) for group in groups):
        return {}
    return {**{name: groups[name] for name in (*dataset.groups, EVERYBODY) if name in groups}, **groups}


def transposed_lines(
    block: Sequence[Row], heads: Sequence[str], groups: Sequence[str], columns: Sequence[Column]
) -> list[Line]:
    """A line for each visit, level and column of statistics, the groups side by side."""
    cells: dict[tuple[str, str], dict[str, Row]] = {}
    texts: dict[tuple[str, str], list[str]] = {}
    for row in block:
        key = (_of(row, "visit"), _of(row, "level"))
        cells.setdefault(key, {})[_of(row, "group")] = row
        texts.setdefault(key, [_labels(row)[head] or "All" * (head == "level") for head in heads])
    return [
        ([*texts[key], column.title], [cell_of(column, found[group]) if group in found else [] for group in groups])
        for key, found in cells.items()
        for column in columns
        if any(set(column.parts) & row.keys() for row in found.values())
    ]


def crossed_lines(block: Sequence[Row], heads: Sequence[str], groups: Sequence[str]) -> list[Line]:
    """A line for each level, the groups side by side; counts without a level stand above, each on its line.

    A level that is missing in one group keeps its place in the order of the groups that have it.
    """
    cells: dict[tuple, dict[str, Cell]] = {}
    texts: dict[tuple, list[str]] = {}
    order: list[tuple] = []
    last: dict[str, tuple] = {}
    for row in block:
        labels, group, level = _labels(row), _of(row, "group"), _of(row, "level")
        for name, part in [("", row)] if level else [(name, {name: row[name]}) for name in row]:
            key = (_of(row, "visit"), level, name)
            if key not in texts:
                order.insert(order.index(last[group]) + 1 if group in last else len(order), key)
                level_of = labels["level"].removeprefix(f"{labels['population']}: ") or label_of(name) * bool(name)
                texts[key] = [level_of if head == "level" else labels[head] for head in heads]
            last[group] = key
            cells.setdefault(key, {})[group] = cell_of(columns_of(list(part))[0], part)
    return [(texts[key], [cells[key].get(group, []) for group in groups]) for key in order]


def spanned(lines: Sequence[Line]) -> list[dict]:
    """Lines with the spans of their heads: the first of several heads stands once for lines that share it."""
    parts: list[dict] = []
    begun = 0
    for index, (texts, cells) in enumerate(lines):
        heads = [{"text": text, "span": 1} for text in texts]
        if index and len(texts) > 1 and texts[0] == lines[begun][0][0]:
            parts[begun]["heads"][0]["span"] += 1
            del heads[0]
        else:
            begun = index
        parts.append({"heads": heads, "cells": cells})
    return parts
