"""What of a study may leave: its numbers in share mode, and the report of them, without rows, records or raw cells."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from omtrace import store
from omtrace.classes import gate
from omtrace.faults import Fault
from omtrace.figures import SharedFigure, shared_figures
from omtrace.figures._sheet import Form
from omtrace.model.estimate import COLUMNS, SUPPRESSED, Estimate, read_estimates
from omtrace.model.open_lines import draft_words
from omtrace.model.plan import Plan
from omtrace.provenance.recorded import RegisterRow
from omtrace.report import Results
from omtrace.report.disclosure import shared_rows

BUTTON = re.compile(r'<button class="n" data-id="([0-9a-f]{12})">(.*?)</button>')
TABLE, HEADING = re.compile(r"(<thead>.*?</thead>)(.*?</table>)", re.S), re.compile(r"<th\b[^>]*>(.*?)</th>", re.S)
ROW, CELL, TAG = (
    re.compile(r"<tr(?! class=.block)[^>]*>.*?</tr>", re.S),
    re.compile(r"<t[dh](?= |>)"),
    re.compile("<[^>]+>"),
)
# Where numbers, page and figures stand in a packet.
NAME, PAGE, FIGURES = "shared/estimates.csv", "shared/report.html", "shared/figures"


@dataclass(frozen=True)
class Numbers:
    """The numbers of a study with all that they are shown with.

    ``source``: the file that they are from, whose class says whether what is made of them may leave.
    """

    plan: Plan
    rows: Sequence[Estimate]
    definitions: Mapping[str, dict]
    source: str
    open_lines: Sequence[str] = ()

    @property
    def statement(self) -> str:
        """What stands above everything made of them: where the data come from, and whether it is a draft."""
        return ". ".join(filter(None, (draft_words(self.open_lines), self.plan.statement)))

    @property
    def csv(self) -> bytes:
        """The rows as CSV; of share mode with the reason why a value is held back."""
        header = [*COLUMNS, *([SUPPRESSED] if self.source == NAME else [])]
        return store.csv_text(header, [[row[column] for column in header] for row in self.rows]).encode()


class Written(NamedTuple):
    """Figures as they may leave: the paths written, and title -> why a figure is held back."""

    paths: list[Path]
    held_back: dict[str, str]


def numbers_for(study: str, root: str | Path = ".", share: bool = False) -> Numbers:
    """The stored numbers of a study; ``share``: as they may leave.

    Raises Fault where a result is missing or not readable.
    """
    from omtrace.model.groups import with_groups
    from omtrace.provenance.recorded import RESULTS
    from omtrace.provenance.stages import read_stage

    results = Results(Path(root) / RESULTS / study, study)
    inputs = results.read(read_stage, "stages/render.json")
    assert inputs.plan is not None
    plan = with_groups(inputs.plan, results.folder / "datasets")
    rows = results.read(read_estimates, "estimates.csv")
    definitions = results.read(store.read_json, "definitions.json")
    if not share:
        return Numbers(plan, rows, definitions, f"{results.name}/estimates.csv", inputs.open_lines)
    try:
        return Numbers(plan, shared_rows(plan, rows, results.folder), definitions, NAME, inputs.open_lines)
    except (OSError, ValueError) as error:
        raise Fault(f"{results.name}: row sets or data sets not readable ({type(error).__name__})") from None


def write_page(study: str, path: str | Path = "", root: str | Path = ".") -> Path:
    """Write the report of a study as it may leave; ``path``: "" for ``releases/<study>.html``.

    Raises Fault where a result is missing or not readable.
    """
    from omtrace.provenance.recorded import read_manifest
    from omtrace.report.exports import FOLDER

    numbers = numbers_for(study, root, share=True)
    target = Path(path) if path else Path(root) / FOLDER / f"{study}.html"
    leaving = shared_files(numbers, read_manifest(study, root)["register"])
    store.write_bytes(target, leaving[PAGE], confidential=False)
    return target


def write_figures(study: str, form: Form, dpi: int, target: str | Path, root: str | Path = ".") -> Written:
    """Draw the figures of a study as they may leave, each with its values as CSV.

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

    Returns
    -------
    Written
        The paths written, and the titles of the figures that are held back, with the reason.

    Raises
    ------
    Fault
        Where a result is missing or not readable, and for a figure that is made of a file that may not leave.
    """
    numbers = numbers_for(study, root, share=True)
    figures = shared_figures(numbers.plan, numbers.rows, numbers.source, (form,), dpi)
    gate(_made_of(figures))
    paths = []
    for figure in figures:
        for ending, content in figure.files.items():
            paths.append(Path(target, f"{figure.name}.{ending}"))
            store.write_bytes(paths[-1], content, confidential=False)
    titles = {name: entry.title for name, entry in numbers.plan.figures.items()}
    return Written(paths, {titles[f.name]: f.drawing.held_back for f in figures if f.drawing.held_back})


def shared_files(numbers: Numbers, raw: Sequence[RegisterRow] = ()) -> dict[str, bytes]:
    """The files of a study in share mode by their names in a packet: numbers, figures with their values, the report.

    ``raw``: the register's rows of the raw files. Raises Fault for a file that is made of one that may not leave.
    """
    figures = shared_figures(numbers.plan, numbers.rows, numbers.source)
    made_of = _made_of(figures)
    gate({NAME: [numbers.source], **made_of, PAGE: [numbers.source, *made_of]})
    drawn = {
        f"{FIGURES}/{figure.name}.{ending}": content for figure in figures for ending, content in figure.files.items()
    }
    return {NAME: numbers.csv, **drawn, PAGE: shared_page(numbers, raw, figures)}


def _made_of(figures: Sequence[SharedFigure]) -> dict[str, Sequence[str]]:
    """Each file of figures with what it is made of."""
    return {f"{FIGURES}/{figure.name}.{ending}": figure.sources for figure in figures for ending in figure.files}


class NoRows:
    """Who stands behind numbers: nothing is said of it."""

    def caption(self, numbers: object, unit: str) -> str:
        """Nothing."""
        return ""


def shared_page(numbers: Numbers, raw: Sequence[RegisterRow] = (), figures: Sequence[SharedFigure] = ()) -> bytes:
    """The report of numbers that may leave.

    ``raw``: the register's rows of the raw files, by name and digest; ``figures``: drawn from these numbers alone.
    """
    from omtrace.model.register import Export
    from omtrace.report import shown_of, worded
    from omtrace.report.layout import laid_out
    from omtrace.report.page import page_of
    from omtrace.report.results import numbers_of, rows_of, shortened

    plan, every = numbers.plan, rows_of(numbers.plan, numbers.rows)
    page = shortened(every)
    empty = dict.fromkeys(("origin", "address", "citation", "licence", "received_on", "batch", "replaces"), "")
    exports = [Export(**{**empty, **row}) for row in raw]
    content = {
        "plan": plan,
        "exports": [{"export": e, "source": (), "decisions": ()} for e in exports],
        "left_out": [],
        **shown_of(plan, numbers_of(plan, every, page.ids), worded(plan, numbers.definitions), page.parts),
        "digests": {},
        "open_lines": numbers.open_lines,
        "share": True,
    }
    content["groups"] = laid_out(plan, content["groups"], [_entry(plan, figure) for figure in figures], NoRows())
    return labelled(BUTTON.sub(r'<span class="n" data-id="\1">\2</span>', page_of(content, {}))).encode()


def _entry(plan: Plan, figure: SharedFigure) -> dict:
    """A figure as the page shows it: its image, or why it is held back."""
    from markupsafe import Markup

    from omtrace.report.inline_svg import inlined

    drawing, title = figure.drawing, plan.figures[figure.name].title
    image = Markup(inlined(figure.files["svg"], figure.name, drawing.alt)) if figure.files else ""
    entry = {"name": figure.name, "title": title, "image": image, "numbers": drawing.numbers, "note": drawing.note}
    return {**entry, "alt": drawing.alt, "held_back": drawing.held_back, "has_files": False}


def labelled(page: str) -> str:
    """A page whose cells name their columns, for narrow screens; on the report with rows, its script does this."""

    def table(found: re.Match[str]) -> str:
        titles = [TAG.sub("", title) for title in HEADING.findall(found[1])]

        def row(line: re.Match[str]) -> str:
            first = len(titles) - len(CELL.findall(line[0]))  # cells that span lines stand at the left
            at = itertools.count(first)
            return CELL.sub(lambda cell: f'{cell[0]} data-label="{titles[next(at)]}"', line[0])

        return found[1] + ROW.sub(row, found[2])

    return TABLE.sub(table, page)
