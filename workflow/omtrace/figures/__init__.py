"""Figures: each draws estimates and records as they are stored, and computes no statistic.

Each module declares ``FIGURE``; the plan names it by module name. ``draw`` gets a ``Sheet`` (what the
plan says, the estimates, the records that their row sets hold, an empty matplotlib figure) and checked options, and
returns a ``Drawing``. Every mark that shows an estimate carries ``number-<id>`` as its id in the SVG, and the number in
words as its title. seaborn draws points and lines (``_marks``) under one theme and palette (``_theme``); matplotlib
draws flow charts, forests, and boxes from stored quartiles, which seaborn would compute anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from omtrace.faults import Fault, Refusal
from omtrace.figures._results import Estimates
from omtrace.figures._sheet import Form, HeldBack, Sheet
from omtrace.figures._theme import BODY, DPI, WIDTH, theme, wrapped
from omtrace.model.closed import Closed, checked
from omtrace.model.estimate import Estimate
from omtrace.model.statistics import NOT_COMPUTED, OF_UNITS, Role, statistic_of
from omtrace.plugins import plugin
from omtrace.store import write_json

if TYPE_CHECKING:
    from omtrace.model.plan import Plan


@dataclass(frozen=True)
class Drawing:
    """What a figure says of itself: alternative text, ids of the estimates drawn, a legend; why it is not drawn.

    ``held_back``: why there is no image of it in share mode.
    """

    alt: str
    numbers: list[str] = field(default_factory=list)
    note: str = ""
    not_drawn: str = ""
    held_back: str = ""


Options = TypeVar("Options", bound=Closed)


@dataclass(frozen=True)
class Figure(Generic[Options]):
    """A kind of figure: the model of its options and the function that draws.

    ``needs``: what each of its analyses must give, from its options: of each tuple at least one statistic.
    """

    options: type[Options]
    draw: Callable[[Sheet, Options], Drawing]
    needs: Callable[[Options], Sequence[tuple[str, ...]]]


def _refused(sheet: Sheet) -> list[Estimate]:
    """What the figure's analyses did not compute."""
    return [number for name in sheet.entry.analyses for number in sheet.estimates.of(name, [NOT_COMPUTED])]


def _why_not(sheet: Sheet, refused: list[Estimate], fault: Fault) -> Drawing:
    """In place of a figure: what is not computed, or cannot be drawn, and why."""
    lines: list[tuple[Estimate | None, list[str]]] = []
    for estimate in refused:
        of = ", ".join(filter(None, (estimate.parameter, estimate.visit)))
        title = sheet.plan.analyses[estimate.analysis].title
        said = f"{title}{': ' if of else ''}{of}: not computed, because {estimate.level}"
        lines.append((estimate, wrapped(said, WIDTH * 68)))
    if isinstance(fault, Refusal) and not refused:
        lines.append((None, wrapped(fault.reason, WIDTH * 68)))
    size = BODY * 1.5
    sheet.figure.set_size_inches(WIDTH, 0.3 + sum(len(text) for _, text in lines) * size / 72)
    axes = sheet.figure.add_subplot()
    axes.axis("off")
    down = 0.0
    for number, text in lines:
        written = axes.annotate(
            "\n".join(text), (0, 1), (0, -down), xycoords="axes fraction", textcoords="offset points", va="top"
        )
        if number:
            sheet.show(written, number)
        down += len(text) * size
    whole = " ".join(" ".join(text) for _, text in lines)
    return Drawing(f"Not drawn. {whole}", sheet.numbers, not_drawn="" if refused else f"not drawn: {whole}")


def draw_figures(plan: "Plan", folder: str | Path) -> None:
    """Draw every figure of a plan from the results of a study.

    Writes figures/<name>.svg, .png and .csv (the values drawn), and figures/index.json with name, title, alternative
    text, ids of the numbers drawn and legend of each.

    Parameters
    ----------
    plan
        The plan, its groups filled in.
    folder
        Where the results are: results/<study>.

    Raises
    ------
    Fault
        For unknown figures or options, and for data sets or row sets that are not there. Where the results do not allow
        a figure (an estimate that is not there, a zero on a logarithmic axis), it says so in its place.
    """
    folder, index = Path(folder), []
    for name, sheet, drawing in _drawn(plan, Estimates.of_file(folder / "estimates.csv"), folder):
        sheet.write(folder / "figures" / name)
        title = plan.figures[name].title
        entry = {"name": name, "title": title, "alt": drawing.alt, "numbers": drawing.numbers, "note": drawing.note}
        index.append(entry | ({"not_drawn": drawing.not_drawn} if drawing.not_drawn else {}))
    write_json(folder / "figures" / "index.json", index)


def export_figures(study: str, form: Form, dpi: int, target: str | Path, root: str | Path = ".") -> list[Path]:
    """Draw every figure of a study again from its stored results, with its values as CSV; the paths written.

    Parameters
    ----------
    study
        A study that has run.
    form, dpi
        As what; of a PNG the dots per inch.
    target
        The folder to write to.
    root
        The folder that holds results/.

    Raises
    ------
    Fault
        As ``draw_figures``, and where the study has no results.
    """
    from omtrace.model.groups import with_groups
    from omtrace.provenance.recorded import RESULTS
    from omtrace.provenance.stages import read_stage

    folder = Path(root) / RESULTS / study
    try:
        sliced = read_stage(folder / "stages/render.json").plan
        assert sliced is not None
        plan = with_groups(sliced, folder / "datasets")
    except FileNotFoundError:
        raise Fault(f"{RESULTS.as_posix()}/{study}: not there or not whole; run snakemake {study}") from None
    sheets = _drawn(plan, Estimates.of_file(folder / "estimates.csv"), folder)
    return [
        path
        for name, sheet, _ in sheets
        for path in sheet.write(Path(target) / name, (form,), dpi, plan.is_confidential)
    ]


@dataclass(frozen=True)
class SharedFigure:
    """A figure as it may leave: its entry in the index, its files by ending (none where it is held back).

    ``sources``: the files that it is made of, whose classes say whether it may leave.
    """

    name: str
    drawing: Drawing
    files: Mapping[str, bytes]
    sources: Sequence[str]


def shared_figures(
    plan: "Plan", rows: Sequence[Estimate], source: str, forms: Sequence[Form] = ("svg",), dpi: int = DPI
) -> list[SharedFigure]:
    """Every figure of a plan drawn from numbers alone: no record is at hand, and what is held back is not drawn.

    Parameters
    ----------
    plan
        The plan, its groups filled in.
    rows
        The estimates as they may leave (``report.disclosure.shared_rows``).
    source
        The file that they are from.
    forms, dpi
        As what; of a PNG the dots per inch.

    Returns
    -------
    list of SharedFigure
        In the order of the plan; those that can show single units only, or nothing but numbers that are held back, say
        so instead.
    """
    figures = []
    for name, sheet, drawing in _drawn(plan, Estimates(rows, source)):
        files = {} if drawing.held_back else sheet.contents(forms, dpi)
        figures.append(SharedFigure(name, drawing, files, sheet.sources))
    return figures


def _drawn(plan: "Plan", estimates: Estimates, folder: Path | None = None) -> Iterator[tuple[str, Sheet, Drawing]]:
    """Each figure, under the theme while it is looked at: name, finished sheet, and what it says of itself.

    ``folder``: the study's folder of results; None: share mode.
    """
    where = f"config/studies/{plan.study}.yaml"
    kinds = {}
    for name, entry in plan.figures.items():
        kind = plugin("figures", entry.figure, "FIGURE")
        kinds[name] = kind, checked(kind.options, entry.options, f"{where}: figures.{name}.options")
    for name, (kind, options) in kinds.items():
        with theme(name):
            sheet = Sheet(plan, name, folder, estimates, where)
            try:
                drawing = _nothing_left(sheet, kind.needs(options)) or kind.draw(sheet, options)
            except HeldBack as reason:
                yield name, sheet, Drawing("", held_back=str(reason))
                continue
            except Fault as fault:
                refused = _refused(sheet)
                if not refused and not isinstance(fault, Refusal):
                    raise
                sheet = Sheet(plan, name, folder, estimates, where)
                drawing = _why_not(sheet, refused, fault)
            notes = (drawing.note, sheet.without_intervals, sheet.without_held_back)
            drawing = replace(drawing, note=" ".join(filter(None, notes)))
            if not drawing.held_back:
                sheet.finish()
            yield name, sheet, drawing


def _nothing_left(sheet: Sheet, needs: Sequence[tuple[str, ...]]) -> Drawing | None:
    """In share mode, of a figure of whose numbers none is left; None where there is something to draw.

    Counts and settings alone make a figure only where it is of nothing else.
    """
    if sheet.has_units:
        return None
    every = [name for names in needs for name in names]
    names = [n for n in every if n not in OF_UNITS and statistic_of(n).role is not Role.SETTING] or every
    numbers = [number for name in sheet.entry.analyses for number in sheet.estimates.of(name, names)]
    if any(number.text for number in numbers) or (_refused(sheet) and not numbers):
        return None
    what = ", ".join(dict.fromkeys(statistic_of(name).label for name in names))
    return Drawing("", held_back=f"the numbers that it draws are held back: {what}")
