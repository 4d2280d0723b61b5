"""Diary days with an event over windows that make the visits: normalised, counted, or the mean of what they hold.

What makes a day count is a setting, since there is no agreed definition of a migraine day (proposals: van der Arend
2023, Cephalalgia): one column, or rules of which one must hold. A quarantined day, and one for which the definition
cannot be decided, is a day that was not filled in: it counts against the completeness that a window needs.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.provenance.texts import chosen, coded
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import pandas


class Some(Closed):
    """A number of features out of several, such as two of four features of the pain."""

    columns: tuple[str, ...] = Field(description="columns that are 1 where the feature is there", min_length=1)
    at_least: int = Field(description="how many of them", ge=1)


class Rule(Closed):
    """One way for a day to count: everything that is named here must hold."""

    equals: dict[str, str] = Field(default_factory=dict, description="column -> value")
    at_least: dict[str, float] = Field(
        default_factory=dict, description="column -> least value, such as minutes of pain"
    )
    at_most: dict[str, float] = Field(default_factory=dict, description="column -> greatest value")
    some: tuple[Some, ...] = Field((), description="of several features so many")


class Options(Closed):
    """Which days count, in which windows, and how many must have been filled in."""

    table: str = Field(description="validated table, one row a diary day")
    day: str = Field(description="column with the day number")
    event: str = Field("", description="column with the event; none: any_of says what counts")
    equals: str = Field("1", description="the value that makes it a day with the event")
    any_of: tuple[Rule, ...] = Field((), description="definitions of a day that counts, of which one must hold")
    windows: dict[str, tuple[int, int]] = Field(description="visit -> first and last day of its window")
    per: int = Field(28, description="days that the result is normalised to", ge=1)
    at_least: int = Field(description="days of a window that must be filled in; fewer give no value", ge=1)
    give: Literal["normalised", "count", "filled_in", "mean"] = Field(
        "normalised",
        description="normalised: days with the event in `per` days filled in; count: days with the event as they are; "
        "filled_in: days filled in, the exposure of a count; mean: the mean of the column `of` over days with the "
        "event",
    )
    of: str = Field("", description="mean: column with a number on each day, such as the worst pain")

    @model_validator(mode="after")
    def fits(self) -> "Options":
        """There is one definition of what counts."""
        if bool(self.event) == bool(self.any_of):
            raise ValueError("event: a column, or else any_of; one of them and not both")
        if (self.give == "mean") != bool(self.of):
            raise ValueError("of: needed for give: mean, and for it alone")
        return self

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The definition as rules."""
        return self.any_of or (Rule(equals={self.event: self.equals}, some=()),)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """What is asked for, for each unit and window with enough filled-in days."""
    import numpy

    tables = context.tables
    rows = tables.frame(options.table)
    columns = list(dict.fromkeys(column for rule in options.rules for column in columns_of(rule)))
    columns += [options.of] if options.of and options.of not in columns else []
    tables.need(options.table, options.day, *columns)
    raw = [(tables.raw(options.table, column), "value") for column in columns]
    raw.append((tables.raw(options.table, options.day), "time"))
    counts = decided(rows, options.rules)
    rows, counts = rows[counts.notna()], counts[counts.notna()]
    parts = []
    for visit, (first, last) in options.windows.items():
        inside = rows[options.day].between(first, last)
        unit, names = coded(rows.loc[inside, UNIT])
        days = numpy.bincount(unit, minlength=len(names))
        events = numpy.bincount(unit, counts[inside].to_numpy(), minlength=len(names))
        value: numpy.ndarray
        enough = (days >= options.at_least).astype("int64")
        says = [f"incomplete: fewer than {options.at_least} diary days", "observed"]
        if options.give == "mean":
            there = (inside & counts.eq(1) & rows[options.of].notna()).to_numpy()[inside.to_numpy()]
            numbers = rows.loc[inside, options.of].fillna(0).to_numpy("float64")
            held = numpy.bincount(unit, there, minlength=len(names))
            value = numpy.bincount(unit, numbers * there, minlength=len(names)) / numpy.maximum(held, 1)
            says.append(f"no such day with {options.of}")
            enough = numpy.where((enough == 1) & (held == 0), 2, enough)
        else:
            value = {"normalised": events / days * options.per, "count": events, "filled_in": days}[options.give]
        cells = Cells.joined([Cells.of(unit, rows.loc[inside, "key"], column, role) for column, role in raw])
        number = numpy.where(enough == 1, value, numpy.nan)
        parts.append(Found.of_columns(names, visit, number, None, chosen(enough, says), cells))
    return Found.joined(parts)


def columns_of(rule: Rule) -> list[str]:
    """The columns that a rule asks for."""
    return [*rule.equals, *rule.at_least, *rule.at_most, *(column for some in rule.some for column in some.columns)]


def decided(rows: "pandas.DataFrame", rules: tuple[Rule, ...]) -> "pandas.Series":
    """Of each day 1 or 0, or missing where the rules cannot be decided (three-valued: true or unknown is true)."""
    import pandas

    answers = []
    for rule in rules:
        parts = [_equals(rows[column], value) for column, value in rule.equals.items()]
        parts += [_compared(rows[column], rows[column] >= least) for column, least in rule.at_least.items()]
        parts += [_compared(rows[column], rows[column] <= most) for column, most in rule.at_most.items()]
        parts += [_some(rows, some) for some in rule.some]
        answers.append(pandas.concat(parts, axis=1).min(axis=1, skipna=True).where(_settled(parts, 0.0)))
    return pandas.concat(answers, axis=1).max(axis=1, skipna=True).where(_settled(answers, 1.0))


def _settled(parts: "list[pandas.Series]", deciding: float) -> "pandas.Series":
    """Whether all parts are known, or one of them decides."""
    import pandas

    frame = pandas.concat(parts, axis=1)
    return frame.notna().all(axis=1) | (frame == deciding).any(axis=1)


def _equals(column: "pandas.Series", value: str) -> "pandas.Series":
    return _compared(column, column.map(lambda v: v if isinstance(v, str) else f"{v:g}") == value)


def _compared(column: "pandas.Series", holds: "pandas.Series") -> "pandas.Series":
    return holds.astype("float64").where(column.notna())


def _some(rows: "pandas.DataFrame", some: Some) -> "pandas.Series":
    """Whether so many features are there; unknown features can make it so many, or not."""
    frame = rows[list(some.columns)]
    there, unknown = (frame == 1).sum(axis=1), frame.isna().sum(axis=1)
    yes, no = there >= some.at_least, there + unknown < some.at_least
    return yes.astype("float64").where(yes | no)


DERIVATION = Derivation(Options, derive)
