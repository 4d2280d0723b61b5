"""The index of plates: those that need a look first, by verdict; a map of all in their order; no script."""

from collections import Counter
from collections.abc import Mapping
from html import escape

from omtrace.analyses._shown import plural
from omtrace.report._plate_numbers import Plate, Verdict, table, value
from omtrace.report._plate_wells import Wells
from omtrace.report.words import label_of

FIRST = ("rejected", "flagged", "", "accepted")  # kinds of a verdict, the most urgent first
BESIDE = ("lloq", "uloq", "lod", "c", "r_squared", "largest_cv")  # shown of each plate, where it has them


def index(plates: Mapping[str, Plate], verdicts: Mapping[str, Verdict], files: Mapping[str, str], wells: Wells) -> str:
    """The index as markup. ``verdicts``, ``files``: by plate."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, judged in verdicts.items():
        groups.setdefault((judged.kind, judged.words), []).append(name)
    order = sorted(groups, key=lambda group: (FIRST.index(group[0]), group[1]))
    found = [(name, row.unit) for plate in plates.values() for name in BESIDE if (row := plate.number_of(name))]
    given = {name: dict(found)[name] for name in BESIDE if name in dict(found)}
    choices = [f'<label><input type="radio" name="show" id="show-all" checked>All <b>{len(plates)}</b></label>']
    parts = []
    for n, group in enumerate(order, 1):
        kind, words = group
        choices.append(
            f'<label class="{kind}"><input type="radio" name="show" id="show-{n}">{escape(words)} '
            f"<b>{len(groups[group])}</b></label>"
        )
        rows = [_row(plates[name], verdicts[name], files[name], wells, given) for name in groups[group]]
        heads = [
            ("Plate", False),
            ("Why", False),
            ("Wells read", True),
            ("Others", False),
            *((escape(f"{label_of(name)} ({unit})" if unit else label_of(name)), True) for name, unit in given.items()),
        ]
        kept = [at for at in range(len(heads)) if any(row[at] for row in rows)]
        heads, lines = [heads[at] for at in kept], [[row[at] for at in kept] for row in rows]
        parts.append(
            f'<section id="verdict-{n}"><h2 class="{kind}">{escape(words)}: {_plates(len(rows))}</h2>\n'
            f"{table(heads, lines)}</section>"
        )
    return "\n".join(
        [
            f'<fieldset class="choice"><legend>Show</legend>{"".join(choices)}</fieldset>' if len(order) > 1 else "",
            _map(plates, verdicts, files),
            *parts,
        ]
    )


def _plates(count: int) -> str:
    return f"{count} {plural('plate') if count != 1 else 'plate'}"


def _row(plate: Plate, judged: Verdict, file: str, wells: Wells, given: Mapping[str, str]) -> list[str]:
    counts = Counter(wells.left_out[n] or wells.status[n] for n in plate.wells)
    read = sum(wells.status[n] == "observed" for n in plate.wells)
    others = ", ".join(f"{n} {state}" for state, n in sorted(counts.items()) if state != "observed")
    numbers = [value(row, False) if (row := plate.number_of(name)) else "" for name in given]
    why = "; ".join(escape(reason) for reason, _ in judged.reasons)
    return [
        f'<a href="{file}">{escape(plate.label)}</a>',
        why,
        f"{read} of {len(plate.wells)}",
        escape(others),
        *numbers,
    ]


def _map(plates: Mapping[str, Plate], verdicts: Mapping[str, Verdict], files: Mapping[str, str]) -> str:
    """A box for each plate in its order, so that runs of them are seen; the tables say the same in words."""
    boxes = "".join(
        f'<a class="{verdicts[name].kind or "open"}" href="{files[name]}" tabindex="-1" '
        f'title="{escape(f"{plate.label}: {verdicts[name].words}")}"></a>'
        for name, plate in plates.items()
    )
    note = "Every plate in its order; filled: rejected or without a curve, half: with flags."
    return f'<div class="strip" aria-hidden="true">{boxes}</div>\n<p class="note" aria-hidden="true">{note}</p>'
