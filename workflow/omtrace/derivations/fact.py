"""A fact about a unit that other facts make: whether a condition on parameters without visits holds."""

from dataclasses import replace

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.expression import Expression
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells


class Options(Closed):
    """The condition."""

    when: str = Field(description="expression over earlier parameters without visits, such as 'sessions < 3'")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """1 and "yes" where the condition holds, else 0 and "no"; no value where what decides is missing."""
    known = [key for key in context.so_far if not context.dataset.parameters[key].visits]
    condition = Expression(options.when, f"parameter {name}: when", known)
    facts = {key: context.so_far[key].records.set_index("unit") for key in condition.names}
    records: list[tuple] = []
    for unit in context.units:
        rows = {key: frame.loc[unit] for key, frame in facts.items()}
        values = {key: _value(row) for key, row in rows.items()}
        holds = condition.holds(values)
        if holds is None:
            lost = next(key for key, value in values.items() if value is None)
            records.append((unit, "", None, None, f"{lost} {rows[lost]['status']}"))
        else:
            records.append((unit, "", float(holds), "yes" if holds else "no", "observed"))
    cells = Cells.joined([context.so_far[key].cells for key in condition.names])  # their rows are the units too
    return replace(Found.of(records, []), cells=cells)


def _value(row) -> float | str | None:  # type: ignore[no-untyped-def]
    if row["status"] != "observed":
        return None
    return float(row["value"]) if row["value"] == row["value"] else str(row["text"])


DERIVATION = Derivation(Options, derive)
