"""A parameter calculated from others: a sum, a ratio, a per cent change, a logarithm, days between dates."""

from dataclasses import replace

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found, Outcome
from omtrace.faults import Fault
from omtrace.model.closed import NAME, Closed
from omtrace.model.expression import Expression, Value
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.schemas import UNIT

UNDEFINED = "incomplete: not defined"


class At(Closed):
    """A parameter at one visit, whatever the visit of the record."""

    of: str = Field(description="parameter of the same dataset, declared before")
    visit: str = Field(description="the visit")


class Options(Closed):
    """The calculation."""

    calculate: str = Field(
        description="expression over earlier parameters, at the visit of the record or without visits, such as "
        "'100 * (pain - before) / before'"
    )
    table: str = Field(
        "",
        description="validated table, one row a unit and visit: the expression is then over its columns; a date is "
        "date(column), and date(ended_on) - date(began_on) a number of days",
    )
    at: dict[str, At] = Field(
        default_factory=dict, description="further names of the expression: name -> a parameter at one visit"
    )


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The value of the expression for each unit and visit: a number, a category, or 1 and "yes", 0 and "no".

    No value where something that decides has none: the status is that of the first such parameter. What is not defined,
    as a division by 0, is ``incomplete: not defined``. The cells behind a value are those of all parameters named.
    """
    where = f"parameter {name}: calculate"
    if wrong := [
        parameter_name
        for parameter_name in options.at
        if not NAME.match(parameter_name) or parameter_name in context.so_far
    ]:
        raise Fault(f"parameter {name}: at: {wrong[0]!r} is a parameter, or no name in lower case letters")
    if options.table:
        return _of_rows(context, where, options)
    visits = list(parameter.visits)
    expression = Expression(
        options.calculate, where, [*context.so_far, *options.at], what="parameter declared before", wanted="any"
    )
    sources = {
        parameter_name: _source(context, name, parameter_name, options, visits) for parameter_name in expression.names
    }
    records, behind = [], []
    for visit in visits or [""]:
        for unit in context.units:
            rows = {parameter_name: source.row(unit, visit) for parameter_name, source in sources.items()}
            facts = {parameter_name: source.value(rows[parameter_name]) for parameter_name, source in sources.items()}
            behind.append(rows)
            outcome = outcome_of(expression.value(facts))
            status = outcome.status or _status(facts, rows, sources)
            records.append((unit, visit, outcome.value, outcome.text, status))
    places = range(len(records))
    cells = [
        source.found.cells.behind([rows[parameter_name] for rows in behind], places)
        for parameter_name, source in sources.items()
    ]
    return replace(Found.of(records, []), cells=Cells.joined(cells))


def _of_rows(context: Context, where: str, options: Options) -> Found:
    """The value of each row of a table, whose cells stand behind it."""
    if options.at:
        raise Fault(f"{where}: at: is of parameters, not of columns of a table")
    tables, name = context.tables, options.table
    rows = tables.frame(name)
    expression = Expression(options.calculate, where, list(rows.columns), what=f"column of table {name}", wanted="any")
    columns = [rows[column].astype(object).where(rows[column].notna(), None).tolist() for column in expression.names]
    records, cells = [], []
    for unit, visit, key, *values in zip(rows[UNIT], rows["visit"], rows["key"], *columns, strict=True):
        facts = {
            n: v if v is None or isinstance(v, str) else float(v) for n, v in zip(expression.names, values, strict=True)
        }
        lost = next((column for column, fact in facts.items() if fact is None), "")
        said = tables.coded.get(lost, {}).get(key, "")
        why = said if said.startswith(("quarantined: ", "repaired: ")) else f"coded missing: {said}" if said else ""
        outcome = outcome_of(expression.value(facts))
        status = outcome.status or why or ("not collected" if lost else UNDEFINED)
        records.append((unit, visit, outcome.value, outcome.text, status))
        cells += [
            (unit, visit, key, tables.raw(name, column), "value") for column, fact in facts.items() if fact is not None
        ]
    return Found.of(records, cells, (name,))


def outcome_of(value: Value) -> Outcome:
    """The outcome that an expression gives; no status where it gives nothing."""
    if isinstance(value, bool):
        return Outcome(float(value), "yes" if value else "no")
    if isinstance(value, str):
        return Outcome(None, value)
    if isinstance(value, (int, float)):
        return Outcome(float(value), None)
    return Outcome(None, None, "")


class _Source:
    """A parameter of the expression. ``visit``: the one that is meant; None: that of the record."""

    def __init__(self, found: Found, visit: str | None) -> None:
        self.found, self.visit = found, visit
        records = found.records
        self.at = {key: row for row, key in enumerate(zip(records["unit"], records["visit"], strict=True))}
        self.values = records["value"].tolist()
        self.texts = records["text"].tolist()
        self.statuses = records["status"].tolist()

    def row(self, unit: str, visit: str) -> int:
        """The row of its record."""
        return self.at[unit, visit if self.visit is None else self.visit]

    def value(self, row: int) -> Value:
        """What stands there; None where nothing does."""
        if self.statuses[row] != "observed":
            return None
        number = self.values[row]
        return float(number) if number == number else str(self.texts[row])


def _source(context: Context, name: str, parameter_name: str, options: Options, visits: list[str]) -> _Source:
    """A parameter that the expression names. Raises Fault where it is not scheduled at a visit that is needed."""
    if parameter_name in options.at:
        at = options.at[parameter_name]
        return _Source(context.earlier(name, at.of, [at.visit]), at.visit)
    if not context.dataset.parameters[parameter_name].visits:
        return _Source(context.so_far[parameter_name], "")
    if not visits:
        raise Fault(
            f"parameter {name}: {parameter_name!r} has visits, and {name} has none; say at: {{name: {{of, visit}}}}"
        )
    return _Source(context.earlier(name, parameter_name, visits), None)


def _status(facts: dict[str, Value], rows: dict[str, int], sources: dict[str, _Source]) -> str:
    """Why an expression gives nothing."""
    lost = next((name for name, fact in facts.items() if fact is None), None)
    if lost is None:
        return UNDEFINED
    status = sources[lost].statuses[rows[lost]]
    return status if len(facts) == 1 else f"{lost} {status}"


DERIVATION = Derivation(Options, derive)
