"""Wells of one sample, read alike: replicates whose signals lie too far apart."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, as_text, groups_of, hits, rows_of
from omtrace.validation.crosschecks._signals import Signals, readings_of, with_signals


class Options(Closed):
    """The wells, what makes replicates of them, and how far they may lie apart."""

    table: str = Field(description="table of the plan that says what is in each well")
    within: tuple[str, ...] = Field(min_length=1, description="columns that make replicates: plate and sample")
    by: str = Field(UNIT, description="column that names the well")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    signals: Signals = Field(description="the readings; in the same table: that of the row")
    most: float = Field(description="largest coefficient of variation, in percent of the mean", gt=0)
    floor: float = Field(0, description="smallest mean signal at which the coefficient tells anything", ge=0)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Every well of replicates whose signals vary by more than ``most``, in the layout and in the readings.

    Which of the wells is wrong, and whether by its reading or by what the layout says of it, is not known.
    """
    frame = rows_of(tables, where, options.table, options.where, options.by, *options.within)
    signal = with_signals(tables, where, frame, options.by, options.signals)
    held = signal[(groups_of(frame, options.within) >= 0) & signal.notna()]
    groups = held.groupby(groups_of(frame.loc[held.index], options.within))
    mean = groups.transform("mean")
    apart = held.index[(mean > options.floor) & (groups.transform("std") > options.most / 100 * mean)]
    expected = f"signals of the same {' and '.join(options.within)} that vary by at most {options.most:g}%"
    yield from hits("replicates_apart", options.table, apart, options.by, expected)
    if options.signals.table != options.table:
        read = readings_of(tables, where, options.signals)
        mine = as_text(read[options.signals.by]).isin(as_text(frame.loc[apart, options.by]))
        yield from hits("replicates_apart", options.signals.table, read.index[mine], options.signals.column, expected)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "replicates_apart",
            "warn",
            "The replicates of a sample differ by more than the plan allows.",
            "0.31 and 0.92 in the two wells of an animal",
            "look for a sample in another's well and for a slip in the layout; else measure the sample again",
        ),
    ),
)
