"""The plan's entry for one table: which exports, how they are read, and what their columns and codes mean."""

import re
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, model_validator

from omtrace.model.closed import Closed
from omtrace.model.slices import TABLES

MADE = ("@export", "@batch", "@row")  # parts of a unit that are not in a column


class Format(Closed):
    """How numbers and dates are written in a column, where it cannot be seen from the column or is to be fixed."""

    decimal: Literal["", ".", ","] = Field("", description="decimal mark; empty: as found")
    thousands: Literal["", ",", ".", " ", "'"] = Field("", description="mark between thousands; empty: none")
    date: Literal["", "YMD", "DMY", "MDY"] = Field("", description="order of day, month and year; empty: as found")


class Repair(Closed):
    """A declared change of raw cells before they are checked. The original stays in the findings and is counted."""

    column: str = Field(description="raw column that is changed")
    when: dict[str, str] = Field(
        default_factory=dict, description="raw column -> text, '' for blank; all must hold; none: every row"
    )
    date_cell: bool = Field(False, description="only where the workbook holds a date, not a text")
    becomes: str | None = Field(None, description="the new text; '' for missing")
    swap_day_month: bool = Field(False, description="day and month of an ISO date change places")
    reason: str = Field(min_length=10, description="why, printed in the report")

    @model_validator(mode="after")
    def one_change(self) -> "Repair":
        """A repair says one thing."""
        if (self.becomes is None) == (not self.swap_day_month):
            raise ValueError("say becomes, or swap_day_month: true, and only one of them")
        return self


class VisitColumn(Closed):
    """The raw column that names the visit: its values and the visits they stand for."""

    column: str = Field(description="raw column that holds the event")
    map: dict[str, Annotated[str, Field(min_length=1)]] = Field(
        description="raw event -> visit of the dataset; other events are out of scope"
    )


class TablePlan(Closed):
    """One validated table: where it comes from and how its columns are named."""

    source: Annotated[str, TABLES] = Field("", description="table name in the register; default: the table's own name")
    reader: Annotated[str, TABLES] = Field(description="module in sources/")
    options: Annotated[dict[str, Any], TABLES] = Field(default_factory=dict, description="options of the reader")
    schema_: Annotated[str, TABLES] = Field(
        "", alias="schema", description="module in schemas/ or instruments/; default: the table's own name"
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="table column -> raw column, where the names differ"
    )
    recode: Annotated[dict[str, dict[str, str]], TABLES] = Field(
        default_factory=dict, description="table column -> raw value -> value"
    )
    visit: VisitColumn | None = Field(None, description="the column that names the visit, and its values")
    mapping: Annotated[str, TABLES] = Field(
        "", description="CSV in config/studies/<study>/: column, source, code, value; read into columns and recode"
    )
    coding: Annotated[str, TABLES] = Field(
        "", description="how the export codes the answers, by the instrument's name for it"
    )
    missing_codes: Annotated[dict[str, str] | None, TABLES] = Field(
        None, description="raw code -> what it says, in place of the study's missing_codes; none: the study's"
    )
    structural_zeros: Annotated[dict[str, str], TABLES] = Field(
        default_factory=dict, description="raw code of an item -> why it counts as zero (activity not done)"
    )
    formats: Annotated[dict[str, Format], TABLES] = Field(
        default_factory=dict, description="table column, or * for all others -> how it is written"
    )
    zone: Annotated[str, TABLES] = Field(
        "",
        description="zone of the site, such as Europe/Berlin, by whose clock times with a zone of their own are read",
    )
    bounds: Annotated[dict[str, tuple[float | None, float | None]], TABLES] = Field(
        default_factory=dict,
        description="table column -> least and greatest value in this study, in place of the library's; null: none",
    )
    values: Annotated[dict[str, tuple[str, ...]], TABLES] = Field(
        default_factory=dict,
        description="table column -> its categories in this study, in place of the library's",
    )
    repairs: Annotated[tuple[Repair, ...], TABLES] = Field(
        (), description="declared changes of raw cells, each with its reason"
    )
    identifiers: Annotated[dict[str, str], TABLES] = Field(
        default_factory=dict,
        description="raw column -> why it is no direct identifier, though it looks like one",
    )
    rows: Annotated[dict[str, tuple[str, ...]], TABLES] = Field(
        default_factory=dict, description="raw column -> the texts whose rows belong to the table ('' for blank)"
    )
    unit: tuple[str, ...] = Field(
        (),
        description="raw columns joined by / to unit_id; @export, @batch and @row are the export's name, its batch, "
        "and the row's ordinal",
    )
    joined: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="table column -> raw columns joined by /"
    )
    unit_pattern: Annotated[str, TABLES] = Field(
        "", description="regular expression whose one group is the unit within that text"
    )
    skip_blank: Annotated[str | tuple[str, ...], TABLES] = Field(
        "", description="raw column, or several; rows where all of them are blank are out of scope (unused slots)"
    )
    status: Annotated[str, TABLES] = Field(
        "", description="raw column with the form status (0 incomplete, 1 unverified, 2 complete)"
    )
    status_accepted: Annotated[tuple[str, ...], TABLES] = Field(
        ("1", "2"), description="form states whose values are used"
    )

    @model_validator(mode="after")
    def units(self) -> "TablePlan":
        """Parts with @ are known ones, and the pattern has its one group."""
        parts = [part for parts in (self.unit, *self.joined.values()) for part in parts if part.startswith("@")]
        if unknown := sorted(set(parts) - set(MADE)):
            raise ValueError(f"{unknown[0]!r} is not one of {', '.join(MADE)}")
        try:
            groups = re.compile(self.unit_pattern).groups
        except re.error as error:
            raise ValueError(f"unit_pattern: not a regular expression: {error}") from None
        if self.zone and self.zone not in available_timezones():
            raise ValueError(f"zone: {self.zone!r} is no name of a time zone, such as Europe/Berlin")
        if self.unit_pattern and (groups != 1 or not self.unit):
            raise ValueError("unit_pattern: needs unit, and one group in brackets")
        return self

    @property
    def skipped(self) -> tuple[str, ...]:
        """The raw columns of ``skip_blank``."""
        return tuple(filter(None, (self.skip_blank,) if isinstance(self.skip_blank, str) else self.skip_blank))

    @property
    def way(self) -> tuple[str, str]:
        """How the table reads its exports: tables with the same way see the same rows of a file."""
        return self.reader, repr(sorted(self.options.items()))

    def cell(self, column: str) -> str:
        """The raw column at which a finding about a column of the table stands (the last part of a joined one)."""
        parts = self.unit if column == "unit_id" and self.unit else self.joined.get(column, ())
        return next((part for part in reversed(parts) if not part.startswith("@")), self.raw(column))

    def raw(self, column: str) -> str:
        """What a column of the table is called in the raw export (the first part of a joined one)."""
        if column == "visit" and self.visit:
            return self.visit.column
        parts = self.unit if column == "unit_id" and self.unit else self.joined.get(column, ())
        return next((part for part in parts if not part.startswith("@")), self.columns.get(column, column))
