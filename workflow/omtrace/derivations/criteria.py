"""How many criteria a unit meets that each are an answer in a form: reasons not to treat, criteria of exclusion."""

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.schemas import UNIT


class Options(Closed):
    """Which answers meet a criterion."""

    table: str = Field(description="validated table, one row a unit")
    met: dict[str, tuple[str, ...]] = Field(
        description="column -> the values that meet its criterion, such as {pregnant: ['1']}", min_length=1
    )


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The number of criteria that each unit meets.

    Where an answer is missing there is no value, since the number could be larger; the status says how many are open.
    """
    tables = context.tables
    rows = tables.frame(options.table)
    tables.need(options.table, *options.met)
    records, cells = [], []
    for row in rows.to_dict("records"):
        answers = {column: row[column] for column in options.met}
        unanswered = [column for column, value in answers.items() if value is None or value != value]
        count = sum(_text(answers[column]) in values for column, values in options.met.items())
        says = f"incomplete: {len(unanswered)} of {len(answers)} criteria not answered" if unanswered else "observed"
        records.append((row[UNIT], "", None if unanswered else float(count), None, says))
        cells += [(row[UNIT], "", row["key"], tables.raw(options.table, column), "value") for column in options.met]
    return Found.of(records, cells, (options.table,))


def _text(value: object) -> str:
    """A cell as the plan writes it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


DERIVATION = Derivation(Options, derive)
