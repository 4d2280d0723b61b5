"""The plan's entry for one table: which exports, how they are read, and what their columns and codes mean."""

import re
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import Field, model_validator

from omtrace.model.closed import NAME, Closed, PluginOptions
from omtrace.model.slices import RECORDS, SCALES, TABLES, VALIDATION

WIDE_VISIT = "@visit"  # the column of the visit that is made of a wide export
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


ColumnKind = Literal["text", "integer", "number", "date", "category"]


class ColumnPlan(Closed):
    """One column that the plan declares: what it holds, and what its values may be."""

    source: Annotated[str, RECORDS] = Field("", description="raw column; default: the column's own name")
    type: Annotated[ColumnKind, SCALES] = Field(description="what it holds; a category is a text of a closed list")
    description: Annotated[str, TABLES] = Field("", description="what it means, for the dictionary and the report")
    unit: Annotated[str, TABLES] = Field("", description="unit of a number; default: code where there are codes")
    bounds: Annotated[tuple[float | None, float | None], SCALES] = Field(
        (None, None), description="least and greatest value, inclusive; null: none"
    )
    codes: Annotated[dict[str, str], SCALES] = Field(
        default_factory=dict,
        description="raw code -> label; a category holds the label, an integer the code, and no other is allowed",
    )
    values: Annotated[tuple[str, ...], SCALES] = Field((), description="the categories, where the export has them")
    pattern: Annotated[str, TABLES] = Field("", description="regular expression that the whole of a text fits")
    required: Annotated[bool, TABLES] = Field(False, description="each row must have a value")
    optional: Annotated[bool, TABLES] = Field(False, description="a file may lack the column")
    references: Annotated[str, TABLES] = Field("", description="table.column in which each value must stand")

    @model_validator(mode="after")
    def fits(self) -> "ColumnPlan":
        """What it declares fits its type."""
        number = self.type in ("integer", "number")
        if self.bounds != (None, None) and not number:
            raise ValueError(f"bounds: a {self.type} has none")
        if (self.codes or self.values) and self.type not in ("integer", "category"):
            raise ValueError(f"codes and values: a {self.type} has none; its type is category, or integer")
        if self.type == "category" and not (self.codes or self.values):
            raise ValueError("a category needs codes, or values")
        if self.codes and self.values:
            raise ValueError("values: the labels of codes are the values already; take them out")
        if self.type == "integer" and not all(re.fullmatch(r"-?\d+", code) for code in (*self.codes, *self.values)):
            raise ValueError("codes: those of an integer are whole numbers; its type is category where they are not")
        if self.pattern and self.type != "text":
            raise ValueError("pattern: only a text has one")
        if self.references and self.references.count(".") != 1:
            raise ValueError(f"references: {self.references!r} is not table.column")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern: not a regular expression: {error}") from None
        return self

    @property
    def categories(self) -> tuple[str, ...]:
        """The values of a column of categories, or the codes of an integer, each once, in their order."""
        return tuple(dict.fromkeys(self.codes.values() if self.type == "category" else self.codes)) or self.values


class RulePlan(Closed):
    """A rule over the columns of a row, as the plan declares it."""

    check: str = Field(
        description="expression over columns that must hold; a row in which what decides is missing passes"
    )
    says: str = Field("", description="what is expected, in words; default: the expression")
    severity: Literal["note", "warn", "quarantine", "stop"] = Field("quarantine", description="how bad it is")
    fix: str = Field("", description="what to do where it is broken")


class TablePlan(Closed):
    """One validated table: where it comes from and how its columns are named."""

    source: Annotated[str, TABLES] = Field(
        "", description="entry of sources, or table name in the register; default: the table's own name"
    )
    reader: Annotated[str, TABLES] = Field("", description="module in readers/; default: that of the source")
    options: Annotated[PluginOptions, TABLES] = Field(default_factory=dict, description="options of the reader")
    schema_: Annotated[str, SCALES] = Field(
        "",
        alias="schema",
        description="module in schemas/ or instruments/; default: the table's own name; none where columns have types",
    )
    columns: dict[str, str | ColumnPlan] = Field(
        default_factory=dict,
        description="table column -> raw column, where the names differ, or what the plan declares of it",
    )
    key: Annotated[tuple[str, ...] | None, TABLES] = Field(
        None,
        description="columns that identify a row of a declared table; default: unit_id, and visit where there is one",
    )
    row: Annotated[str, TABLES] = Field("", description="what one row of a declared table is, in words")
    rules: Annotated[dict[str, str | RulePlan], TABLES] = Field(
        default_factory=dict, description="rule -> expression over the columns of a row that must hold"
    )
    recode: Annotated[dict[str, dict[str, str]], TABLES] = Field(
        default_factory=dict,
        description="table column -> raw value -> value, also of each value that stays",
    )
    visit: Annotated[VisitColumn | None, RECORDS] = Field(
        None, description="the column that names the visit, and its values"
    )
    wide: Annotated[dict[str, str], TABLES] = Field(
        default_factory=dict,
        description="visit -> pattern of its columns, such as '*_month3', where visits stand side by side; what stands "
        "for * is the raw column",
    )
    visits: Annotated[tuple[str, ...], VALIDATION] = Field(
        (), description="the visits that the table has, of those in the source's map; default: all"
    )
    mapping: Annotated[str, TABLES] = Field(
        "", description="CSV in config/studies/<study>/: column, source, code, value; read into columns and recode"
    )
    columns_from: Annotated[str, TABLES] = Field(
        "", description="Table Schema (JSON) in config/studies/<study>/ that declares columns; those of the plan win"
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
    bounds: Annotated[dict[str, tuple[float | None, float | None]], SCALES] = Field(
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
    unit: Annotated[tuple[str, ...], RECORDS] = Field(
        (),
        description="raw columns joined by / to unit_id; @export, @batch and @row are the export's name, its batch, "
        "and the row's ordinal",
    )
    joined: Annotated[dict[str, tuple[str, ...]], RECORDS] = Field(
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

    @model_validator(mode="before")
    @classmethod
    def side_by_side(cls, content: object) -> object:
        """The visits of a wide export are a column that its reader makes."""
        if not isinstance(content, dict) or not isinstance(wide := content.get("wide"), dict) or not wide:
            return content
        made = {"column": WIDE_VISIT, "map": {visit: visit for visit in wide}}
        if content.get("visit", made) != made:
            raise ValueError("visit: wide says which visits there are; take one of the two out")
        wrong = [pattern for pattern in wide.values() if not isinstance(pattern, str) or pattern.count("*") != 1]
        wrong += [pattern for pattern in wide.values() if pattern == "*" and len(wide) > 1]
        if wrong:
            shown = "an empty value" if wrong[0] is None else repr(wrong[0])
            raise ValueError(f"wide: {shown} is no pattern with one *, such as '*_month3'")
        if len(wide) >= 1 << 6 or len({*wide.values()}) < len(wide):
            raise ValueError("wide: 63 visits at most, each with a pattern of its own")
        return content | {"visit": made}

    @model_validator(mode="after")
    def units(self) -> "TablePlan":
        """Parts with @ are known ones, and the pattern has its one group."""
        if not self.reader:
            raise ValueError("reader: missing; there is no default")
        if self.visits:
            raise ValueError("visits: say visit: {column, map}, in the table or its source, of which these are some")
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
        if any(n == "unit_id" and c.type != "text" for n, c in self.declared.items()):
            raise ValueError("columns: unit_id is a text: 01 and 1 are two units")
        if (self.key is not None or self.row) and (self.schema_ or not self.declared):
            raise ValueError("key and row: only a table has them whose columns the plan declares, without schema")
        if unknown := [name for name in self.rules if not NAME.match(name)]:
            raise ValueError(f"rules: {unknown[0]!r} is not lower case letters, digits and underscores")
        return self

    @property
    def declared(self) -> dict[str, ColumnPlan]:
        """The columns that the plan declares."""
        return {name: entry for name, entry in self.columns.items() if isinstance(entry, ColumnPlan)}

    @property
    def raw_names(self) -> dict[str, str]:
        """Table column -> raw column, of those that the plan names."""
        names = {n: entry if isinstance(entry, str) else entry.source for n, entry in self.columns.items()}
        return {name: raw for name, raw in names.items() if raw}

    def library(self, name: str) -> str:
        """The module in schemas/ or instruments/ whose table it is; "" where the plan declares the whole of it."""
        return self.schema_ or ("" if self.declared else name)

    def recoded(self, column: str) -> dict[str, str]:
        """Raw value -> value of a column: what ``recode`` says, or the labels of a declared category."""
        entry = self.columns.get(column)
        if column not in self.recode and isinstance(entry, ColumnPlan) and entry.type == "category":
            return entry.codes
        return self.recode.get(column, {})

    @property
    def skipped(self) -> tuple[str, ...]:
        """The raw columns of ``skip_blank``."""
        return tuple(filter(None, (self.skip_blank,) if isinstance(self.skip_blank, str) else self.skip_blank))

    def cell(self, column: str) -> str:
        """The raw column at which a finding about a column of the table stands (the last part of a joined one)."""
        parts = self.unit if column == "unit_id" and self.unit else self.joined.get(column, ())
        return next((part for part in reversed(parts) if not part.startswith("@")), self.raw(column))

    def raw(self, column: str) -> str:
        """What a column of the table is called in the raw export (the first part of a joined one)."""
        if column == "visit" and self.visit:
            return self.visit.column
        parts = self.unit if column == "unit_id" and self.unit else self.joined.get(column, ())
        entry = self.columns.get(column)
        named = entry.source if isinstance(entry, ColumnPlan) else entry
        return next((part for part in parts if not part.startswith("@")), named or column)
