"""A page for each plate: verdict, heat map, curve with residuals, standards read back, wells, and all its numbers.

Everything is read from estimates, row sets and datasets; a difference from the drawn curve is the only thing computed.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from omtrace import store
from omtrace.model.estimate import read_estimates
from omtrace.model.plan import Plan, PlatePages
from omtrace.provenance.keys import digest_of
from omtrace.report._plate_curve import curve
from omtrace.report._plate_index import index
from omtrace.report._plate_numbers import VERDICT, Plate, Verdict, by_level, link, plain, printed, table, verdict
from omtrace.report._plate_svg import heat_map
from omtrace.report._plate_wells import Wells, leave_out, titled, wells_of
from omtrace.report._plate_words import WellMarkup, well_markup
from omtrace.report.page import TEMPLATES, policy
from omtrace.report.words import label_of

LIMITS = ("lloq", "uloq", "lod")


@dataclass(frozen=True)
class Pages:
    """What the pages of a study share: its plan, the wells of all plates, and the markup of each well."""

    plan: Plan
    plates: PlatePages
    wells: Wells
    markup: WellMarkup
    style: str


def write_plates(plan: Plan, root: str | Path, folder: str | Path) -> None:
    """Write a page for each plate of the plan's ``plates``, and index.html, below ``folder``."""
    asked = plan.plates
    if asked is None:
        raise ValueError(f"plan of {plan.study}: it declares no plates")
    wells = wells_of(plan, asked, Path(root))
    plates = _plates(plan, asked, wells, Path(root))
    verdicts = {name: verdict(plate) for name, plate in plates.items()}
    of_verdicts = [verdict.number.rowset for verdict in verdicts.values() if verdict.number]
    leave_out(wells, Path(root), plan.datasets[asked.dataset], _rowsets_of_curves(plan, plates), of_verdicts)
    style = (TEMPLATES / "plates.css").read_text(encoding="utf-8")
    pages = Pages(
        plan, asked, wells, well_markup(plan, asked, wells, [plate.wells for plate in plates.values()]), style
    )
    charts = [
        f'<a href="../report.html#figure-{name}">{escape(figure.title)}</a>'
        for name, figure in plan.figures.items()
        if figure.figure == "levey_jennings"
    ]
    files = _files(plates)
    names = list(plates)
    for at, (name, plate) in enumerate(plates.items()):
        links = ['<a href="../report.html">Report</a>', *charts, '<a href="index.html">All plates</a>']
        links += [
            f'<a href="{files[names[n]]}" rel={rel}>{word}: {escape(plates[names[n]].label)}</a>'
            for rel, word, n in (("prev", "Previous", at - 1), ("next", "Next", at + 1))
            if 0 <= n < len(names)
        ]
        target = Path(folder) / files[name]
        body = _body(pages, plate, verdicts[name], f"results/{plan.study}/plates/{files[name]}")
        store.write_text(target, _page(plan, style, _title(plate.label), links, body))
    body = index(plates, verdicts, files, wells)
    store.write_text(Path(folder) / "index.html", _page(plan, style, "Plates", links[: 1 + len(charts)], body))


def _plates(plan: Plan, pages: PlatePages, wells: Wells, root: Path) -> dict[str, Plate]:
    """The plates in their natural order, with wells and numbers."""
    groups = plan.datasets[pages.dataset].groups
    plates = {group: Plate(label, wells.of_plate(n)) for n, (group, label) in enumerate(groups.items())}
    of = {name for name, entry in plan.analyses.items() if entry.dataset == pages.dataset}
    agreements = {name for name in of if plan.analyses[name].method == "agreement"}
    place = {unit: n for n, unit in enumerate(wells.units)} if agreements else {}
    of_well = {n: plate for plate in plates.values() for n in plate.wells} if agreements else {}
    for row in read_estimates(root / "estimates.csv"):
        if row.analysis in of and row.group in plates:
            plates[row.group].numbers.append(row)
        elif row.analysis in agreements and row.level:
            unit, _, why = row.level.partition(": ")
            if unit in place:
                of_well[place[unit]].named.append((wells.names[place[unit]], why, row))
    return plates


def _rowsets_of_curves(plan: Plan, plates: Mapping[str, Plate]) -> list[str]:
    """The row sets of the plates' curves."""
    curves = {name for name, entry in plan.analyses.items() if entry.method == "standard_curve"}
    return sorted({row.rowset for plate in plates.values() for row in plate.numbers if row.analysis in curves})


def _files(plates: Mapping[str, Plate]) -> dict[str, str]:
    """Plate -> name of its page; names that would be the same get a digest."""
    slugs = {
        name: re.sub(r"[^A-Za-z0-9]+", "_", plate.label).strip("_").lower() or "plate" for name, plate in plates.items()
    }
    twice = {slug for slug, count in Counter([*slugs.values(), "index"]).items() if count > 1}
    return {
        name: f"{slug}_{digest_of([name], 6)}.html" if slug in twice else f"{slug}.html" for name, slug in slugs.items()
    }


def _page(plan: Plan, style: str, title: str, links: Sequence[str], body: str) -> str:
    shows = "Confidential: shows" if plan.is_confidential else "Shows"
    label = '<span class="simulated">Simulated data</span> ' if plan.kind == "simulated" else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(style, "")}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)} · {escape(plan.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<aside class="bar" aria-label="Status of this page">{label}{shows} single wells · {escape(plan.title)}'
        "</aside>\n"
        f"<nav>{' '.join(links)}</nav>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _title(name: str) -> str:
    """A plate's name as a heading: a number alone says too little."""
    return name if any(letter.isalpha() for letter in name) else f"Plate {name}"


def _body(pages: Pages, plate: Plate, judged: Verdict, path: str) -> str:
    plan, command = pages.plan, f"omtrace trace {escape(path)}"
    dataset, at = plan.datasets[pages.plates.dataset], slice(plate.wells.start, plate.wells.stop)
    drawn = dict(zip(pages.wells.names[at], pages.markup.boxes[at], strict=True))
    standards = _curve(pages, plate)
    signal = dataset.parameters[pages.plates.signal].label
    return "\n".join(
        [
            _verdict(judged),
            _facts(plan, plate, pages.wells),
            '<a class="skip" href="#numbers">Skip the map of wells</a>',
            f'<div class="pair"><section><h2>{escape(signal)} of each well</h2>\n<div class="scroll">'
            + heat_map(drawn, pages.wells.folds(plate.wells))
            + "</div>",
            '<p class="note">The stronger the colour, the higher the signal on this plate; '
            "×: in use, without a signal; dashed: left out. A well leads to its row below.</p></section>",
            f"<section><h2>Standard curve</h2>\n{standards or '<p>No standards with a signal.</p>'}",
            '<p class="note">Below: signal less curve. × is left out of the curve.</p></section></div>'
            if plate.line
            else "</section></div>",
            f'<div id="numbers" tabindex="-1">{_numbers(plan, plate, f"{command}#")}</div>',
            f'<p class="note">A number opens the command that traces it to its wells and raw cells; all of this page: '
            f"<code>{command}</code></p>",
            f"<h2>Wells by state</h2>\n{_states(pages, plate)}",
            f"<h2>Wells</h2>\n{pages.markup.head}" + "\n".join(pages.markup.rows[at]) + "\n</tbody></table></div>",
        ]
    )


def _verdict(judged: Verdict) -> str:
    """The verdict, and each reason."""
    words = link(judged.number, escape(judged.words)) if judged.number else escape(judged.words)
    reasons = "".join(f"<li>{link(row, escape(why))}</li>" for why, row in judged.reasons)
    kind = f" {judged.kind}" if judged.kind else ""
    return f'<p class="verdict{kind}">{words}</p>' + (f'<ul class="reasons">{reasons}</ul>' if reasons else "")


def _facts(plan: Plan, plate: Plate, wells: Wells) -> str:
    """What a reader asks first: wells read, standards used, limits, and whether printed values come out."""
    read = [n for n in plate.wells if wells.status[n] == "observed"]
    levels, out = wells.level[plate.wells.start : plate.wells.stop].tolist(), wells.left_out
    standards = [n for n, level in zip(plate.wells, levels, strict=True) if level == level]
    used = [n for n in standards if wells.status[n] == "observed" and not out[n]]
    facts = [
        ("Wells read", f"{len(read)} of {len(plate.wells)}"),
        ("Wells with a standard", f"{len(used)} of {len(standards)} used"),
    ]
    facts += [(escape(label_of(name)), link(row)) for name in LIMITS if (row := plate.number_of(name))]
    for name, rows in plate.by_analysis().items():
        counts = {row.statistic: row for row in rows}
        if plan.analyses[name].method == "agreement" and {"n", "count"} <= counts.keys():
            said = f"{link(counts['count'])} of {link(counts['n'])} {escape(counts['count']['level'])}"
            facts.append((escape(plan.analyses[name].title), said))
    return (
        '<dl class="facts">' + "".join(f"<div><dt>{title}</dt><dd>{said}</dd></div>" for title, said in facts) + "</dl>"
    )


def _curve(pages: Pages, plate: Plate) -> str:
    wells, dataset = pages.wells, pages.plan.datasets[pages.plates.dataset]
    at = slice(plate.wells.start, plate.wells.stop)
    found = zip(
        wells.level[at].tolist(),
        wells.signal[at].tolist(),
        wells.names[at],
        pages.markup.words[at],
        wells.left_out[at],
        strict=True,
    )
    points = [
        (level, signal, f"{name}: {words}", bool(out))
        for level, signal, name, words, out in found
        if level == level and signal == signal
    ]
    limits = {label_of(name): row.value for name in LIMITS[:2] if (row := plate.number_of(name)) and row.text}
    axes = (titled(dataset, pages.plates.concentration), titled(dataset, pages.plates.signal))
    return curve(points, plate.line, limits, axes)


def _states(pages: Pages, plate: Plate) -> str:
    """How many wells of each role are in each state, and which."""
    wells = pages.wells
    found: dict[tuple[str, str], list[str]] = {}
    for n in plate.wells:
        role = (wells.roles[n] or "no role") if pages.plates.role else "well"
        state = wells.left_out[n] or (wells.status[n] if wells.status[n] != "observed" else "")
        found.setdefault((role, state), []).append(wells.names[n])
    rows = [
        [escape(role), escape(state or "read"), str(len(which)), ", ".join(which) if state else ""]
        for (role, state), which in sorted(found.items())
    ]
    return table([("Role", False), ("State", False), ("Wells", True), ("Which", False)], rows)


def _numbers(plan: Plan, plate: Plate, command: str) -> str:
    """All numbers of the plate by analysis: of the curve, what agrees with printed values, then the others."""
    parts: list[str] = []
    agreed: list[str] = []
    others: list[str] = []
    for name, rows in plate.by_analysis().items():
        entry = plan.analyses[name]
        title = escape(entry.title)
        if entry.method == "agreement":
            agreed.append(printed(entry.title, rows, [n for n in plate.named if n[2].analysis == name], command))
            continue
        dataset = plan.datasets[entry.dataset]
        text = by_level(rows, command, dataset) + plain(rows, command)
        if any(row.statistic == "back_calculated" for row in rows):
            parts.append(f"<h2>Standards read back</h2>\n<h3>{title}</h3>\n{text}")
        else:
            first = 0 if rows[0]["statistic"] == VERDICT else len(others)  # what the verdict rests on
            others.insert(first, f"<h3>{title}</h3>\n{plain(rows, command)}{by_level(rows, command, dataset)}")
    parts += ["<h2>Against printed values</h2>\n" + "\n".join(agreed)] if agreed else []
    parts += ["<h2>Further numbers of this plate</h2>\n" + "\n".join(others)] if others else []
    return "\n".join(parts)
