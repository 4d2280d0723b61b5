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
from omtrace.report._plate_svg import curve, heat_map
from omtrace.report.page import TEMPLATES, policy
from omtrace.report.words import label_of
from omtrace.study.plan import Plan, PlatePages

WELL = re.compile(r"(?:.*[/ ])?([A-P])0?(\d{1,2})")
COEFFICIENTS = ("a", "b", "c", "d", "g")
VERDICT = "plate_verdict"
Row = dict[str, str]


@dataclass
class Plate:
    """What is known of one plate: its label, well -> its facts, and its numbers."""

    label: str
    wells: dict[str, dict[str, str | float | None]] = field(default_factory=dict)
    numbers: list[Row] = field(default_factory=list)


def write_plates(plan: Plan, root: str | Path, folder: str | Path) -> None:
    """Write a page for each plate of the plan's ``plates``, and index.html, below ``folder``."""
    pages = plan.plates
    if pages is None:
        raise ValueError(f"plan of {plan.study}: it declares no plates")
    plates = _plates(plan, pages, Path(root))
    files = _files(plates)
    style = (TEMPLATES / "plates.css").read_text(encoding="utf-8")
    names = list(plates)
    for at, (name, plate) in enumerate(plates.items()):
        near = {"Previous": at - 1, "Next": at + 1}
        beside = [(word, names[n]) for word, n in near.items() if 0 <= n < len(names)]
        links = [(word, files[other], plates[other].label) for word, other in beside]
        body = _body(plan, pages, plate, links)
        store.write_text(Path(folder) / files[name], _page(plan, style, _title(plate.label), body))
    store.write_text(Path(folder) / "index.html", _page(plan, style, "Plates", _index(plates, files)))


def _plates(plan: Plan, pages: PlatePages, root: Path) -> dict[str, Plate]:
    """The plates in their natural order, with wells and numbers."""
    dataset = plan.datasets[pages.dataset]
    table = store.read_columns(root / "datasets" / f"{pages.dataset}.parquet")
    wanted = {dataset.group, pages.signal, pages.concentration, *([pages.role] if pages.role else [])}
    facts: dict[str, dict[str, str | float | None]] = {}
    columns = (table[name] for name in ("unit", "parameter", "value", "text", "status"))
    for unit, parameter, value, text, status in zip(*columns, strict=True):
        if parameter in wanted:
            well = facts.setdefault(unit, {})
            well[parameter] = text if text else value
            if parameter == pages.signal:
                well["status"] = status
    plates = {group: Plate(label) for group, label in dataset.groups.items()}
    for unit, well in facts.items():
        plate = plates.get(str(well.get(dataset.group)))
        found = WELL.fullmatch(unit)
        if plate and found:
            plate.wells[f"{found[1]}{found[2]}"] = well
    of = {name for name, entry in plan.analyses.items() if entry.dataset == pages.dataset}
    for row in store.read_csv(root / "estimates.csv"):
        if row["analysis"] in of and row["group"] in plates:
            plates[row["group"]].numbers.append(row)
    return plates


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


def _body(plan: Plan, pages: PlatePages, plate: Plate, beside: Sequence[tuple[str, str, str]]) -> str:
    dataset = plan.datasets[pages.dataset]
    signal, dose = dataset.parameters[pages.signal], dataset.parameters[pages.concentration]
    links = ['<a href="../report.html">Report</a>', '<a href="index.html">All plates</a>']
    links += [f'<a href="{file}">{word}: {escape(name)}</a>' for word, file, name in beside]
    wells, points = {}, []
    for well, facts in plate.wells.items():
        value = facts.get(pages.signal)
        value = value if isinstance(value, float) and value == value else None
        level = facts.get(pages.concentration)
        words = [
            str(facts.get(pages.role) or "") if pages.role else "",
            f"{level:g} {dose.unit}" if isinstance(level, float) and level == level else "",
            str(facts.get("status", "no reading")) if value is None else f"{value:g} {signal.unit}",
        ]
        wells[well] = (value, ", ".join(word for word in words if word))
        if value is not None and isinstance(level, float) and level == level:
            points.append((level, value))
    small = all(int(well[1:]) <= 12 and well[0] <= "H" for well in wells)
    drawn = curve(points, _coefficients(plate), (_named(dose.label, dose.unit), _named(signal.label, signal.unit)))
    return "\n".join([
        f"<nav>{' · '.join(links)}</nav>",
        f'<p class="verdict">{escape(verdict(plate))}</p>',
        f'<h2>{escape(signal.label)} of each well</h2>\n<div class="scroll">'
        + heat_map(*((8, 12) if small else (16, 24)), wells, min(signal.decimals, 3)) + "</div>",
        '<p class="note">From the lowest to the highest signal; a cross: in use, and no signal.</p>',
        f"<h2>Standard curve</h2>\n<div class=\"pair\"><div>{drawn or '<p>No standards with a signal.</p>'}</div>"
        f"{_read_back(plate)}</div>",
        '<p class="note">Below the curve: signal less curve of each standard.</p>' if _coefficients(plate) else "",
        f"<h2>Wells by state</h2>\n{_states(pages, plate)}",
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


def _states(pages: PlatePages, plate: Plate) -> str:
    """How many wells of each role are in each state, and which."""
    found: dict[tuple[str, str], list[str]] = {}
    for well in sorted(plate.wells, key=lambda well: (well[0], int(well[1:]))):
        facts = plate.wells[well]
        role = str(facts.get(pages.role) or "no role") if pages.role else "well"
        found.setdefault((role, str(facts.get("status", "no reading"))), []).append(well)
    rows = [[escape(role), escape(state), str(len(wells)), escape(", ".join(wells) if state != "observed" else "")]
            for (role, state), wells in sorted(found.items())]  # fmt: skip
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


def _index(plates: Mapping[str, Plate], files: Mapping[str, str]) -> str:
    rows = []
    for name, plate in plates.items():
        counts = Counter(str(facts.get("status", "no reading")) for facts in plate.wells.values())
        others = ", ".join(f"{n} {state}" for state, n in sorted(counts.items()) if state != "observed")
        link = f'<a href="{files[name]}">{escape(plate.label)}</a>'
        rows.append([link, escape(verdict(plate)), str(counts["observed"]), escape(others)])
    heads = [("Plate", False), ("Verdict", False), ("Wells read", True), ("Other wells", False)]
    return '<nav><a href="../report.html">Report</a></nav>\n' + _table(heads, rows)
