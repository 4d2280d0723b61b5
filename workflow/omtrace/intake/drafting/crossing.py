"""Crossovers among the columns of a file: treatments that differ within units, their periods and sequences."""

import re
from dataclasses import replace

from omtrace.intake.drafting.profile import ColumnProfile, FileProfile
from omtrace.intake.drafting.roles import (
    ARMS,
    MOST_ARMS,
    REFERENCE,
    SEQUENCES,
    VISITS,
    Arm,
    Visits,
    arm_of,
    is_constant,
    is_unique,
    named,
    visits_below,
)


def crossed(
    file: FileProfile, unit: str, arm: str, visit: str, reference: str
) -> tuple[Visits | None, tuple[Visits, str, list[str]] | None]:
    """The visits of a crossover: its periods, which are given beside as well, or else its conditions."""
    if periods := periods_of(file, unit, arm, reference):
        return periods[0], periods
    return condition_of(file, unit, arm or visit, reference), None


def is_crossover(file: FileProfile, unit: str, arm: str, reference: str) -> bool:
    """Whether columns called sequence, period and treatment hold a crossover of two treatments."""
    periods = {"sequence", "period", "treatment"} <= {column.raw.strip().lower() for column in file.columns}
    return periods and periods_of(file, unit, arm, reference) is not None


def condition_of(file: FileProfile, unit: str, treatment_column: str, reference: str) -> Visits | None:
    """The conditions of a crossover as visits, a reference as the baseline; None where there are none."""
    column = _treatment_of(file, unit, treatment_column)
    if column is None:
        return None
    visits = visits_below(file, column)
    return replace(visits, baseline=_reference_first(visits.labels, reference)[0])


def periods_of(
    file: FileProfile, unit: str, treatment_column: str, reference: str
) -> tuple[Visits, str, list[str]] | None:
    """The two periods of a crossover as visits, the raw column of its treatments, and these, the reference first."""
    treatment = _treatment_of(file, unit, treatment_column)
    if treatment is None or len(treatment.texts) != 2 or treatment.kind != "category":
        return None
    for column in file.columns:
        if named(column, VISITS) and column.raw not in (unit, treatment.raw) and len(column.texts) == 2:
            if is_unique(file, [unit, column.raw]):
                labels = {treatment.codes.get(text, text): treatment.codes.get(text, text) for text in treatment.texts}
                return (
                    replace(visits_below(file, column), baseline=""),
                    treatment.raw,
                    _reference_first(labels, reference),
                )
    return None


def sequence_of(file: FileProfile, unit: str, treatment: str, period: Visits) -> tuple[Arm, dict[str, str]] | None:
    """The column that names the sequence of each unit, and its groups -> treatment of the first period."""
    codes = file.column(treatment).codes
    first = next(iter(period.map))
    for column in file.columns:
        if named(column, SEQUENCES) and len(column.texts) == 2 and is_constant(file, unit, column.raw):
            rows = zip(*(file.cells(raw) for raw in (column.raw, period.column, treatment)), strict=True)
            begun = {(text, codes.get(given, given)) for text, at, given in rows if text and given and at == first}
            arm = arm_of([file], unit, column.raw)
            if arm and len(begun) == 2 == len({given for _, given in begun}) == len({text for text, _ in begun}):
                return arm, {arm.column.codes.get(text, text): given for text, given in sorted(begun)}
    return None


def _treatment_of(file: FileProfile, unit: str, treatment_column: str) -> ColumnProfile | None:
    """The column of treatments that differ within units."""
    for column in file.columns:
        fits = column.raw == treatment_column if treatment_column else named(column, ARMS)
        if fits and unit and column.raw != unit and 2 <= len(column.texts) <= MOST_ARMS:
            if not is_constant(file, unit, column.raw) and is_unique(file, [unit, column.raw]):
                return column
    return None


def _reference_first(labels: dict[str, str], reference: str) -> list[str]:
    """Names with their labels, what is asked for or looks like a reference first."""
    first = [name for name, label in labels.items() if label == reference]
    first += [name for name, label in labels.items() if re.match(rf"({REFERENCE})", label, re.IGNORECASE)]
    return list(dict.fromkeys([*first[:1], *sorted(labels)])) if first else list(labels)
