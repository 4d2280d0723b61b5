"""The values of a study as a file of GraphPad Prism (pzfx): ``omtrace export STUDY --to pzfx``.

A table for each parameter that holds numbers, under its label: a column a group (of a data set without groups, one).
A parameter without visits is a column table, in which each value is an animal or a person of its own. One with visits
is a grouped table, a row a visit and a subcolumn a unit, so that the values of one unit stand in one subcolumn; where a
group has more units than a row of Prism holds, it is a column table for each visit. Format: Prism's XML as the R
package pzfx writes it. Values are those of the study's data sets, in full; names of units are left out, yet rows are of
single people or animals, and the file is confidential.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from omtrace import store
from omtrace.faults import Fault
from omtrace.model.plan import DatasetPlan, Parameter, Plan
from omtrace.readers import options_of, reader_of

MOST_SUBCOLUMNS = 256  # of a column, in Prism 5 and later
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<GraphPadPrismFile PrismXMLVersion="5.00">\n'


@dataclass(frozen=True)
class Table:
    """A table: ``rows`` are titles of its rows, none in a column table; ``columns``: title -> subcolumns -> values."""

    title: str
    rows: tuple[str, ...]
    columns: Mapping[str, Sequence[Sequence[str]]]
    decimals: int

    @property
    def values(self) -> list[tuple[str, str, str, str, str]]:
        """Group, row, its title, subcolumn and text of each value, in the order of the file."""
        return [
            (group, str(row), self.rows[row - 1] if self.rows else "", str(place), text)
            for group, subcolumns in self.columns.items()
            for place, texts in enumerate(subcolumns, 1)
            for row, text in enumerate(texts, 1)
            if text
        ]


def export_prism(study: str, path: str | Path = "", root: str | Path = ".", share: bool = False) -> Path:
    """Write the values of a study as one file of Prism.

    Parameters
    ----------
    study
        A study that has run.
    path
        The file; "": ``releases/<study>.pzfx``.
    root
        The folder that holds results/.
    share
        Whether it is to leave, which is refused: it has the value of each unit.

    Raises
    ------
    Fault
        Where a result is missing or not readable, in share mode, and where no parameter holds numbers.
    AssertionError
        Where the file, read back, does not hold the values that were written.
    """
    from omtrace.report.exports import FOLDER
    from omtrace.report.share import numbers_for

    if share:
        raise Fault("values are of single units and cannot be shared: leave out --share or --to pzfx")
    numbers = numbers_for(study, root)
    folder = Path(root) / "results" / study / "datasets"
    try:
        tables = [table for name in numbers.plan.datasets for table in _tables(numbers.plan, name, folder)]
    except (OSError, ValueError, KeyError) as error:
        raise Fault(f"results/{study}: not whole ({type(error).__name__}); run snakemake {study}") from None
    if not tables:
        raise Fault(f"results/{study}: no parameter holds numbers")
    target = Path(path) if path else Path(root) / FOLDER / f"{study}.pzfx"
    store.write_bytes(target, written(numbers.plan.title, numbers.statement, tables), confidential=True)
    return target


def _tables(plan: Plan, name: str, folder: Path) -> Iterator[Table]:
    """The tables of a data set."""
    dataset = plan.datasets[name]
    records = store.read_table(folder / f"{name}.parquet")
    units = list(dict.fromkeys(records["unit"]))
    arms = records[records["parameter"] == dataset.group] if dataset.group else records[:0]
    group_of = dict(zip(arms["unit"], arms["text"].fillna(""), strict=True))
    groups = {label: [u for u in units if group_of.get(u) == group] for group, label in dataset.groups.items()}
    numbers = records[records["value"].notna()]
    values = {
        (parameter, visit, unit): _text(value)
        for parameter, visit, unit, value in zip(
            *(numbers[column] for column in ("parameter", "visit", "unit", "value")), strict=True
        )
    }
    for parameter, entry in dataset.parameters.items():
        visits = list(dict.fromkeys(visit for name, visit, _ in values if name == parameter))
        visits = [visit for visit in ("", *dataset.visits) if visit in visits]
        title = _title(plan, dataset, parameter, entry)
        of = groups if dataset.group and dataset.group != parameter else {dataset.unit: units}
        grid = {
            label: [[values.get((parameter, visit, unit), "") for visit in visits] for unit in members]
            for label, members in of.items()
        }
        if visits and visits != [""] and max(map(len, of.values())) <= MOST_SUBCOLUMNS:
            yield Table(title, tuple(dataset.visits[visit] for visit in visits), grid, entry.decimals)
            continue
        for place, visit in enumerate(visits):
            at = f", {dataset.visits[visit]}" if visit else ""
            columns = {label: [[texts[place] for texts in rows if texts[place]]] for label, rows in grid.items()}
            yield Table(title + at, (), columns, entry.decimals)


def _text(value: float) -> str:
    """A number that is read back as the same."""
    short = format(value, ".15g")
    return short if float(short) == value else repr(float(value))


def _title(plan: Plan, dataset: DatasetPlan, parameter: str, entry: Parameter) -> str:
    """The label of a parameter with its unit, and its name where another of the plan has the same label."""
    labels = [other.label for dataset in plan.datasets.values() for other in dataset.parameters.values()]
    unit = f" ({entry.unit})" if entry.unit else ""
    own = f"{entry.label}, {parameter}" if labels.count(entry.label) > 1 else entry.label
    return f"{dataset.unit}: {own}{unit}" if len(plan.datasets) > 1 else own + unit


def written(title: str, statement: str, tables: Sequence[Table]) -> bytes:
    """The bytes of a file of tables, read back by our own reader.

    Raises
    ------
    AssertionError
        Where a table, read back, does not hold the values that were written.
    """
    lines = [HEAD, '<InfoSequence>\n<Ref ID="Info0" Selected="1"></Ref>\n</InfoSequence>\n<Info ID="Info0">\n']
    lines += [f"<Title>{escape(title)}</Title>\n<Notes>{escape(statement)}</Notes>\n</Info>\n"]
    refs = (f'<Ref ID="Table{n}"{_selected(n)}></Ref>\n' for n in range(len(tables)))
    lines += ['<TableSequence Selected="1">\n', *refs, "</TableSequence>\n"]
    for number, table in enumerate(tables):
        lines += _xml(number, table)
    content = "".join((*lines, "</GraphPadPrismFile>\n")).encode()
    prism = reader_of("prism")
    for table in tables if tables else ():
        if not table.values:  # which the reader takes for no table of values
            continue
        extract = prism.read(content, options_of(prism, {"table": table.title}, "options"))
        there = [(group, row, of, place, text) for group, row, of, _, place, text, _ in extract.records()]
        if there != table.values:
            raise AssertionError(f"pzfx: table {table.title!r} is not read back as it was written")
    return content


def _selected(number: int) -> str:
    return ' Selected="1"' if number == 0 else ""


def _xml(number: int, table: Table) -> Iterator[str]:
    """The lines of a table."""
    width = max((len(subcolumns) for subcolumns in table.columns.values()), default=1)
    kind = f'TableType="TwoWay" YFormat="replicates" Replicates="{width}"' if table.rows else 'TableType="OneWay"'
    yield f'<Table ID="Table{number}" XFormat="none" {kind} EVFormat="AsteriskAfterNumber">\n'
    yield f"<Title>{escape(table.title)}</Title>\n"
    if table.rows:
        cells = "".join(f"<d>{escape(row)}</d>\n" for row in table.rows)
        yield f'<RowTitlesColumn Width="81">\n<Subcolumn>\n{cells}</Subcolumn>\n</RowTitlesColumn>\n'
    for group, subcolumns in table.columns.items():
        yield f'<YColumn Width="89" Decimals="{table.decimals}" Subcolumns="{width}">\n<Title>{escape(group)}</Title>\n'
        padded = [*subcolumns, *[[""] * len(table.rows)] * (width - len(subcolumns))]
        for texts in padded:
            yield "<Subcolumn>\n" + "".join(f"<d>{text}</d>\n" for text in texts) + "</Subcolumn>\n"
        yield "</YColumn>\n"
    yield "</Table>\n"
