"""Markup of every well, made for all plates together: tooltip, heat-map cell, row of the table of wells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from omtrace.model.plan import Plan, PlatePages
from omtrace.report._plate_svg import Cells, boxes, shares_of
from omtrace.report._plate_wells import Wells, titled

FITS = 10  # letters in the box of a well


@dataclass(frozen=True)
class WellMarkup:
    """HTML for each well, in the order of ``Wells``: tooltip, heat-map cell, table row."""

    words: Sequence[str]
    boxes: Sequence[str]
    head: str  # of the table of wells
    rows: Sequence[str]


def well_markup(plan: Plan, pages: PlatePages, wells: Wells, plates: Sequence[range]) -> WellMarkup:
    """The markup of all wells. ``plates``: the indices of the wells of each plate."""
    dataset = plan.datasets[pages.dataset]
    signal, dose = dataset.parameters[pages.signal], dataset.parameters[pages.concentration]
    safe = {text: escape(text) for text in {"read", *wells.roles, *wells.samples, *wells.status, *wells.left_out}}
    written = {level: f"{level:g}" for level in set(wells.level[wells.level == wells.level].tolist())}
    levels = [written.get(level, "") for level in wells.level.tolist()]
    signals = [f"{signal:g}" if signal == signal else "" for signal in wells.signal.tolist()]
    roles, samples = ([safe[text] for text in texts] for texts in (wells.roles, wells.samples))
    brief = {text: escape(text if len(text) <= FITS else f"{text[: FITS - 1]}…") for text in safe}
    briefs = [
        level or brief[sample or role] for level, sample, role in zip(levels, wells.samples, wells.roles, strict=True)
    ]
    states = [
        safe[out or ("read" if status == "observed" else status)]
        for out, status in zip(wells.left_out, wells.status, strict=True)
    ]
    holds = _holds(roles, samples, levels, escape(f" {dose.unit}"))
    unit = escape(f" {signal.unit}")
    words = [
        f"{held}{value}{unit}{out and f', {state}'}" if value else f"{held}{state}{out and f', {state}'}"
        for held, value, state, out in zip(holds, signals, states, wells.left_out, strict=True)
    ]
    folds = [of for which in plates for of in [wells.folds(which)] * len(which)]
    shares = shares_of(wells.signal, wells.starts)
    cells = Cells(wells.names, wells.signal, shares, words, briefs, wells.left_out, folds)
    columns = {"Well": wells.names}
    columns |= {"Role": roles} if pages.role else {}
    columns |= {"Holds": samples} if pages.sample else {}
    columns |= {titled(dataset, pages.concentration): levels, titled(dataset, pages.signal): signals}
    columns |= wells.others
    columns |= {"State": states}
    return WellMarkup(words, boxes(cells, min(signal.decimals, 3)), _head(columns), _rows(columns))


def _holds(roles: Sequence[str], samples: Sequence[str], levels: Sequence[str], unit: str) -> list[str]:
    """Role, sample and dose of each well for its tooltip, each followed by a comma; equal texts are made once."""
    known: dict[tuple[str, str, str], str] = {}
    wells = list(zip(roles, samples, levels, strict=True))
    for role, sample, level in dict.fromkeys(wells):
        parts = filter(None, (role, sample, f"{level}{unit}" if level else ""))
        known[role, sample, level] = "".join(f"{part}, " for part in parts)
    return [known[well] for well in wells]


def _kind(title: str) -> str:
    """The class of a column of the table of wells: all but some are of numbers."""
    return "" if title in ("Well", "Role", "Holds", "State") else " class=num"


def _head(titles: Iterable[str]) -> str:
    """The start of the table of wells."""
    head = "".join(f'<th scope="col"{_kind(title)}>{escape(title)}</th>' for title in titles)
    return f'<div class="scroll"><table class="wells">\n<thead><tr>{head}</tr></thead>\n<tbody>\n'


def _rows(columns: dict[str, Sequence[str]]) -> list[str]:
    """The rows of the table of wells."""
    line = "<tr id=%s><th scope=row>%s" + "".join(f"<td{_kind(title)}>%s" for title in list(columns)[1:])
    return [line % (name, *row) for name, row in zip(columns["Well"], zip(*columns.values(), strict=True), strict=True)]
