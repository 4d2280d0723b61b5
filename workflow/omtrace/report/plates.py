"""A page for each plate: heat map, curve with residuals, standards read back, wells by state, and all its numbers.

Everything is read from estimates and datasets; a difference from the drawn curve is the only thing computed.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from omtrace import store
from omtrace.analyses._shown import shown
from omtrace.keys import digest_of
from omtrace.report._plate_svg import boxes, curve, heat_map, shares_of
from omtrace.report._plate_wells import Wells, wells_of
from omtrace.report.page import TEMPLATES, policy
from omtrace.report.words import label_of
from omtrace.study.plan import Plan, PlatePages

COEFFICIENTS = ("a", "b", "c", "d", "g")
VERDICT = "plate_verdict"
Row = dict[str, str]


@dataclass
class Plate:
    """What is known of one plate: its label, where its wells are among those of all plates, and its numbers."""

    label: str
    wells: range = range(0)
    numbers: list[Row] = field(default_factory=list)


def write_plates(plan: Plan, root: str | Path, folder: str | Path) -> None:
    """Write a page for each plate of the plan's ``plates``, and index.html, below ``folder``."""
    pages = plan.plates
    if pages is None:
        raise ValueError(f"plan of {plan.study}: it declares no plates")
    wells = wells_of(plan, pages, Path(root))
    plates = _plates(plan, pages, wells, Path(root))
    files = _files(plates)
    style = (TEMPLATES / "plates.css").read_text(encoding="utf-8")
    names = list(plates)
    drawn = _boxes(plan, pages, wells, list(plates.values()))
    for at, (name, plate) in enumerate(plates.items()):
        near = {"Previous": at - 1, "Next": at + 1}
        beside = [(word, names[n]) for word, n in near.items() if 0 <= n < len(names)]
        links = [(word, files[other], plates[other].label) for word, other in beside]
        body = _body(plan, pages, plate, wells, drawn, links)
        store.write_text(Path(folder) / files[name], _page(plan, style, _title(plate.label), body))
    store.write_text(Path(folder) / "index.html", _page(plan, style, "Plates", _index(plates, wells, files)))


def _plates(plan: Plan, pages: PlatePages, wells: Wells, root: Path) -> dict[str, Plate]:
    """The plates in their natural order, with wells and numbers."""
    groups = plan.datasets[pages.dataset].groups
    plates = {group: Plate(label, wells.of_plate(n)) for n, (group, label) in enumerate(groups.items())}
    of = {name for name, entry in plan.analyses.items() if entry.dataset == pages.dataset}
    for row in store.read_csv(root / "estimates.csv"):
        if row["analysis"] in of and row["group"] in plates:
            plates[row["group"]].numbers.append(row)
    return plates


def _is_large(wells: Wells, plate: Plate) -> bool:
    """Whether a plate has more than 96 places."""
    return any(wells.names[n][0] > "H" or int(wells.names[n][1:]) > 12 for n in plate.wells)


def _boxes(plan: Plan, pages: PlatePages, wells: Wells, plates: Sequence[Plate]) -> list[str]:
    """The markup of every well in its heat map."""
    parameters = plan.datasets[pages.dataset].parameters
    unit, dose = (escape(f" {parameters[name].unit}") for name in (pages.signal, pages.concentration))
    roles, states = ({text: escape(text) for text in set(texts)} for texts in (wells.roles, wells.status))
    titles = [
        ", ".join([*([roles[role]] if role else []), *([f"{level:g}{dose}"] if level == level else []),
                   f"{signal:g}{unit}" if signal == signal else states[status]])
        for role, level, signal, status in
        zip(wells.roles, wells.level.tolist(), wells.signal.tolist(), wells.status, strict=True)
    ]  # fmt: skip
    large = [big for plate in plates for big in [_is_large(wells, plate)] * len(plate.wells)]
    decimals = min(parameters[pages.signal].decimals, 3)
    return boxes(wells.names, wells.signal, shares_of(wells.signal, wells.starts), titles, large, decimals)


def _files(plates: Mapping[str, Plate]) -> dict[str, str]:
    """Plate -> name of its page; names that would be the same get a digest."""
    plain = {
        name: re.sub(r"[^A-Za-z0-9]+", "_", plate.label).strip("_").lower() or "plate" for name, plate in plates.items()
    }
    twice = {slug for slug, count in Counter([*plain.values(), "index"]).items() if count > 1}
    return {name: f"{slug}_{digest_of([name], 6)}.html" if slug in twice else f"{slug}.html"
            for name, slug in plain.items()}  # fmt: skip


def _page(plan: Plan, style: str, title: str, body: str) -> str:
    label = '<p class="simulated">Simulated data</p>' if plan.kind == "simulated" else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(style, "")}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)} · {escape(plan.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{label}\n"
        f'<p class="note">Confidential: shows single wells · {escape(plan.title)}</p>\n<h1>{escape(title)}</h1>\n'
        f"{body}\n</body>\n</html>\n"
    )


def _title(name: str) -> str:
    """A plate's name as a heading: a number alone says too little."""
    return name if any(letter.isalpha() for letter in name) else f"Plate {name}"


def verdict(plate: Plate) -> str:
    """What the analyses say of a plate: its acceptance, where the plan judges it; else whether it has a curve."""
    judged = [row for row in plate.numbers if row["statistic"] == VERDICT]
    if judged:
        said = next((shown(row["value"], 0, VERDICT) for row in judged if not row["level"]), "")
        reasons = [row["level"].removeprefix("flag: ") for row in judged if row["level"]]
        return (said[:1].upper() + said[1:] + (": " + "; ".join(reasons) if reasons else "")) or "Not judged"
    refused = next((row["level"] for row in plate.numbers if row["level"].startswith("refused: ")), "")
    if refused:
        return f"No curve: {refused.removeprefix('refused: ')}"
    return "Curve fitted; the plan judges no acceptance" if _coefficients(plate) else "No standard curve"


def _coefficients(plate: Plate) -> dict[str, float]:
    found = {row["statistic"]: float(row["value"]) for row in plate.numbers
             if row["statistic"] in COEFFICIENTS and not row["level"] and row["value"]}  # fmt: skip
    return found if {"a", "b", "c", "d"} <= found.keys() else {}


def _body(plan: Plan, pages: PlatePages, plate: Plate, wells: Wells, drawn: Sequence[str],
          beside: Sequence[tuple[str, str, str]]) -> str:  # fmt: skip
    dataset = plan.datasets[pages.dataset]
    signal, dose = dataset.parameters[pages.signal], dataset.parameters[pages.concentration]
    links = ['<a href="../report.html">Report</a>', '<a href="index.html">All plates</a>']
    links += [f'<a href="{file}">{word}: {escape(name)}</a>' for word, file, name in beside]
    at = slice(plate.wells.start, plate.wells.stop)
    pairs = zip(wells.level[at].tolist(), wells.signal[at].tolist(), strict=True)
    points = [(level, value) for level, value in pairs if level == level and value == value]
    axes = (_named(dose.label, dose.unit), _named(signal.label, signal.unit))
    standards = curve(points, _coefficients(plate), axes)
    return "\n".join([
        f"<nav>{' · '.join(links)}</nav>",
        f'<p class="verdict">{escape(verdict(plate))}</p>',
        f'<h2>{escape(signal.label)} of each well</h2>\n<div class="scroll">'
        + heat_map(dict(zip(wells.names[at], drawn[at], strict=True)), _is_large(wells, plate)) + "</div>",
        '<p class="note">From the lowest to the highest signal; a cross: in use, and no signal.</p>',
        f"<h2>Standard curve</h2>\n<div class=\"pair\"><div>{standards or '<p>No standards with a signal.</p>'}</div>"
        f"{_read_back(plate)}</div>",
        '<p class="note">Below the curve: signal less curve of each standard.</p>' if _coefficients(plate) else "",
        f"<h2>Wells by state</h2>\n{_states(pages, plate, wells)}",
        f"<h2>Numbers of this plate</h2>\n{_numbers(plan, plate)}",
    ])  # fmt: skip


def _named(label: str, unit: str) -> str:
    return f"{label} ({unit})" if unit else label


def _table(heads: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> str:
    """A table; ``heads``: title, and whether the column is numbers. Cells are markup already."""
    head = "".join(f"<th{' class=num' if num else ''}>{title}</th>" for title, num in heads)
    lines = []
    for row in rows:
        cells = "".join(
            f"<td{' class=num' if num else ''}>{cell}</td>" for cell, (_, num) in zip(row, heads, strict=True)
        )
        lines.append(f"<tr>{cells}</tr>")
    return (
        f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table></div>"
    )


def _value(row: Row) -> str:
    unit = f" {row['unit']}" if row["unit"] else ""
    return escape(shown(row["value"], int(row["decimals"] or 0), row["statistic"]) + unit)


def _read_back(plate: Plate) -> str:
    """The standards read back, of the analysis that has them."""
    return "".join(_by_level(rows) for rows in _by_analysis(plate).values() if _is_curve(rows))


def _is_curve(rows: Sequence[Row]) -> bool:
    return any(row["statistic"] == "back_calculated" for row in rows)


def _by_analysis(plate: Plate) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in plate.numbers:
        found.setdefault(row["analysis"], []).append(row)
    return found


def _by_level(rows: Sequence[Row]) -> str:
    """Numbers that have a level, one line a level, a column a statistic, each with its id."""
    levels: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["level"]:
            levels.setdefault(row["level"], {}).setdefault(row["statistic"], row)
    alike: dict[str, list[str]] = {}  # first statistic -> levels: standards in one table, effects of place in another
    for level, found in levels.items():
        alike.setdefault(next(iter(found)), []).append(level)
    return "".join(_levels({level: levels[level] for level in same}) for same in alike.values())


def _levels(levels: Mapping[str, Mapping[str, Row]]) -> str:
    names = list(dict.fromkeys(name for found in levels.values() for name in found))
    lines = []
    for level, found in levels.items():
        cells = [f"{_value(found[name])} <code>{found[name]['id']}</code>" if name in found else "–" for name in names]
        lines.append([escape(level), *cells])
    return _table([("Level", False), *((escape(label_of(name)), True) for name in names)], lines)


def _states(pages: PlatePages, plate: Plate, wells: Wells) -> str:
    """How many wells of each role are in each state, and which."""
    found: dict[tuple[str, str], list[str]] = {}
    for n in sorted(plate.wells, key=lambda n: (wells.names[n][0], int(wells.names[n][1:]))):
        role = (wells.roles[n] or "no role") if pages.role else "well"
        found.setdefault((role, wells.status[n]), []).append(wells.names[n])
    rows = [[escape(role), escape(state), str(len(which)), escape(", ".join(which) if state != "observed" else "")]
            for (role, state), which in sorted(found.items())]  # fmt: skip
    return _table([("Role", False), ("State", False), ("Wells", True), ("Which", False)], rows)


def _numbers(plan: Plan, plate: Plate) -> str:
    """All numbers of the plate by analysis; levels read back stand beside the curve already."""
    parts = []
    for analysis, rows in _by_analysis(plate).items():
        parts.append(f"<h3>{escape(plan.analyses[analysis].title)}</h3>")
        plain = [[escape(label_of(row["statistic"])), _value(row), f"<code>{row['id']}</code>"]
                 for row in rows if not row["level"]]  # fmt: skip
        heads = [("Number", False), ("Value", True), ("Id", False)]
        parts += [_table(heads, plain)] if plain else []
        parts += [] if _is_curve(rows) else [_by_level(rows)]
    told = f"python -m omtrace trace results/{plan.study}/estimates.csv#ID"
    parts.append(f'<p class="note">From a number to its wells and raw cells: <code>{escape(told)}</code></p>')
    return "\n".join(parts)


def _index(plates: Mapping[str, Plate], wells: Wells, files: Mapping[str, str]) -> str:
    rows = []
    for name, plate in plates.items():
        counts = Counter(wells.status[n] for n in plate.wells)
        others = ", ".join(f"{n} {state}" for state, n in sorted(counts.items()) if state != "observed")
        link = f'<a href="{files[name]}">{escape(plate.label)}</a>'
        rows.append([link, escape(verdict(plate)), str(counts["observed"]), escape(others)])
    heads = [("Plate", False), ("Verdict", False), ("Wells read", True), ("Other wells", False)]
    return '<nav><a href="../report.html">Report</a></nav>\n' + _table(heads, rows)
