"""Dates later than the day on which the export arrived: what was recorded cannot have happened yet."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.provenance.keys import SHIFT
from omtrace.schemas import RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import days_of, hits


class Options(Closed):
    """Which dates may lie ahead."""

    planned: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="table -> date columns that may lie ahead (planned visits, expiry)"
    )


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Cells of every date column against the day that the register gives for their export.

    Exports whose day of arrival is not known are passed over.
    """
    import pandas

    for table, columns in options.planned.items():
        for column in columns:
            tables.kind(f"{where}: planned", table, column, "date")
    days = pandas.to_datetime(pandas.Series(dict(tables.received), dtype="str"), format="%Y-%m-%d", errors="coerce")
    received = days_of(days)
    for table, frame in tables.frames.items():
        dates = [column.name for column in tables.declared[table].columns if column.kind == "date"]
        arrived = pandas.Series(frame.index.to_numpy(dtype="int64") >> SHIFT, index=frame.index).map(received)
        for column in dates:
            if column in options.planned.get(table, ()):
                continue
            late = days_of(frame[column]) > arrived
            expected = "a day not after the one on which the export arrived (received_on in the register)"
            yield from hits("date_in_future", table, frame.index[late], column, expected)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "date_in_future",
            "quarantine",
            "The date is later than the day on which the export arrived.",
            "a session in 2032 in an export of 2023",
            "correct the date at its source; if it is a planned day, name its column in the check's planned",
            scope="cell",
        ),
    ),
)
